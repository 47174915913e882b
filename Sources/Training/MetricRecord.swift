/// One measured value.
public struct MetricRecord: Sendable, Hashable, Codable {
  /// Optimizer steps done when it was measured.
  public var step: Int
  /// The epoch, from zero.
  public var epoch: Int
  /// `train/loss`, `validation/accuracy`, `learningRate` …
  public var name: String
  /// NaN and infinities included.
  public var value: Double
  /// Seconds since 1970.
  public var time: Double

  /// A record.
  public init(step: Int, epoch: Int, name: String, value: Double, time: Double) {
    self.step = step
    self.epoch = epoch
    self.name = name
    self.value = value
    self.time = time
  }
}

/// Which way a metric improves. It is said, never guessed from the name.
public enum Goal: String, Sendable, Hashable, Codable {
  /// Smaller is better: losses.
  case minimum
  /// Larger is better: accuracies.
  case maximum

  /// `value` beats `best` by more than `margin`. NaN never does; anything finite beats nothing.
  public func isBetter(_ value: Double, than best: Double?, by margin: Double = 0) -> Bool {
    guard !value.isNaN else { return false }
    guard let best else { return true }
    return self == .minimum ? value < best - margin : value > best + margin
  }
}
