import MartletCore
public import Tables

/// Many fits of one learner on rows drawn at random, and on some of the features if wanted (Breiman 1996; Ho 1998).
public struct Bagging: Learner {
  public static let kind = "bagging"

  public var learner: NamedLearner
  public var members: Int
  /// The share of the rows that each member draws.
  public var rows: Double
  /// The share of the features that each member sees.
  public var features: Double
  /// Whether rows are drawn with replacement.
  public var replaces: Bool

  public init(_ learner: any Learner, members: Int = 10, rows: Double = 1, features: Double = 1, replaces: Bool = true) {
    self.learner = NamedLearner(learner)
    self.members = members
    self.rows = rows
    self.features = features
    self.replaces = replaces
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    try SettingRange.check(members > 0, Self.kind, "members", members, "1 or more")
    try SettingRange.check(rows > 0 && rows <= 1, Self.kind, "rows", rows, "above 0 and at most 1")
    try SettingRange.check(features > 0 && features <= 1, Self.kind, "features", features, "above 0 and at most 1")
    let fit = try MemberFit(Self.kind, x, target, weights)
    let width = max(1, Int((Double(x.columns) * features).rounded()))
    var columns: [[Int]] = [], fitted: [any FittedLearner] = []
    for member in 0..<members {
      try Task.checkCancellation()
      var random = KeyedRandom(seed: context.seed, purpose: "bagging", index: UInt64(member))
      let chosen = try draw(fit.rows, &random)
      let seen = width == x.columns ? nil : Array(Array(0..<x.columns).shuffled(using: &random).prefix(width)).sorted()
      if let seen { columns.append(seen) }
      fitted.append(
        try fit.fit(
          learner.learner, rows: chosen, columns: seen, FitContext(seed: random.next() >> 12, threads: context.threads)))
    }
    let even = [Double](repeating: 1, count: members)
    if let labels = fit.labels {
      return EnsembleClassifier(
        kind: Self.kind, featureNames: x.names, labels: labels, rule: .mean, members: fitted.compactMap { $0 as? any FittedClassifier },
        memberWeights: even, columns: columns)
    }
    return EnsembleRegressor(
      kind: Self.kind, featureNames: x.names, rule: .mean, members: fitted.compactMap { $0 as? any FittedRegressor }, memberWeights: even,
      columns: columns)
  }

  /// A draw of fewer than two classes is drawn again.
  private func draw(_ data: TrainingRows, _ random: inout KeyedRandom) throws -> [Int] {
    let count = max(1, Int((Double(data.rows) * rows).rounded()))
    for _ in 0..<100 {
      let chosen =
        replaces
        ? (0..<count).map { _ in Int.random(in: 0..<data.rows, using: &random) }.sorted()
        : Array(0..<data.rows).shuffled(using: &random).prefix(count).sorted()
      guard case .classes(let codes, _) = data.target else { return chosen }
      if chosen.contains(where: { codes[$0] != codes[chosen[0]] }) { return chosen }
    }
    throw LearnerError(
      "bagging drew \(count) rows a hundred times and met one class only", expected: "rows of two classes or more",
      remedy: "raise the share of rows")
  }
}
