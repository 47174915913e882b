import Foundation
import MartletCore
public import Tables

/// k-means: groups around means. Starts by k-means++ with several trials a centre (Arthur and Vassilvitskii 2007), rounds by Lloyd.
public struct KMeans: Learner {
  public static let kind = "kmeans"

  public var clusters: Int
  /// How many times it starts anew; the best end is kept.
  public var starts: Int
  public var iterations: Int
  /// A round that moves the centres by less, against the features' mean variance, is the last.
  public var tolerance: Double
  /// The first centres, `[clusters][features]`, in place of drawn ones; their order is kept.
  public var centres: [[Double]]?

  public init(clusters: Int = 8, starts: Int = 10, iterations: Int = 300, tolerance: Double = 1e-4, centres: [[Double]]? = nil) {
    self.clusters = clusters
    self.starts = starts
    self.iterations = iterations
    self.tolerance = tolerance
    self.centres = centres
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    try model(TrainingRows(Self.kind, x, nil, weights: weights), context)
  }

  func model(_ rows: TrainingRows, _ context: FitContext) throws -> KMeansModel {
    try SettingRange.check(clusters > 0, rows.kind, "clusters", clusters, "1 or more")
    try SettingRange.check(starts > 0, rows.kind, "starts", starts, "1 or more")
    try SettingRange.check(iterations > 0, rows.kind, "iterations", iterations, "1 or more")
    try SettingRange.check(tolerance >= 0, rows.kind, "tolerance", tolerance, "0 or more")
    guard rows.rows >= clusters else {
      throw LearnerError("\(rows.kind) was asked for \(clusters) clusters of \(rows.rows) rows", expected: "at most a cluster a row")
    }
    guard case .dense(let values) = rows.x.layout else { throw LearnerError("kmeans needs dense rows") }
    let lloyd = try Lloyd(values: values, weights: rows.weights, columns: rows.columns, count: clusters, threads: context.threads)
    let variance = rows.x.variances(rows.weights, around: rows.x.means(rows.weights)).reduce(0, +) / Double(rows.columns)
    var best: Lloyd.Outcome?
    if let centres {
      guard centres.count == clusters, centres.allSatisfy({ $0.count == rows.columns && $0.allSatisfy(\.isFinite) }) else {
        throw LearnerError(
          "kmeans was given \(centres.count) centres of \(centres.first?.count ?? 0) numbers",
          expected: "\(clusters) of \(rows.columns) finite ones")
      }
      best = try lloyd.run(from: centres.flatMap { $0 }, iterations: iterations, goal: tolerance * variance)
    } else {
      for start in 0..<starts {
        var random = KeyedRandom(seed: context.seed, purpose: "kmeans.start", index: UInt64(start))
        let outcome = try lloyd.run(from: lloyd.start(&random), iterations: iterations, goal: tolerance * variance)
        // Ends that differ by rounding are one: the first is kept.
        if let kept = best, outcome.inertia >= kept.inertia * (1 - 1e-9) { continue }
        best = outcome
      }
    }
    guard var outcome = best else { throw LearnerError("kmeans made no start") }
    let p = rows.columns
    if centres == nil {
      // An order that does not depend on how the rows lay.
      let order = (0..<clusters).sorted { a, b in
        outcome.centres[a * p..<(a + 1) * p].lexicographicallyPrecedes(outcome.centres[b * p..<(b + 1) * p])
      }
      outcome.centres = order.flatMap { outcome.centres[$0 * p..<($0 + 1) * p] }
    }
    var warnings: [String] = []
    if !outcome.converged { warnings.append("kmeans did not converge in \(iterations) rounds") }
    let distinct = Set((0..<clusters).map { Array(outcome.centres[$0 * p..<($0 + 1) * p]) }).count
    if distinct < clusters {
      warnings.append("only \(distinct) of \(clusters) clusters are distinct: the rows have no more different values")
    }
    return KMeansModel(
      featureNames: rows.names, centres: outcome.centres, clusterCount: clusters, inertia: outcome.inertia,
      iterations: outcome.iterations, warnings: warnings)
  }
}

/// A fitted ``KMeans``.
public struct KMeansModel: FittedClusterer, FittedWithWarnings {
  public var kind: String { KMeans.kind }
  public let featureNames: [String]
  /// Row-major, `[clusters, features]`.
  public let centres: [Double]
  public let clusterCount: Int
  /// The weighted sum of squared distances to the nearest centre.
  public let inertia: Double
  public let iterations: Int
  public let warnings: [String]

  public func assign(_ x: FeatureMatrix) throws -> [Int] {
    try FeatureCheck.prediction(x, featureNames, kind)
    return try Lloyd.nearest(x.denseValues(), centres, columns: featureNames.count).centres
  }

  /// Distances to every centre: row-major, `[rows, clusters]`.
  public func distances(_ x: FeatureMatrix) throws -> [Double] {
    try FeatureCheck.prediction(x, featureNames, kind)
    let values = try x.denseValues(), p = featureNames.count
    return (0..<x.rows).flatMap { row in
      (0..<clusterCount).map { centre in
        (0..<p).reduce(0.0) { sum, column in
          let difference = values[row * p + column] - centres[centre * p + column]
          return sum + difference * difference
        }.squareRoot()
      }
    }
  }

  private struct State: Codable { var featureNames: [String], inertia: Double, iterations: Int, warnings: [String] }

  public func archive() throws -> LearnerArchive {
    try StoredParts.make(
      kind, State(featureNames: featureNames, inertia: inertia, iterations: iterations, warnings: warnings),
      ["centres": (centres, [clusterCount, featureNames.count])])
  }

  init(featureNames: [String], centres: [Double], clusterCount: Int, inertia: Double, iterations: Int, warnings: [String]) {
    self.featureNames = featureNames
    self.centres = centres
    self.clusterCount = clusterCount
    self.inertia = inertia
    self.iterations = iterations
    self.warnings = warnings
  }

  public init(archive: LearnerArchive) throws {
    let parts = try StoredParts(archive, kinds: [KMeans.kind])
    let state = try parts.settings(State.self)
    let centres = try parts.doubles("centres", -1, state.featureNames.count)
    guard !centres.isEmpty else { throw LearnerError("the archive of kmeans has no cluster") }
    self.init(
      featureNames: state.featureNames, centres: centres, clusterCount: centres.count / max(state.featureNames.count, 1),
      inertia: state.inertia, iterations: state.iterations, warnings: state.warnings)
  }
}
