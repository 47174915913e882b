extension LearnerCatalogue {
  static let networkEntries: [LearnerEntry] = [
    LearnerEntry(MLP(), [.classification, .regression], "A network of layers.") { try NetworkCore.restore($0) },
    LearnerEntry(TabularTransformer(), [.classification, .regression], "A transformer over features.") { try NetworkCore.restore($0) },
    LearnerEntry(TextEncoder(), [.classification], "A pre-trained encoder of texts, fine-tuned; reads what tokenize makes.") {
      try TextEncoderModel(archive: $0)
    },
  ]
}
