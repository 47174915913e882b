/// SentencePiece's precompiled rules: a double-array trie (Aoe 1989, as Darts lays it out) from byte strings to replacements.
///
/// Layout: the trie's size in bytes (4 bytes), its units (4 bytes each), then the replacements, each ended by a zero byte.
struct CharacterMap: Sendable {
  private let units: [UInt32]
  private let replacements: [UInt8]

  init(_ blob: some Collection<UInt8>, source: String, place: String) throws(TokenizerError) {
    let bytes = Array(blob)
    func fail(_ problem: String) -> TokenizerError {
      TokenizerError(source: source, place: place, problem: problem, expected: "SentencePiece's precompiled character map")
    }
    guard bytes.count >= 4 else { throw fail("the character map has \(bytes.count) bytes") }
    func word(_ at: Int) -> UInt32 {
      UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16 | UInt32(bytes[at + 3]) << 24
    }
    let size = Int(word(0))
    guard size <= bytes.count - 4, size >= 4 else { throw fail("the character map's trie has \(size) bytes of \(bytes.count)") }
    units = (0..<size / 4).map { word(4 + 4 * $0) }
    replacements = Array(bytes[(4 + size)...])
    guard UTF8Text.firstInvalid(replacements) == nil else { throw fail("the character map's replacements are not UTF-8") }
  }

  private static func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & 1 << 9) >> 6) }

  /// The keys that the text at a place begins with: length and place of the replacement, shortest first.
  private func prefixes(_ key: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int, _ body: (Int, Int) -> Bool) {
    var node = Self.offset(units[0])
    for at in start..<end {
      let byte = key[at]
      if byte == 0 { return }
      node ^= Int(byte)
      guard node < units.count else { return }
      let unit = units[node]
      if unit & (1 << 31 | 0xFF) != UInt32(byte) { return }
      node ^= Self.offset(unit)
      guard node < units.count else { return }
      if unit >> 8 & 1 == 1, !body(at - start + 1, Int(units[node] & (1 << 31 - 1))) { return }
    }
  }

  private func replacement(_ place: Int) -> ArraySlice<UInt8>? {
    guard place <= replacements.count else { return nil }
    var end = place
    while end < replacements.count, replacements[end] != 0 { end += 1 }
    return replacements[place..<end]
  }

  /// The longest rule that the text at a place begins with.
  func longest(_ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> (length: Int, replacement: ArraySlice<UInt8>)? {
    var found: (Int, Int)?
    prefixes(text, start, text.count) { length, place in
      found = (length, place)
      return true
    }
    guard let (length, place) = found, let bytes = replacement(place) else { return nil }
    return (length, bytes)
  }

  /// The shortest rule that a part of a text begins with: the reference library takes that one for the whole part.
  private func shortest(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> ArraySlice<UInt8>? {
    var found: Int?
    prefixes(text, range.lowerBound, range.upperBound) { _, place in
      found = place
      return false
    }
    return found.flatMap(replacement)
  }

  /// The way of the `Precompiled` normalizer: whole graphemes of less than six bytes first, then single scalars.
  func apply(_ text: inout AlignedText) {
    var changes: [ChangedScalar] = []
    changes.reserveCapacity(text.bytes.count)
    var isModified = false
    let bytes = text.bytes
    bytes.withUnsafeBufferPointer { buffer in
      guard let pointer = buffer.baseAddress else { return }
      GraphemeBreaks.forEach(pointer, buffer.count) { start, end in
        if end - start < 6, let new = shortest(buffer, start..<end) {
          isModified = true
          Self.replace(&changes, buffer, start..<end, new)
          return
        }
        var at = start
        while at < end {
          let (scalar, length) = UTF8Text.decode(pointer, at)
          if let new = shortest(buffer, at..<at + length) {
            isModified = true
            Self.replace(&changes, buffer, at..<at + length, new)
          } else {
            changes.append(ChangedScalar(scalar: scalar, change: 0))
          }
          at += length
        }
      }
    }
    if isModified { text.transform(changes) }
  }

  private static func replace(
    _ changes: inout [ChangedScalar], _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ new: ArraySlice<UInt8>
  ) {
    var old = 0
    for at in range where text[at] & 0xC0 != 0x80 { old += 1 }
    let scalars = UTF8Text.scalars(new)
    for (place, scalar) in scalars.enumerated() { changes.append(ChangedScalar(scalar: scalar, change: place < old ? 0 : 1)) }
    if scalars.count < old, !changes.isEmpty { changes[changes.count - 1].change -= Int32(old - scalars.count) }
  }
}

/// Where what a reader takes for one character begins and ends (UAX #29).
enum GraphemeBreaks {
  /// Scalars that never join with a neighbour of the same kind.
  private static func isPlain(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x20...0x7E, 0xC0...0x24F, 0x370...0x373, 0x376...0x377, 0x388...0x3FF, 0x400...0x482, 0x48A...0x52F, 0x5D0...0x5EA,
      0x620...0x64A, 0x2010...0x2027, 0x3001...0x3029, 0x3041...0x3096, 0x30A1...0x30FA, 0x3400...0x4DBF, 0x4E00...0x9FFF,
      0xFF01...0xFF5E:
      true
    default: false
    }
  }

  /// Calls the body with the begin and end of each.
  static func forEach(_ bytes: UnsafePointer<UInt8>, _ count: Int, _ body: (Int, Int) -> Void) {
    var at = 0
    while at < count {
      var (scalar, length) = UTF8Text.decode(bytes, at)
      // Plain scalars one by one while a plain one follows; runs of others are the standard library's to break.
      while isPlain(scalar) {
        let next = at + length
        guard next < count else {
          body(at, next)
          return
        }
        let following = UTF8Text.decode(bytes, next)
        guard isPlain(following.scalar) else { break }
        body(at, next)
        at = next
        (scalar, length) = following
      }
      var end = at + length
      while end < count {
        let (next, size) = UTF8Text.decode(bytes, end)
        if isPlain(next), end + size >= count || isPlain(UTF8Text.decode(bytes, end + size).scalar) { break }
        end += size
      }
      // The plain scalar after the run is part of it only as far as it may join.
      let stop = end < count ? end + UTF8Text.decode(bytes, end).length : end
      let run = String(decoding: UnsafeBufferPointer(start: bytes + at, count: stop - at), as: UTF8.self)
      var place = at
      for character in run {
        let size = character.utf8.count
        guard place < end else { break }
        body(place, place + size)
        place += size
      }
      at = place
    }
  }
}
