import MartletCore

/// Whether counts in classes come from one distribution.
enum Homogeneity {
  /// The chi-squared test of homogeneity between two rows of counts; cells that expect fewer than five are pooled.
  /// - Returns: 1 where there is nothing to compare.
  static func pValue(_ first: [Double], _ second: [Double]) -> Double {
    let a = first.reduce(0, +), b = second.reduce(0, +)
    guard a > 0, b > 0 else { return 1 }
    let smaller = min(a, b) / (a + b)
    var cells: [(Double, Double)] = [], rest = (0.0, 0.0)
    for (x, y) in zip(first, second) where x + y > 0 {
      if (x + y) * smaller >= 5 {
        cells.append((x, y))
      } else {
        rest.0 += x
        rest.1 += y
      }
    }
    if (rest.0 + rest.1) * smaller >= 5 {
      cells.append(rest)
    } else if let last = cells.indices.last {
      cells[last].0 += rest.0
      cells[last].1 += rest.1
    }
    guard cells.count > 1 else { return 1 }
    let statistic = cells.reduce(0.0) { sum, cell in
      let total = cell.0 + cell.1
      let (ea, eb) = (total * a / (a + b), total * b / (a + b))
      return sum + (cell.0 - ea) * (cell.0 - ea) / ea + (cell.1 - eb) * (cell.1 - eb) / eb
    }
    return Probability.chiSquaredUpper(statistic, degrees: cells.count - 1)
  }
}
