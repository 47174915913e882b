/// Intervals that need no resampling.
enum Intervals {
  /// Wilson's interval for a proportion: right coverage also near 0 and 1 and for few rows.
  static func wilson(share: Double, count: Double, level: Double) -> Estimate {
    guard count > 0, share.isFinite else { return Estimate(value: share, lower: 0, upper: 1, level: level, method: .wilson) }
    let z = Quantile.normal(0.5 + level / 2)
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
}
