import MartletCore

extension LearnerCatalogue {
  static let neighbourEntries: [LearnerEntry] = []
}
