import Foundation
public import MartletCore
public import Tables

/// Logistic regression, of two classes or many (multinomial): `C Σ w loss + penalty`, the constant unpenalised.
///
/// Smooth penalties are solved by Newton's method with Cholesky where the features are few, by L-BFGS otherwise and on sparse rows;
/// absolute ones by OWL-QN.
public struct LogisticRegression: Learner {
  public static let kind = "logistic"

  public enum Penalty: String, Sendable, Codable {
    case none
    case l1, l2
    case elasticNet = "elastic_net"
  }

  public var penalty: Penalty
  /// The inverse of the penalty's weight.
  public var c: Double
  /// The share of the absolute penalty in `elastic_net`.
  public var mix: Double
  public var intercept: Bool
  public var classWeights: ClassWeights?
  /// No component of the mean loss's gradient may be larger at the end.
  public var tolerance: Double
  public var iterations: Int

  public init(
    penalty: Penalty = .l2, c: Double = 1, mix: Double = 0.5, intercept: Bool = true, classWeights: ClassWeights? = nil,
    tolerance: Double = 1e-8, iterations: Int = 1000
  ) {
    self.penalty = penalty
    self.c = c
    self.mix = mix
    self.intercept = intercept
    self.classWeights = classWeights
    self.tolerance = tolerance
    self.iterations = iterations
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    try SettingRange.check(c > 0 && c.isFinite, Self.kind, "c", c, "above 0")
    try SettingRange.check(mix >= 0 && mix <= 1, Self.kind, "mix", mix, "0 to 1")
    try SettingRange.check(tolerance > 0, Self.kind, "tolerance", tolerance, "above 0")
    try SettingRange.check(iterations > 0, Self.kind, "iterations", iterations, "1 or more")
    let rows = try TrainingRows(Self.kind, x, target, weights: weights, .sparse)
    let classes = try rows.classes()
    let rowWeights = try ClassWeights.apply(classWeights, classes, rows.weights, kind: Self.kind)
    let strength = 1 / (c * rowWeights.reduce(0, +))
    let share = penalty == .l1 ? 1 : penalty == .elasticNet ? mix : 0
    let l2 = penalty == .none ? 0 : strength * (1 - share)
    let l1 = penalty == .none ? 0 : strength * share
    let loss = try LogisticLoss(rows.x, classes, weights: rowWeights, l2: l2, intercept: intercept)
    let outcome = try loss.minimized(l1: l1, iterations: iterations, tolerance: tolerance)
    var warnings: [String] = []
    if !outcome.converged {
      warnings.append(
        "logistic did not converge in \(outcome.iterations) rounds"
          + (penalty == .none ? ": the classes may be separable, and then no finite coefficients are best" : ": scale the features"))
    }
    let (coefficients, intercepts) = loss.split(outcome.point)
    return LogisticModel(
      kind: Self.kind, featureNames: rows.names, labels: classes.labels, present: classes.present, coefficients: coefficients,
      intercepts: intercepts, link: classes.count == 2 ? .sigmoid : .softmax, iterations: outcome.iterations, warnings: warnings)
  }
}
