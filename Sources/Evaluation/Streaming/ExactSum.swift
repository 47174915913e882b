/// A sum of numbers without rounding: the same whatever the order, and parts add up to exactly the whole.
///
/// A wide fixed-point number (Kulisch's accumulator): 68 digits of 32 bits hold every `Double`. Adding costs a few nanoseconds.
public struct ExactSum: Sendable, Hashable, Codable {
  /// Digits of 2^32, the lowest worth 2^-1088; each between -2^62 and 2^62 until carries are taken.
  private var digits: [Int64]
  private var pending: Int
  /// Counts of what has no place among digits.
  private var notNumbers = 0
  private var positiveInfinities = 0
  private var negativeInfinities = 0

  private static let count = 68
  private static let lowest = 1088

  /// Zero.
  public init() {
    digits = Array(repeating: 0, count: Self.count)
    pending = 0
  }

  /// Adds a number.
  public mutating func add(_ value: Double) {
    guard value.isFinite else {
      if value.isNaN { notNumbers += 1 } else if value > 0 { positiveInfinities += 1 } else { negativeInfinities += 1 }
      return
    }
    if value == 0 { return }
    let bits = value.bitPattern
    let exponent = Int(bits >> 52 & 0x7FF)
    // Value = mantissa × 2^(place - 1088).
    let mantissa = bits & 0xF_FFFF_FFFF_FFFF | (exponent == 0 ? 0 : 1 << 52)
    let place = max(exponent, 1) - 1075 + Self.lowest
    let digit = place >> 5, shift = UInt64(place & 31)
    let low = mantissa << shift, high = shift == 0 ? 0 : mantissa >> (64 - shift)
    let sign: Int64 = value < 0 ? -1 : 1
    digits[digit] &+= sign &* Int64(low & 0xFFFF_FFFF)
    digits[digit &+ 1] &+= sign &* Int64(low >> 32)
    digits[digit &+ 2] &+= sign &* Int64(high)
    pending &+= 1
    if pending >= 1 << 29 { carry() }
  }

  /// Adds another sum.
  public mutating func merge(_ other: ExactSum) {
    var other = other
    other.carry()
    carry()
    for index in digits.indices { digits[index] += other.digits[index] }
    notNumbers += other.notNumbers
    positiveInfinities += other.positiveInfinities
    negativeInfinities += other.negativeInfinities
    carry()
  }

  /// Every digit but the highest into 0 ..< 2^32: one way to write each number.
  private mutating func carry() {
    var carried: Int64 = 0
    for index in 0..<(Self.count - 1) {
      let sum = digits[index] + carried
      carried = sum >> 32
      digits[index] = sum & 0xFFFF_FFFF
    }
    digits[Self.count - 1] += carried
    pending = 0
  }

  /// The sum, rounded once, to the nearest and to even between two.
  public var value: Double {
    if notNumbers > 0 || (positiveInfinities > 0 && negativeInfinities > 0) { return .nan }
    if positiveInfinities > 0 { return .infinity }
    if negativeInfinities > 0 { return -.infinity }
    var copy = self
    copy.carry()
    let isNegative = copy.digits[Self.count - 1] < 0
    if isNegative {
      for index in copy.digits.indices { copy.digits[index] = -copy.digits[index] }
      copy.carry()
    }
    guard let top = copy.digits.lastIndex(where: { $0 != 0 }) else { return 0 }
    // The highest 64 bits and whether there is anything below them.
    let head = UInt64(copy.digits[top])
    let width = 64 - head.leadingZeroBitCount
    var bits = head, taken = width
    var next = top - 1
    while taken < 64, next >= 0 {
      let room = min(32, 64 - taken)
      bits = bits << UInt64(room) | UInt64(copy.digits[next]) >> UInt64(32 - room)
      taken += room
      if room < 32 {
        if UInt64(copy.digits[next]) & ((1 << UInt64(32 - room)) - 1) != 0 { bits |= 1 }
      }
      next -= 1
    }
    if next >= 0, copy.digits[0...next].contains(where: { $0 != 0 }) { bits |= 1 }
    let exponent = top * 32 - Self.lowest + width - taken
    let magnitude = Self.rounded(bits, exponent)
    return isNegative ? -magnitude : magnitude
  }

  /// bits × 2^exponent, rounded once; the last bit of `bits` stands for everything below.
  private static func rounded(_ bits: UInt64, _ exponent: Int) -> Double {
    let width = 64 - bits.leadingZeroBitCount
    // Subnormal numbers have fewer bits: at least 2^-1074.
    let drop = max(width - 53, -1074 - exponent, 0)
    guard drop < 64 else { return 0 }
    if drop == 0 { return Double(sign: .plus, exponent: exponent, significand: Double(bits)) }
    var kept = bits >> UInt64(drop)
    let rest = bits & ((1 << UInt64(drop)) - 1), half: UInt64 = 1 << UInt64(drop - 1)
    if rest > half || (rest == half && kept & 1 == 1) { kept += 1 }
    return Double(sign: .plus, exponent: exponent + drop, significand: Double(kept))
  }

  /// Equal sums, however they came about.
  public static func == (a: ExactSum, b: ExactSum) -> Bool { a.canonical == b.canonical }

  /// Consistent with equality.
  public func hash(into hasher: inout Hasher) { hasher.combine(canonical) }

  private var canonical: [Int64] {
    var copy = self
    copy.carry()
    return copy.digits + [Int64(notNumbers), Int64(positiveInfinities), Int64(negativeInfinities)]
  }
}
