/// What texts look like: whether they are really dates, numbers, addresses.
public enum TextPattern: String, Sendable, Hashable, Codable, CaseIterable, CodingKeyRepresentable {
  case integer, number, date, dateTime = "date_time", email, url, uuid, boolean

  /// Whether a text, without blanks around it, is of this pattern. Bytes, so that a column of millions takes no time.
  func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    var bytes = text[...]
    while let first = bytes.first, first == 32 { bytes = bytes.dropFirst() }
    while let last = bytes.last, last == 32 { bytes = bytes.dropLast() }
    guard !bytes.isEmpty else { return false }
    let buffer = UnsafeBufferPointer(rebasing: bytes)
    switch self {
    case .integer: return Self.isNumber(buffer, fraction: false)
    case .number: return Self.isNumber(buffer, fraction: true)
    case .date: return buffer.count <= 10 && Self.isDate(buffer)
    case .dateTime: return Self.isDateTime(buffer)
    case .email: return Self.isEmail(buffer)
    case .url: return Self.begins(buffer, "http://") || Self.begins(buffer, "https://")
    case .uuid: return Self.isUUID(buffer)
    case .boolean: return Self.isBoolean(buffer)
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }

  /// Signs, thousands in commas, a fraction, an exponent, a currency sign or per cent.
  private static func isNumber(_ text: UnsafeBufferPointer<UInt8>, fraction: Bool) -> Bool {
    var digits = 0, points = 0, exponent = false, place = 0
    if text[0] == 43 || text[0] == 45 { place = 1 }
    if fraction, place < text.count, text[place] == 36 { place += 1 }
    while place < text.count {
      let byte = text[place]
      if isDigit(byte) {
        digits += 1
      } else if byte == 46, fraction, points == 0, !exponent {
        points = 1
      } else if byte == 44, digits > 0, points == 0, place + 3 < text.count, isDigit(text[place + 1]) {
        // A comma between groups of three.
      } else if byte | 32 == 101, fraction, digits > 0, !exponent, place + 1 < text.count {
        exponent = true
        if text[place + 1] == 43 || text[place + 1] == 45 { place += 1 }
      } else if byte == 37, fraction, place == text.count - 1, digits > 0 {
        return true
      } else {
        return false
      }
      place += 1
    }
    return digits > 0 && isDigit(text[text.count - 1]) || (fraction && digits > 0 && points == 1 && text[text.count - 1] == 46)
  }

  /// `2013-01-31`, `31.1.2013`, `1/31/2013`, `20130131` is a number and no date.
  private static func isDate(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    var parts = [0, 0, 0], lengths = [0, 0, 0], part = 0
    var separator: UInt8 = 0
    for byte in text {
      if isDigit(byte) {
        parts[part] = parts[part] * 10 + Int(byte - 48)
        lengths[part] += 1
        if lengths[part] > 4 { return false }
      } else if byte == 45 || byte == 47 || byte == 46, part < 2, separator == 0 || separator == byte, lengths[part] > 0 {
        separator = byte
        part += 1
      } else {
        return false
      }
    }
    guard part == 2, lengths[2] > 0 else { return false }
    func isDay(_ a: Int, _ b: Int) -> Bool { (1...31).contains(a) && (1...31).contains(b) && min(a, b) <= 12 }
    if lengths[0] == 4 { return isDay(parts[1], parts[2]) && lengths[1] <= 2 && lengths[2] <= 2 }
    return (lengths[2] == 4 || lengths[2] == 2) && lengths[0] <= 2 && lengths[1] <= 2 && isDay(parts[0], parts[1])
  }

  /// A date, a blank or a T, and a time that begins `12:34`.
  private static func isDateTime(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let gap = text.firstIndex(where: { $0 == 32 || $0 == 84 }), gap >= 6, gap + 5 < text.count + 1, text.count >= gap + 5 else {
      return false
    }
    guard isDate(UnsafeBufferPointer(rebasing: text[0..<gap])) else { return false }
    let time = text[(gap + 1)...]
    guard let colon = time.firstIndex(of: 58), colon > gap + 1, colon + 1 < text.count else { return false }
    return time[(gap + 1)..<colon].allSatisfy(isDigit) && isDigit(text[colon + 1])
  }

  private static func isEmail(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let at = text.firstIndex(of: 64), at > 0, let dot = text.lastIndex(of: 46), dot > at + 1, dot < text.count - 1 else {
      return false
    }
    return text.lastIndex(of: 64) == at && !text.contains(32)
  }

  private static func begins(_ text: UnsafeBufferPointer<UInt8>, _ prefix: StaticString) -> Bool {
    guard text.count > prefix.utf8CodeUnitCount else { return false }
    return (0..<prefix.utf8CodeUnitCount).allSatisfy { text[$0] | 32 == prefix.utf8Start[$0] | 32 }
  }

  private static func isUUID(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    guard text.count == 36 else { return false }
    return text.indices.allSatisfy { place in
      if place == 8 || place == 13 || place == 18 || place == 23 { return text[place] == 45 }
      let byte = text[place]
      return isDigit(byte) || (byte | 32 >= 97 && byte | 32 <= 102)
    }
  }

  private static func isBoolean(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    guard text.count <= 5 else { return false }
    switch String(decoding: text, as: UTF8.self).lowercased() {
    case "true", "false", "yes", "no", "y", "n", "t", "f": return true
    default: return false
    }
  }
}

/// Lengths and patterns of texts, gathered in pieces that can be merged.
public struct TextShape: Sendable, Hashable, Codable {
  /// Texts seen.
  public private(set) var count = 0
  /// Texts that are empty or blanks only.
  public private(set) var blank = 0
  /// Texts with blanks at an end.
  public private(set) var padded = 0
  /// Texts with a line break in them.
  public private(set) var broken = 0
  /// Characters (Unicode scalars) of the shortest text.
  public private(set) var shortest = Int.max
  public private(set) var longest = 0
  /// Texts of at least two words.
  public private(set) var worded = 0
  private var total = 0
  private var tested = [Int](repeating: 0, count: TextPattern.allCases.count)
  private var matched = [Int](repeating: 0, count: TextPattern.allCases.count)

  public init() {}

  /// Characters of a text, on average; NaN without texts.
  public var meanLength: Double { count == 0 ? .nan : Double(total) / Double(count) }

  /// The share of texts of a pattern. A pattern that fits less than half of the first thousand is not looked for any more.
  public func share(of pattern: TextPattern) -> Double {
    let place = TextPattern.allCases.firstIndex(of: pattern) ?? 0
    return tested[place] == 0 ? 0 : Double(matched[place]) / Double(tested[place])
  }

  /// The narrowest pattern that at least this share of the texts has, or `nil`.
  public func pattern(atLeast share: Double = 0.95) -> TextPattern? {
    count == 0 ? nil : TextPattern.allCases.first { self.share(of: $0) >= share }
  }

  @inline(__always)
  mutating func add(_ bytes: UnsafeBufferPointer<UInt8>) {
    count += 1
    var length = 0, hasBreak = false, blanks = 0
    for byte in bytes {
      if byte & 0xC0 != 0x80 { length += 1 }
      if byte == 10 || byte == 13 { hasBreak = true }
      if byte == 32 || byte == 9 { blanks += 1 }
    }
    total += length
    shortest = min(shortest, length)
    longest = max(longest, length)
    if hasBreak { broken += 1 }
    if blanks == bytes.count {
      blank += 1
      return
    }
    if blanks > 0 {
      if bytes[0] == 32 || bytes[bytes.count - 1] == 32 { padded += 1 } else { worded += 1 }
    }
    for (place, pattern) in TextPattern.allCases.enumerated() {
      if tested[place] >= 1000, matched[place] * 2 < tested[place] { continue }
      tested[place] += 1
      if pattern.matches(bytes) { matched[place] += 1 }
    }
  }

  public mutating func merge(_ other: TextShape) {
    count += other.count
    blank += other.blank
    padded += other.padded
    broken += other.broken
    shortest = min(shortest, other.shortest)
    longest = max(longest, other.longest)
    worded += other.worded
    total += other.total
    for place in tested.indices {
      tested[place] += other.tested[place]
      matched[place] += other.matched[place]
    }
  }
}
