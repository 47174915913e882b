import MartletCore

/// One division of rows: what is learned from, and what is measured on.
public struct FoldSplit: Codable, Sendable, Hashable {
  /// The rows to learn from.
  public let training: [Int]
  /// The rows to measure on.
  public let test: [Int]

  /// A division by its rows.
  public init(training: [Int], test: [Int]) {
    self.training = training
    self.test = test
  }

  /// The division of some rows as one of all rows: `rows[i]` takes the place of `i`.
  func mapped(_ rows: [Int]) -> FoldSplit { FoldSplit(training: training.map { rows[$0] }, test: test.map { rows[$0] }) }
}

/// Divisions of rows for cross-validation: row numbers only, whatever the rows hold.
///
/// Without a seed nothing is drawn by chance and the divisions equal scikit-learn's. With one, the same seed gives the same divisions.
/// Rows are in ascending order in every division.
public enum FoldSplits {
  /// Parts of equal size, in the order of the rows or shuffled by a seed.
  /// - Throws: `MetricError` for fewer than two folds, or more folds than rows.
  public static func kFold(rows: Int, folds: Int = 5, seed: UInt64? = nil) throws(MetricError) -> [FoldSplit] {
    try check(folds, of: rows, "rows")
    var order = Array(0..<rows)
    if let seed {
      var random = KeyedRandom(seed: seed, purpose: "k-fold")
      order.shuffle(using: &random)
    }
    var part = [Int](repeating: 0, count: rows)
    for fold in 0..<folds {
      // The first rows % folds parts have one row more.
      let start = fold * (rows / folds) + min(fold, rows % folds)
      let end = start + rows / folds + (fold < rows % folds ? 1 : 0)
      for place in start..<end { part[order[place]] = fold }
    }
    return splits(part, folds)
  }

  /// Parts in which every class has the same share, as nearly as its rows allow.
  /// - Parameter labels: the class of every row.
  /// - Throws: `MetricError` for fewer than two folds, or where a class has fewer rows than there are folds (naming it).
  public static func stratified(labels: [Int], folds: Int = 5, seed: UInt64? = nil) throws(MetricError) -> [FoldSplit] {
    try check(folds, of: labels.count, "rows")
    // Classes are numbered as they come, so that what they are called does not matter.
    var numbers: [Int: Int] = [:]
    let classes = labels.map { label in
      if let known = numbers[label] { return known }
      numbers[label] = numbers.count
      return numbers.count - 1
    }
    var counts = [Int](repeating: 0, count: numbers.count)
    for number in classes { counts[number] += 1 }
    if let (label, number) = numbers.filter({ counts[$0.value] < folds }).min(by: { $0.value < $1.value }) {
      throw MetricError(
        .badArgument, "class \(label) has \(counts[number]) row\(counts[number] == 1 ? "" : "s"), fewer than the \(folds) folds",
        expected: "at least \(folds) rows of every class", remedy: "use fewer folds, leave the class out, or divide without strata")
    }
    // Dealing out the sorted labels one by one says how many rows of each class every part gets.
    var share = [[Int]](repeating: [Int](repeating: 0, count: counts.count), count: folds)
    var dealt = 0
    for (number, count) in counts.enumerated() {
      for _ in 0..<count {
        share[dealt % folds][number] += 1
        dealt += 1
      }
    }
    var part = [Int](repeating: 0, count: labels.count)
    for number in counts.indices {
      var members = classes.indices.filter { classes[$0] == number }
      if let seed {
        var random = KeyedRandom(seed: seed, purpose: "stratified folds", index: UInt64(number))
        members.shuffle(using: &random)
      }
      var next = 0
      for fold in 0..<folds {
        for _ in 0..<share[fold][number] {
          part[members[next]] = fold
          next += 1
        }
      }
    }
    return splits(part, folds)
  }

  /// Every row by itself.
  /// - Throws: `MetricError` for fewer than two rows.
  public static func leaveOneOut(rows: Int) throws(MetricError) -> [FoldSplit] {
    guard rows >= 2 else { throw MetricError(.badArgument, "\(rows) rows", expected: "two or more to leave one out") }
    return (0..<rows).map { left in FoldSplit(training: (0..<rows).filter { $0 != left }, test: [left]) }
  }

  /// Every choice of `count` rows.
  /// - Throws: `MetricError` where that leaves nothing to learn from, or makes more than 100,000 divisions.
  public static func leaveRowsOut(rows: Int, count: Int) throws(MetricError) -> [FoldSplit] {
    try combinations(count, of: rows, "rows").map { left in
      let set = Set(left)
      return FoldSplit(training: (0..<rows).filter { !set.contains($0) }, test: left)
    }
  }

  /// Rows drawn for the test again and again, each time without regard to the last.
  /// - Parameters:
  ///   - times: how many divisions.
  ///   - test: the share of rows to measure on; its rows are rounded up.
  ///   - training: the share of rows to learn from; `nil` for all others.
  ///   - labels: keeps the classes' shares in both parts where given.
  /// - Throws: `MetricError` where a part would be empty, shares make no sense or a class has fewer than two rows.
  public static func shuffled(
    rows: Int, times: Int = 10, test: Double = 0.2, training: Double? = nil, labels: [Int]? = nil, seed: UInt64 = 0
  ) throws(MetricError) -> [FoldSplit] {
    guard times >= 1 else { throw MetricError(.badArgument, "\(times) divisions", expected: "at least one") }
    let (testRows, trainingRows) = try sizes(rows, test, training)
    if let labels {
      try Check.rows(rows, labels.count, "labels")
      let counts = Dictionary(labels.map { ($0, 1) }, uniquingKeysWith: +)
      if let few = counts.filter({ $0.value < 2 }).keys.min() {
        throw MetricError(.badArgument, "class \(few) has one row", expected: "two or more of every class, one for each part")
      }
      guard min(testRows, trainingRows) >= counts.count else {
        throw MetricError(
          .badArgument, "a part of \(min(testRows, trainingRows)) rows cannot hold \(counts.count) classes", expected: "larger parts")
      }
    }
    return (0..<times).map { time in
      var random = KeyedRandom(seed: seed, purpose: "shuffled division", index: UInt64(time))
      var order = (0..<rows).shuffled(using: &random)
      if let labels { order = interleaved(order, labels) }
      return FoldSplit(training: order[testRows..<(testRows + trainingRows)].sorted(), test: order[..<testRows].sorted())
    }
  }

  /// A shuffled order in which every stretch holds the classes at their shares: row i of n of a class comes at (i + ½) / n.
  private static func interleaved(_ order: [Int], _ labels: [Int]) -> [Int] {
    let counts = Dictionary(labels.map { ($0, 1) }, uniquingKeysWith: +)
    var seen: [Int: Int] = [:]
    let places = order.map { row in
      let before = seen[labels[row], default: 0]
      seen[labels[row]] = before + 1
      return (row: row, place: (Double(before) + 0.5) / Double(counts[labels[row]] ?? 1))
    }
    return places.enumerated().sorted { ($0.element.place, $0.offset) < ($1.element.place, $1.offset) }.map(\.element.row)
  }

  /// The divisions of several seeds, one after the other.
  /// - Parameter division: the divisions of a seed.
  public static func repeated(
    _ times: Int, seed: UInt64 = 0, _ division: (_ seed: UInt64) throws(MetricError) -> [FoldSplit]
  ) throws(MetricError) -> [FoldSplit] {
    guard times >= 1 else { throw MetricError(.badArgument, "\(times) repetitions", expected: "at least one") }
    var all: [FoldSplit] = []
    for time in 0..<times {
      var random = KeyedRandom(seed: seed, purpose: "repeated folds", index: UInt64(time))
      all += try division(random.next())
    }
    return all
  }

  static func splits(_ part: [Int], _ folds: Int) -> [FoldSplit] {
    (0..<folds).map { fold in
      FoldSplit(training: part.indices.filter { part[$0] != fold }, test: part.indices.filter { part[$0] == fold })
    }
  }

  static func check(_ folds: Int, of count: Int, _ what: String) throws(MetricError) {
    guard folds >= 2, folds <= count else {
      throw MetricError(
        .badArgument, "\(folds) folds of \(count) \(what)", expected: count < 2 ? "two \(what) or more" : "2 to \(count) folds")
    }
  }

  static func sizes(_ count: Int, _ test: Double, _ training: Double?) throws(MetricError) -> (test: Int, training: Int) {
    guard test > 0, test < 1, training.map({ $0 > 0 && $0 + test <= 1 + 1e-12 }) ?? true else {
      throw MetricError(
        .badArgument, "shares of \(test) to measure on and \(training.map { "\($0)" } ?? "the rest") to learn from",
        expected: "shares between 0 and 1, at most 1 together")
    }
    let testRows = Int((test * Double(count)).rounded(.up))
    let trainingRows = training.map { Int(($0 * Double(count)).rounded(.down)) } ?? count - testRows
    guard testRows >= 1, trainingRows >= 1, testRows + trainingRows <= count else {
      throw MetricError(
        .badArgument, "\(count) rows cannot be divided into \(trainingRows) and \(testRows)", expected: "rows in both parts")
    }
    return (testRows, trainingRows)
  }

  /// Every choice of `count` of `all` things, in lexical order.
  static func combinations(_ count: Int, of all: Int, _ what: String) throws(MetricError) -> [[Int]] {
    guard count >= 1, count < all else {
      throw MetricError(.badArgument, "\(count) of \(all) \(what) left out", expected: "at least one, and at least one to learn from")
    }
    var number = 1.0
    for step in 0..<count { number *= Double(all - step) / Double(step + 1) }
    guard number <= 100_000 else {
      throw MetricError(
        .badArgument, "\(count) of \(all) \(what) can be chosen in \(Int(min(number, 1e15))) ways", expected: "at most 100,000",
        remedy: "draw divisions by chance")
    }
    var chosen = Array(0..<count), result = [chosen]
    while let place = (0..<count).last(where: { chosen[$0] < all - count + $0 }) {
      chosen[place] += 1
      for later in (place + 1)..<max(count, place + 1) { chosen[later] = chosen[later - 1] + 1 }
      result.append(chosen)
    }
    return result
  }
}
