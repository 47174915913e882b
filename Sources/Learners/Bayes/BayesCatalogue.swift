extension LearnerCatalogue {
  static let bayesEntries: [LearnerEntry] = [
    LearnerEntry(GaussianNaiveBayes(), [.classification], "Naive Bayes of measurements.") { try GaussianNaiveBayesModel(archive: $0) },
    LearnerEntry(MultinomialNaiveBayes(), [.classification], "Naive Bayes of counts.") { try CountNaiveBayesModel(archive: $0) },
    LearnerEntry(ComplementNaiveBayes(), [.classification], "Naive Bayes of counts for classes of unlike sizes.") {
      try CountNaiveBayesModel(archive: $0)
    },
    LearnerEntry(BernoulliNaiveBayes(), [.classification], "Naive Bayes of features that are there or not.") {
      try CountNaiveBayesModel(archive: $0)
    },
    LearnerEntry(CategoricalNaiveBayes(), [.classification], "Naive Bayes of categories.") { try CategoricalNaiveBayesModel(archive: $0) },
  ]
}
