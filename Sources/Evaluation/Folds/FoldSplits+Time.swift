import MartletCore

/// Divisions that learn from the past and measure on what came after.
extension FoldSplits {
  /// Parts of the rows in their order, each measured on by a model that has seen only rows before it.
  /// - Parameters:
  ///   - rows: how many, in the order of time.
  ///   - testSize: rows of every test; `nil` for rows / (folds + 1).
  ///   - gap: rows between training and test that neither holds, for what is known late.
  ///   - maximumTraining: at most so many rows to learn from, the latest: a sliding window; `nil` for all before: an expanding one.
  /// - Throws: `MetricError` where the rows are too few.
  public static func timeOrdered(
    rows: Int, folds: Int = 5, testSize: Int? = nil, gap: Int = 0, maximumTraining: Int? = nil
  ) throws(MetricError) -> [FoldSplit] {
    guard folds >= 1, gap >= 0, testSize.map({ $0 >= 1 }) ?? true, maximumTraining.map({ $0 >= 1 }) ?? true else {
      throw MetricError(
        .badArgument, "\(folds) folds with a gap of \(gap) rows", expected: "one fold or more, a gap of 0 or more, sizes of 1 or more")
    }
    guard folds + 1 <= rows else {
      throw MetricError(.badArgument, "\(folds) folds of \(rows) rows", expected: "at most \(max(rows - 1, 0)) folds")
    }
    let size = testSize ?? rows / (folds + 1)
    guard rows - gap - size * folds > 0 else {
      throw MetricError(
        .badArgument, "\(folds) tests of \(size) rows and a gap of \(gap) leave nothing of \(rows) rows to learn from",
        expected: "fewer folds, smaller tests or a smaller gap")
    }
    return (0..<folds).map { fold in
      let start = rows - (folds - fold) * size, end = start - gap
      return FoldSplit(training: Array(max(0, end - (maximumTraining ?? end))..<end), test: Array(start..<(start + size)))
    }
  }

  /// The same for rows in any order, by their times; rows of equal time stay in their order.
  /// - Throws: `MetricError` where a time is NaN (naming the row) or the rows are too few.
  public static func timeOrdered(
    times: [Double], folds: Int = 5, testSize: Int? = nil, gap: Int = 0, maximumTraining: Int? = nil
  ) throws(MetricError) -> [FoldSplit] {
    let order = try inTime(times)
    return try timeOrdered(rows: times.count, folds: folds, testSize: testSize, gap: gap, maximumTraining: maximumTraining)
      .map { $0.mapped(order) }
  }

  /// Parts of consecutive rows, where rows whose time of observation overlaps the test's are not learned from, nor those that begin within
  /// an embargo after it (López de Prado, "Advances in Financial Machine Learning", 2018, chapter 7).
  /// - Parameters:
  ///   - starts, ends: when what each row knows begins, and when its truth is known.
  ///   - embargo: how long after a test nothing is learned from, in the unit of the times.
  /// - Throws: `MetricError` where a time is NaN or an end lies before its start (naming the row), or nothing is left to learn from.
  public static func purged(
    starts: [Double], ends: [Double], folds: Int = 5, embargo: Double = 0
  ) throws(MetricError) -> [FoldSplit] {
    try Check.rows(starts.count, ends.count, "ends")
    if let row = starts.indices.first(where: { !(ends[$0] >= starts[$0]) }) {
      throw MetricError(
        .badArgument, row: row, "row \(row) begins at \(starts[row]) and ends at \(ends[row])", expected: "an end at or after the start")
    }
    guard embargo >= 0 else { throw MetricError(.badArgument, "an embargo of \(embargo)", expected: "0 or more") }
    let order = try inTime(starts)
    var result: [FoldSplit] = []
    for (fold, split) in try kFold(rows: starts.count, folds: folds).enumerated() {
      let test = split.test.map { order[$0] }
      let first = test.map { starts[$0] }.min() ?? 0, last = test.map { ends[$0] }.max() ?? 0
      let training = split.training.map { order[$0] }.filter { ends[$0] < first || starts[$0] > last + embargo }
      guard !training.isEmpty else {
        throw MetricError(
          .badArgument, "fold \(fold + 1) leaves no row to learn from", expected: "shorter observations, fewer folds or a shorter embargo")
      }
      result.append(FoldSplit(training: training, test: test))
    }
    return result
  }

  private static func inTime(_ times: [Double]) throws(MetricError) -> [Int] {
    if let row = times.firstIndex(where: \.isNaN) { throw MetricError(.notANumber, row: row, "the time of row \(row) is NaN") }
    return times.indices.sorted { (times[$0], $0) < (times[$1], $1) }
  }
}

/// An outer division to measure on, and inner ones of its training rows to choose by.
public struct NestedFoldSplit: Codable, Sendable, Hashable {
  /// What the chosen model is measured on.
  public let outer: FoldSplit
  /// Divisions of `outer.training`, by the numbers of all rows.
  public let inner: [FoldSplit]

  /// Inner divisions of every outer one's training rows.
  /// - Parameter inner: the divisions of some rows, given by their numbers among all; their places (0 ..< count) are what it divides.
  public static func nested(
    _ outer: [FoldSplit], inner: (_ rows: [Int]) throws(MetricError) -> [FoldSplit]
  ) throws(MetricError) -> [NestedFoldSplit] {
    var result: [NestedFoldSplit] = []
    for split in outer {
      let divisions = try inner(split.training)
      result.append(NestedFoldSplit(outer: split, inner: divisions.map { $0.mapped(split.training) }))
    }
    return result
  }
}
