/// The tokens of a text: parallel lists, one entry for each token.
public struct Encoding: Sendable, Equatable {
  /// The ids that a model takes.
  public internal(set) var ids: [Int] = []
  /// The sequence that each token belongs to, as the model was trained to see it (0 and 1 for BERT's pairs).
  public internal(set) var typeIDs: [Int] = []
  /// The part of the text that each token stands for, in Unicode scalars (as `text.unicodeScalars` counts them); `0..<0` for tokens that
  /// the tokenizer added.
  public internal(set) var offsets: [Range<Int>] = []
  /// The number of the word that each token is part of; `nil` for tokens that the tokenizer added.
  public internal(set) var words: [Int?] = []
  /// 1 for tokens that the tokenizer added, padding too.
  public internal(set) var specialTokensMask: [Int] = []
  /// 0 for padding, else 1.
  public internal(set) var attentionMask: [Int] = []
  /// What truncation cut off, in windows of the same length.
  public internal(set) var overflowing: [Encoding] = []
  /// Texts of tokens that are not those of their ids.
  var surfaces: [Int: [UInt8]] = [:]
  let names: TokenNames

  init(names: TokenNames) { self.names = names }

  /// The number of tokens.
  public var count: Int { ids.count }

  /// The tokens' texts, as the vocabulary writes them; what was unknown as it stood in the text.
  public var tokens: [String] {
    ids.indices.map { index in
      if let surface = surfaces[index] { return String(decoding: surface, as: UTF8.self) }
      return names.bytes(of: ids[index]).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
  }

  public static func == (a: Encoding, b: Encoding) -> Bool {
    a.ids == b.ids && a.typeIDs == b.typeIDs && a.offsets == b.offsets && a.words == b.words && a.specialTokensMask == b.specialTokensMask
      && a.attentionMask == b.attentionMask && a.overflowing == b.overflowing && a.surfaces == b.surfaces
  }

  /// The tokens in a range, without what overflows.
  func slice(_ range: Range<Int>) -> Encoding {
    var part = Encoding(names: names)
    part.ids = Array(ids[range])
    part.typeIDs = Array(typeIDs[range])
    part.offsets = Array(offsets[range])
    part.words = Array(words[range])
    part.specialTokensMask = Array(specialTokensMask[range])
    part.attentionMask = Array(attentionMask[range])
    for (index, surface) in surfaces where range.contains(index) { part.surfaces[index - range.lowerBound] = surface }
    return part
  }

  /// Puts another encoding after this one; the windows of both are combined each with each.
  mutating func append(_ other: Encoding) {
    var windows: [Encoding] = []
    for own in overflowing {
      for theirs in [other] + other.overflowing {
        var window = own
        window.append(theirs)
        windows.append(window)
      }
    }
    for theirs in other.overflowing {
      var window = self
      window.append(theirs)
      windows.append(window)
    }
    let shift = ids.count
    for (index, surface) in other.surfaces { surfaces[shift + index] = surface }
    ids += other.ids
    typeIDs += other.typeIDs
    offsets += other.offsets
    words += other.words
    specialTokensMask += other.specialTokensMask
    attentionMask += other.attentionMask
    overflowing = windows
  }

  mutating func setTypeID(_ typeID: Int) { typeIDs = [Int](repeating: typeID, count: ids.count) }

  /// Adds tokens of the tokenizer's own at the end.
  mutating func appendSpecial(_ id: Int, _ token: [UInt8], typeID: Int) {
    if names.bytes(of: id).map({ !$0.elementsEqual(token) }) ?? true { surfaces[ids.count] = token }
    ids.append(id)
    typeIDs.append(typeID)
    offsets.append(0..<0)
    words.append(nil)
    specialTokensMask.append(1)
    attentionMask.append(1)
  }
}

/// The texts of all ids of a tokenizer, the model's and the added ones.
final class TokenNames: Sendable {
  let vocabulary: Vocabulary
  let added: [Int: [UInt8]]

  init(vocabulary: Vocabulary, added: [Int: [UInt8]]) {
    self.vocabulary = vocabulary
    self.added = added
  }

  func bytes(of id: Int) -> ArraySlice<UInt8>? {
    if let token = added[id] { return token[...] }
    return vocabulary.bytes(of: id)
  }
}
