/// WordPiece as BERT uses it: the longest token that a word begins with, then the longest that what is left goes on with.
final class WordPieceModel: Sendable {
  let vocabulary: Vocabulary
  private let unknown: Int32
  private let longestWord: Int
  private let beginnings: ByteTrie
  private let continuations: ByteTrie

  /// - Parameters:
  ///   - unknown: the token of a word that cannot be cut.
  ///   - longestWord: scalars of a word beyond which it is unknown.
  init(vocabulary: Vocabulary, unknown: Int32, prefix: [UInt8], longestWord: Int) {
    self.vocabulary = vocabulary
    self.unknown = unknown
    self.longestWord = longestWord
    var beginnings = ByteTrie()
    var continuations = ByteTrie()
    for id in 0..<vocabulary.idCount {
      guard let token = vocabulary.bytes(of: id), vocabulary.find(token) == Int32(id) else { continue }
      beginnings.insert(token, Int32(id))
      if token.starts(with: prefix) { continuations.insert(token.dropFirst(prefix.count), Int32(id)) }
    }
    self.beginnings = beginnings
    self.continuations = continuations
  }

  func encode(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ space: inout Workspace) throws(TokenizerError) {
    let length = end - start
    let isShort = length <= WordCache.longestWord
    let hash = isShort ? ByteTable.hash(bytes + start, length) : 0
    if isShort, space.cache.append(bytes + start, length, hash, at: Int32(start), to: &space.tokens) { return }
    let first = space.tokens.ids.count
    if isTooLong(bytes, start, end) || !cut(UnsafeBufferPointer(start: bytes, count: end), start, &space.tokens) {
      space.tokens.ids.removeLast(space.tokens.ids.count - first)
      space.tokens.starts.removeLast(space.tokens.starts.count - first)
      space.tokens.ends.removeLast(space.tokens.ends.count - first)
      space.tokens.words.removeLast(space.tokens.words.count - first)
      guard unknown >= 0 else {
        throw TokenizerError(
          source: "the tokenizer", place: "model.unk_token", problem: "a word is unknown, and the unknown token is not in the vocabulary")
      }
      space.tokens.append(unknown, Int32(start), Int32(end))
    }
    if isShort { space.cache.insert(bytes + start, length, hash, space.tokens, from: first) }
  }

  private func isTooLong(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Bool {
    if end - start <= longestWord { return false }
    var count = 0
    for at in start..<end where bytes[at] & 0xC0 != 0x80 { count += 1 }
    return count > longestWord
  }

  private func cut(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ tokens: inout TokenBuffer) -> Bool {
    var at = start
    while at < text.count {
      guard let (length, id) = (at == start ? beginnings : continuations).longest(text, at) else { return false }
      tokens.append(id, Int32(at), Int32(at + length))
      at += length
    }
    return true
  }
}
