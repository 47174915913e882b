import MartletCore

extension LearnerCatalogue {
  static let boostingEntries: [LearnerEntry] = [
    LearnerEntry(
      GradientBoosting(), [.classification, .regression], "Trees that correct each other (xgboost: Chen and Guestrin 2016)."
    ) { archive in
      if case .object(let members) = archive.settings, let labels = members["labels"], labels != .null {
        return try BoostedClassifier(archive: archive)
      }
      return try BoostedRegressor(archive: archive)
    }
  ]
}
