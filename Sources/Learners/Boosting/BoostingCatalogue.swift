import MartletCore

extension LearnerCatalogue {
  static let boostingEntries: [LearnerEntry] = []
}
