/// The scalars that one step of a pattern takes.
struct CharacterSet: Sendable {
  private var low: UInt64 = 0, high: UInt64 = 0
  /// Any of these flags is enough; so is having none of one of `absent`.
  private var flags: UInt64 = 0
  private var absent: [UInt64] = []
  private var ranges: [ClosedRange<UInt32>] = []
  private var nested: [CharacterSet] = []
  private var both: [CharacterSet] = []
  private var isNegated = false

  init() {}

  init(_ ranges: ClosedRange<UInt32>...) {
    self.ranges = ranges
    finish()
  }

  init(flags: UnicodeFlags, negated: Bool = false) {
    if negated { absent = [flags.rawValue] } else { self.flags = flags.rawValue }
    finish()
  }

  mutating func add(_ range: ClosedRange<UInt32>) { ranges.append(range) }
  mutating func add(_ set: CharacterSet) { nested.append(set) }
  mutating func intersect(_ set: CharacterSet) { both.append(set) }
  mutating func negate() { isNegated.toggle() }

  /// Tables for ASCII; to be called after the last change.
  mutating func finish() {
    low = 0
    high = 0
    for scalar in UInt32(0)..<128 where slow(scalar) {
      if scalar < 64 { low |= 1 << UInt64(scalar) } else { high |= 1 << UInt64(scalar - 64) }
    }
  }

  @inline(__always)
  func contains(_ scalar: UInt32) -> Bool {
    if scalar < 64 { return low >> UInt64(scalar) & 1 != 0 }
    if scalar < 128 { return high >> UInt64(scalar - 64) & 1 != 0 }
    return slow(scalar)
  }

  private func slow(_ scalar: UInt32) -> Bool {
    var found = false
    if flags != 0 || !absent.isEmpty {
      let own = UnicodeTable.shared.flags(scalar).rawValue
      found = own & flags != 0 || absent.contains { own & $0 == 0 }
    }
    found = found || ranges.contains { $0.contains(scalar) } || nested.contains { $0.contains(scalar) }
    return found != isNegated && both.allSatisfy { $0.contains(scalar) }
  }
}
