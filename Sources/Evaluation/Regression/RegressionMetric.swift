import Foundation

/// A way to measure how far predicted numbers are from the true ones, by the name that it has in `martlet.yml`.
///
/// Values equal scikit-learn's. `Metrics.regression(_:…)` gives the number, `Estimate.regression(_:…)` the number with its interval.
public enum RegressionMetric: Sendable, Hashable {
  /// The mean of the squared errors.
  case meanSquaredError
  /// Its root: in the unit of the data.
  case rootMeanSquaredError
  /// The mean of the absolute errors: in the unit of the data.
  case meanAbsoluteError
  /// The median of the absolute errors.
  case medianAbsoluteError
  /// The mean of the absolute errors as shares of the truth.
  case meanAbsolutePercentageError
  /// The mean squared difference of log(1 + value). Needs values above -1.
  case meanSquaredLogError
  /// Its root.
  case rootMeanSquaredLogError
  /// The largest absolute error.
  case maximumError
  /// The mean of prediction minus truth: above zero where it predicts too much.
  case bias
  /// The share of the variance that is explained. Where the truth is constant: 1 if it is met exactly, else 0.
  case r2
  /// The same, a constant error forgiven.
  case explainedVariance
  /// The quantile loss: an error above counts 1 - alpha, one below alpha.
  case pinballLoss(alpha: Double)
  /// The mean Tweedie deviance: power 0 is the squared error, 1 Poisson's, 2 the gamma distribution's (Jørgensen, 1987).
  case tweedieDeviance(power: Double)
  /// The share of the Tweedie deviance that is explained, against predicting the mean.
  case d2Tweedie(power: Double)
  /// The share of the quantile loss that is explained, against predicting the quantile.
  case d2Pinball(alpha: Double)

  /// Poisson's deviance: for counts.
  public static let poissonDeviance = RegressionMetric.tweedieDeviance(power: 1)
  /// The gamma distribution's deviance: for positive amounts, by their share.
  public static let gammaDeviance = RegressionMetric.tweedieDeviance(power: 2)
  /// The share of the absolute error that is explained, against predicting the median.
  public static let d2AbsoluteError = RegressionMetric.d2Pinball(alpha: 0.5)

  /// Those that a name in `martlet.yml` stands for, in the order in which they are shown.
  public static let named: [(name: String, metric: RegressionMetric)] = [
    ("rmse", .rootMeanSquaredError), ("mae", .meanAbsoluteError), ("r2", .r2), ("median_absolute_error", .medianAbsoluteError),
    ("mape", .meanAbsolutePercentageError), ("explained_variance", .explainedVariance), ("bias", .bias), ("mse", .meanSquaredError),
    ("rmsle", .rootMeanSquaredLogError), ("msle", .meanSquaredLogError), ("max_error", .maximumError),
    ("pinball_10", .pinballLoss(alpha: 0.1)), ("pinball_50", .pinballLoss(alpha: 0.5)), ("pinball_90", .pinballLoss(alpha: 0.9)),
    ("poisson_deviance", .poissonDeviance), ("gamma_deviance", .gammaDeviance), ("d2_absolute_error", .d2AbsoluteError),
    ("d2_poisson", .d2Tweedie(power: 1)), ("d2_gamma", .d2Tweedie(power: 2)),
  ]

  /// The metric of a name, or `nil`.
  public init?(name: String) {
    guard let found = Self.named.first(where: { $0.name == name }) else { return nil }
    self = found.metric
  }

  /// Its name in `martlet.yml`, where it has one.
  public var name: String? { Self.named.first { $0.metric == self }?.name }

  /// What keeps the metric from being computed from these numbers; `nil` if nothing does.
  func problem(truth: [Double], predicted: [Double]) -> MetricError? {
    func first(_ values: [Double], _ isBad: (Double) -> Bool, _ what: String, _ expected: String) -> MetricError? {
      values.firstIndex(where: isBad).map {
        MetricError(.badArgument, row: $0, "the \(what) of row \($0) is \(values[$0])", expected: expected + " for this metric")
      }
    }
    switch self {
    case .meanSquaredLogError, .rootMeanSquaredLogError:
      return first(truth, { $0 <= -1 }, "truth", "more than -1") ?? first(predicted, { $0 <= -1 }, "prediction", "more than -1")
    case .pinballLoss(let alpha), .d2Pinball(let alpha):
      return (0...1).contains(alpha) ? nil : MetricError(.badArgument, "alpha is \(alpha)", expected: "0 to 1")
    case .tweedieDeviance(let power), .d2Tweedie(let power):
      if power == 0 { return nil }
      if power > 0, power < 1 || !power.isFinite {
        return MetricError(.badArgument, "a Tweedie power of \(power)", expected: "0 or less, or 1 and more: there is none between")
      }
      if let bad = first(predicted, { $0 <= 0 }, "prediction", "more than 0") { return bad }
      if power < 0 { return nil }
      return power < 2 ? first(truth, { $0 < 0 }, "truth", "0 or more") : first(truth, { $0 <= 0 }, "truth", "more than 0")
    default: return nil
    }
  }
}

extension RegressionMetric: Codable {
  /// Reads a name, as `rmse`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let metric = RegressionMetric(name: text) ?? Self.spelled(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "there is no regression metric '\(text)'")
    }
    self = metric
  }

  /// Writes the name.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name ?? spelling)
  }

  private var spelling: String {
    switch self {
    case .pinballLoss(let alpha): "pinball(\(alpha))"
    case .d2Pinball(let alpha): "d2_pinball(\(alpha))"
    case .tweedieDeviance(let power): "tweedie(\(power))"
    case .d2Tweedie(let power): "d2_tweedie(\(power))"
    default: ""
    }
  }

  private static func spelled(_ text: String) -> RegressionMetric? {
    let parts = text.split(separator: "(")
    guard parts.count == 2, parts[1].hasSuffix(")"), let number = Double(parts[1].dropLast()) else { return nil }
    switch parts[0] {
    case "pinball": return .pinballLoss(alpha: number)
    case "d2_pinball": return .d2Pinball(alpha: number)
    case "tweedie": return .tweedieDeviance(power: number)
    case "d2_tweedie": return .d2Tweedie(power: number)
    default: return nil
    }
  }
}
