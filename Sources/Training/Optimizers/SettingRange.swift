import MartletCore

/// Refuses a setting outside its range.
func check(_ name: String, _ value: Double, in range: Range<Double>) throws {
  guard range.contains(value) else {
    throw ArgumentError("\(name) is \(value)", expected: "\(range.lowerBound) or more and below \(range.upperBound)")
  }
}

/// Refuses a setting outside its range.
func check(_ name: String, _ value: Double, in range: ClosedRange<Double>) throws {
  guard range.contains(value) else {
    throw ArgumentError("\(name) is \(value)", expected: "\(range.lowerBound)…\(range.upperBound)")
  }
}

/// Refuses a number below the least one.
func check(_ name: String, _ value: Int, atLeast least: Int) throws {
  guard value >= least else { throw ArgumentError("\(name) is \(value)", expected: "\(least) or more") }
}

/// Refuses what has no logarithm, no square root, no inverse.
func check(_ name: String, positive value: Double) throws {
  guard value > 0, value.isFinite else { throw ArgumentError("\(name) is \(value)", expected: "a finite number above 0") }
}
