import Foundation

/// How much two columns say about each other. Rows in which either is missing (NaN, or code -1) are left out.
public enum Association {
  /// Pearson's correlation; NaN where one does not vary.
  /// - Precondition: equal lengths.
  public static func pearson(_ x: [Double], _ y: [Double]) -> Double {
    precondition(x.count == y.count)
    return x.withUnsafeBufferPointer { x in
      y.withUnsafeBufferPointer { y in
        var count = 0.0, sumX = 0.0, sumY = 0.0
        for row in x.indices where !x[row].isNaN && !y[row].isNaN {
          count += 1
          sumX += x[row]
          sumY += y[row]
        }
        guard count > 1 else { return .nan }
        let (meanX, meanY) = (sumX / count, sumY / count)
        var xx = 0.0, yy = 0.0, xy = 0.0
        for row in x.indices where !x[row].isNaN && !y[row].isNaN {
          let (a, b) = (x[row] - meanX, y[row] - meanY)
          xx += a * a
          yy += b * b
          xy += a * b
        }
        // Sums of rounding errors are no variance.
        let floor = 1e-26 * count
        guard xx > floor * meanX * meanX, yy > floor * meanY * meanY, xx > 0, yy > 0 else { return .nan }
        return max(-1, min(1, xy / (xx.squareRoot() * yy.squareRoot())))
      }
    }
  }

  /// Spearman's rank correlation, ties at their mean rank; ranks among the rows that have both.
  public static func spearman(_ x: [Double], _ y: [Double]) -> Double {
    precondition(x.count == y.count)
    var a = x, b = y
    for row in a.indices where a[row].isNaN || b[row].isNaN {
      a[row] = .nan
      b[row] = .nan
    }
    return pearson(ranks(a), ranks(b))
  }

  /// Ranks from 1 on, ties at their mean; NaN stays NaN.
  public static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.filter { !values[$0].isNaN }.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: .nan, count: values.count)
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      let rank = Double(start + end + 1) / 2
      for place in start..<end { ranks[order[place]] = rank }
      start = end
    }
    return ranks
  }

  /// Counts of each pair of codes, row by row of the first; -1 is missing.
  static func contingency(_ x: [Int32], _ y: [Int32]) -> (counts: [[Double]], total: Double) {
    let rows = Int((x.max() ?? -1) + 1), columns = Int((y.max() ?? -1) + 1)
    var counts = [[Double]](repeating: [Double](repeating: 0, count: columns), count: rows)
    var total = 0.0
    for (a, b) in zip(x, y) where a >= 0 && b >= 0 {
      counts[Int(a)][Int(b)] += 1
      total += 1
    }
    return (counts, total)
  }

  /// Cramér's V between two sets of categories: 0 independent, 1 one determines the other. NaN where one has a single value.
  public static func cramersV(_ x: [Int32], _ y: [Int32]) -> Double {
    let (counts, total) = contingency(x, y)
    guard total > 0 else { return .nan }
    let rows = counts.map { $0.reduce(0, +) }
    var columns = [Double](repeating: 0, count: counts.first?.count ?? 0)
    for line in counts { for (place, count) in line.enumerated() { columns[place] += count } }
    let usedRows = rows.count { $0 > 0 }, usedColumns = columns.count { $0 > 0 }
    guard usedRows > 1, usedColumns > 1 else { return .nan }
    var chi = 0.0
    for (row, line) in counts.enumerated() where rows[row] > 0 {
      for (column, count) in line.enumerated() where columns[column] > 0 {
        let expected = rows[row] * columns[column] / total
        chi += (count - expected) * (count - expected) / expected
      }
    }
    return min(1, (chi / total / Double(min(usedRows, usedColumns) - 1)).squareRoot())
  }

  /// The correlation ratio: the share of the standard deviation of numbers that lies between categories. 0 says that all categories have
  /// one mean, 1 that the category says the number.
  public static func correlationRatio(_ categories: [Int32], _ values: [Double]) -> Double {
    var sums: [Int32: (count: Double, sum: Double)] = [:]
    var count = 0.0, sum = 0.0
    for (code, value) in zip(categories, values) where code >= 0 && !value.isNaN {
      let before = sums[code] ?? (0, 0)
      sums[code] = (before.count + 1, before.sum + value)
      count += 1
      sum += value
    }
    guard count > 1, sums.count > 1 else { return .nan }
    let mean = sum / count
    var total = 0.0
    for (code, value) in zip(categories, values) where code >= 0 && !value.isNaN { total += (value - mean) * (value - mean) }
    guard total > 0 else { return .nan }
    // In the order of the codes, so that the sum is the same every time.
    let between = sums.keys.sorted().reduce(0.0) { result, code in
      guard let group = sums[code] else { return result }
      let distance = group.sum / group.count - mean
      return result + group.count * distance * distance
    }
    return min(1, (between / total).squareRoot())
  }

  /// Mutual information of two sets of categories in nats.
  public static func mutualInformation(_ x: [Int32], _ y: [Int32]) -> Double {
    let (counts, total) = contingency(x, y)
    guard total > 0 else { return 0 }
    let rows = counts.map { $0.reduce(0, +) }
    var columns = [Double](repeating: 0, count: counts.first?.count ?? 0)
    for line in counts { for (place, count) in line.enumerated() { columns[place] += count } }
    var information = 0.0
    for (row, line) in counts.enumerated() {
      for (column, count) in line.enumerated() where count > 0 {
        information += count / total * (log(count) + log(total) - log(rows[row]) - log(columns[column]))
      }
    }
    return max(0, information)
  }

  /// Entropy of categories in nats.
  public static func entropy(_ x: [Int32]) -> Double { mutualInformation(x, x) }
}
