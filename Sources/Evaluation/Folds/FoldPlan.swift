/// How rows are divided for cross-validation, as `martlet.yml` says it.
public struct FoldPlan: Codable, Sendable, Hashable {
  /// The ways to divide.
  public enum Kind: String, Codable, Sendable, Hashable, CaseIterable {
    /// Parts of equal size.
    case kFold = "k_fold"
    /// Parts in which every class has the same share.
    case stratified
    /// Parts of whole groups.
    case grouped
    /// Parts of whole groups with the classes' shares.
    case stratifiedGrouped = "stratified_grouped"
    /// Every row by itself.
    case leaveOneOut = "leave_one_out"
    /// Every group by itself.
    case leaveOneGroupOut = "leave_one_group_out"
    /// Tests drawn again and again.
    case shuffled
    /// The past to learn from, what came after to measure on.
    case timeOrdered = "time_ordered"
  }

  /// The way to divide.
  public var kind: Kind
  /// How many parts, or how many divisions of `shuffled`.
  public var folds: Int
  /// How many times all of it is done, with other seeds.
  public var repeats: Int
  /// The same seed gives the same divisions.
  public var seed: UInt64
  /// Draws by chance; always so where there are repeats.
  public var shuffles: Bool
  /// The share to measure on, for `shuffled`.
  public var testShare: Double
  /// Rows between training and test, for `timeOrdered`.
  public var gap: Int
  /// Rows of every test, for `timeOrdered`.
  public var testSize: Int?
  /// The most rows to learn from, for `timeOrdered`.
  public var maximumTraining: Int?

  /// A plan; five shuffled parts unless said otherwise.
  public init(
    _ kind: Kind = .kFold, folds: Int = 5, repeats: Int = 1, seed: UInt64 = 0, shuffles: Bool = true, testShare: Double = 0.2, gap: Int = 0,
    testSize: Int? = nil, maximumTraining: Int? = nil
  ) {
    self.kind = kind
    self.folds = folds
    self.repeats = repeats
    self.seed = seed
    self.shuffles = shuffles
    self.testShare = testShare
    self.gap = gap
    self.testSize = testSize
    self.maximumTraining = maximumTraining
  }

  /// Reads a plan; what is left out has its usual value.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let usual = FoldPlan()
    kind = try container.decodeIfPresent(Kind.self, forKey: .kind) ?? usual.kind
    folds = try container.decodeIfPresent(Int.self, forKey: .folds) ?? usual.folds
    repeats = try container.decodeIfPresent(Int.self, forKey: .repeats) ?? usual.repeats
    seed = try container.decodeIfPresent(UInt64.self, forKey: .seed) ?? usual.seed
    shuffles = try container.decodeIfPresent(Bool.self, forKey: .shuffles) ?? usual.shuffles
    testShare = try container.decodeIfPresent(Double.self, forKey: .testShare) ?? usual.testShare
    gap = try container.decodeIfPresent(Int.self, forKey: .gap) ?? usual.gap
    testSize = try container.decodeIfPresent(Int.self, forKey: .testSize)
    maximumTraining = try container.decodeIfPresent(Int.self, forKey: .maximumTraining)
  }

  /// The divisions of rows.
  /// - Parameters:
  ///   - labels: the class of every row, for plans with strata.
  ///   - groups: the group of every row, for plans with groups.
  ///   - times: the time of every row, for `timeOrdered`; the rows' own order where it is `nil`.
  /// - Throws: `MetricError` where the plan needs labels or groups that are not given, or more rows.
  public func splits(rows: Int, labels: [Int]? = nil, groups: [Int]? = nil, times: [Double]? = nil) throws(MetricError) -> [FoldSplit] {
    for (name, count) in [("labels", labels?.count), ("groups", groups?.count), ("times", times?.count)] {
      if let count, count != rows {
        throw MetricError(.lengthMismatch, "there are \(rows) rows and \(count) \(name)", expected: "one a row")
      }
    }
    if repeats > 1 {
      return try FoldSplits.repeated(repeats, seed: seed) { seed throws(MetricError) in
        try once(rows, labels, groups, times, seed: seed)
      }
    }
    return try once(rows, labels, groups, times, seed: shuffles ? seed : nil)
  }

  private func once(
    _ rows: Int, _ labels: [Int]?, _ groups: [Int]?, _ times: [Double]?, seed: UInt64?
  ) throws(MetricError) -> [FoldSplit] {
    func needed(_ values: [Int]?, _ what: String) throws(MetricError) -> [Int] {
      guard let values else {
        throw MetricError(.badArgument, "the plan '\(kind.rawValue)' needs the \(what) of every row, and there are none")
      }
      return values
    }
    switch kind {
    case .kFold: return try FoldSplits.kFold(rows: rows, folds: folds, seed: seed)
    case .stratified: return try FoldSplits.stratified(labels: needed(labels, "class"), folds: folds, seed: seed)
    case .grouped: return try FoldSplits.grouped(groups: needed(groups, "group"), folds: folds, seed: seed)
    case .stratifiedGrouped:
      return try FoldSplits.stratifiedGrouped(
        labels: needed(labels, "class"), groups: needed(groups, "group"), folds: folds, seed: seed)
    case .leaveOneOut: return try FoldSplits.leaveOneOut(rows: rows)
    case .leaveOneGroupOut: return try FoldSplits.leaveGroupsOut(groups: needed(groups, "group"))
    case .shuffled:
      if let groups { return try FoldSplits.shuffledGroups(groups: groups, times: folds, test: testShare, seed: seed ?? self.seed) }
      return try FoldSplits.shuffled(rows: rows, times: folds, test: testShare, labels: labels, seed: seed ?? self.seed)
    case .timeOrdered:
      if let times {
        return try FoldSplits.timeOrdered(times: times, folds: folds, testSize: testSize, gap: gap, maximumTraining: maximumTraining)
      }
      return try FoldSplits.timeOrdered(rows: rows, folds: folds, testSize: testSize, gap: gap, maximumTraining: maximumTraining)
    }
  }
}
