import Foundation
import MartletCore
public import Tables

/// Rows in thinner places than their neighbours are unusual (local outlier factor: Breunig, Kriegel, Ng, Sander 2000).
///
/// Rows that are predicted are new ones, measured against the training rows; ``LocalOutlierFactorModel/trainingScores`` judges those
/// themselves. Weights decide only which rows are left out: those of 0.
public struct LocalOutlierFactor: Learner {
  public static let kind = "local_outlier_factor"

  public var neighbours: Int
  public var metric: NeighbourMetric
  /// Of the Minkowski metric.
  public var power: Double
  /// The share of the training rows that is taken to be anomalies, which sets the threshold; `nil` puts it at 1.5.
  public var contamination: Double?

  public init(neighbours: Int = 20, metric: NeighbourMetric = .euclidean, power: Double = 3, contamination: Double? = nil) {
    self.neighbours = neighbours
    self.metric = metric
    self.power = power
    self.contamination = contamination
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    let kind = Self.kind
    try SettingRange.check(neighbours >= 1, kind, "neighbours", neighbours, "1 or more")
    try SettingRange.check(power >= 1 && power.isFinite, kind, "power", power, "1 or more")
    if let contamination {
      try SettingRange.check(contamination > 0 && contamination <= 0.5, kind, "contamination", contamination, "above 0, at most 0.5")
    }
    let rows = try TrainingRows(kind, x, nil, weights: weights)
    guard rows.rows > neighbours else {
      throw LearnerError("\(kind): \(neighbours) neighbours of each row among \(rows.rows) rows", expected: "fewer than there are rows")
    }
    let near = try NeighbourRows(rows.features.denseValues(), count: rows.rows, columns: rows.columns, metric: metric, power: power)
    return try LocalOutlierFactorModel(rows.names, near, neighbours, contamination: contamination, threads: context.threads)
  }
}

/// A fitted ``LocalOutlierFactor``: scores around 1 for rows like their neighbours, larger for lonely ones.
public struct LocalOutlierFactorModel: FittedAnomalyDetector {
  public var kind: String { LocalOutlierFactor.kind }
  public let featureNames: [String]
  public let threshold: Double
  /// How unusual the training rows are, each measured against the others.
  public let trainingScores: [Double]
  private let neighbours: Int
  private let contamination: Double?
  private let rows: NeighbourRows
  /// A training row: the distance of its last neighbour, and its local reachability density.
  private let reaches: [Double]
  private let densities: [Double]

  init(_ names: [String], _ rows: NeighbourRows, _ neighbours: Int, contamination: Double?, threads: Int) throws {
    featureNames = names
    self.rows = rows
    self.neighbours = neighbours
    self.contamination = contamination
    let k = neighbours, found = try rows.nearest(rows.points, rows: rows.count, k: k + 1, threads: threads)
    var indices: [Int] = [], distances: [Double] = []
    for row in 0..<rows.count {
      // A row is not its own neighbour; among equal rows it may not be the first that is found, or not be found at all.
      var places = Array(row * (k + 1)..<(row + 1) * (k + 1))
      places.remove(at: places.firstIndex { Int(found.indices[$0]) == row } ?? k)
      indices += places.map { Int(found.indices[$0]) }
      distances += places.map { found.distances[$0] }
    }
    let reaches = (0..<rows.count).map { distances[($0 + 1) * k - 1] }
    let densities = (0..<rows.count).map { Self.density($0, k, indices, distances, reaches) }
    self.reaches = reaches
    self.densities = densities
    let scores = (0..<rows.count).map { row in
      (row * k..<(row + 1) * k).reduce(0.0) { $0 + densities[indices[$1]] } / (Double(k) * densities[row])
    }
    trainingScores = scores
    threshold = contamination.map { WeightedSampler.quantile(1 - $0, scores, [Double](repeating: 1, count: scores.count)) } ?? 1.5
  }

  /// One over the mean reachability; the small number keeps rows that are all the same apart from infinity, as the reference does.
  private static func density(_ row: Int, _ k: Int, _ indices: [Int], _ distances: [Double], _ reaches: [Double]) -> Double {
    let sum = (row * k..<(row + 1) * k).reduce(0.0) { $0 + max(distances[$1], reaches[indices[$1]]) }
    return 1 / (sum / Double(k) + 1e-10)
  }

  public func anomalyScores(_ x: FeatureMatrix) throws -> [Double] {
    try checkFeatures(x)
    try FeatureCheck.values(x, kind, .categories)
    let k = neighbours, found = try rows.nearest(x.denseValues(), rows: x.rows, k: k, threads: Parallel.defaultThreads)
    let indices = found.indices.map(Int.init)
    return (0..<x.rows).map { row in
      let own = Self.density(row, k, indices, found.distances, reaches)
      return (row * k..<(row + 1) * k).reduce(0.0) { $0 + densities[indices[$1]] } / (Double(k) * own)
    }
  }

  private struct State: Codable {
    var featureNames: [String], neighbours: Int, metric: NeighbourMetric, power: Double, contamination: Double?
  }

  public func archive() throws -> LearnerArchive {
    try StoredParts.make(
      kind,
      State(featureNames: featureNames, neighbours: neighbours, metric: rows.metric, power: rows.power, contamination: contamination),
      ["points": (rows.points, [rows.count, rows.columns])])
  }

  public init(archive: LearnerArchive) throws {
    let parts = try StoredParts(archive, kinds: [LocalOutlierFactor.kind]), state = try parts.settings(State.self)
    let points = try parts.doubles("points", -1, state.featureNames.count)
    let count = state.featureNames.isEmpty ? 0 : points.count / state.featureNames.count
    guard count > state.neighbours, state.neighbours >= 1, state.power >= 1, points.allSatisfy(\.isFinite) else {
      throw LearnerError("the archive of \(archive.kind) holds \(count) rows for \(state.neighbours) neighbours")
    }
    try self.init(
      state.featureNames, NeighbourRows(points, count: count, columns: state.featureNames.count, metric: state.metric, power: state.power),
      state.neighbours, contamination: state.contamination, threads: Parallel.defaultThreads)
  }
}
