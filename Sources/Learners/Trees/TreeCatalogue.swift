import MartletCore

extension LearnerCatalogue {
  static let treeEntries: [LearnerEntry] = [
    LearnerEntry(DecisionTree(), [.classification, .regression], "One tree of yes-or-no questions.", restore: TreeKinds.restore),
    LearnerEntry(
      RandomForest(), [.classification, .regression], "Many trees on rows drawn at random (Breiman 2001).", restore: TreeKinds.restore),
    LearnerEntry(
      ExtraTrees(), [.classification, .regression], "Many trees with random thresholds (Geurts et al. 2006).", restore: TreeKinds.restore),
    LearnerEntry(IsolationForest(), [.anomalyDetection], "Rows that random splits set apart quickly (Liu et al. 2008).") {
      try IsolationForestModel(archive: $0)
    },
  ]
}
