extension LearnerCatalogue {
  static let kernelEntries: [LearnerEntry] = [
    LearnerEntry(SupportVectorClassifier(), [.classification], "A support vector machine for classes.") {
      try SupportVectorClassifierModel(archive: $0)
    },
    LearnerEntry(SupportVectorRegressor(), [.regression], "A support vector machine for numbers.") {
      try SupportVectorRegressorModel(archive: $0)
    },
    LearnerEntry(OneClassSVM(), [.anomalyDetection], "The region that most rows lie in.") { try OneClassSVMModel(archive: $0) },
  ]
}
