/// What SentencePiece does to text before its model sees it (`normalizer.cc`): rules, blanks made one and visible, a blank in front.
struct SentencePieceNormalizer: Sendable {
  var map: CharacterMap?
  var addsPrefix = true
  var removesExtraSpaces = true
  var escapesSpaces = true
  /// The blank goes to the end, not to the front.
  var spaceIsSuffix = false
  /// Pieces that the user has defined, which stay as they are.
  var fixed: ByteTrie?

  private static let mark: [UInt8] = [0xE2, 0x96, 0x81]

  func apply(_ text: inout AlignedText) {
    let input = text.bytes
    let base = text.base
    var output: [UInt8] = []
    var places: [Int32] = []
    output.reserveCapacity(input.count * 2)
    places.reserveCapacity(input.count * 2)
    var consumed = 0
    func add(_ bytes: some Collection<UInt8>) {
      for byte in bytes {
        if byte == 0x20, escapesSpaces {
          output += Self.mark
          places += [Int32(consumed), Int32(consumed), Int32(consumed)]
        } else {
          output.append(byte)
          places.append(Int32(consumed))
        }
      }
    }
    input.withUnsafeBufferPointer { buffer in
      if removesExtraSpaces {
        while consumed < buffer.count {
          let (part, length) = prefix(buffer, consumed)
          guard part.elementsEqual([0x20]) else { break }
          consumed += length
        }
      }
      guard consumed < buffer.count else { return }
      if addsPrefix, !spaceIsSuffix { add([0x20]) }
      var afterSpace = removesExtraSpaces
      while consumed < buffer.count {
        var (part, length) = prefix(buffer, consumed)
        if afterSpace { part = part.drop { $0 == 0x20 } }
        if !part.isEmpty {
          add(part)
          afterSpace = part.last == 0x20
        }
        consumed += length
        if !removesExtraSpaces { afterSpace = false }
      }
      if removesExtraSpaces {
        let space = escapesSpaces ? Self.mark : [0x20]
        while output.count >= space.count, output.suffix(space.count).elementsEqual(space) {
          consumed = Int(places[output.count - space.count])
          output.removeLast(space.count)
          places.removeLast(space.count)
        }
      }
      if addsPrefix, spaceIsSuffix { add([0x20]) }
    }
    places.append(Int32(consumed))
    text.isIdentity = false
    text.bytes = output
    text.starts = places.dropLast().map { $0 + base }
    text.ends = places.dropFirst().map { $0 + base }
  }

  /// What the text at a place becomes, and how much of it.
  private func prefix(_ text: UnsafeBufferPointer<UInt8>, _ at: Int) -> (ArraySlice<UInt8>, Int) {
    if let fixed, let (length, _) = fixed.longest(text, at) { return (ArraySlice(text[at..<at + length]), length) }
    if text[at] < 0x80, text[at] > 0x20, map == nil { return (ArraySlice(text[at..<at + 1]), 1) }
    if let map, let (length, replacement) = map.longest(text, at) { return (replacement, length) }
    let length = UTF8Text.length(text[at])
    return (ArraySlice(text[at..<at + length]), length)
  }
}
