import CLearners
import Foundation
import MartletCore
public import Tables

/// The region that most rows lie in (Schölkopf and others 2001, libsvm): rows outside are unusual.
public struct OneClassSVM: Learner {
  public static let kind = "one_class_svm"

  public var kernel: SVMKernel
  /// At most this share of the training rows lies outside.
  public var nu: Double
  public var gamma: SVMGamma
  public var degree: Int
  public var shift: Double
  public var tolerance: Double
  /// Memory for kernel values, in MiB.
  public var cache: Double

  public init(
    kernel: SVMKernel = .rbf, nu: Double = 0.05, gamma: SVMGamma = .scale, degree: Int = 3, shift: Double = 0, tolerance: Double = 1e-3,
    cache: Double = 200
  ) {
    self.kernel = kernel
    self.nu = nu
    self.gamma = gamma
    self.degree = degree
    self.shift = shift
    self.tolerance = tolerance
    self.cache = cache
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    try SettingRange.check(nu > 0 && nu <= 1, Self.kind, "nu", nu, "above 0 and at most 1")
    try SettingRange.check(tolerance > 0, Self.kind, "tolerance", tolerance, "above 0")
    let rows = try TrainingRows(Self.kind, x, nil, weights: weights, .sparse)
    let (repeats, _) = try SupportVectorSolver.repeated(rows.weights, kind: Self.kind)
    let function = KernelFunction(kernel: kernel, gamma: try gamma.resolved(rows), shift: shift, degree: degree)
    let chosen = rows.x.taking(repeats)
    let solution = try SupportVectorSolver.solve(
      chosen, [Double](repeating: 1, count: repeats.count),
      .init(type: ONE_CLASS, kernel: function, nu: nu, tolerance: tolerance, cache: cache))
    return OneClassSVMModel(
      featureNames: rows.names, function: function, vectors: chosen.taking(solution.vectors).spread(),
      coefficients: solution.coefficients.first ?? [], constant: -(solution.constants.first ?? 0))
  }
}

/// A fitted ``OneClassSVM``.
public struct OneClassSVMModel: FittedAnomalyDetector {
  public var kind: String { OneClassSVM.kind }
  public let featureNames: [String]
  let function: KernelFunction
  let vectors: [Double]
  let coefficients: [Double]
  let constant: Double
  /// The edge of the region.
  public var threshold: Double { 0 }

  /// How far outside the region a row lies; below 0 inside.
  public func anomalyScores(_ x: FeatureMatrix) throws -> [Double] {
    try FeatureCheck.prediction(x, featureNames, kind)
    return function.sums(RowMatrix(x), vectors, coefficients, outputs: 1).map { -($0 + constant) }
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
    let parts = try StoredParts(archive, kinds: [OneClassSVM.kind])
    let state = try parts.settings(State.self)
    let coefficients = try parts.doubles("coefficients", -1)
    self.init(
      featureNames: state.featureNames, function: state.function,
      vectors: try parts.doubles("vectors", coefficients.count, state.featureNames.count), coefficients: coefficients,
      constant: try parts.doubles("constant", 1)[0])
  }
}
