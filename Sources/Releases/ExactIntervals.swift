import MartletCore

/// Intervals that hold whatever the truth is, at any number of samples.
enum ExactIntervals {
  /// Clopper and Pearson's interval of a share ("The use of confidence or fiducial limits", Biometrika 26, 1934).
  static func share(_ hits: Int, of count: Int, error: Double) -> ClosedRange<Double> {
    guard count > 0 else { return 0...1 }
    let lower = hits <= 0 ? 0 : betaQuantile(error / 2, Double(hits), Double(count - hits + 1))
    let upper = hits >= count ? 1 : betaQuantile(1 - error / 2, Double(hits + 1), Double(count - hits))
    return lower...max(lower, upper)
  }

  /// The interval of a difference of two shares, first minus second, each taken with half of the error.
  static func difference(_ first: (hits: Int, count: Int), _ second: (hits: Int, count: Int), error: Double) -> ClosedRange<Double> {
    let a = share(first.hits, of: first.count, error: error / 2), b = share(second.hits, of: second.count, error: error / 2)
    return (a.lowerBound - b.upperBound)...(a.upperBound - b.lowerBound)
  }

  /// The interval of a percentile by the ranks of a binomial count: no shape of the durations is assumed. `nil` ends are open.
  static func percentile(_ share: Double, of sketch: LatencySketch, error: Double) -> (lower: Double?, upper: Double?) {
    let count = sketch.count
    guard count > 0 else { return (nil, nil) }
    // The value of rank k is below the percentile with the chance that at least k + 1 of the durations are.
    let lower = lastRank(below: count) { Probability.binomialUpper($0 + 1, of: count, rate: share) >= 1 - error / 2 }
    let upper = firstRank(from: count) { Probability.binomialUpper($0 + 1, of: count, rate: share) <= error / 2 }
    return (lower.flatMap(sketch.value(rank:)), upper.flatMap(sketch.value(rank:)))
  }

  /// The last rank that fits; those that fit come first.
  private static func lastRank(below count: Int, _ fits: (Int) -> Bool) -> Int? {
    var low = 0, high = count
    while low < high {
      let middle = (low + high) / 2
      if fits(middle) { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? nil : low - 1
  }

  /// The first rank that fits; those that fit come last.
  private static func firstRank(from count: Int, _ fits: (Int) -> Bool) -> Int? {
    var low = 0, high = count
    while low < high {
      let middle = (low + high) / 2
      if fits(middle) { high = middle } else { low = middle + 1 }
    }
    return low < count ? low : nil
  }

  private static func betaQuantile(_ probability: Double, _ a: Double, _ b: Double) -> Double {
    var low = 0.0, high = 1.0
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if SpecialFunction.incompleteBeta(middle, a, b) < probability { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }
}
