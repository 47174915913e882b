extension LearnerCatalogue {
  static let networkEntries: [LearnerEntry] = [
    LearnerEntry(MLP(), [.classification, .regression], "A network of layers.") { try NetworkCore.restore($0) },
    LearnerEntry(TabularTransformer(), [.classification, .regression], "A transformer over features.") { try NetworkCore.restore($0) },
  ]
}
