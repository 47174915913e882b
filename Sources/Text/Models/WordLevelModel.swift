/// A token for each word; all others are unknown.
final class WordLevelModel: Sendable {
  let vocabulary: Vocabulary
  private let unknown: Int32

  init(vocabulary: Vocabulary, unknown: Int32) {
    self.vocabulary = vocabulary
    self.unknown = unknown
  }

  func encode(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ space: inout Workspace) throws(TokenizerError) {
    let id = vocabulary.find(bytes + start, end - start)
    guard id >= 0 || unknown >= 0 else {
      throw TokenizerError(
        source: "the tokenizer", place: "model.unk_token", problem: "a word is unknown, and the unknown token is not in the vocabulary")
    }
    space.tokens.append(id >= 0 ? id : unknown, Int32(start), Int32(end))
  }
}
