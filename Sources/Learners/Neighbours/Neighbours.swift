import Foundation
import MartletCore
public import Tables

/// The rows that are most alike decide: k nearest neighbours (Fix and Hodges 1951; Cover and Hart 1967), for classes or numbers.
///
/// Distances are exact to double precision and ties go to the row that came first; only approximate search misses some. Features of
/// different units belong scaled in the recipe. A row of weight two is two neighbours.
public struct Neighbours: Learner {
  public static let kind = "neighbours"

  public enum Voting: String, Sendable, Codable {
    /// Every neighbour counts the same.
    case uniform
    /// By one over its distance; where some are at no distance, they alone.
    case distance
  }

  /// How many neighbours decide.
  public var neighbours: Int
  /// All rows within this distance decide instead of the nearest few.
  public var radius: Double?
  public var voting: Voting
  public var metric: NeighbourMetric
  /// Of the Minkowski metric; 1 or more.
  public var power: Double
  public var search: NeighbourSearch
  /// Of approximate search: links a row. More find more, and take memory.
  public var links: Int
  /// Of approximate search: candidates while building, and while searching. More find more, and take longer.
  public var construction: Int, effort: Int

  public init(
    neighbours: Int = 5, radius: Double? = nil, voting: Voting = .uniform, metric: NeighbourMetric = .euclidean, power: Double = 3,
    search: NeighbourSearch = .exact, links: Int = 16, construction: Int = 200, effort: Int = 64
  ) {
    self.neighbours = neighbours
    self.radius = radius
    self.voting = voting
    self.metric = metric
    self.power = power
    self.search = search
    self.links = links
    self.construction = construction
    self.effort = effort
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    try check()
    let rows = try TrainingRows(Self.kind, x, target, weights: weights)
    let total = rows.totalWeight
    guard Double(neighbours) <= total || radius != nil else {
      throw LearnerError(
        "neighbours: \(neighbours) neighbours were asked for among \(rows.rows) rows", expected: "at most as many as there are rows")
    }
    let state = try NeighbourState(
      settings: self, names: rows.names, points: rows.features.denseValues(), weights: rows.weights, seed: context.seed)
    switch rows.target {
    case .classes:
      let classes = try rows.classes()
      return NeighbourClassifier(labels: classes.labels, present: classes.present, codes: classes.codes, state: state)
    case .values(let values): return NeighbourRegressor(targets: values, state: state)
    }
  }

  func check() throws {
    let kind = Self.kind
    try SettingRange.check(neighbours >= 1, kind, "neighbours", neighbours, "1 or more")
    if let radius { try SettingRange.check(radius >= 0 && radius.isFinite, kind, "radius", radius, "0 or more") }
    try SettingRange.check(power >= 1 && power.isFinite, kind, "power", power, "1 or more")
    guard search == .approximate else { return }
    try SettingRange.check((2...256).contains(links), kind, "links", links, "2 to 256")
    try SettingRange.check((1...10_000).contains(construction), kind, "construction", construction, "1 to 10,000")
    try SettingRange.check((1...10_000).contains(effort), kind, "effort", effort, "1 to 10,000")
    guard radius == nil else {
      throw LearnerError("neighbours: approximate search finds the nearest few, not all within a radius", remedy: "leave out one of them")
    }
  }
}
