extension LearnerCatalogue {
  static let ensembleEntries: [LearnerEntry] = [
    LearnerEntry(Voting([]), [.classification, .regression], "Several learners that vote.") { try EnsembleArchive.restore($0) },
    LearnerEntry(Stacking([]), [.classification, .regression], "A learner on top of learners.") { try StackedModel.restore($0) },
    LearnerEntry(Bagging(DecisionTree()), [.classification, .regression], "Many fits of one learner on rows drawn at random.") {
      try EnsembleArchive.restore($0)
    },
    LearnerEntry(
      AdaBoost(DecisionTree(maxDepth: 1)), [.classification, .regression],
      "Fits of one learner in a row, each looking at what those before got wrong."
    ) { try EnsembleArchive.restore($0) },
    LearnerEntry(OneVersusRest(LogisticRegression()), [.classification], "A learner of two classes made one of many.") {
      try OneVersusRestModel(archive: $0)
    },
    LearnerEntry(CalibratedClassifier(LogisticRegression()), [.classification], "A classifier with calibrated probabilities.") {
      try CalibratedModel(archive: $0)
    },
    LearnerEntry(TunedThreshold(LogisticRegression()), [.classification], "A classifier with its threshold tuned to a goal or to costs.") {
      try TunedModel(archive: $0)
    },
  ]
}
