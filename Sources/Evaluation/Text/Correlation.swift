extension Metrics {
  /// Pearson's correlation of two columns: -1 … 1; NaN where one of them does not vary.
  /// - Throws: `MetricError` on fewer than two rows, different lengths, and values that are not finite (naming the row).
  public static func pearson(_ first: [Double], _ second: [Double]) throws(MetricError) -> Double {
    try checkPairs(first, second)
    return correlation(first, second)
  }

  /// Spearman's correlation: Pearson's of the ranks, equal values sharing theirs.
  /// - Throws: as `pearson`.
  public static func spearman(_ first: [Double], _ second: [Double]) throws(MetricError) -> Double {
    try checkPairs(first, second)
    return correlation(ranks(first), ranks(second))
  }

  private static func checkPairs(_ first: [Double], _ second: [Double]) throws(MetricError) {
    try Check.rows(first.count, second.count, "values of the second column")
    guard first.count >= 2 else { throw MetricError(.empty, "a correlation of one row", expected: "two or more") }
    for values in [first, second] {
      if let row = values.firstIndex(where: { !$0.isFinite }) {
        throw MetricError(.notANumber, row: row, "the value of row \(row) is \(values[row])", expected: "a finite number")
      }
    }
  }

  static func correlation(_ first: [Double], _ second: [Double]) -> Double {
    let count = Double(first.count)
    let means = (first.reduce(0, +) / count, second.reduce(0, +) / count)
    var products = 0.0, squares = (0.0, 0.0)
    for (a, b) in zip(first, second) {
      let away = (a - means.0, b - means.1)
      products += away.0 * away.1
      squares.0 += away.0 * away.0
      squares.1 += away.1 * away.1
    }
    guard squares.0 > 0, squares.1 > 0 else { return .nan }
    return max(-1, min(1, products / (squares.0.squareRoot() * squares.1.squareRoot())))
  }

  /// Places from 1 on; equal values share the mean of theirs.
  static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count), start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      for place in start..<end { ranks[order[place]] = Double(start + end + 1) / 2 }
      start = end
    }
    return ranks
  }
}
