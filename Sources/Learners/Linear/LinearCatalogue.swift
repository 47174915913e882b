extension LearnerCatalogue {
  static let linearEntries: [LearnerEntry] = [
    LearnerEntry(LinearRegression(), [.regression], "Ordinary least squares.") { try LinearModel(archive: $0) },
    LearnerEntry(Ridge(), [.regression], "Least squares with a penalty on squared coefficients.") { try LinearModel(archive: $0) },
    LearnerEntry(Lasso(), [.regression], "Least squares with a penalty that sets coefficients to 0; chooses it by cross-validation.") {
      try LinearModel(archive: $0)
    },
    LearnerEntry(ElasticNet(), [.regression], "Least squares with both penalties; chooses their weight by cross-validation.") {
      try LinearModel(archive: $0)
    },
    LearnerEntry(HuberRegression(), [.regression], "Linear regression that outliers pull little.") { try LinearModel(archive: $0) },
    LearnerEntry(PoissonRegression(), [.regression], "Regression of counts.") { try LinearModel(archive: $0) },
    LearnerEntry(SGDRegressor(), [.regression], "Linear regression by stochastic gradient descent, for very many rows.") {
      try LinearModel(archive: $0)
    },
    LearnerEntry(LogisticRegression(), [.classification], "Logistic regression of two classes or many.") { try LogisticModel(archive: $0) },
    LearnerEntry(
      NaiveBayesLogistic(), [.classification],
      "Logistic regression on counts that are multiplied by naive Bayes' log-count ratios, for texts."
    ) { try LogisticModel(archive: $0) },
    LearnerEntry(SGDClassifier(), [.classification], "A linear classifier by stochastic gradient descent, for very many rows.") {
      try LogisticModel(archive: $0)
    },
  ]
}
