import MartletCore
public import Tables

/// Ordinary least squares by singular values; collinear features share their effect (the solution of the smallest norm).
public struct LinearRegression: Learner {
  public static let kind = "linear"

  /// Whether a constant is added.
  public var intercept: Bool
  /// Singular values below this share of the largest count as 0; the machine's precision times the larger dimension if `nil`.
  public var cutoff: Double?

  public init(intercept: Bool = true, cutoff: Double? = nil) {
    self.intercept = intercept
    self.cutoff = cutoff
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    let rows = try TrainingRows(Self.kind, x, target, weights: weights, .sparse)
    return try LeastSquares(rows, alpha: 0, intercept: intercept, cutoff: cutoff, kind: Self.kind).model()
  }
}

/// Least squares with a penalty on the squares of the coefficients (Hoerl and Kennard 1970): `Σ w (y - x·b)² + alpha |b|²`.
public struct Ridge: Learner {
  public static let kind = "ridge"

  /// The penalty's weight; `nil` chooses among `alphas` by leaving out one row at a time.
  public var alpha: Double?
  public var alphas: [Double]
  public var intercept: Bool

  public init(alpha: Double? = 1, alphas: [Double] = [0.01, 0.1, 1, 10, 100, 1000], intercept: Bool = true) {
    self.alpha = alpha
    self.alphas = alphas
    self.intercept = intercept
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    if let alpha { try SettingRange.check(alpha >= 0 && alpha.isFinite, Self.kind, "alpha", alpha, "0 or more") }
    let rows = try TrainingRows(Self.kind, x, target, weights: weights, alpha == nil ? [] : .sparse)
    guard let alpha else {
      try SettingRange.check(!alphas.isEmpty && alphas.allSatisfy { $0 > 0 }, Self.kind, "alphas", alphas, "numbers above 0")
      let chosen = try LeastSquares(rows, alpha: 0, intercept: intercept, cutoff: nil, kind: Self.kind).bestByLeavingOneOut(alphas)
      return try LeastSquares(rows, alpha: chosen, intercept: intercept, cutoff: nil, kind: Self.kind).model()
    }
    return try LeastSquares(rows, alpha: alpha, intercept: intercept, cutoff: nil, kind: Self.kind).model()
  }
}
