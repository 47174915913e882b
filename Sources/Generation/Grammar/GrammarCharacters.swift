/// Sets of characters as UTF-8.
enum GrammarCharacters {
  typealias Expression = Grammar.Builder.Expression

  /// Characters of these ranges of Unicode scalars; surrogates are left out.
  static func utf8(_ ranges: [ClosedRange<UInt32>]) -> Expression {
    var parts: [[ClosedRange<UInt8>]] = []
    for range in merged(ranges) {
      for plane in [0...0x7F, 0x80...0x7FF, 0x800...0xD7FF, 0xE000...0xFFFF, 0x10000...0x10FFFF] as [ClosedRange<UInt32>]
      where plane.overlaps(range) {
        let part = range.clamped(to: plane)
        split(encoded(part.lowerBound), encoded(part.upperBound), into: &parts)
      }
    }
    // Single bytes make one set.
    var single = Grammar.ByteSet()
    var choices: [Expression] = []
    for part in parts {
      if part.count == 1 {
        for byte in part[0] { single.insert(byte) }
      } else {
        choices.append(.sequence(part.map { .bytes(Grammar.ByteSet($0)) }))
      }
    }
    if single != Grammar.ByteSet() { choices.insert(.bytes(single), at: 0) }
    return choices.count == 1 ? choices[0] : .choice(choices)
  }

  /// What the ranges leave of all characters.
  static func complement(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
    var result: [ClosedRange<UInt32>] = []
    var start: UInt32 = 0
    for range in merged(ranges) {
      if range.lowerBound > start { result.append(start...range.lowerBound - 1) }
      start = range.upperBound + 1
    }
    if start <= 0x10FFFF { result.append(start...0x10FFFF) }
    return result
  }

  static func merged(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
    var result: [ClosedRange<UInt32>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = result.last, range.lowerBound <= last.upperBound + 1 {
        result[result.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        result.append(range)
      }
    }
    return result
  }

  private static func encoded(_ value: UInt32) -> [UInt8] {
    switch value {
    case 0..<0x80: [UInt8(value)]
    case 0x80..<0x800: [0xC0 | UInt8(value >> 6), 0x80 | UInt8(value & 63)]
    case 0x800..<0x10000: [0xE0 | UInt8(value >> 12), 0x80 | UInt8(value >> 6 & 63), 0x80 | UInt8(value & 63)]
    default: [0xF0 | UInt8(value >> 18), 0x80 | UInt8(value >> 12 & 63), 0x80 | UInt8(value >> 6 & 63), 0x80 | UInt8(value & 63)]
    }
  }

  /// Cuts a range of equally long encodings into products of byte ranges.
  private static func split(_ low: [UInt8], _ high: [UInt8], into parts: inout [[ClosedRange<UInt8>]]) {
    guard low.count > 1 else { return parts.append([low[0]...high[0]]) }
    let rest = low.count - 1
    func all(_ byte: UInt8) -> [UInt8] { [UInt8](repeating: byte, count: rest) }
    func nested(_ head: UInt8, _ from: [UInt8], _ to: [UInt8]) {
      var inner: [[ClosedRange<UInt8>]] = []
      split(from, to, into: &inner)
      parts += inner.map { [head...head] + $0 }
    }
    if low[0] == high[0] { return nested(low[0], Array(low[1...]), Array(high[1...])) }
    var first = low[0], last = high[0]
    if Array(low[1...]) != all(0x80) {
      nested(first, Array(low[1...]), all(0xBF))
      first += 1
    }
    let cutsEnd = Array(high[1...]) != all(0xBF)
    if cutsEnd { last -= 1 }
    if first <= last { parts.append([first...last] + [ClosedRange<UInt8>](repeating: 0x80...0xBF, count: rest)) }
    if cutsEnd { nested(high[0], all(0x80), Array(high[1...])) }
  }
}
