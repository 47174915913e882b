import Evaluation
import MartletCore

/// How well a column alone predicts the target in rows that were not used to learn from.
struct SingleFeature: Sendable {
  /// AUC (the mean over classes against the rest) for classes, R² for numbers.
  let score: Double
  let rows: Int

  /// A column whose distribution says nothing has 0.5 or 0.
  static func chance(_ target: SampledTarget) -> Double { if case .classes = target.kind { 0.5 } else { 0 } }

  /// Bins of the column's values, or its categories, learn the target's mean in three quarters of the rows and are judged in the last, in
  /// turn. Rows without a value are a bin of their own.
  /// - Returns: `nil` where there are too few rows, or the target does not vary.
  static func judge(_ column: SampledColumn, _ target: SampledTarget, folds: Int = 4) -> SingleFeature? {
    let rows = target.isMissing.indices.filter { !target.isMissing[$0] }
    guard rows.count >= 40 else { return nil }
    let fold = rows.map { Int(truncatingIfNeeded: (UInt64($0) &* 0x9e37_79b9_7f4a_7c15) >> 33) % folds }
    let bins = bins(column, rows: rows)
    switch target.kind {
    case .classes(let codes, let labels): return classes(bins, rows.map { Int(codes[$0]) }, labels.count, fold, folds)
    case .numbers(let values): return numbers(bins, rows.map { values[$0] }, fold, folds)
    }
  }

  /// The bin of each row; 0 for missing. The edges come from all rows: they do not look at the target.
  private static func bins(_ column: SampledColumn, rows: [Int]) -> [Int32] {
    if case .codes(let codes, _) = column.values { return rows.map { codes[$0] + 1 } }
    guard let all = column.numbers else { return [] }
    let values = rows.map { all[$0] }
    let edges = SampledColumn.edges(values, bins: max(4, min(64, rows.count / 30)))
    return values.map { $0.isNaN ? 0 : Int32(SampledColumn.place($0, edges) + 1) }
  }

  private static func classes(_ bins: [Int32], _ classes: [Int], _ count: Int, _ fold: [Int], _ folds: Int) -> SingleFeature? {
    var totals = [Int](repeating: 0, count: count)
    for label in classes { totals[label] += 1 }
    // Classes of a handful of rows have no area worth averaging.
    let judged = (0..<count).filter { totals[$0] >= 10 && totals[$0] < classes.count }
    guard !judged.isEmpty, totals.count(where: { $0 > 0 }) > 1 else { return nil }
    let binCount = Int(bins.max() ?? 0) + 1
    var sum = 0.0, weight = 0.0
    for label in count == 2 ? Array(judged.suffix(1)) : Array(judged.prefix(30)) {
      var all = [Double](repeating: 0, count: binCount * folds), hits = all
      for row in bins.indices {
        let place = fold[row] * binCount + Int(bins[row])
        all[place] += 1
        if classes[row] == label { hits[place] += 1 }
      }
      let prior = Double(totals[label]) / Double(classes.count)
      var rates = [Double](repeating: prior, count: binCount * folds)
      for held in 0..<folds {
        for bin in 0..<binCount {
          var n = 0.0, k = 0.0
          for other in 0..<folds where other != held {
            n += all[other * binCount + bin]
            k += hits[other * binCount + bin]
          }
          rates[held * binCount + bin] = (k + 5 * prior) / (n + 5)
        }
      }
      // Folds have different priors of their own; their scores are compared within a fold only.
      for held in 0..<folds {
        let members = bins.indices.filter { fold[$0] == held }
        let isPositive = members.map { classes[$0] == label }
        guard let area = try? Metrics.auc(isPositive, members.map { rates[held * binCount + Int(bins[$0])] }) else { continue }
        let share = Double(members.count) * Double(totals[label])
        sum += area * share
        weight += share
      }
    }
    return weight > 0 ? SingleFeature(score: sum / weight, rows: classes.count) : nil
  }

  private static func numbers(_ bins: [Int32], _ values: [Double], _ fold: [Int], _ folds: Int) -> SingleFeature? {
    let binCount = Int(bins.max() ?? 0) + 1
    let mean = values.reduce(0, +) / Double(values.count)
    var sums = [Double](repeating: 0, count: binCount * folds), counts = sums
    for row in bins.indices {
      sums[fold[row] * binCount + Int(bins[row])] += values[row] - mean
      counts[fold[row] * binCount + Int(bins[row])] += 1
    }
    var left = 0.0, total = 0.0
    for row in bins.indices {
      var sum = 0.0, count = 0.0
      for other in 0..<folds where other != fold[row] {
        sum += sums[other * binCount + Int(bins[row])]
        count += counts[other * binCount + Int(bins[row])]
      }
      let error = values[row] - mean - sum / (count + 1)
      left += error * error
      total += (values[row] - mean) * (values[row] - mean)
    }
    return total > 0 ? SingleFeature(score: 1 - left / total, rows: values.count) : nil
  }
}
