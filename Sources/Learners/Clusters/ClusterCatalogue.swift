extension LearnerCatalogue {
  static let clusterEntries: [LearnerEntry] = [
    LearnerEntry(KMeans(), [.clustering], "Groups around means.") { try KMeansModel(archive: $0) },
    LearnerEntry(GaussianMixture(), [.clustering, .anomalyDetection], "Groups as normal distributions; rows of low density are unusual.") {
      try GaussianMixtureModel(archive: $0)
    },
    LearnerEntry(DBSCAN(), [.clustering], "Groups as regions where rows lie close; other rows are noise (-1).") {
      try DBSCANModel(archive: $0)
    },
    LearnerEntry(Agglomerative(), [.clustering], "Groups that grow by joining the two nearest.") { try AgglomerativeModel(archive: $0) },
  ]
}
