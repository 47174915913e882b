/// What must hold of a candidate while it takes requests.
///
/// A gate's verdict is *pass* or *fail* only where its interval lies on one side of the limit; else it is *inconclusive*.
public enum ReleaseGate: Sendable, Hashable, Codable {
  /// The share of requests that the candidate failed to answer; a client's own mistakes (4xx) do not count.
  case errorRate(atMost: Double)
  /// The same against the baseline's, as a difference of shares.
  case errorIncrease(atMost: Double)
  /// A percentile (0.99) of the seconds that an answer takes.
  case latency(percentile: Double, secondsAtMost: Double)
  /// The same against the baseline's.
  case latencyRatio(percentile: Double, atMost: Double)
  /// The share of requests on which both versions answer the same; only in steps with a shadow.
  case agreement(atLeast: Double)
  /// The share of right answers among those whose true labels came back.
  case quality(atLeast: Double)
  /// How much lower that share may be than the baseline's.
  case qualityDrop(atMost: Double)
  /// How far the distribution of the answers is from the baseline's: the population stability index.
  case drift(atMost: Double)
  /// How far the inputs are from the candidate's training rows: the population stability index of the input that is farthest.
  case inputDrift(atMost: Double)
  /// The share of answers that people called good.
  case verdicts(atLeast: Double)

  /// `.latencyRatio` by the words of a sentence.
  public static func latency(percentile: Double, ratioAtMost ratio: Double) -> ReleaseGate {
    .latencyRatio(percentile: percentile, atMost: ratio)
  }

  /// What is measured, for people: `"latency p99, ratio"`.
  public var name: String {
    switch self {
    case .errorRate: "error rate"
    case .errorIncrease: "increase of the error rate"
    case .latency(let percentile, _): "latency p\(Self.short(percentile * 100)) in seconds"
    case .latencyRatio(let percentile, _): "latency p\(Self.short(percentile * 100)) against the baseline's"
    case .agreement: "agreement with the baseline"
    case .quality: "share of right answers"
    case .qualityDrop: "drop of the share of right answers"
    case .drift: "drift of the answers (PSI)"
    case .inputDrift: "drift of the inputs (PSI)"
    case .verdicts: "share of answers that people called good"
    }
  }

  /// The limit, and on which side of it is good.
  public var limit: (value: Double, isUpper: Bool) {
    switch self {
    case .errorRate(let value), .errorIncrease(let value), .latency(_, let value), .latencyRatio(_, let value), .qualityDrop(let value),
      .drift(let value), .inputDrift(let value):
      (value, true)
    case .agreement(let value), .quality(let value), .verdicts(let value): (value, false)
    }
  }

  func validate() throws(ReleaseError) {
    let limit = limit.value
    func require(_ condition: Bool, _ expected: String) throws(ReleaseError) {
      guard condition else { throw ReleaseError(.badPlan, "the gate on the \(name) has the limit \(limit)", expected: expected) }
    }
    switch self {
    case .errorRate, .agreement, .quality, .verdicts: try require((0...1).contains(limit), "0 to 1")
    case .errorIncrease, .qualityDrop: try require((0..<1).contains(limit), "0 or more and below 1")
    case .drift, .inputDrift: try require(limit > 0 && limit.isFinite, "above 0; 0.1 is little, 0.25 is much")
    case .latency(let percentile, _), .latencyRatio(let percentile, _):
      guard percentile > 0, percentile < 1 else {
        throw ReleaseError(.badPlan, "a gate has the percentile \(percentile)", expected: "above 0 and below 1, such as 0.99")
      }
      try require(limit > 0 && limit.isFinite, "above 0")
    }
  }

  private static func short(_ value: Double) -> String {
    let rounded = (value * 1000).rounded() / 1000
    return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
  }
}

extension ReleaseGate: CustomStringConvertible {
  /// `"error rate at most 0.01"`
  public var description: String { "\(name) at \(limit.isUpper ? "most" : "least") \(limit.value)" }
}
