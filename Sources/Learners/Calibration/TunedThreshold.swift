import MartletCore
public import Tables

/// What a threshold is tuned to.
public enum ThresholdGoal: String, Sendable, Codable, CaseIterable {
  case f1, accuracy
  case balancedAccuracy = "balanced_accuracy"
  /// The highest recall whose precision is at least `floor`.
  case recallAtPrecision = "recall_at_precision"
  /// The highest precision whose recall is at least `floor`.
  case precisionAtRecall = "precision_at_recall"
  /// The lowest cost by `costs`.
  case cost
}

/// Any classifier of two classes with its threshold tuned on rows that its fits did not see; with `costs`, of many classes, too: it then
/// takes the class of least expected cost.
public struct TunedThreshold: Learner {
  public static let kind = "tuned_threshold"

  public var learner: NamedLearner
  public var goal: ThresholdGoal
  /// The least precision or recall of the goals that have one.
  public var floor: Double
  /// What it costs to say the column's class where the row's is true: `[classes][classes]`, in the order of the labels.
  public var costs: [[Double]]?
  /// The class that the threshold is for; the second if `nil`.
  public var positive: String?
  public var folds: Int

  public init(
    _ learner: any Learner, goal: ThresholdGoal = .f1, floor: Double = 0.9, costs: [[Double]]? = nil, positive: String? = nil,
    folds: Int = 5
  ) {
    self.learner = NamedLearner(learner)
    self.goal = goal
    self.floor = floor
    self.costs = costs
    self.positive = positive
    self.folds = folds
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    guard case .classes(_, let labels) = target else { throw LearnerError("tuned_threshold decides between classes") }
    try SettingRange.check(floor > 0 && floor <= 1, Self.kind, "floor", floor, "above 0 and at most 1")
    if let costs {
      guard costs.count == labels.count, costs.allSatisfy({ $0.count == labels.count && $0.allSatisfy(\.isFinite) }) else {
        throw LearnerError(
          "tuned_threshold has costs of \(costs.count) rows",
          expected: "a finite number for each of \(labels.count) × \(labels.count) cases")
      }
    } else if goal == .cost {
      throw LearnerError("tuned_threshold is to lower costs and has none", expected: "'costs', a row for each class")
    }
    if labels.count > 2 {
      guard goal == .cost, let costs else {
        throw LearnerError(
          "tuned_threshold was given \(labels.count) classes", expected: "two, or costs", remedy: "set goal to cost, with costs")
      }
      let member = try MemberFit(Self.kind, x, target, weights).fit(learner.learner, context)
      guard let classifier = member as? any FittedClassifier else { throw LearnerError("\(learner.learner.kind) gives no probabilities") }
      return TunedModel(
        featureNames: x.names, labels: labels, member: classifier, positive: 1, threshold: nil, costs: costs, achieved: nil, warnings: [])
    }
    guard let place = positive.map({ labels.firstIndex(of: $0) }) ?? 1, place < labels.count else {
      throw LearnerError(
        "tuned_threshold is for the class '\(positive ?? "")', which there is not", expected: labels.joined(separator: " or "))
    }
    let cross = try CrossFit(Self.kind, learner.learner, x, target, weights, folds: folds, context)
    let scores = cross.codes.indices.map { cross.probabilities[$0 * 2 + place] }
    let best = self.best(scores, cross.codes.map { $0 == place }, cross.weights, place)
    var warnings: [String] = []
    if best.value == nil {
      warnings.append("no threshold reaches the floor of \(floor) for \(goal.rawValue): 0.5 stays")
    }
    return TunedModel(
      featureNames: x.names, labels: labels, member: try cross.fitAll(context), positive: place, threshold: best.threshold, costs: nil,
      achieved: best.value, warnings: warnings)
  }

  /// The threshold halfway between two scores that serves the goal best, the nearest to a half of equals.
  func best(_ scores: [Double], _ positives: [Bool], _ weights: [Double], _ place: Int) -> (threshold: Double, value: Double?) {
    let order = scores.indices.sorted { scores[$0] > scores[$1] }
    var all = 0.0, yes = 0.0
    for row in scores.indices {
      all += weights[row]
      if positives[row] { yes += weights[row] }
    }
    let no = all - yes
    var best: (threshold: Double, value: Double)?
    func consider(_ threshold: Double, _ hits: Double, _ alarms: Double) {
      let precision = hits + alarms > 0 ? hits / (hits + alarms) : 1, recall = yes > 0 ? hits / yes : 0
      let value: Double?
      switch goal {
      case .f1: value = 2 * hits + alarms + (yes - hits) > 0 ? 2 * hits / (2 * hits + alarms + (yes - hits)) : 0
      case .accuracy: value = (hits + no - alarms) / all
      case .balancedAccuracy: value = (recall + (no > 0 ? (no - alarms) / no : 0)) / 2
      case .recallAtPrecision: value = precision >= floor && hits > 0 ? recall : nil
      case .precisionAtRecall: value = recall >= floor ? precision : nil
      case .cost:
        let other = 1 - place
        value = costs.map { costs in
          -(hits * costs[place][place] + (yes - hits) * costs[place][other] + alarms * costs[other][place]
            + (no - alarms) * costs[other][other])
        }
      }
      guard let value else { return }
      guard let kept = best, value <= kept.value + 1e-12 * abs(kept.value) else {
        best = (threshold, value)
        return
      }
      if value >= kept.value - 1e-12 * abs(kept.value), abs(threshold - 0.5) < abs(kept.threshold - 0.5) { best = (threshold, value) }
    }
    var hits = 0.0, alarms = 0.0
    consider((1 + (order.first.map { scores[$0] } ?? 0)) / 2, 0, 0)
    for (index, row) in order.enumerated() {
      if positives[row] { hits += weights[row] } else { alarms += weights[row] }
      let next = index + 1 < order.count ? scores[order[index + 1]] : 0
      if index + 1 == order.count || next < scores[row] { consider((scores[row] + next) / 2, hits, alarms) }
    }
    guard let best else { return (0.5, nil) }
    return (best.threshold, goal == .cost ? -best.value : best.value)
  }
}

/// A fitted ``TunedThreshold``: its probabilities are its member's, its decisions its own.
public struct TunedModel: FittedDecider, FittedWithWarnings {
  public var kind: String { TunedThreshold.kind }
  public let featureNames: [String]
  public let labels: [String]
  let member: any FittedClassifier
  let positive: Int
  /// The positive class is decided for where its probability is at least this; `nil` where costs decide.
  public let threshold: Double?
  public let costs: [[Double]]?
  /// What the threshold reached on rows left out, in the goal's own unit.
  public let achieved: Double?
  let ownWarnings: [String]
  public var warnings: [String] { ownWarnings + MemberWarnings.of([member]) }

  public func probabilities(_ x: FeatureMatrix) throws -> [Double] {
    try checkFeatures(x)
    return try member.probabilities(x)
  }

  public func decide(_ x: FeatureMatrix) throws -> [Int] {
    let shares = try probabilities(x), k = labels.count
    return (0..<x.rows).map { row in
      if let threshold { return shares[row * k + positive] >= threshold ? positive : 1 - positive }
      let expected = (0..<k).map { said in (0..<k).reduce(0.0) { $0 + shares[row * k + $1] * (costs?[$1][said] ?? 0) } }
      return expected.indices.reduce(0) { expected[$1] < expected[$0] ? $1 : $0 }
    }
  }

  private struct State: Codable {
    var featureNames: [String], labels: [String], positive: Int, threshold: Double?, costs: [[Double]]?, achieved: Double?,
      warnings: [String]
  }

  public func archive() throws -> LearnerArchive {
    try StoredParts.make(
      kind,
      State(
        featureNames: featureNames, labels: labels, positive: positive, threshold: threshold, costs: costs, achieved: achieved,
        warnings: ownWarnings), parts: [member.archive()])
  }

  init(
    featureNames: [String], labels: [String], member: any FittedClassifier, positive: Int, threshold: Double?, costs: [[Double]]?,
    achieved: Double?, warnings: [String]
  ) {
    self.featureNames = featureNames
    self.labels = labels
    self.member = member
    self.positive = positive
    self.threshold = threshold
    self.costs = costs
    self.achieved = achieved
    ownWarnings = warnings
  }

  public init(archive: LearnerArchive) throws {
    let parts = try StoredParts(archive, kinds: [TunedThreshold.kind])
    let state = try parts.settings(State.self)
    let members = try parts.classifiers(labels: state.labels)
    let isSquare = state.costs.map { $0.count == state.labels.count && $0.allSatisfy { $0.count == state.labels.count } } ?? true
    guard members.count == 1, state.labels.indices.contains(state.positive), isSquare,
      state.threshold != nil ? state.labels.count == 2 : state.costs != nil
    else {
      throw LearnerError("the archive of tuned_threshold does not fit its classes")
    }
    self.init(
      featureNames: state.featureNames, labels: state.labels, member: members[0], positive: state.positive, threshold: state.threshold,
      costs: state.costs, achieved: state.achieved, warnings: state.warnings)
  }
}
