import Foundation
import MartletCore
public import Tables

/// A coefficient with its uncertainty.
public struct CoefficientEstimate: Sendable, Hashable, Codable {
  /// The feature, or `intercept`.
  public var name: String
  public var value: Double
  public var standardError: Double
  /// The value in standard errors: Student's t for least squares, normal for logistic regression.
  public var statistic: Double
  /// The probability of a value this far from 0 or farther if the true one were 0.
  public var pValue: Double
  /// The ends of the interval.
  public var low: Double
  public var high: Double
}

extension LinearRegression {
  /// Fits, and says how sure each coefficient is, supposing errors of equal variance that do not depend on each other. Weights count
  /// repetitions.
  /// - Parameter confidence: of the intervals.
  /// - Returns: the intercept first if there is one, then a line a feature.
  /// - Throws: `LearnerError` if features are collinear, or there are no more rows than coefficients.
  public func estimates(
    _ x: FeatureMatrix, _ target: Target, weights: [Double]? = nil, confidence: Double = 0.95
  ) throws -> [CoefficientEstimate] {
    let rows = try TrainingRows(Self.kind, x, target, weights: weights)
    let y = try rows.values()
    let model = try LeastSquares(rows, alpha: 0, intercept: intercept, cutoff: cutoff, kind: Self.kind).model()
    let free = rows.totalWeight - Double(rows.columns) - (intercept ? 1 : 0)
    guard free > 0 else {
      throw LearnerError(
        "\(rows.rows) rows leave nothing to estimate the errors of \(rows.columns) coefficients from", expected: "more rows")
    }
    let said = rows.x.times(model.coefficients, intercepts: [model.intercept])
    let variance = y.indices.reduce(0.0) { $0 + rows.weights[$1] * (y[$1] - said[$1]) * (y[$1] - said[$1]) } / free
    let spread = try CoefficientSpread(rows, weights: rows.weights, intercept: intercept)
    let quantile = Probability.studentQuantile((1 + confidence) / 2, degrees: free)
    return spread.estimates(names: rows.names, model.coefficients, model.intercept, variance: variance, quantile: quantile) {
      Probability.studentTwoSided($0, degrees: free)
    }
  }
}

extension LogisticRegression {
  /// Fits two classes without a penalty, and says how sure each coefficient is, from the curvature of the likelihood (Wald). Weights count
  /// repetitions.
  /// - Parameter confidence: of the intervals.
  /// - Returns: the intercept first if there is one, then a line a feature.
  /// - Throws: `LearnerError` if there are more classes, features are collinear, or the classes are separable.
  public func estimates(
    _ x: FeatureMatrix, _ target: Target, weights: [Double]? = nil, confidence: Double = 0.95
  ) throws -> [CoefficientEstimate] {
    let rows = try TrainingRows(Self.kind, x, target, weights: weights)
    guard try rows.classes().count == 2 else { throw LearnerError("estimates are for two classes", expected: "a target of two classes") }
    let plain = LogisticRegression(penalty: .none, intercept: intercept, tolerance: tolerance, iterations: min(iterations, 100))
    guard let model = try plain.fit(x, target, weights: weights, context: FitContext(threads: 1)) as? LogisticModel,
      model.warnings.isEmpty
    else {
      throw LearnerError(
        "the likelihood has no finite maximum: the classes are separable", remedy: "leave out the feature that separates them")
    }
    let scores = rows.x.times(model.coefficients, intercepts: model.intercepts)
    let curvature = zip(scores, rows.weights).map { score, weight in
      let p = LogisticModel.sigmoid(score)
      return weight * p * (1 - p)
    }
    let spread = try CoefficientSpread(rows, weights: curvature, intercept: intercept)
    let quantile = Probability.normalQuantile((1 + confidence) / 2)
    return spread.estimates(names: rows.names, model.coefficients, model.intercepts[0], variance: 1, quantile: quantile) {
      Probability.normalTwoSided($0)
    }
  }
}

/// The inverse of the weighted cross products: how far coefficients vary per unit of error variance.
private struct CoefficientSpread {
  let slopes: [Double]
  let constant: Double?

  init(_ rows: TrainingRows, weights: [Double], intercept: Bool) throws {
    guard case .dense(let values) = rows.x.layout else { throw LearnerError("estimates need dense rows") }
    let p = rows.columns, total = weights.reduce(0, +)
    let means = intercept ? rows.x.means(weights) : [Double](repeating: 0, count: p)
    var matrix = try DenseAlgebra.gram(
      DenseAlgebra.centred(values, rows: rows.rows, means: means, weights: weights), rows: rows.rows, columns: p)
    // Columns of one scale keep the inverse exact.
    let scales = (0..<p).map { matrix[$0 * (p + 1)] > 0 ? matrix[$0 * (p + 1)].squareRoot() : 1 }
    for place in matrix.indices { matrix[place] /= scales[place / p] * scales[place % p] }
    guard let scaled = try DenseAlgebra.inverse(matrix, size: p), (0..<p).allSatisfy({ scaled[$0 * (p + 1)] < 1e12 }) else {
      throw LearnerError(
        "the features are collinear: their coefficients cannot be told apart", remedy: "leave out what follows from others")
    }
    let inverse = scaled.indices.map { scaled[$0] / (scales[$0 / p] * scales[$0 % p]) }
    slopes = (0..<p).map { inverse[$0 * (p + 1)] }
    var between = 1 / total
    for row in 0..<p { for column in 0..<p { between += means[row] * inverse[row * p + column] * means[column] } }
    constant = intercept ? between : nil
  }

  func estimates(
    names: [String], _ coefficients: [Double], _ intercept: Double, variance: Double, quantile: Double, _ pValue: (Double) -> Double
  ) -> [CoefficientEstimate] {
    func line(_ name: String, _ value: Double, _ spread: Double) -> CoefficientEstimate {
      let error = (variance * spread).squareRoot()
      return CoefficientEstimate(
        name: name, value: value, standardError: error, statistic: value / error, pValue: pValue(value / error),
        low: value - quantile * error, high: value + quantile * error)
    }
    return (constant.map { [line("intercept", intercept, $0)] } ?? []) + names.indices.map { line(names[$0], coefficients[$0], slopes[$0]) }
  }
}
