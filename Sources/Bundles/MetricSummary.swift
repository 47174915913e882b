/// A metric's value with its confidence interval, as a bundle and the registry keep it.
public struct MetricSummary: Sendable, Hashable, Codable {
  public var value: Double
  /// The interval's bounds, where one was computed.
  public var lower: Double?
  public var upper: Double?
  /// The interval's confidence level: 0.95.
  public var level: Double?
  /// Which direction is good; `nil` where nobody said. It is never guessed from the name.
  public var higherIsBetter: Bool?

  public init(_ value: Double, lower: Double? = nil, upper: Double? = nil, level: Double? = nil, higherIsBetter: Bool? = nil) {
    self.value = value
    self.lower = lower
    self.upper = upper
    self.level = level
    self.higherIsBetter = higherIsBetter
  }
}
