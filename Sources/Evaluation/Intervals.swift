import MartletCore

/// Intervals that need no resampling.
enum Intervals {
  /// Wilson's interval for a proportion: right coverage also near 0 and 1 and for few rows.
  static func wilson(share: Double, count: Double, level: Double) -> Estimate {
    guard count > 0, share.isFinite else { return Estimate(value: share, lower: 0, upper: 1, level: level, method: .wilson) }
    let z = Probability.normalQuantile(0.5 + level / 2)
    let z2 = z * z / count
    let centre = (share + z2 / 2) / (1 + z2)
    let half = z / (1 + z2) * (share * (1 - share) / count + z2 / (4 * count)).squareRoot()
    // The ends are exact at 0 and 1, where rounding would put them a hair inside.
    return Estimate(
      value: share, lower: share <= 0 ? 0 : max(0, min(share, centre - half)), upper: share >= 1 ? 1 : min(1, max(share, centre + half)),
      level: level, method: .wilson)
  }

  /// How many rows of equal weight say as much as these (Kish, 1965).
  static func effectiveCount(_ weights: [Double]?, count: Int) -> Double {
    guard let weights else { return Double(count) }
    let sum = weights.reduce(0, +), squares = weights.reduce(0) { $0 + $1 * $1 }
    return squares > 0 ? sum * sum / squares : 0
  }

  static func percentiles(_ values: [Double], value: Double, level: Double, method: Estimate.Method = .bootstrap) -> Estimate {
    let sorted = values.filter { !$0.isNaN }.sorted()
    guard !sorted.isEmpty, !value.isNaN else { return Estimate(value: value, lower: .nan, upper: .nan, level: level, method: method) }
    let low = Quantile.sorted(sorted, 0.5 - level / 2), high = Quantile.sorted(sorted, 0.5 + level / 2)
    if method == .basicBootstrap {
      return Estimate(
        value: value, lower: max(0, min(value, 2 * value - high)), upper: max(value, 2 * value - low), level: level, method: method)
    }
    return Estimate(value: value, lower: min(value, low), upper: max(value, high), level: level, method: method)
  }

  /// Bias-corrected and accelerated percentiles (Efron, 1987): right coverage also where the statistic's spread grows with its value.
  /// - Parameter jackknife: the statistic without each of the groups of rows.
  static func bca(_ values: [Double], value: Double, jackknife: [Double], level: Double) -> Estimate {
    let sorted = values.filter { !$0.isNaN }.sorted()
    let parts = jackknife.filter(\.isFinite)
    guard sorted.count > 1, parts.count > 2, value.isFinite else { return percentiles(values, value: value, level: level) }
    let below = Double(sorted.count { $0 < value }) + Double(sorted.count { $0 == value }) / 2
    let share = below / Double(sorted.count)
    guard share > 0, share < 1 else { return percentiles(values, value: value, level: level) }
    let bias = Probability.normalQuantile(share)
    let mean = parts.reduce(0, +) / Double(parts.count)
    var squares = 0.0, cubes = 0.0
    for part in parts {
      let away = mean - part
      squares += away * away
      cubes += away * away * away
    }
    let acceleration = squares > 0 ? cubes / (6 * squares * squares.squareRoot()) : 0
    func end(_ probability: Double) -> Double {
      let z = bias + Probability.normalQuantile(probability)
      let moved = bias + z / max(1 - acceleration * z, 1e-6)
      return Quantile.sorted(sorted, Probability.normalUpper(-moved))
    }
    return Estimate(
      value: value, lower: min(value, end(0.5 - level / 2)), upper: max(value, end(0.5 + level / 2)), level: level, method: .bca)
  }
}
