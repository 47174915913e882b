extension LearnerCatalogue {
  static let clusterEntries: [LearnerEntry] = [
    LearnerEntry(KMeans(), [.clustering], "Groups around means.") { try KMeansModel(archive: $0) },
    LearnerEntry(GaussianMixture(), [.clustering, .anomalyDetection], "Groups as normal distributions; rows of low density are unusual.") {
      try GaussianMixtureModel(archive: $0)
    },
  ]
}
