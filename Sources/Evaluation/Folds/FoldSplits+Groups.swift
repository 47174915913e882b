import MartletCore

/// Divisions that never tear a group apart: a patient, a customer, a film.
extension FoldSplits {
  /// Parts of whole groups, as even as that allows: the largest group first, into the smallest part; shuffled groups where there is a seed.
  /// - Parameter groups: the group of every row.
  /// - Throws: `MetricError` for fewer groups than folds.
  public static func grouped(groups: [Int], folds: Int = 5, seed: UInt64? = nil) throws(MetricError) -> [FoldSplit] {
    let (codes, count) = dense(groups)
    try check(folds, of: count, "groups")
    var partOfGroup = [Int](repeating: 0, count: count)
    if let seed {
      var random = KeyedRandom(seed: seed, purpose: "grouped folds")
      for (place, group) in (0..<count).shuffled(using: &random).enumerated() { partOfGroup[group] = place % folds }
    } else {
      var sizes = [Int](repeating: 0, count: count), loads = [Int](repeating: 0, count: folds)
      for code in codes { sizes[code] += 1 }
      for group in (0..<count).sorted(by: { (sizes[$0], $0) > (sizes[$1], $1) }) {
        let lightest = loads.indices.min { loads[$0] < loads[$1] } ?? 0
        loads[lightest] += sizes[group]
        partOfGroup[group] = lightest
      }
    }
    return splits(codes.map { partOfGroup[$0] }, folds)
  }

  /// Parts of whole groups in which the classes' shares are as equal as that allows: the groups with the most uneven classes first, each
  /// into the part that keeps the shares closest.
  /// - Throws: `MetricError` for fewer groups than folds, different lengths, and where every class has fewer rows than there are folds.
  public static func stratifiedGrouped(
    labels: [Int], groups: [Int], folds: Int = 5, seed: UInt64? = nil
  ) throws(MetricError) -> [FoldSplit] {
    try Check.rows(labels.count, groups.count, "groups")
    let (codes, count) = dense(groups)
    let (classes, classCount) = dense(labels)
    try check(folds, of: count, "groups")
    var table = [Double](repeating: 0, count: count * classCount), totals = [Double](repeating: 0, count: classCount)
    for (row, code) in codes.enumerated() {
      table[code * classCount + classes[row]] += 1
      totals[classes[row]] += 1
    }
    guard totals.contains(where: { $0 >= Double(folds) }) else {
      throw MetricError(.badArgument, "every class has fewer rows than the \(folds) folds", expected: "at least \(folds) of one class")
    }
    func deviation(_ values: [Double]) -> Double {
      let mean = values.reduce(0, +) / Double(values.count)
      return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
    }
    var order = Array(0..<count)
    if let seed {
      var random = KeyedRandom(seed: seed, purpose: "stratified grouped folds")
      order.shuffle(using: &random)
    }
    let spread = (0..<count).map { deviation(Array(table[($0 * classCount)..<(($0 + 1) * classCount)])) }
    let places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($0.element, $0.offset) })
    order.sort { spread[$0] > spread[$1] || (spread[$0] == spread[$1] && (places[$0] ?? 0) < (places[$1] ?? 0)) }
    var loads = [Double](repeating: 0, count: folds * classCount), partOfGroup = [Int](repeating: 0, count: count)
    for group in order {
      var best = 0, least = Double.infinity, fewest = Double.infinity
      for fold in 0..<folds {
        var sum = 0.0
        for label in 0..<classCount {
          sum += deviation(
            (0..<folds).map { (loads[$0 * classCount + label] + ($0 == fold ? table[group * classCount + label] : 0)) / totals[label] })
        }
        let value = sum / Double(classCount)
        let load = (0..<classCount).reduce(0) { $0 + loads[fold * classCount + $1] }
        // Equal to rounding: the emptier part.
        let isClose = least.isFinite && abs(value - least) <= 1e-8 + 1e-5 * abs(least)
        if value < least || (isClose && load < fewest) {
          best = fold
          least = value
          fewest = load
        }
      }
      for label in 0..<classCount { loads[best * classCount + label] += table[group * classCount + label] }
      partOfGroup[group] = best
    }
    return splits(codes.map { partOfGroup[$0] }, folds)
  }

  /// Every choice of `count` groups, by rising group.
  /// - Throws: `MetricError` where that leaves no group to learn from, or makes more than 100,000 divisions.
  public static func leaveGroupsOut(groups: [Int], count: Int = 1) throws(MetricError) -> [FoldSplit] {
    let (codes, all) = dense(groups)
    return try combinations(count, of: all, "groups").map { left in
      let set = Set(left)
      return FoldSplit(training: codes.indices.filter { !set.contains(codes[$0]) }, test: codes.indices.filter { set.contains(codes[$0]) })
    }
  }

  /// Groups drawn for the test again and again.
  /// - Parameter test: the share of groups to measure on; rounded up.
  /// - Throws: `MetricError` where a part would hold no group.
  public static func shuffledGroups(
    groups: [Int], times: Int = 10, test: Double = 0.2, training: Double? = nil, seed: UInt64 = 0
  ) throws(MetricError) -> [FoldSplit] {
    let (codes, all) = dense(groups)
    return try shuffled(rows: all, times: times, test: test, training: training, seed: seed).map { split in
      let learn = Set(split.training), measure = Set(split.test)
      return FoldSplit(
        training: codes.indices.filter { learn.contains(codes[$0]) }, test: codes.indices.filter { measure.contains(codes[$0]) })
    }
  }

  /// Codes 0 ..< count by rising value.
  static func dense(_ values: [Int]) -> (codes: [Int], count: Int) {
    let unique = Set(values).sorted()
    let numbers = Dictionary(uniqueKeysWithValues: unique.enumerated().map { ($0.element, $0.offset) })
    return (values.map { numbers[$0] ?? 0 }, unique.count)
  }
}
