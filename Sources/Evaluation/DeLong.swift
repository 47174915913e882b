import MartletCore

/// The interval of DeLong, DeLong and Clarke-Pearson ("Comparing the areas under two or more correlated receiver operating characteristic
/// curves", Biometrics 1988), from ranks (Sun and Xu, IEEE Signal Processing Letters 2014).
enum DeLong {
  /// The standard error of the area under one curve, in one walk up the sorted scores.
  static func deviation(_ sorted: SortedScores, _ isPositive: [Bool], weights: [Double]?, area: Double) -> Double {
    var counts = (positive: 0.0, negative: 0.0), totals = (positive: 0.0, negative: 0.0)
    for row in isPositive.indices {
      let weight = weights?[row] ?? 1
      if isPositive[row] {
        counts.positive += 1
        totals.positive += weight
      } else {
        counts.negative += 1
        totals.negative += weight
      }
    }
    // Rows of equal score share their placement, so each run counts once: with its weights, and with their squares.
    var squares = (positive: 0.0, negative: 0.0), below = squares, group = squares, groupSquares = squares
    for place in sorted.order.indices {
      let row = Int(sorted.order[place])
      let weight = weights?[row] ?? 1
      if isPositive[row] {
        group.positive += weight
        groupSquares.positive += weight * weight
      } else {
        group.negative += weight
        groupSquares.negative += weight * weight
      }
      if sorted.tiesWithNext[place] { continue }
      let won = (below.negative + group.negative / 2) / totals.negative - area
      let lost = (totals.positive - below.positive - group.positive / 2) / totals.positive - area
      squares.positive += groupSquares.positive * won * won
      squares.negative += groupSquares.negative * lost * lost
      below.positive += group.positive
      below.negative += group.negative
      group = (0, 0)
      groupSquares = (0, 0)
    }
    // The squares of n deviations are n - 1 variances.
    let positive =
      squares.positive / (totals.positive * totals.positive) * (counts.positive > 1 ? counts.positive / (counts.positive - 1) : 1)
    let negative =
      squares.negative / (totals.negative * totals.negative) * (counts.negative > 1 ? counts.negative / (counts.negative - 1) : 1)
    return (positive + negative).squareRoot()
  }

  /// The area and the placement of every row among those of the other kind: the structural components of both samples.
  static func components<Score: BinaryFloatingPoint>(
    _ isPositive: [Bool], _ scores: [Score]
  ) throws(MetricError) -> (area: Double, placements: [Double]) {
    try Check.rows(isPositive.count, scores.count, "scores")
    let sorted = try SortedScores(scores)
    let area = try RankArea(sorted, isPositive: isPositive, weights: nil).area
    let positives = Double(isPositive.count { $0 }), negatives = Double(isPositive.count) - positives
    var placements = [Double](repeating: 0, count: isPositive.count)
    var below = (positive: 0.0, negative: 0.0)
    var start = 0
    while start < sorted.order.count {
      var end = start, group = (positive: 0.0, negative: 0.0)
      repeat {
        if isPositive[Int(sorted.order[end])] { group.positive += 1 } else { group.negative += 1 }
        end += 1
      } while sorted.tiesWithNext[end - 1]
      for place in start..<end {
        let row = Int(sorted.order[place])
        placements[row] =
          isPositive[row]
          ? (below.negative + group.negative / 2) / negatives : (positives - below.positive - group.positive / 2) / positives
      }
      below.positive += group.positive
      below.negative += group.negative
      start = end
    }
    return (area, placements)
  }

  /// An area with its interval, cut at 0 and 1. Where every pair is in order the variance is zero, which would promise perfection for all
  /// data: the bound is then Wilson's for as many rows as the smallest class has.
  static func estimate(_ area: Double, deviation: Double, smallestClass: Double, level: Double) -> Estimate {
    if deviation < 1e-12, area > 1 - 1e-12 || area < 1e-12 {
      return Intervals.wilson(share: area.rounded(), count: smallestClass, level: level)
    }
    let half = Probability.normalQuantile(0.5 + level / 2) * deviation
    return Estimate(value: area, lower: max(0, area - half), upper: min(1, area + half), level: level, method: .delong)
  }
}
