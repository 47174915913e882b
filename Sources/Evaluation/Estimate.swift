import MartletCore

/// A number with the interval that its value for all such data lies in, at a stated confidence.
public struct Estimate: Codable, Sendable, Hashable {
  /// The value on the data at hand.
  public let value: Double
  /// The lower end of the interval.
  public let lower: Double
  /// The upper end of the interval.
  public let upper: Double
  /// The confidence, 0.95 for 95 %.
  public let level: Double
  /// How the interval was found.
  public let method: Method

  /// How an interval was found.
  public enum Method: String, Codable, Sendable, Hashable {
    /// For a proportion: Wilson (1927).
    case wilson
    /// For areas under ROC curves: DeLong, DeLong and Clarke-Pearson (1988), by the ranks of Sun and Xu (2014).
    case delong
    /// Percentiles of seeded Poisson resamples of the counts or of the rows.
    case bootstrap
    /// The reversed percentiles, which take the resamples' bias out: for calibration errors, which resampling makes larger.
    case basicBootstrap
    /// Leaving out one of several groups of rows at a time (Quenouille, Tukey), with Student's t.
    case jackknife
    /// Value and normal quantile times the standard error.
    case normal
    /// Between ordered values whose places follow from the binomial distribution: for quantiles, whatever the distribution.
    case orderStatistics
    /// Bias-corrected and accelerated percentiles of resamples (Efron, "Better bootstrap confidence intervals", 1987).
    case bca
    /// Student's t over the folds of a cross-validation, the variance corrected for their overlap (Nadeau and Bengio, 2003).
    case correctedResampledT
    /// Student's t over values that do not depend on each other.
    case student
  }

  /// An estimate by its numbers.
  public init(value: Double, lower: Double, upper: Double, level: Double, method: Method) {
    self.value = value
    self.lower = lower
    self.upper = upper
    self.level = level
    self.method = method
  }

  /// Half the width of the interval.
  public var margin: Double { (upper - lower) / 2 }
}

/// How intervals are computed.
public struct IntervalOptions: Sendable, Hashable, Codable {
  /// The confidence: 0.95 for 95 %.
  public var level: Double
  /// How many times rows are drawn again.
  public var resamples: Int
  /// The same seed gives the same interval.
  public var seed: UInt64

  /// 95 %, 1000 resamples, seed 0 unless said otherwise.
  public init(level: Double = 0.95, resamples: Int = 1000, seed: UInt64 = 0) {
    self.level = level
    self.resamples = resamples
    self.seed = seed
  }

  func check() throws(MetricError) {
    guard level > 0, level < 1 else {
      throw MetricError(.badArgument, "an interval's level is \(level)", expected: "between 0 and 1, as 0.95")
    }
    guard resamples >= 20 else { throw MetricError(.badArgument, "\(resamples) resamples", expected: "at least 20") }
  }

  var normalQuantile: Double { Probability.normalQuantile(0.5 + level / 2) }
}
