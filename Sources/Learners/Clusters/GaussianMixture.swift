import Foundation
import MartletCore
public import Tables

/// A mixture of normal distributions by expectation and maximisation, started from k-means.
public struct GaussianMixture: Learner {
  public static let kind = "gaussian_mixture"

  public enum Covariance: String, Sendable, Codable {
    /// A matrix for each component.
    case full
    /// One matrix for all.
    case tied
    /// Variances for each component.
    case diag
    /// One variance for each component.
    case spherical
  }

  /// `nil` takes the number from 1 to `largest` with the smallest BIC.
  public var components: Int?
  public var largest: Int
  public var covariance: Covariance
  public var iterations: Int
  /// The fit ends when a round raises the mean log likelihood by less.
  public var tolerance: Double
  /// Added to all variances.
  public var regularization: Double
  /// The share of training rows that count as anomalies.
  public var contamination: Double
  /// A component for each training row to start from, in place of k-means.
  public var assignments: [Int]?

  public init(
    components: Int? = 3, largest: Int = 10, covariance: Covariance = .full, iterations: Int = 200, tolerance: Double = 1e-4,
    regularization: Double = 1e-6, contamination: Double = 0.05, assignments: [Int]? = nil
  ) {
    self.components = components
    self.largest = largest
    self.covariance = covariance
    self.iterations = iterations
    self.tolerance = tolerance
    self.regularization = regularization
    self.contamination = contamination
    self.assignments = assignments
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    if let components { try SettingRange.check(components > 0, Self.kind, "components", components, "1 or more") }
    try SettingRange.check(largest > 0, Self.kind, "largest", largest, "1 or more")
    try SettingRange.check(iterations > 0, Self.kind, "iterations", iterations, "1 or more")
    try SettingRange.check(regularization >= 0, Self.kind, "regularization", regularization, "0 or more")
    try SettingRange.check(contamination > 0 && contamination < 1, Self.kind, "contamination", contamination, "above 0, below 1")
    if let assignments, assignments.count != x.rows {
      throw LearnerError("gaussian_mixture was given \(assignments.count) assignments for \(x.rows) rows")
    }
    let rows = try TrainingRows(Self.kind, x, nil, weights: weights)
    let given = assignments.map { all in rows.places.map { $0.map { all[$0] } } ?? all }
    if let components { return try model(rows, components, given, context) }
    var best: GaussianMixtureModel?
    for count in 1...min(largest, rows.rows) {
      let candidate = try model(rows, count, nil, context)
      if candidate.bic < best?.bic ?? .infinity { best = candidate }
    }
    guard let best else { throw LearnerError("gaussian_mixture fitted no mixture") }
    return best
  }

  private func model(_ rows: TrainingRows, _ count: Int, _ given: [Int]?, _ context: FitContext) throws -> GaussianMixtureModel {
    guard case .dense(let values) = rows.x.layout else { throw LearnerError("gaussian_mixture needs dense rows") }
    let (n, p) = (rows.rows, rows.columns)
    var labels = given ?? []
    if given == nil {
      let means = try KMeans(clusters: count, starts: 3).model(
        TrainingRows(Self.kind, rows.features, nil, weights: rows.weights), context)
      labels = try Lloyd.nearest(values, means.centres, columns: p, threads: context.threads).centres
    }
    if let wrong = labels.first(where: { $0 < 0 || $0 >= count }) {
      throw LearnerError("gaussian_mixture was given the assignment \(wrong)", expected: "0 to \(count - 1)")
    }
    var shares = [Double](repeating: 0, count: n * count)
    for (row, label) in labels.enumerated() { shares[row * count + label] = 1 }
    let total = rows.totalWeight
    let maximum = MixtureMaximum(
      covariance: covariance, regularization: regularization, values: values, weights: rows.weights, columns: p, threads: context.threads)
    var state = try maximum.state(shares, count)
    var bound = -Double.infinity, rounds = 0, converged = false
    while rounds < iterations {
      try Task.checkCancellation()
      rounds += 1
      let (logs, responsibilities) = try state.expectation(values, threads: context.threads)
      let next = zip(logs, rows.weights).reduce(0) { $0 + $1.0 * $1.1 } / total
      state = try maximum.state(responsibilities, count)
      let change = next - bound
      bound = next
      if abs(change) < tolerance {
        converged = true
        break
      }
    }
    let logs = try state.expectation(values, threads: context.threads).logs
    let likelihood = zip(logs, rows.weights).reduce(0) { $0 + $1.0 * $1.1 }
    // Rows in the order of rising log density; the threshold leaves the wanted weight above it.
    let order = logs.indices.sorted { logs[$0] < logs[$1] }
    var passed = 0.0, threshold = -(logs.min() ?? 0)
    for row in order {
      passed += rows.weights[row]
      threshold = -logs[row]
      if passed > contamination * total { break }
    }
    let free = state.parameterCount
    return GaussianMixtureModel(
      featureNames: rows.names, state: state, logLikelihood: likelihood / total,
      bic: -2 * likelihood + Double(free) * log(total), aic: -2 * likelihood + 2 * Double(free), threshold: threshold, iterations: rounds,
      warnings: converged ? [] : ["gaussian_mixture did not converge in \(iterations) rounds"])
  }
}
