import MartletCore

extension LearnerCatalogue {
  static let neighbourEntries: [LearnerEntry] = [
    LearnerEntry(Neighbours(), [.classification, .regression], "The rows that are most alike decide.") { archive in
      if case .object(let members) = archive.settings, let labels = members["labels"], labels != .null {
        return try NeighbourClassifier(archive: archive)
      }
      return try NeighbourRegressor(archive: archive)
    },
    LearnerEntry(LocalOutlierFactor(), [.anomalyDetection], "Rows in thinner places than their neighbours (Breunig et al. 2000).") {
      try LocalOutlierFactorModel(archive: $0)
    },
  ]
}
