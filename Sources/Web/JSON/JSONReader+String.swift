extension JSONReader {
  /// Reads text in double quotes, with its escapes and surrogate pairs. The result is valid Unicode always.
  package mutating func readString() throws(JSONProblem) -> String {
    guard peek() == UInt8(ascii: "\"") else { throw unexpected("text in double quotes") }
    offset += 1
    let start = offset
    while offset < text.count {
      switch text[offset] {
      case UInt8(ascii: "\""):
        let string = try validated(UnsafeBufferPointer(rebasing: text[start..<offset]), from: start)
        offset += 1
        return string
      case UInt8(ascii: "\\"): return try readEscapedString(from: start)
      case 0..<0x20: throw problem("a control character inside text", expected: "an escape such as \\n")
      default: offset += 1
      }
    }
    throw problem("the JSON ends inside text", expected: "a closing double quote")
  }

  private func validated(_ bytes: some Sequence<UInt8>, from start: Int) throws(JSONProblem) -> String {
    guard let string = String(validating: bytes, as: UTF8.self) else { throw problem("text that is not UTF-8", at: start) }
    return string
  }

  private mutating func readEscapedString(from start: Int) throws(JSONProblem) -> String {
    var bytes = [UInt8](text[start..<offset])
    while offset < text.count {
      let byte = text[offset]
      switch byte {
      case UInt8(ascii: "\""):
        let string = try validated(bytes, from: start)
        offset += 1
        return string
      case UInt8(ascii: "\\"):
        offset += 1
        try appendEscape(to: &bytes)
      case 0..<0x20: throw problem("a control character inside text", expected: "an escape such as \\n")
      default:
        bytes.append(byte)
        offset += 1
      }
    }
    throw problem("the JSON ends inside text", expected: "a closing double quote")
  }

  private mutating func appendEscape(to bytes: inout [UInt8]) throws(JSONProblem) {
    guard offset < text.count else { throw problem("the JSON ends inside an escape") }
    let byte = text[offset]
    offset += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(byte)
    case UInt8(ascii: "b"): bytes.append(0x08)
    case UInt8(ascii: "f"): bytes.append(0x0C)
    case UInt8(ascii: "n"): bytes.append(0x0A)
    case UInt8(ascii: "r"): bytes.append(0x0D)
    case UInt8(ascii: "t"): bytes.append(0x09)
    case UInt8(ascii: "u"): bytes.append(contentsOf: String(Character(try readUnicodeEscape())).utf8)
    default: throw problem("an unknown escape", expected: "one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u", at: offset - 1)
    }
  }

  private mutating func readUnicodeEscape() throws(JSONProblem) -> Unicode.Scalar {
    let start = offset
    let first = try readHex()
    if let scalar = Unicode.Scalar(first) { return scalar }
    // Not a scalar of its own, so half of a surrogate pair: the high half must come first, then the low one.
    if first < 0xDC00, offset + 1 < text.count, text[offset] == UInt8(ascii: "\\"), text[offset + 1] == UInt8(ascii: "u") {
      offset += 2
      let second = try readHex()
      if (0xDC00...0xDFFF).contains(second),
        let scalar = Unicode.Scalar(0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00))
      {
        return scalar
      }
    }
    throw problem("half of a surrogate pair", expected: "two \\u escapes, high and low", at: start)
  }

  private mutating func readHex() throws(JSONProblem) -> UInt16 {
    var value: UInt16 = 0
    for _ in 0..<4 {
      guard offset < text.count else { throw problem("the JSON ends inside an escape") }
      guard let digit = Character(UnicodeScalar(text[offset])).hexDigitValue else { throw unexpected("four hexadecimal digits after \\u") }
      value = value << 4 | UInt16(digit)
      offset += 1
    }
    return value
  }
}
