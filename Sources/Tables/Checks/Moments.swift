/// Count, mean, variance, skewness and extremes of numbers, gathered in pieces that can be merged.
///
/// Pebay: "Formulas for robust, one-pass parallel computation of covariances and arbitrary-order statistical moments" (2008). Merging in
/// another order changes the last bits only.
public struct Moments: Sendable, Hashable, Codable {
  public private(set) var count = 0
  /// NaN where there are no values.
  public var mean: Double { count == 0 ? .nan : average }
  public private(set) var minimum = Double.infinity
  public private(set) var maximum = -Double.infinity
  private var average = 0.0
  private var second = 0.0
  private var third = 0.0

  public init() {}

  /// The sample variance (divided by count - 1); NaN below two values.
  public var variance: Double { count < 2 ? .nan : second / Double(count - 1) }

  /// NaN below two values.
  public var standardDeviation: Double { variance.squareRoot() }

  /// The third standardised moment: 0 for symmetric values, positive where a tail goes up; NaN for constant values.
  public var skewness: Double { count == 0 || second <= 0 ? .nan : Double(count).squareRoot() * third / (second * second.squareRoot()) }

  /// Adds finite values; others are the caller's to count.
  mutating func add(_ values: UnsafeBufferPointer<Double>) {
    guard !values.isEmpty else { return }
    var part = Moments()
    part.count = values.count
    var sum = 0.0, low = Double.infinity, high = -Double.infinity
    for value in values {
      sum += value
      low = min(low, value)
      high = max(high, value)
    }
    var mean = sum / Double(values.count)
    // A sum that overflows still has a mean.
    if !mean.isFinite { mean = values.reduce(0) { $0 + $1 / Double(values.count) } }
    var second = 0.0, third = 0.0
    for value in values {
      let distance = value - mean
      second += distance * distance
      third += distance * distance * distance
    }
    part.average = mean
    part.second = second
    part.third = third
    part.minimum = low
    part.maximum = high
    merge(part)
  }

  /// The moments of both sets of values together.
  public mutating func merge(_ other: Moments) {
    guard other.count > 0 else { return }
    guard count > 0 else {
      self = other
      return
    }
    let a = Double(count), b = Double(other.count), total = a + b
    let distance = other.average - average
    third +=
      other.third + distance * distance * distance * a * b * (a - b) / (total * total) + 3 * distance
      * (a * other.second - b * second) / total
    second += other.second + distance * distance * a * b / total
    average += distance * b / total
    count += other.count
    minimum = min(minimum, other.minimum)
    maximum = max(maximum, other.maximum)
  }
}
