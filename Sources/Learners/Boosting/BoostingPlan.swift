import Foundation
import MartletCore
import Tables

/// A fit of ``GradientBoosting``, checked and spelled for xgboost.
struct BoostingPlan {
  let settings: GradientBoosting
  let classes: RowClasses?
  let categorical: Set<Int>
  private let parameters: [(String, String)]
  private let training: BoosterRows
  /// Rows that judge the rounds.
  let validation: BoosterRows?
  let metric: String

  init(
    _ settings: GradientBoosting, _ rows: TrainingRows, validation: (x: FeatureMatrix, target: Target)?, context: FitContext
  ) throws {
    self.settings = settings
    try Self.check(settings)
    let found: RowClasses? = if case .classes = rows.target { try rows.classes() } else { nil }
    let coded = Set(rows.features.levels.keys)
    (classes, categorical) = (found, coded)
    let (labels, weights) = try Self.target(settings, rows, found)
    var held: [Int] = []
    if settings.earlyStopping != nil, validation == nil {
      held = try Self.carve(labels, isClasses: found != nil, share: settings.validationShare, seed: context.seed)
    }
    let values = try rows.features.denseValues()
    func make(_ chosen: [Int]?) throws -> BoosterRows {
      try Self.rows(chosen, values, columns: rows.columns, labels, weights, categorical: coded, threads: context.threads)
    }
    let isHeld = Set(held)
    let kept = held.isEmpty ? nil : labels.indices.filter { !isHeld.contains($0) }
    training = try make(kept)
    self.validation =
      held.isEmpty ? try validation.map { try Self.judges($0, rows.names, found, coded, threads: context.threads) } : try make(held)
    let learnt = kept ?? Array(labels.indices)
    (parameters, metric) = try Self.parameters(
      settings, rows, classes: found?.count, labels: learnt.map { labels[$0] }, weights: learnt.map { weights[$0] }, context)
  }

  /// A part of rows that come in parts: all classes are known, whether the part has them or not.
  /// - Parameter judges: the rows that judge as an earlier part's plan made them.
  init(
    stage settings: GradientBoosting, _ part: StagedRows.Rows, labels names: [String]?, validation: (x: FeatureMatrix, target: Target)?,
    judges: BoosterRows?, context: FitContext
  ) throws {
    self.settings = settings
    try Self.check(settings)
    guard settings.objective != .quantile else {
      throw LearnerError(
        "boosting: the objective quantile cannot learn from rows in parts", remedy: "use absolute-error, or rows that fit into memory")
    }
    let rows = try TrainingRows(GradientBoosting.kind, part.x, part.target, weights: part.weights, [.missing, .categories])
    let found: RowClasses?
    switch (rows.target, names) {
    case (.classes(let codes, let given), let names?) where given == names:
      found = RowClasses(labels: names, present: Array(names.indices), codes: codes)
    case (.values, nil): found = nil
    default: throw LearnerError("boosting: a part of the rows has another kind of target than the others")
    }
    let coded = Set(rows.features.levels.keys)
    (classes, categorical) = (found, coded)
    let (labels, weights) = try Self.target(settings, rows, found)
    training = try Self.rows(
      nil, rows.features.denseValues(), columns: rows.columns, labels, weights, categorical: coded, threads: context.threads)
    self.validation =
      try judges ?? validation.map { try Self.judges($0, rows.names, found, coded, threads: context.threads) }
    (parameters, metric) = try Self.parameters(settings, rows, classes: found?.count, labels: labels, weights: weights, context)
  }

  /// The target as xgboost takes it, classes by their places, and the weights with those of the classes.
  private static func target(
    _ settings: GradientBoosting, _ rows: TrainingRows, _ classes: RowClasses?
  ) throws -> (labels: [Double], weights: [Double]) {
    if case .values(let values) = rows.target {
      guard settings.classWeights == nil, settings.positiveWeight == 1 else {
        throw LearnerError("boosting: weights of classes were given for a target of numbers")
      }
      try check(values, settings.objective)
      return (values, rows.weights)
    }
    let classes = try classes ?? rows.classes()
    guard settings.objective == .automatic else {
      throw LearnerError(
        "boosting: the objective \(settings.objective.rawValue) was asked for a target of classes", expected: "automatic")
    }
    return (
      classes.codes.map(Double.init), try ClassWeights.apply(settings.classWeights, classes, rows.weights, kind: GradientBoosting.kind)
    )
  }

  /// Rows that nothing is learnt from.
  private static func judges(
    _ rows: (x: FeatureMatrix, target: Target), _ names: [String], _ classes: RowClasses?, _ categorical: Set<Int>, threads: Int
  ) throws -> BoosterRows {
    try FeatureNames.check(rows.x.names, fitted: names, kind: GradientBoosting.kind)
    return try Self.rows(
      nil, rows.x.denseValues(), columns: names.count, labels(rows.target, classes), nil, categorical: categorical, threads: threads)
  }

  /// Rows for xgboost, all or some of them.
  private static func rows(
    _ chosen: [Int]?, _ values: [Double], columns: Int, _ labels: [Double], _ weights: [Double]?, categorical: Set<Int>, threads: Int
  ) throws -> BoosterRows {
    let chosen = chosen ?? Array(labels.indices)
    let floats = [Float](unsafeUninitializedCapacity: chosen.count * columns) { floats, written in
      values.withUnsafeBufferPointer { values in
        for (place, row) in chosen.enumerated() {
          for column in 0..<columns { floats.initializeElement(at: place * columns + column, to: Float(values[row * columns + column])) }
        }
      }
      written = chosen.count * columns
    }
    let made = try BoosterRows(floats, rows: chosen.count, columns: columns, categorical: categorical, threads: threads)
    try made.set("label", chosen.map { Float(labels[$0]) })
    if let weights, chosen.contains(where: { weights[$0] != 1 }) { try made.set("weight", chosen.map { Float(weights[$0]) }) }
    return made
  }

  private static func check(_ s: GradientBoosting) throws {
    func hold(_ holds: Bool, _ name: String, _ value: Any, _ expected: String) throws {
      try SettingRange.check(holds, GradientBoosting.kind, name, value, expected)
    }
    try hold(s.rounds >= 1 && s.rounds <= 1_000_000, "rounds", s.rounds, "1 to 1,000,000")
    try hold(s.learningRate > 0 && s.learningRate <= 1, "learning-rate", s.learningRate, "above 0, at most 1")
    try hold(s.maxDepth >= 0, "max-depth", s.maxDepth, "1 or more, or 0 for no limit")
    try hold(s.maxLeaves >= 0, "max-leaves", s.maxLeaves, "2 or more, or 0 for no limit")
    try hold(s.maxDepth > 0 || s.maxLeaves > 0, "max-depth", s.maxDepth, "a limit to the depth or to the leaves")
    try hold(s.minChildWeight >= 0 && s.minChildWeight.isFinite, "min-child-weight", s.minChildWeight, "0 or more")
    try hold(s.minGain >= 0 && s.minGain.isFinite, "min-gain", s.minGain, "0 or more")
    try hold(s.rowShare > 0 && s.rowShare <= 1, "row-share", s.rowShare, "above 0, at most 1")
    try hold(s.featureShare > 0 && s.featureShare <= 1, "feature-share", s.featureShare, "above 0, at most 1")
    try hold(s.l2 >= 0 && s.l2.isFinite, "l2", s.l2, "0 or more")
    try hold(s.l1 >= 0 && s.l1.isFinite, "l1", s.l1, "0 or more")
    try hold((2...65_535).contains(s.bins), "bins", s.bins, "2 to 65,535")
    try hold(s.tweediePower > 1 && s.tweediePower < 2, "tweedie-power", s.tweediePower, "between 1 and 2")
    try hold(s.quantile > 0 && s.quantile < 1, "quantile", s.quantile, "between 0 and 1")
    try hold(s.positiveWeight > 0 && s.positiveWeight.isFinite, "positive-weight", s.positiveWeight, "above 0")
    try hold(s.validationShare > 0 && s.validationShare < 1, "validation-share", s.validationShare, "between 0 and 1")
    if let rounds = s.earlyStopping { try hold(rounds >= 1, "early-stopping", rounds, "1 or more") }
  }

  private static func check(_ values: [Double], _ objective: GradientBoosting.Objective) throws {
    let (name, least): (String, Double?) =
      switch objective {
      case .poisson, .tweedie: ("0 or more", 0)
      case .gamma: ("above 0", Double.leastNonzeroMagnitude)
      default: ("", nil)
      }
    guard let least else { return }
    if let row = values.firstIndex(where: { $0 < least }) {
      throw LearnerError(
        "boosting: the target of row \(row) is \(values[row])", expected: "\(name) for the objective \(objective.rawValue)")
    }
    guard values.contains(where: { $0 > 0 }) else { throw LearnerError("boosting: all targets are 0", expected: "some above") }
  }

  /// Rows that judge, a share of each class.
  private static func carve(_ labels: [Double], isClasses: Bool, share: Double, seed: UInt64) throws -> [Int] {
    var groups = [Array(labels.indices)]
    if isClasses {
      groups = [[Int]](repeating: [], count: Int(labels.max() ?? 0) + 1)
      for (row, label) in labels.enumerated() { groups[Int(label)].append(row) }
    }
    var random = KeyedRandom(seed: seed, purpose: "boosting.validation"), held: [Int] = []
    for group in groups {
      // A class keeps at least one row to learn from.
      held += group.shuffled(using: &random).prefix(min(Int((Double(group.count) * share).rounded()), group.count - 1))
    }
    guard !held.isEmpty else {
      throw LearnerError(
        "boosting: early stopping has no rows to judge by: \(share) of \(labels.count) rows", remedy: "a larger validation-share")
    }
    return held.sorted()
  }

  private static func labels(_ target: Target, _ classes: RowClasses?) throws -> [Double] {
    switch (target, classes) {
    case (.values(let values), nil): return values
    case (.classes(let codes, let labels), let classes?):
      guard labels == classes.labels else { throw LearnerError("boosting: the validation rows have other classes than the training rows") }
      var places: [Int: Double] = [:]
      for (place, label) in classes.present.enumerated() { places[label] = Double(place) }
      return try codes.map { code in
        guard let place = places[code] else {
          throw LearnerError(
            "boosting: a validation row has the class '\(labels.indices.contains(code) ? labels[code] : "\(code)")'",
            expected: "a class that the training rows have")
        }
        return place
      }
    default: throw LearnerError("boosting: the validation rows have another kind of target than the training rows")
    }
  }

  private static func parameters(
    _ s: GradientBoosting, _ rows: TrainingRows, classes: Int?, labels: [Double], weights: [Double], _ context: FitContext
  ) throws -> ([(String, String)], String) {
    // Starting at the mean saves the first rounds. Sorted, so that the order of rows does not matter.
    let total = weights.sorted().reduce(0, +), mean = zip(labels, weights).map { $0 * $1 }.sorted().reduce(0, +) / total
    let chosen: (objective: String, metric: String, base: Double?)
    switch (classes, s.objective) {
    case (2?, _): chosen = ("binary:logistic", "logloss", min(max(mean, 1e-6), 1 - 1e-6))
    case (.some, _): chosen = ("multi:softprob", "mlogloss", nil)
    case (nil, .automatic), (nil, .squaredError): chosen = ("reg:squarederror", "rmse", mean)
    case (nil, .quantile): chosen = ("reg:squarederror", "rmse", nil)
    case (nil, .absoluteError): chosen = ("reg:absoluteerror", "mae", nil)
    case (nil, .pseudoHuber): chosen = ("reg:pseudohubererror", "mphe", mean)
    case (nil, .poisson): chosen = ("count:poisson", "poisson-nloglik", mean)
    case (nil, .gamma): chosen = ("reg:gamma", "gamma-nloglik", mean)
    case (nil, .tweedie): chosen = ("reg:tweedie", "tweedie-nloglik@\(s.tweediePower)", mean)
    }
    var result = try trees(s, rows, classes: classes, context)
    result += [("objective", chosen.objective), ("eval_metric", chosen.metric), ("scale_pos_weight", "\(s.positiveWeight)")]
    if let base = chosen.base { result.append(("base_score", "\(Float(base))")) }
    if let classes, classes > 2 { result.append(("num_class", "\(classes)")) }
    if s.objective == .tweedie { result.append(("tweedie_variance_power", "\(s.tweediePower)")) }
    return (result, String(chosen.metric.prefix { $0 != "@" }))
  }

  /// How trees are grown, whatever they are to predict.
  static func trees(
    _ s: GradientBoosting, _ rows: TrainingRows, classes: Int?, _ context: FitContext
  ) throws -> [(String, String)] {
    try check(s)
    var result: [(String, String)] = [
      ("booster", "gbtree"), ("tree_method", "hist"), ("verbosity", "0"), ("nthread", "\(context.threads)"),
      ("seed", "\(context.seed & 0x7fff_ffff)"), ("eta", "\(s.learningRate)"), ("max_depth", "\(s.maxDepth)"),
      ("grow_policy", s.growth == .loss ? "lossguide" : "depthwise"), ("max_leaves", "\(s.maxLeaves)"),
      ("min_child_weight", "\(s.minChildWeight)"), ("gamma", "\(s.minGain)"), ("subsample", "\(s.rowShare)"),
      ("colsample_bytree", "\(s.featureShare)"), ("lambda", "\(s.l2)"), ("alpha", "\(s.l1)"), ("max_bin", "\(s.bins)"),
    ]
    var rules = TreeRules(kind: GradientBoosting.kind)
    rules.monotone = s.monotone
    try rules.check()
    if let signs = try rules.signs(rows.features, classes: classes ?? 0) {
      result.append(("monotone_constraints", "(\(signs.map { "\($0)" }.joined(separator: ",")))"))
    }
    if !s.interactions.isEmpty {
      let groups = try s.interactions.map { group in
        try group.map { name in
          guard let place = rows.names.firstIndex(of: name) else {
            throw LearnerError(
              "boosting: interactions names the feature '\(name)', which is not there",
              remedy: NearestName.of(name, among: rows.names).map { "'\($0)'" })
          }
          return place
        }
      }
      result.append(("interaction_constraints", "\(groups)"))
    }
    return result
  }

  func booster() throws -> Booster {
    let booster = try Booster([training] + [validation].compactMap { $0 })
    for (name, value) in parameters { try booster.set(name, value) }
    return booster
  }

  func boosted(_ context: FitContext) throws -> (booster: Booster, history: BoostingHistory) {
    let booster = try booster()
    if settings.objective == .quantile {
      return try QuantileBoosting(settings: settings, training: training, validation: validation).boosted(booster)
    }
    var history = BoostingHistory(metric: metric)
    for round in 0..<settings.rounds { guard try step(booster, round: round, &history) else { break } }
    return (booster, history)
  }

  /// One more round on these rows.
  /// - Returns: whether further rounds are wanted.
  func step(_ booster: Booster, round: Int, _ history: inout BoostingHistory) throws -> Bool {
    try Task.checkCancellation()
    try booster.update(round, training)
    guard let validation else { return true }
    let scores = try booster.evaluate(round, [("training", training), ("validation", validation)])
    guard scores.count == 2 else { throw LearnerError("xgboost judged round \(round) by \(scores.count) metrics", expected: "2") }
    history.training.append(scores[0])
    history.validation.append(scores[1])
    guard let patience = settings.earlyStopping else { return true }
    if history.best.map({ scores[1] < history.validation[$0] }) ?? true { history.best = round }
    return round - (history.best ?? round) < patience
  }
}
