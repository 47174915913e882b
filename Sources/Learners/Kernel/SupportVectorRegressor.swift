import CLearners
import Foundation
import MartletCore
public import Tables

/// A support vector machine for numbers (libsvm): errors below `epsilon` cost nothing.
public struct SupportVectorRegressor: Learner {
  public static let kind = "svr"

  public var kernel: SVMKernel
  public var c: Double
  public var epsilon: Double
  public var gamma: SVMGamma
  public var degree: Int
  public var shift: Double
  public var tolerance: Double
  /// Memory for kernel values, in MiB.
  public var cache: Double

  public init(
    kernel: SVMKernel = .rbf, c: Double = 1, epsilon: Double = 0.1, gamma: SVMGamma = .scale, degree: Int = 3, shift: Double = 0,
    tolerance: Double = 1e-3, cache: Double = 200
  ) {
    self.kernel = kernel
    self.c = c
    self.epsilon = epsilon
    self.gamma = gamma
    self.degree = degree
    self.shift = shift
    self.tolerance = tolerance
    self.cache = cache
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    try SettingRange.check(c > 0 && c.isFinite, Self.kind, "c", c, "above 0")
    try SettingRange.check(epsilon >= 0, Self.kind, "epsilon", epsilon, "0 or more")
    try SettingRange.check(tolerance > 0, Self.kind, "tolerance", tolerance, "above 0")
    let rows = try TrainingRows(Self.kind, x, target, weights: weights, .sparse)
    let y = try rows.values()
    let (repeats, scale) = try SupportVectorSolver.repeated(rows.weights, kind: Self.kind)
    let function = KernelFunction(kernel: kernel, gamma: try gamma.resolved(rows), shift: shift, degree: degree)
    let chosen = rows.x.taking(repeats)
    let solution = try SupportVectorSolver.solve(
      chosen, repeats.map { y[$0] },
      .init(type: EPSILON_SVR, kernel: function, c: c * scale, epsilon: epsilon, tolerance: tolerance, cache: cache))
    return SupportVectorRegressorModel(
      featureNames: rows.names, function: function, vectors: chosen.taking(solution.vectors).spread(),
      coefficients: solution.coefficients.first ?? [], constant: -(solution.constants.first ?? 0))
  }
}

/// A fitted ``SupportVectorRegressor``.
public struct SupportVectorRegressorModel: FittedRegressor {
  public var kind: String { SupportVectorRegressor.kind }
  public let featureNames: [String]
  let function: KernelFunction
  let vectors: [Double]
  let coefficients: [Double]
  let constant: Double

  public func predict(_ x: FeatureMatrix) throws -> [Double] {
    try FeatureCheck.prediction(x, featureNames, kind)
    return function.sums(RowMatrix(x), vectors, coefficients, outputs: 1).map { $0 + constant }
  }

  private struct State: Codable { var featureNames: [String], function: KernelFunction }

  public func archive() throws -> LearnerArchive {
    try StoredParts.make(
      kind, State(featureNames: featureNames, function: function),
      [
        "vectors": (vectors, [coefficients.count, featureNames.count]), "coefficients": (coefficients, [coefficients.count]),
        "constant": ([constant], [1]),
      ])
  }

  init(featureNames: [String], function: KernelFunction, vectors: [Double], coefficients: [Double], constant: Double) {
    self.featureNames = featureNames
    self.function = function
    self.vectors = vectors
    self.coefficients = coefficients
    self.constant = constant
  }

  public init(archive: LearnerArchive) throws {
    let parts = try StoredParts(archive, kinds: [SupportVectorRegressor.kind])
    let state = try parts.settings(State.self)
    let coefficients = try parts.doubles("coefficients", -1)
    self.init(
      featureNames: state.featureNames, function: state.function,
      vectors: try parts.doubles("vectors", coefficients.count, state.featureNames.count), coefficients: coefficients,
      constant: try parts.doubles("constant", 1)[0])
  }
}
