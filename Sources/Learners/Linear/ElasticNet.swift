import MartletCore
public import Tables

/// Least squares with a penalty on the absolute coefficients, which sets many to 0 (Tibshirani 1996).
public struct Lasso: Learner {
  public static let kind = "lasso"

  /// The penalty's weight; `nil` chooses it by cross-validation.
  public var alpha: Double?
  public var intercept: Bool
  public var folds: Int
  public var iterations: Int
  /// The fit ends when the duality gap falls below this share of the target's squares.
  public var tolerance: Double

  public init(alpha: Double? = nil, intercept: Bool = true, folds: Int = 5, iterations: Int = 10_000, tolerance: Double = 1e-8) {
    self.alpha = alpha
    self.intercept = intercept
    self.folds = folds
    self.iterations = iterations
    self.tolerance = tolerance
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    let rows = try TrainingRows(Self.kind, x, target, weights: weights, .sparse)
    let net = ElasticNet(alpha: alpha, mix: 1, intercept: intercept, folds: folds, iterations: iterations, tolerance: tolerance)
    return try net.fit(rows, context)
  }
}

/// Least squares with both penalties (Zou and Hastie 2005), by coordinate descent:
/// `Σ w (y - x·b)² / (2 Σ w) + alpha (mix |b|₁ + (1 - mix) |b|² / 2)`.
public struct ElasticNet: Learner {
  public static let kind = "elastic_net"

  /// The penalty's weight; `nil` chooses it by cross-validation.
  public var alpha: Double?
  /// The share of the absolute penalty: 1 is the lasso.
  public var mix: Double
  public var intercept: Bool
  public var folds: Int
  public var iterations: Int
  /// The fit ends when the duality gap falls below this share of the target's squares.
  public var tolerance: Double

  public init(
    alpha: Double? = nil, mix: Double = 0.5, intercept: Bool = true, folds: Int = 5, iterations: Int = 10_000, tolerance: Double = 1e-8
  ) {
    self.alpha = alpha
    self.mix = mix
    self.intercept = intercept
    self.folds = folds
    self.iterations = iterations
    self.tolerance = tolerance
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    try fit(TrainingRows(Self.kind, x, target, weights: weights, .sparse), context)
  }

  /// The coefficients along falling penalties, each fit starting from the one before.
  /// - Parameter alphas: falling; a hundred from the smallest that leaves no feature down to a thousandth of it if `nil`.
  /// - Returns: the penalties, and a model for each.
  public func path(
    _ x: FeatureMatrix, _ target: Target, weights: [Double]? = nil, alphas: [Double]? = nil
  ) throws -> [(alpha: Double, model: LinearModel)] {
    let rows = try TrainingRows(Self.kind, x, target, weights: weights, .sparse)
    var descent = try CoordinateDescent(rows, values: rows.values(), intercept: intercept)
    return try (alphas ?? descent.alphas(mix: mix)).map { ($0, try model(rows, &descent, alpha: $0)) }
  }

  func fit(_ rows: TrainingRows, _ context: FitContext) throws -> LinearModel {
    if let alpha { try SettingRange.check(alpha > 0 && alpha.isFinite, rows.kind, "alpha", alpha, "above 0; use linear or ridge for none") }
    try SettingRange.check(mix > 0 && mix <= 1, rows.kind, "mix", mix, "above 0 and at most 1; use ridge for 0")
    try SettingRange.check(iterations > 0, rows.kind, "iterations", iterations, "1 or more")
    try SettingRange.check(tolerance > 0, rows.kind, "tolerance", tolerance, "above 0")
    var descent = try CoordinateDescent(rows, values: rows.values(), intercept: intercept)
    guard let alpha else {
      let alphas = descent.alphas(mix: mix)
      guard descent.targetSquares > 0 else { return try model(rows, &descent, alpha: 1) }
      let chosen = try crossValidated(rows, alphas, context)
      // Down the path, as a cold start at a small penalty takes many more rounds.
      for larger in alphas where larger > chosen {
        _ = try descent.solve(alpha: larger, mix: mix, iterations: iterations, tolerance: tolerance)
      }
      return try model(rows, &descent, alpha: chosen)
    }
    return try model(rows, &descent, alpha: alpha)
  }

  private func model(_ rows: TrainingRows, _ descent: inout CoordinateDescent, alpha: Double) throws -> LinearModel {
    let rounds = try descent.solve(alpha: alpha, mix: mix, iterations: iterations, tolerance: tolerance)
    var warnings: [String] = []
    if rounds == nil { warnings.append("\(rows.kind) did not converge in \(iterations) rounds: raise iterations, or scale the features") }
    return LinearModel(
      kind: rows.kind, featureNames: rows.names, coefficients: descent.coefficients, intercept: descent.constant,
      iterations: rounds ?? iterations, alpha: alpha, warnings: warnings)
  }

  private func crossValidated(_ rows: TrainingRows, _ alphas: [Double], _ context: FitContext) throws -> Double {
    let y = try rows.values()
    let parts = try KeyedFolds.make(count: rows.rows, folds: folds, seed: context.seed, kind: rows.kind)
    let errors = try Parallel.map(parts.count, threads: context.threads) { fold -> [Double] in
      let held = parts[fold]
      let others = parts.indices.filter { $0 != fold }.flatMap { parts[$0] }.sorted()
      let part = try TrainingRows(
        rows.kind, rows.features.taking(others), .values(others.map { y[$0] }), weights: others.map { rows.weights[$0] }, .sparse)
      let test = RowMatrix(rows.features.taking(held))
      var descent = try CoordinateDescent(part, values: part.values(), intercept: intercept)
      return try alphas.map { alpha in
        _ = try descent.solve(alpha: alpha, mix: mix, iterations: iterations, tolerance: tolerance)
        let predicted = test.times(descent.coefficients, intercepts: [descent.constant])
        return zip(held, predicted).reduce(0) { $0 + rows.weights[$1.0] * (y[$1.0] - $1.1) * (y[$1.0] - $1.1) }
      }
    }
    let sums = alphas.indices.map { place in errors.reduce(0) { $0 + $1[place] } }
    return zip(alphas, sums).min { $0.1 < $1.1 }?.0 ?? alphas[0]
  }
}
