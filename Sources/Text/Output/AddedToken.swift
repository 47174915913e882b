/// A token besides the model's own: special ones, and words that a user added.
public struct AddedToken: Sendable, Hashable {
  public var content: String
  /// Whether decoding can leave it out.
  public var isSpecial: Bool
  /// Whether it is found only where no word goes on before or after it.
  public var isSingleWord: Bool
  /// Whether it takes the white space before it, or after it.
  public var stripsLeft: Bool
  public var stripsRight: Bool
  /// Whether it is looked for in normalised text, in its own normalised form.
  public var isNormalized: Bool

  public init(
    _ content: String, isSpecial: Bool = false, isSingleWord: Bool = false, stripsLeft: Bool = false, stripsRight: Bool = false,
    isNormalized: Bool? = nil
  ) {
    self.content = content
    self.isSpecial = isSpecial
    self.isSingleWord = isSingleWord
    self.stripsLeft = stripsLeft
    self.stripsRight = stripsRight
    self.isNormalized = isNormalized ?? !isSpecial
  }
}

/// The added tokens of a tokenizer, and how they are found: from left to right, the longest at each place.
struct AddedTokens: Sendable {
  private(set) var tokens: [Int: AddedToken] = [:]
  private(set) var specialIDs: Set<Int> = []
  private var raw = ByteTrie()
  private var normalized = ByteTrie()
  private var ids = ByteTable(capacity: 16)
  /// What decoding sees of tokens that normalisation changes.
  private(set) var decoded: [Int: [UInt8]] = [:]

  /// - Parameter normalizer: what text goes through before normalised tokens are looked for.
  init(_ list: [AddedToken], vocabulary: Vocabulary, normalizer: Normalizer?) throws(TokenizerError) {
    var next = vocabulary.count
    for token in list where !token.content.isEmpty {
      let bytes = Array(token.content.utf8)
      var id = ids.value(bytes)
      if id < 0 { id = vocabulary.find(bytes) }
      if id < 0 {
        id = Int32(next)
        next += 1
      }
      var text = AlignedText(bytes, base: 0)
      if token.isNormalized { try normalizer?.apply(&text) }
      if text.bytes != bytes { decoded[Int(id)] = text.bytes } else { decoded[Int(id)] = nil }
      ids.insert(bytes, id)
      tokens[Int(id)] = token
    }
    for (id, token) in tokens {
      if token.isSpecial { specialIDs.insert(id) }
      if token.isNormalized {
        normalized.insert(decoded[id] ?? Array(token.content.utf8), Int32(id))
      } else {
        raw.insert(token.content.utf8, Int32(id))
      }
    }
  }

  /// Puts tokens that are in the file under ids of their own, as other formats have them.
  init(byID list: [(id: Int, token: AddedToken)]) {
    for (id, token) in list where !token.content.isEmpty {
      ids.insert(token.content.utf8, Int32(id))
      tokens[id] = token
      if token.isSpecial { specialIDs.insert(id) }
      raw.insert(token.content.utf8, Int32(id))
    }
  }

  func id(of bytes: some Collection<UInt8>) -> Int? {
    let id = ids.value(bytes)
    return id < 0 ? nil : Int(id)
  }

  var hasRaw: Bool { !raw.isEmpty }
  var hasNormalized: Bool { !normalized.isEmpty }

  /// Cuts a range of text at the tokens in it.
  /// - Parameter allowsSpecial: whether special tokens are looked for.
  func split(
    _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, normalized isNormalized: Bool, allowsSpecial: Bool, into pieces: inout [Piece]
  ) {
    let trie = isNormalized ? normalized : raw
    var last = range.lowerBound
    if !trie.isEmpty {
      let part = UnsafeBufferPointer(rebasing: text[..<range.upperBound])
      var at = range.lowerBound
      while at < range.upperBound {
        guard let (length, id) = trie.longest(part, at) else {
          at += 1
          continue
        }
        var (start, end) = (at, at + length)
        at = end
        guard let token = tokens[Int(id)], allowsSpecial || !token.isSpecial else { continue }
        if token.isSingleWord, isWord(text, range, before: start) || isWord(text, range, at: end) { continue }
        if token.stripsLeft {
          while start > last, let space = blank(text, range, before: start) { start -= space }
          start = max(start, last)
        }
        if token.stripsRight { while let space = blank(text, range, at: end) { end += space } }
        if last < start { pieces.append(Piece(start: Int32(last), end: Int32(start))) }
        // A token within the blanks that the one before took has nothing left of them.
        pieces.append(Piece(start: Int32(start), end: Int32(end), token: id))
        last = end
      }
    }
    if last < range.upperBound { pieces.append(Piece(start: Int32(last), end: Int32(range.upperBound))) }
  }

  private func isWord(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, at place: Int) -> Bool {
    guard place < range.upperBound, let bytes = text.baseAddress else { return false }
    return UnicodeTable.shared.has(UTF8Text.decode(bytes, place).scalar, .rustWord)
  }

  private func isWord(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, before place: Int) -> Bool {
    guard place > range.lowerBound, let bytes = text.baseAddress else { return false }
    return isWord(text, range, at: UTF8Text.start(bytes, place - 1))
  }

  private func blank(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, at place: Int) -> Int? {
    guard place < range.upperBound, let bytes = text.baseAddress else { return nil }
    let (scalar, length) = UTF8Text.decode(bytes, place)
    return UnicodeTable.shared.has(scalar, .rustSpace) ? length : nil
  }

  private func blank(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, before place: Int) -> Int? {
    guard place > range.lowerBound, let bytes = text.baseAddress else { return nil }
    return blank(text, range, at: UTF8Text.start(bytes, place - 1))
  }
}
