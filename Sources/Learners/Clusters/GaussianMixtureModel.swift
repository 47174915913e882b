import MartletCore
public import Tables

/// A fitted ``GaussianMixture``: groups, densities and anomalies.
public struct GaussianMixtureModel: FittedClusterer, FittedAnomalyDetector, FittedWithWarnings {
  public var kind: String { GaussianMixture.kind }
  public let featureNames: [String]
  let state: MixtureState
  /// The mean log likelihood of the training rows.
  public let logLikelihood: Double
  /// The Bayesian information criterion: smaller is better.
  public let bic: Double
  /// Akaike's information criterion: smaller is better.
  public let aic: Double
  /// Rows whose negative log density is above it are called anomalies.
  public let threshold: Double
  public let iterations: Int
  public let warnings: [String]

  public var clusterCount: Int { state.count }
  /// `[components, features]`.
  public var means: [Double] { state.means }
  public var shares: [Double] { state.shares }
  /// `[components, features, features]` where full, `[features, features]` tied, `[components, features]` diag, `[components]` spherical.
  public var covariances: [Double] { state.covariances }

  init(
    featureNames: [String], state: MixtureState, logLikelihood: Double, bic: Double, aic: Double, threshold: Double, iterations: Int,
    warnings: [String]
  ) {
    self.featureNames = featureNames
    self.state = state
    self.logLikelihood = logLikelihood
    self.bic = bic
    self.aic = aic
    self.threshold = threshold
    self.iterations = iterations
    self.warnings = warnings
  }

  /// The probability of each component: row-major, `[rows, components]`.
  public func responsibilities(_ x: FeatureMatrix) throws -> [Double] { try expectation(x).responsibilities }

  /// The log density of each row.
  public func logDensities(_ x: FeatureMatrix) throws -> [Double] { try expectation(x).logs }

  public func assign(_ x: FeatureMatrix) throws -> [Int] {
    let shares = try responsibilities(x), k = clusterCount
    return (0..<x.rows).map { row in
      (0..<k).reduce(0) { shares[row * k + $1] > shares[row * k + $0] ? $1 : $0 }
    }
  }

  public func anomalyScores(_ x: FeatureMatrix) throws -> [Double] { try logDensities(x).map { -$0 } }

  private func expectation(_ x: FeatureMatrix) throws -> (logs: [Double], responsibilities: [Double]) {
    try FeatureCheck.prediction(x, featureNames, kind)
    return try state.expectation(x.denseValues(), threads: Parallel.defaultThreads)
  }

  private struct State: Codable {
    var featureNames: [String], covariance: GaussianMixture.Covariance, iterations: Int, warnings: [String]
  }

  public func archive() throws -> LearnerArchive {
    let (k, p) = (state.count, featureNames.count)
    return try StoredParts.make(
      kind, State(featureNames: featureNames, covariance: state.covariance, iterations: iterations, warnings: warnings),
      [
        "shares": (state.shares, [k]), "means": (state.means, [k, p]), "covariances": (state.covariances, [state.covariances.count]),
        "scores": ([logLikelihood, bic, aic, threshold], [4]),
      ])
  }

  public init(archive: LearnerArchive) throws {
    let parts = try StoredParts(archive, kinds: [GaussianMixture.kind])
    let stored = try parts.settings(State.self)
    let p = stored.featureNames.count
    let shares = try parts.doubles("shares", -1), scores = try parts.doubles("scores", 4)
    let k = shares.count
    let size = [GaussianMixture.Covariance.full: k * p * p, .tied: p * p, .diag: k * p, .spherical: k][stored.covariance] ?? 0
    guard k > 0 else { throw LearnerError("the archive of \(archive.kind) has no component") }
    self.init(
      featureNames: stored.featureNames,
      state: try MixtureState(
        covariance: stored.covariance, shares: shares, means: parts.doubles("means", k, p),
        covariances: parts.doubles("covariances", size), columns: p),
      logLikelihood: scores[0], bic: scores[1], aic: scores[2], threshold: scores[3], iterations: stored.iterations,
      warnings: stored.warnings)
  }
}
