/// How tokens become text again.
indirect enum Decoder: Sendable {
  case bpe(suffix: [UInt8])
  case byteLevel
  case wordPiece(prefix: [UInt8], cleansUp: Bool)
  case metaspace(replacement: UInt32, scheme: PreTokenizer.PrependScheme)
  case ctc(padding: [UInt8], delimiter: [UInt8], cleansUp: Bool)
  case replace(Pattern, with: [UInt8])
  case fuse
  case strip(UInt32, start: Int, stop: Int)
  case byteFallback
  case sequence([Decoder])
  /// Tokens are bare bytes.
  case bytes
  case sentencePiece(SentencePieceDecoder)

  func apply(_ tokens: [[UInt8]]) throws(TokenizerError) -> [[UInt8]] {
    switch self {
    case .bpe(let suffix):
      return tokens.enumerated().map { index, token in
        Self.replace(token, suffix, with: index == tokens.count - 1 ? [] : [0x20])
      }
    case .byteLevel: return [Self.repaired(tokens.flatMap { ByteAlphabet.decode($0) ?? $0 })]
    case .bytes: return [Self.repaired(Array(tokens.joined()))]
    case .wordPiece(let prefix, let cleansUp):
      return tokens.enumerated().map { index, token in
        var token = token
        if index > 0 { token = token.starts(with: prefix) ? Array(token.dropFirst(prefix.count)) : [0x20] + token }
        return cleansUp ? Self.cleanedUp(token) : token
      }
    case .metaspace(let replacement, let scheme):
      var mark: [UInt8] = []
      UTF8Text.append(replacement, to: &mark)
      return tokens.enumerated().map { index, token in
        Self.replace(token, mark, with: index == 0 && scheme != .never ? [] : [0x20])
      }
    case .ctc(let padding, let delimiter, let cleansUp):
      var result: [[UInt8]] = []
      for (index, token) in tokens.enumerated() where index == 0 || token != tokens[index - 1] {
        var text = Self.replace(token, padding, with: [])
        if cleansUp { text = Self.replace(Self.cleanedUp(text), delimiter, with: [0x20]) }
        if !text.isEmpty { result.append(text) }
      }
      return result
    case .replace(let pattern, let content):
      var result: [[UInt8]] = []
      for token in tokens {
        let matches = try token.withUnsafeBufferPointer { buffer throws(TokenizerError) in try pattern.matches(in: buffer) }
        var text = AlignedText(token, base: 0)
        text.replace(matches, with: content)
        result.append(text.bytes)
      }
      return result
    case .fuse: return [Array(tokens.joined())]
    case .strip(let content, let start, let stop):
      return tokens.map { token in
        let scalars = UTF8Text.scalars(token)
        let leading = min(start, scalars.prefix { $0 == content }.count)
        let trailing = min(stop, scalars.reversed().prefix { $0 == content }.count)
        var result: [UInt8] = []
        for scalar in scalars.dropFirst(leading).dropLast(min(trailing, scalars.count - leading)) { UTF8Text.append(scalar, to: &result) }
        return result
      }
    case .byteFallback: return Self.joinBytes(tokens)
    case .sequence(let steps):
      var tokens = tokens
      for step in steps { tokens = try step.apply(tokens) }
      return tokens
    case .sentencePiece(let decoder): return [decoder.decode(tokens)]
    }
  }

  /// Valid UTF-8, with U+FFFD for what is not.
  static func repaired(_ bytes: [UInt8]) -> [UInt8] {
    UTF8Text.firstInvalid(bytes) == nil ? bytes : Array(String(decoding: bytes, as: UTF8.self).utf8)
  }

  static func replace(_ text: [UInt8], _ part: some Collection<UInt8>, with new: [UInt8]) -> [UInt8] {
    guard let first = part.first, text.contains(first) else { return text }
    var result: [UInt8] = []
    var at = 0
    while at < text.count {
      if text[at] == first, text[at...].starts(with: part) {
        result += new
        at += part.count
      } else {
        result.append(text[at])
        at += 1
      }
    }
    return result
  }

  private static let cleanUps: [(String, String)] = [
    (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"),
    (" 've", "'ve"), (" 're", "'re"),
  ]

  private static func cleanedUp(_ text: [UInt8]) -> [UInt8] {
    guard text.contains(0x20) else { return text }
    return cleanUps.reduce(text) { replace($0, Array($1.0.utf8), with: Array($1.1.utf8)) }
  }

  /// The byte that a token such as `<0x0A>` stands for.
  static func byte(_ token: some BidirectionalCollection<UInt8>) -> UInt8? {
    guard token.count == 6, token.starts(with: "<0x".utf8), token.last == UInt8(ascii: ">") else { return nil }
    var rest = token.makeIterator()
    for _ in 0..<3 { _ = rest.next() }
    guard let high = rest.next(), let low = rest.next() else { return nil }
    // A plus sign before one digit is a number to the reference library.
    if high == UInt8(ascii: "+") { return Character(UnicodeScalar(low)).hexDigitValue.map { UInt8($0) } }
    guard let a = Character(UnicodeScalar(high)).hexDigitValue, let b = Character(UnicodeScalar(low)).hexDigitValue else { return nil }
    return UInt8(a << 4 | b)
  }

  /// Runs of byte tokens become text where they are UTF-8, else a U+FFFD for each.
  private static func joinBytes(_ tokens: [[UInt8]]) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var pending: [UInt8] = []
    func flush() {
      if pending.isEmpty { return }
      if UTF8Text.firstInvalid(pending) == nil { result.append(pending) } else { for _ in pending { result.append([0xEF, 0xBF, 0xBD]) } }
      pending.removeAll()
    }
    for token in tokens {
      if let byte = byte(token) {
        pending.append(byte)
      } else {
        flush()
        result.append(token)
      }
    }
    flush()
    return result
  }
}

/// SentencePiece's way back to text.
struct SentencePieceDecoder: Sendable {
  var unknownPiece: [UInt8]
  var unknownText: [UInt8]
  var control: Set<[UInt8]>
  var addsPrefix: Bool
  var removesExtraSpaces: Bool
  var hasBytes: Bool

  private static let mark: [UInt8] = [0xE2, 0x96, 0x81]

  func decode(_ tokens: [[UInt8]]) -> [UInt8] {
    var text: [UInt8] = []
    var pending: [UInt8] = []
    var isAtStart = true
    var sawBlank = false
    func flush() {
      var at = 0
      pending.withUnsafeBufferPointer { buffer in
        while at < buffer.count {
          let length = UTF8Text.check(buffer, at)
          if length > 0 { text += buffer[at..<at + length] } else { text += [0xEF, 0xBF, 0xBD] }
          at += max(length, 1)
        }
      }
      pending.removeAll()
    }
    for token in tokens {
      if hasBytes, let byte = Decoder.byte(token) {
        pending.append(byte)
        continue
      }
      flush()
      if sawBlank || !text.isEmpty { isAtStart = false }
      sawBlank = false
      if control.contains(token) { continue }
      if token == unknownPiece {
        text += unknownText
        continue
      }
      var token = token
      if isAtStart, addsPrefix || removesExtraSpaces, token.starts(with: Self.mark) {
        token.removeFirst(3)
        sawBlank = !removesExtraSpaces
      }
      text += Decoder.replace(token, Self.mark, with: [0x20])
    }
    flush()
    return text
  }
}
