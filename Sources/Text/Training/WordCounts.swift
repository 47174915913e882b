/// Distinct words of a text and how often each occurs.
///
/// Words lie one behind the other in one buffer; a table of places finds them again without a string for each.
public struct WordCounts: Sendable {
  private var bytes: [UInt8] = []
  private var ends: [Int] = []
  public private(set) var counts: [Int] = []
  private var slots: [Int32]
  private var hashes: [UInt64] = []

  public init() { slots = [Int32](repeating: -1, count: 1 << 12) }

  /// Distinct words, in the order in which they were first seen.
  public var count: Int { counts.count }

  /// A word's bytes by its place.
  public func word(_ index: Int) -> ArraySlice<UInt8> { bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]] }

  /// Counts a word.
  public mutating func add(_ word: UnsafeBufferPointer<UInt8>, count: Int = 1) {
    guard !word.isEmpty else { return }
    // FNV-1a, then mixed: its low bits alone are poor.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in word { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash ^= hash >> 29
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] >= 0 {
      let index = Int(slots[slot])
      if hashes[index] == hash, isEqual(index, word) {
        counts[index] += count
        return
      }
      slot = (slot + 1) & mask
    }
    slots[slot] = Int32(truncatingIfNeeded: counts.count)
    bytes.append(contentsOf: word)
    ends.append(bytes.count)
    counts.append(count)
    hashes.append(hash)
    if counts.count * 2 > slots.count { grow() }
  }

  private func isEqual(_ index: Int, _ word: UnsafeBufferPointer<UInt8>) -> Bool {
    let start = index == 0 ? 0 : ends[index - 1]
    guard ends[index] - start == word.count else { return false }
    return bytes.withUnsafeBufferPointer { bytes in
      for offset in 0..<word.count where bytes[start + offset] != word[offset] { return false }
      return true
    }
  }

  private mutating func grow() {
    slots = [Int32](repeating: -1, count: slots.count * 4)
    let mask = slots.count - 1
    for (index, hash) in hashes.enumerated() {
      var slot = Int(truncatingIfNeeded: hash) & mask
      while slots[slot] >= 0 { slot = (slot + 1) & mask }
      slots[slot] = Int32(truncatingIfNeeded: index)
    }
  }
}

/// How text is cut into words before a tokenizer is trained on it.
public enum TrainingSplit: String, Sendable, Codable {
  /// GPT-2's: words with the space before them, numbers, other signs, English contractions.
  case gpt2
  /// Between white space; punctuation stands alone.
  case whitespace
  /// Between white space only; every word begins with `▁`, as SentencePiece does it.
  case metaspace

  /// Counts the words of texts.
  public func count(_ texts: some Sequence<String>) -> WordCounts {
    var counts = WordCounts()
    for text in texts { add(text, to: &counts) }
    return counts
  }

  private func add(_ text: String, to counts: inout WordCounts) {
    var text = text
    text.withUTF8 { bytes in
      switch self {
      case .gpt2: Self.gpt2(bytes) { counts.add($0) }
      case .whitespace: Self.words(bytes, punctuationAlone: true) { counts.add($0) }
      case .metaspace:
        var marked: [UInt8] = []
        Self.words(bytes, punctuationAlone: false) { word in
          marked.removeAll(keepingCapacity: true)
          marked += [0xE2, 0x96, 0x81]
          marked += word
          marked.withUnsafeBufferPointer { counts.add($0) }
        }
      }
    }
  }

  private enum Kind { case letter, number, space, other }

  /// The character at a place: its kind and width in bytes.
  private static func kind(_ bytes: UnsafeBufferPointer<UInt8>, _ place: Int) -> (kind: Kind, width: Int) {
    let first = bytes[place]
    if first < 0x80 {
      switch first {
      case 0x41...0x5A, 0x61...0x7A: return (.letter, 1)
      case 0x30...0x39: return (.number, 1)
      case 0x09...0x0D, 0x20: return (.space, 1)
      default: return (.other, 1)
      }
    }
    let width = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
    guard place + width <= bytes.count else { return (.other, 1) }
    var value = UInt32(first) & (width == 2 ? 0x1F : width == 3 ? 0x0F : 0x07)
    for offset in 1..<width { value = value << 6 | UInt32(bytes[place + offset] & 0x3F) }
    guard let scalar = Unicode.Scalar(value) else { return (.other, width) }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return (.letter, width)
    case .decimalNumber, .letterNumber, .otherNumber: return (.number, width)
    default: return (scalar.properties.isWhitespace ? .space : .other, width)
    }
  }

  private static let contractions: [[UInt8]] = ["s", "t", "re", "ve", "m", "ll", "d"].map { Array("'".utf8) + Array($0.utf8) }

  /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
  private static func gpt2(_ bytes: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    func emit(_ start: Int, _ end: Int) { body(UnsafeBufferPointer(rebasing: bytes[start..<end])) }
    var place = 0
    scan: while place < bytes.count {
      if bytes[place] == UInt8(ascii: "'") {
        for word in contractions where place + word.count <= bytes.count && bytes[place..<place + word.count].elementsEqual(word) {
          emit(place, place + word.count)
          place += word.count
          continue scan
        }
      }
      let start = place
      var (kind, width) = kind(bytes, place)
      if bytes[place] == 0x20, place + 1 < bytes.count {
        let next = self.kind(bytes, place + 1)
        if next.kind != .space {
          place += 1
          (kind, width) = next
        }
      }
      if kind == .space {
        // A run of white space leaves its last character to the word behind it.
        var last = place
        while place < bytes.count {
          let here = self.kind(bytes, place)
          guard here.kind == .space else { break }
          last = place
          place += here.width
        }
        if place < bytes.count, last > start { place = last }
        emit(start, place)
        continue
      }
      place += width
      while place < bytes.count {
        let next = self.kind(bytes, place)
        guard next.kind == kind else { break }
        place += next.width
      }
      emit(start, place)
    }
  }

  private static func words(
    _ bytes: UnsafeBufferPointer<UInt8>, punctuationAlone: Bool, _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    var start = 0, place = 0
    func emit(_ end: Int) { if end > start { body(UnsafeBufferPointer(rebasing: bytes[start..<end])) } }
    while place < bytes.count {
      let (kind, width) = kind(bytes, place)
      let isWord = kind == .letter || kind == .number || (kind == .other && (!punctuationAlone || !isPunctuation(bytes, place, width)))
      if !isWord {
        emit(place)
        start = place
        if kind != .space { emit(place + width) }
        start = place + width
      }
      place += width
    }
    emit(place)
  }

  private static func isPunctuation(_ bytes: UnsafeBufferPointer<UInt8>, _ place: Int, _ width: Int) -> Bool {
    if width == 1 { return bytes[place] < 0x80 }
    let text = String(decoding: bytes[place..<place + width], as: UTF8.self)
    switch text.unicodeScalars.first?.properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation,
      .otherPunctuation:
      return true
    default: return false
    }
  }
}
