/// One number that a model of texts was judged by.
public struct TextScore: Sendable, Hashable, Codable {
  public let value: Double
  /// The ends of its interval, where there is one.
  public let lower: Double?
  public let upper: Double?
  public let higherIsBetter: Bool

  public init(_ value: Double, lower: Double? = nil, upper: Double? = nil, higherIsBetter: Bool = true) {
    self.value = value
    self.lower = lower
    self.upper = upper
    self.higherIsBetter = higherIsBetter
  }
}
