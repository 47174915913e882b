import Foundation
import MartletCore
public import Tables

/// Linear regression that outliers pull only linearly, with its own estimate of the scale (Huber and Ronchetti, 2009, p. 172).
public struct HuberRegression: Learner {
  public static let kind = "huber"

  /// Residuals above this many scales count linearly.
  public var epsilon: Double
  public var alpha: Double
  public var intercept: Bool
  public var iterations: Int
  public var tolerance: Double

  public init(epsilon: Double = 1.35, alpha: Double = 1e-4, intercept: Bool = true, iterations: Int = 1000, tolerance: Double = 1e-8) {
    self.epsilon = epsilon
    self.alpha = alpha
    self.intercept = intercept
    self.iterations = iterations
    self.tolerance = tolerance
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    try SettingRange.check(epsilon >= 1, Self.kind, "epsilon", epsilon, "1 or more")
    try SettingRange.check(alpha >= 0, Self.kind, "alpha", alpha, "0 or more")
    let rows = try TrainingRows(Self.kind, x, target, weights: weights, .sparse)
    let y = try rows.values()
    let p = rows.columns, total = rows.totalWeight
    let meanY = intercept ? zip(y, rows.weights).reduce(0) { $0 + $1.0 * $1.1 } / total : 0
    let spread = (zip(y, rows.weights).reduce(0) { $0 + ($1.0 - meanY) * ($1.0 - meanY) * $1.1 } / total).squareRoot()
    guard spread > 0 else {
      return LinearModel(
        kind: Self.kind, featureNames: rows.names, coefficients: [Double](repeating: 0, count: p), intercept: meanY, alpha: alpha,
        warnings: ["the target is \(meanY) in every row"])
    }
    let means = intercept ? rows.x.means(rows.weights) : [Double](repeating: 0, count: p)
    let scales = rows.x.variances(rows.weights, around: means).map { $0 > 0 ? $0.squareRoot() : 1 }
    let tensor = try rows.x.denseTensor()
    // Parameters: coefficients of standardised columns and the constant, both in spreads of the target; the logarithm of the scale.
    let search = QuasiNewton(iterations: iterations, tolerance: tolerance)
    func plain(_ point: [Double]) -> (coefficients: [Double], constant: Double) {
      let coefficients = zip(point, scales).map { $0 * spread / $1 }
      let shift = zip(coefficients, means).reduce(0) { $0 + $1.0 * $1.1 }
      return (coefficients, intercept ? meanY + spread * point[p] - shift : 0)
    }
    let outcome = try search.minimize(from: [Double](repeating: 0, count: p + 2)) { point in
      let (coefficients, constant) = plain(point)
      let sigma = exp(point[p + 1])
      var residuals = try rows.x.product(coefficients, intercepts: [constant], tensor)
      var value = sigma, slope = sigma
      for row in residuals.indices {
        let r = (y[row] - residuals[row]) / spread, share = rows.weights[row] / total
        if abs(r) <= epsilon * sigma {
          value += share * r * r / sigma
          slope -= share * r * r / sigma
          residuals[row] = -2 * share * r / sigma
        } else {
          value += share * (2 * epsilon * abs(r) - sigma * epsilon * epsilon)
          slope -= share * sigma * epsilon * epsilon
          residuals[row] = share * (r > 0 ? -2 * epsilon : 2 * epsilon)
        }
      }
      let sum = residuals.reduce(0, +)
      let products = try rows.x.transposedProduct(residuals, outputs: 1, tensor)
      var gradient = [Double](repeating: 0, count: p + 2)
      // The original objective is this one times the spread and the total weight.
      let strength = alpha / (total * spread)
      for column in 0..<p {
        let b = coefficients[column]
        value += strength * b * b
        gradient[column] = (products[column] - means[column] * sum) / scales[column] + 2 * strength * b * spread / scales[column]
      }
      if intercept { gradient[p] = sum }
      gradient[p + 1] = slope
      return (value, gradient)
    }
    let (coefficients, constant) = plain(outcome.point)
    return LinearModel(
      kind: Self.kind, featureNames: rows.names, coefficients: coefficients, intercept: constant, iterations: outcome.iterations,
      alpha: alpha, warnings: outcome.converged ? [] : ["huber did not converge in \(outcome.iterations) rounds"])
  }
}
