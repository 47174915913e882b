/// A vocabulary's tokens as bytes, arranged so that a grammar can be walked along all of them at once.
///
/// Tokens are sorted; each knows how much it shares with the one before, so a common beginning is read once, and a byte that may not come
/// skips every token that begins like this.
public struct GrammarVocabulary: Sendable {
  /// Tokens in the vocabulary.
  public let count: Int
  public let endTokens: [Int]
  let bytes: [UInt8]
  /// Nodes of the trie in depth-first order: a byte, the place behind the node's last descendant, and the tokens that end here.
  let nodeBytes: [UInt8]
  let nodeEnds: [Int32]
  let tokenStarts: [Int32]
  let tokens: [Int32]
  let offsets: [Int]

  /// - Parameters:
  ///   - tokens: each token's bytes by its id; empty ones (special tokens, unused ids) can never be chosen.
  ///   - endTokens: the tokens that end a text; they may come where the grammar is complete.
  public init(_ tokens: [[UInt8]], endTokens: [Int]) {
    count = tokens.count
    self.endTokens = endTokens.filter { tokens.indices.contains($0) }
    var bytes: [UInt8] = []
    var offsets = [0]
    let ends = Set(endTokens)
    for (id, token) in tokens.enumerated() {
      if !ends.contains(id) { bytes += token }
      offsets.append(bytes.count)
    }
    self.bytes = bytes
    self.offsets = offsets
    func part(_ id: Int32) -> ArraySlice<UInt8> { bytes[offsets[Int(id)]..<offsets[Int(id) + 1]] }
    let order = (0..<Int32(tokens.count)).filter { !part($0).isEmpty }.sorted { part($0).lexicographicallyPrecedes(part($1)) }
    var nodeBytes: [UInt8] = []
    var nodeEnds: [Int32] = []
    var tokenStarts: [Int32] = []
    var ids: [Int32] = []
    var path: [Int] = []
    var previous: ArraySlice<UInt8> = []
    for id in order {
      let here = part(id)
      var shared = zip(previous, here).prefix { $0 == $1 }.count
      shared = min(shared, path.count)
      while path.count > shared { nodeEnds[path.removeLast()] = Int32(nodeBytes.count) }
      for byte in here.dropFirst(shared) {
        path.append(nodeBytes.count)
        nodeBytes.append(byte)
        nodeEnds.append(0)
        tokenStarts.append(Int32(ids.count))
      }
      // In sorted order a token comes directly behind its own beginnings, so the tokens of a node lie together.
      ids.append(id)
      previous = here
    }
    while let node = path.popLast() { nodeEnds[node] = Int32(nodeBytes.count) }
    tokenStarts.append(Int32(ids.count))
    self.nodeBytes = nodeBytes
    self.nodeEnds = nodeEnds
    self.tokenStarts = tokenStarts
    self.tokens = ids
  }

  /// A token's bytes; none for an unknown id or an end token.
  public func bytes(of token: Int) -> ArraySlice<UInt8> {
    token >= 0 && token < count ? bytes[offsets[token]..<offsets[token + 1]] : []
  }
}
