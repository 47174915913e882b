/// A part of the text on its way to the model: a range of bytes of `WorkText`, or a token that was found already.
struct Piece {
  var start: Int32
  var end: Int32
  /// The id of an added token, or -1.
  var token: Int32 = -1
}

/// Normalised text cut into pieces, with the way back to the original.
struct WorkText {
  var bytes: [UInt8] = []
  var starts: [Int32] = []
  var ends: [Int32] = []
  /// Whether the text is the original, byte for byte, so that places need no table.
  var isIdentity = true
  var pieces: [Piece] = []
  private var spare: [Piece] = []

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    pieces.removeAll(keepingCapacity: true)
    isIdentity = true
  }

  mutating func append(_ text: AlignedText) {
    if isIdentity, !(text.isIdentity && Int(text.base) == bytes.count) { materialize() }
    if isIdentity {
      bytes += text.bytes
      return
    }
    var text = text
    text.materialize()
    bytes += text.bytes
    starts += text.starts
    ends += text.ends
  }

  mutating func materialize() {
    guard isIdentity else { return }
    isIdentity = false
    var text = AlignedText(bytes, base: 0)
    text.materialize()
    (starts, ends) = (text.starts, text.ends)
  }

  /// Where the original of a byte begins.
  @inline(__always)
  func originalStart(_ at: Int) -> Int32 {
    guard isIdentity else { return starts[at] }
    var at = at
    while at > 0, bytes[at] & 0xC0 == 0x80 { at -= 1 }
    return Int32(at)
  }

  /// Where the original of a byte ends.
  @inline(__always)
  func originalEnd(_ at: Int) -> Int32 {
    guard isIdentity else { return ends[at] }
    var at = at + 1
    while at < bytes.count, bytes[at] & 0xC0 == 0x80 { at += 1 }
    return Int32(at)
  }

  /// Puts other pieces in the place of each that has no token yet. The body appends them.
  @inline(__always)
  mutating func splitPieces(
    _ body: (UnsafePointer<UInt8>, Piece, inout [Piece]) throws(TokenizerError) -> Void
  ) throws(TokenizerError) {
    var result = spare
    spare = []
    result.removeAll(keepingCapacity: true)
    let pieces = self.pieces
    try bytes.withUnsafeBufferPointer { buffer throws(TokenizerError) in
      guard let pointer = buffer.baseAddress else { return }
      for piece in pieces {
        if piece.token >= 0 { result.append(piece) } else { try body(pointer, piece, &result) }
      }
    }
    spare = pieces
    self.pieces = result
  }

  /// Writes the text anew: the body changes the text of each piece that has no token yet.
  mutating func rewritePieces(_ body: (inout AlignedText) -> Void) {
    materialize()
    var result = WorkText()
    result.isIdentity = false
    for piece in pieces {
      let range = Int(piece.start)..<Int(piece.end)
      var text = AlignedText(bytes[range], base: range.isEmpty ? 0 : Int(starts[range.lowerBound]))
      text.isIdentity = false
      text.starts = Array(starts[range])
      text.ends = Array(ends[range])
      if piece.token < 0 { body(&text) }
      let start = Int32(result.bytes.count)
      result.bytes += text.bytes
      result.starts += text.starts
      result.ends += text.ends
      result.pieces.append(Piece(start: start, end: Int32(result.bytes.count), token: piece.token))
    }
    self = result
  }
}
