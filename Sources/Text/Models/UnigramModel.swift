/// The best way to a place in the text.
struct LatticeNode {
  var score = 0.0
  var start: Int32 = -1
  var id: Int32 = -1
}

/// Unigram language model (Kudo: "Subword regularization", ACL 2018): of all ways to cut a text, the one whose tokens have the highest sum
/// of log-probabilities, found from left to right in linear time.
final class UnigramModel: Sendable {
  struct Settings: Sendable {
    var unknown: Int32?
    var fallsBackToBytes = false
    /// Scores are summed in single precision, as SentencePiece does.
    var isSinglePrecision = false
    /// Pieces that the user defined are always taken.
    var fixed: Set<Int32> = []
    /// Pieces that never are.
    var unused: Set<Int32> = []
    /// SentencePiece gives the bytes of an unknown character places of their own.
    var placesBytesLikeSentencePiece = false
  }

  let vocabulary: Vocabulary
  private let scores: [Double]
  private let settings: Settings
  private let trie: ByteTrie
  private let unknownScore: Double
  private let highestScore: Double
  private let fallbackIDs: [Int32]

  /// - Parameters:
  ///   - scores: of each id.
  ///   - pieces: the ids that text is cut into.
  ///   - ordinary: the ids whose scores tell how bad an unknown character is.
  init(vocabulary: Vocabulary, scores: [Double], pieces: some Sequence<Int>, ordinary: some Sequence<Int>, settings: Settings) {
    self.vocabulary = vocabulary
    self.scores = scores
    self.settings = settings
    var trie = ByteTrie()
    for id in pieces {
      if settings.unused.contains(Int32(id)) { continue }
      if let token = vocabulary.bytes(of: id) { trie.insert(token, vocabulary.find(token)) }
    }
    self.trie = trie
    var lowest = Double.infinity
    var highest = settings.isSinglePrecision ? Double(Float.leastNormalMagnitude) : -Double.infinity
    for id in ordinary {
      lowest = min(lowest, scores[id])
      highest = max(highest, scores[id])
    }
    if settings.isSinglePrecision, lowest == .infinity { lowest = Double(Float.greatestFiniteMagnitude) }
    unknownScore = settings.isSinglePrecision ? Double(Float(lowest) - 10) : lowest - 10
    highestScore = highest
    fallbackIDs =
      settings.fallsBackToBytes
      ? (0..<256).map { byte in
        let digits = String(byte, radix: 16, uppercase: true)
        return vocabulary.find("<0x\(digits.count == 1 ? "0" : "")\(digits)>".utf8)
      } : []
  }

  func encode(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ space: inout Workspace) throws(TokenizerError) {
    let length = end - start
    let isShort = length <= WordCache.longestWord
    let hash = isShort ? ByteTable.hash(bytes + start, length) : 0
    if isShort, space.cache.append(bytes + start, length, hash, at: Int32(start), to: &space.tokens) { return }
    let first = space.tokens.ids.count
    try search(bytes, start, length, &space)
    let hasSurface = trace(bytes, start, length, &space)
    if isShort, !hasSurface { space.cache.insert(bytes + start, length, hash, space.tokens, from: first) }
  }

  private func search(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ length: Int, _ space: inout Workspace) throws(TokenizerError) {
    space.lattice.removeAll(keepingCapacity: true)
    space.lattice.append(contentsOf: repeatElement(LatticeNode(), count: length + 1))
    let isSingle = settings.isSinglePrecision
    var at = 0
    while at < length {
      let here = space.lattice[at].score
      let size = UTF8Text.length(bytes[start + at])
      var hasSingle = false
      var node: Int32 = 0
      var next = at
      while next < length {
        node = trie.child(node, bytes[start + next])
        if node < 0 { break }
        next += 1
        let id = trie.value(node)
        if id < 0 { continue }
        var score = scores[Int(id)] + here
        if isSingle {
          score = Double(Float(score))
          if !settings.fixed.isEmpty, settings.fixed.contains(id) { score = Double(next - at) * highestScore - 0.1 + here }
        }
        if space.lattice[next].start < 0 || score > space.lattice[next].score {
          space.lattice[next] = LatticeNode(score: isSingle ? Double(Float(score)) : score, start: Int32(at), id: id)
        }
        if next - at == size { hasSingle = true }
      }
      if !hasSingle {
        guard let unknown = settings.unknown else {
          throw TokenizerError(
            source: "the tokenizer", place: "model.unk_id", problem: "a character is unknown, and there is no unknown token")
        }
        let score = isSingle ? Double(Float(unknownScore + here)) : unknownScore + here
        if space.lattice[at + size].start < 0 || score > space.lattice[at + size].score {
          space.lattice[at + size] = LatticeNode(score: score, start: Int32(at), id: unknown)
        }
      }
      at += size
    }
  }

  /// Goes back along the best way and writes its tokens; runs of unknown characters become one.
  /// - Returns: whether a token has a text of its own.
  private func trace(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ length: Int, _ space: inout Workspace) -> Bool {
    var parts: [(start: Int, end: Int, id: Int32)] = []
    var end = length
    while end > 0 {
      let node = space.lattice[end]
      let isUnknown = node.id == settings.unknown
      if isUnknown, let last = parts.last, last.id == settings.unknown, !settings.placesBytesLikeSentencePiece || !settings.fallsBackToBytes
      {
        parts[parts.count - 1].start = Int(node.start)
      } else {
        parts.append((Int(node.start), end, node.id))
      }
      end = Int(node.start)
    }
    var hasSurface = false
    for part in parts.reversed() {
      let (low, high) = (Int32(start + part.start), Int32(start + part.end))
      guard part.id == settings.unknown else {
        space.tokens.append(part.id, low, high)
        continue
      }
      let known = settings.isSinglePrecision ? -1 : vocabulary.find(bytes + start + part.start, part.end - part.start)
      if known >= 0 {
        space.tokens.append(known, low, high)
      } else if settings.fallsBackToBytes, (part.start..<part.end).allSatisfy({ fallbackIDs[Int(bytes[start + $0])] >= 0 }) {
        hasSurface = true
        for place in part.start..<part.end {
          let isLast = place == part.end - 1 || !settings.placesBytesLikeSentencePiece
          space.tokens.append(fallbackIDs[Int(bytes[start + place])], low, isLast ? high : low)
        }
      } else {
        hasSurface = true
        space.tokens.surfaces[space.tokens.ids.count] = Array(
          UnsafeBufferPointer(start: bytes + start + part.start, count: part.end - part.start))
        space.tokens.append(part.id, low, high)
      }
    }
    return hasSurface
  }
}
