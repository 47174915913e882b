import Foundation
public import MartletCore
public import Tables

/// Logistic regression on counts that are multiplied by naive Bayes' log-count ratios (Wang and Manning 2012, there with a support vector
/// machine): `r = log((s₊ + alpha) / |s₊ + alpha|₁) - log((s₋ + alpha) / |s₋ + alpha|₁)`, s being the sums of the features over the rows of
/// a class and over all others. Strong on short texts, where either alone is weaker.
///
/// Two classes are one model, more are one for each against the rest. The ratios are part of the coefficients in the end, so that the
/// fitted model is a ``LogisticModel`` of the counts themselves.
public struct NaiveBayesLogistic: Learner {
  public static let kind = "nb_logistic"

  /// Added to every sum (Lidstone).
  public var alpha: Double
  /// The inverse of the squared penalty's weight.
  public var c: Double
  /// Weights of the classes in the regression; the ratios are of the rows as they are.
  public var classWeights: ClassWeights?
  /// No component of the mean loss's gradient may be larger at the end.
  public var tolerance: Double
  public var iterations: Int

  public init(alpha: Double = 0.1, c: Double = 3, classWeights: ClassWeights? = nil, tolerance: Double = 1e-8, iterations: Int = 1000) {
    self.alpha = alpha
    self.c = c
    self.classWeights = classWeights
    self.tolerance = tolerance
    self.iterations = iterations
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    try SettingRange.check(c > 0 && c.isFinite, Self.kind, "c", c, "above 0")
    try SettingRange.check(tolerance > 0, Self.kind, "tolerance", tolerance, "above 0")
    try SettingRange.check(iterations > 0, Self.kind, "iterations", iterations, "1 or more")
    let counts = try ClassCounts(Self.kind, x, target, weights, alpha: alpha)
    let rows = counts.rows, classes = counts.classes
    let rowWeights = try ClassWeights.apply(classWeights, classes, rows.weights, kind: Self.kind)
    let l2 = 1 / (c * rowWeights.reduce(0, +))
    var coefficients: [Double] = [], intercepts: [Double] = [], most = 0, warnings: [String] = []
    for code in classes.count == 2 ? [1] : Array(0..<classes.count) {
      let ratios = counts.ratios(code, alpha: alpha)
      let one = RowClasses(labels: ["rest", "one"], present: [0, 1], codes: classes.codes.map { $0 == code ? 1 : 0 })
      let loss = try LogisticLoss(rows.x.multiplied(byColumn: ratios), one, weights: rowWeights, l2: l2, intercept: true)
      let outcome = try loss.minimized(iterations: iterations, tolerance: tolerance)
      let (own, constants) = loss.split(outcome.point)
      coefficients += zip(own, ratios).map { $0 * $1 }
      intercepts += constants
      most = max(most, outcome.iterations)
      if !outcome.converged {
        warnings.append("\(Self.kind) did not converge in \(outcome.iterations) rounds for '\(classes.labels[classes.present[code]])'")
      }
    }
    return LogisticModel(
      kind: Self.kind, featureNames: rows.names, labels: classes.labels, present: classes.present, coefficients: coefficients,
      intercepts: intercepts, link: classes.count == 2 ? .sigmoid : .oneVersusRest, iterations: most, warnings: warnings)
  }
}

extension ClassCounts {
  /// How much more often each feature comes with a class than with all others: the logarithm of the ratio of its shares.
  func ratios(_ code: Int, alpha: Double) -> [Double] {
    let p = rows.columns
    var own = [Double](repeating: alpha, count: p), others = own
    for place in sums.indices {
      if place / p == code { own[place % p] += sums[place] } else { others[place % p] += sums[place] }
    }
    let difference = log(others.reduce(0, +)) - log(own.reduce(0, +))
    return (0..<p).map { log(own[$0]) - log(others[$0]) + difference }
  }
}
