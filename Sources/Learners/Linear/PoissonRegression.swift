import Foundation
import MartletCore
public import Tables

/// Regression of counts: the logarithm of the mean is linear. `Σ w (μ - y log μ) / Σ w + alpha |b|² / 2`.
public struct PoissonRegression: Learner {
  public static let kind = "poisson"

  public var alpha: Double
  public var intercept: Bool
  public var iterations: Int
  public var tolerance: Double

  public init(alpha: Double = 1, intercept: Bool = true, iterations: Int = 1000, tolerance: Double = 1e-8) {
    self.alpha = alpha
    self.intercept = intercept
    self.iterations = iterations
    self.tolerance = tolerance
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    try SettingRange.check(alpha >= 0, Self.kind, "alpha", alpha, "0 or more")
    let rows = try TrainingRows(Self.kind, x, target, weights: weights, .sparse)
    let y = try rows.values()
    if let row = y.firstIndex(where: { $0 < 0 }) {
      throw LearnerError("the target of row \(rows.places?[row] ?? row) is \(y[row])", expected: "0 or more, as counts are")
    }
    let p = rows.columns, total = rows.totalWeight
    let mean = zip(y, rows.weights).reduce(0) { $0 + $1.0 * $1.1 } / total
    guard mean > 0 else { throw LearnerError("all counts are 0", expected: "at least one above 0") }
    // Scaled columns make the search's first steps sensible; the penalty follows the original scale.
    let means = rows.x.means(rows.weights)
    let scales = zip(rows.x.variances(rows.weights, around: means), means).map { variance, mean in
      let size = (intercept ? variance : variance + mean * mean).squareRoot()
      return size > 0 ? size : 1
    }
    let tensor = try rows.x.denseTensor()
    var start = [Double](repeating: 0, count: p + 1)
    if intercept { start[p] = log(mean) }
    let search = QuasiNewton(iterations: iterations, tolerance: tolerance)
    let outcome = try search.minimize(from: start) { point in
      let coefficients = zip(point, scales).map { $0 / $1 }
      let shift = intercept ? point[p] - zip(coefficients, means).reduce(0) { $0 + $1.0 * $1.1 } : 0
      var residuals = try rows.x.product(coefficients, intercepts: [shift], tensor)
      var value = 0.0
      for row in residuals.indices {
        let eta = residuals[row], mu = exp(eta)
        value += rows.weights[row] * (mu - y[row] * eta)
        residuals[row] = rows.weights[row] * (mu - y[row])
      }
      let sum = residuals.reduce(0, +)
      let products = try rows.x.transposedProduct(residuals, outputs: 1, tensor)
      var gradient = [Double](repeating: 0, count: p + 1)
      value /= total
      for column in 0..<p {
        let slope = intercept ? products[column] - means[column] * sum : products[column]
        gradient[column] = (slope / total + alpha * coefficients[column]) / scales[column]
        value += 0.5 * alpha * coefficients[column] * coefficients[column]
      }
      if intercept { gradient[p] = sum / total }
      return (value, gradient)
    }
    let coefficients = zip(outcome.point, scales).map { $0 / $1 }
    let constant = intercept ? outcome.point[p] - zip(coefficients, means).reduce(0) { $0 + $1.0 * $1.1 } : 0
    return LinearModel(
      kind: Self.kind, featureNames: rows.names, coefficients: coefficients, intercept: constant, link: .log,
      iterations: outcome.iterations, alpha: alpha,
      warnings: outcome.converged ? [] : ["poisson did not converge in \(outcome.iterations) rounds"])
  }
}
