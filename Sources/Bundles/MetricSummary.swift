/// A metric's value with its confidence interval, as a bundle and the registry keep it.
public struct MetricSummary: Sendable, Hashable, Codable {
  /// The metric on the data that it was computed on.
  public var value: Double
  /// The interval's lower bound, where one was computed.
  public var lower: Double?
  /// The interval's upper bound.
  public var upper: Double?
  /// The interval's confidence level: 0.95.
  public var level: Double?
  /// Which direction is good; `nil` where nobody said. It is never guessed from the name.
  public var higherIsBetter: Bool?

  /// Makes a summary; a metric without an interval has just a value.
  public init(_ value: Double, lower: Double? = nil, upper: Double? = nil, level: Double? = nil, higherIsBetter: Bool? = nil) {
    self.value = value
    self.lower = lower
    self.upper = upper
    self.level = level
    self.higherIsBetter = higherIsBetter
  }
}
