import MartletCore

/// Refuses a setting that is not finite or negative where it must not be.
func check(_ name: String, _ value: Double, isNonNegative: Bool) throws {
  guard value.isFinite, !isNonNegative || value >= 0 else {
    throw ArgumentError("\(name) is \(value)", expected: isNonNegative ? "a finite number of 0 or more" : "a finite number")
  }
}
