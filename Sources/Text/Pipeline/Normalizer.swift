/// A step that changes text before it is split.
enum Normalizer: Sendable {
  case bert(cleans: Bool, spacesChinese: Bool, stripsAccents: Bool, lowercases: Bool)
  case strip(left: Bool, right: Bool)
  case stripAccents
  case unicode(Normalization.Form)
  case lowercase
  case nmt
  case precompiled(CharacterMap)
  case replace(Pattern, with: [UInt8])
  case prepend([UInt32])
  case byteLevel
  case sequence([Normalizer])
  /// What SentencePiece does itself, blanks and dummy prefix included.
  case sentencePiece(SentencePieceNormalizer)

  func apply(_ text: inout AlignedText) throws(TokenizerError) {
    switch self {
    case .bert(let cleans, let spacesChinese, let stripsAccents, let lowercases):
      BertNormalizer.apply(&text, cleans, spacesChinese, stripsAccents, lowercases)
    case .strip(let left, let right): Self.strip(&text, left, right)
    case .stripAccents: text.filter { !UnicodeTable.shared.has($0, .combining) }
    case .unicode(let form): Self.normalize(&text, form)
    case .lowercase: Self.lowercase(&text)
    case .nmt:
      text.filter { !Self.isNmtControl($0) }
      text.map { Self.isNmtSpace($0) ? 0x20 : $0 }
    case .precompiled(let map): map.apply(&text)
    case .replace(let pattern, let content):
      let matches = try text.bytes.withUnsafeBufferPointer { buffer throws(TokenizerError) in try pattern.matches(in: buffer) }
      text.replace(matches, with: content)
    case .prepend(let content): text.prepend(content)
    case .byteLevel: ByteAlphabet.transform(&text)
    case .sequence(let steps): for step in steps { try step.apply(&text) }
    case .sentencePiece(let normalizer): normalizer.apply(&text)
    }
  }

  static func normalize(_ text: inout AlignedText, _ form: Normalization.Form) {
    if text.bytes.withUnsafeBufferPointer(UTF8Text.isASCII) { return }
    let scalars = text.scalars
    let table = UnicodeTable.shared
    if scalars.allSatisfy({ $0 < 0x80 || Normalization.isInert(table.flags($0), form) }) { return }
    text.transform(Normalization.apply(form, to: scalars))
  }

  static func lowercase(_ text: inout AlignedText) {
    if text.bytes.withUnsafeBufferPointer(UTF8Text.isASCII) {
      for index in text.bytes.indices where text.bytes[index] >= 0x41 && text.bytes[index] <= 0x5A { text.bytes[index] |= 0x20 }
      return
    }
    let table = UnicodeTable.shared
    var changes: [ChangedScalar] = []
    var isChanged = false
    for scalar in text.scalars {
      if table.has(scalar, .lowers), let lower = table.lowercase(scalar) {
        isChanged = true
        for (place, part) in lower.enumerated() { changes.append(ChangedScalar(scalar: part, change: place == 0 ? 0 : 1)) }
      } else {
        changes.append(ChangedScalar(scalar: scalar, change: 0))
      }
    }
    if isChanged { text.transform(changes) }
  }

  static func strip(_ text: inout AlignedText, _ left: Bool, _ right: Bool) {
    let table = UnicodeTable.shared
    let scalars = text.scalars
    let leading = left ? scalars.prefix { table.has($0, .rustSpace) }.count : 0
    let trailing = right ? scalars.reversed().prefix { table.has($0, .rustSpace) }.count : 0
    guard leading + trailing > 0 else { return }
    let kept = leading + trailing >= scalars.count ? [] : scalars[leading..<scalars.count - trailing]
    text.transform(kept.map { ChangedScalar(scalar: $0, change: 0) }, removed: leading)
  }

  private static func isNmtControl(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x8F, 0x9F: true
    default: false
    }
  }

  private static func isNmtSpace(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD: true
    default: false
    }
  }
}

/// The characters that byte-level models write for bytes: those that can be seen for themselves, others from U+0100 on.
enum ByteAlphabet {
  static let scalars: [UInt32] = {
    var next: UInt32 = 0x100
    return (UInt32(0)..<256).map { byte in
      if (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte) { return byte }
      next += 1
      return next - 1
    }
  }()

  /// The byte of each scalar below U+0144, -1 for those that stand for none.
  static let bytes: [Int16] = {
    var result = [Int16](repeating: -1, count: 0x144)
    for (byte, scalar) in scalars.enumerated() { result[Int(scalar)] = Int16(byte) }
    return result
  }()

  @inline(__always)
  static func byte(of scalar: UInt32) -> UInt8? {
    guard scalar < 0x144, bytes[Int(scalar)] >= 0 else { return nil }
    return UInt8(bytes[Int(scalar)])
  }

  /// The bytes that a token of such characters stands for, or `nil` where one of them stands for none.
  static func decode(_ token: some Collection<UInt8>) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(token.count)
    var pending: UInt32 = 0
    var left = 0
    for unit in token {
      if left > 0 {
        pending = pending << 6 | UInt32(unit & 0x3F)
        left -= 1
      } else if unit < 0x80 {
        pending = UInt32(unit)
      } else {
        left = UTF8Text.length(unit) - 1
        pending = UInt32(unit) & (0x7F >> UInt32(left + 1))
      }
      if left == 0 {
        guard let byte = byte(of: pending) else { return nil }
        result.append(byte)
      }
    }
    return left == 0 ? result : nil
  }

  static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count * 2)
    for byte in bytes { UTF8Text.append(scalars[Int(byte)], to: &result) }
    return result
  }

  /// Writes a text in this alphabet; each byte's character belongs to the whole character that the byte is part of.
  static func transform(_ text: inout AlignedText) {
    guard !text.bytes.isEmpty else { return }
    var changes: [ChangedScalar] = []
    changes.reserveCapacity(text.bytes.count)
    for byte in text.bytes { changes.append(ChangedScalar(scalar: scalars[Int(byte)], change: byte & 0xC0 == 0x80 ? 1 : 0)) }
    text.transform(changes)
  }
}
