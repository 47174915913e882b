import Foundation
import MartletCore
public import Tables

/// A fitted linear model of a number: `y = link(x · coefficients + intercept)`.
public struct LinearModel: FittedRegressor, FittedWithWarnings {
  /// What the linear form is turned into.
  public enum Link: String, Sendable, Codable {
    case identity
    /// The exponential, for counts.
    case log
  }

  public let kind: String
  public let featureNames: [String]
  /// One a feature.
  public let coefficients: [Double]
  public let intercept: Double
  public let link: Link
  /// Rounds that the solver needed; 1 for solvers in closed form.
  public let iterations: Int
  /// The penalty that was chosen by cross-validation, or the given one; `nil` where there is none.
  public let alpha: Double?
  public let warnings: [String]

  init(
    kind: String, featureNames: [String], coefficients: [Double], intercept: Double, link: Link = .identity, iterations: Int = 1,
    alpha: Double? = nil, warnings: [String] = []
  ) {
    self.kind = kind
    self.featureNames = featureNames
    self.coefficients = coefficients
    self.intercept = intercept
    self.link = link
    self.iterations = iterations
    self.alpha = alpha
    self.warnings = warnings
  }

  public func predict(_ x: FeatureMatrix) throws -> [Double] {
    try FeatureCheck.prediction(x, featureNames, kind)
    let linear = RowMatrix(x).times(coefficients, intercepts: [intercept])
    return link == .identity ? linear : linear.map(exp)
  }

  private struct State: Codable {
    var featureNames: [String], link: Link, iterations: Int, alpha: Double?, warnings: [String]
  }

  public func archive() throws -> LearnerArchive {
    try StoredParts.make(
      kind, State(featureNames: featureNames, link: link, iterations: iterations, alpha: alpha, warnings: warnings),
      ["coefficients": (coefficients, [coefficients.count]), "intercept": ([intercept], [1])])
  }

  /// The kinds whose fits are linear models of a number.
  public static let kinds = [
    LinearRegression.kind, Ridge.kind, Lasso.kind, ElasticNet.kind, HuberRegression.kind, PoissonRegression.kind, SGDRegressor.kind,
  ]

  public init(archive: LearnerArchive) throws {
    let parts = try StoredParts(archive, kinds: Self.kinds)
    let state = try parts.settings(State.self)
    self.init(
      kind: archive.kind, featureNames: state.featureNames, coefficients: try parts.doubles("coefficients", state.featureNames.count),
      intercept: try parts.doubles("intercept", 1)[0], link: state.link, iterations: state.iterations, alpha: state.alpha,
      warnings: state.warnings)
  }
}
