import Foundation
import MartletCore
public import Tables

/// Boosting that puts the rows of each group in order, as the answers to one question: LambdaMART (Burges 2010) by xgboost.
///
/// What it predicts has no unit: only the order within a group means anything.
public struct RankingBoosting: Sendable {
  public enum Objective: String, Sendable, Codable, CaseIterable {
    /// As few pairs as possible in the wrong order (RankNet).
    case pairwise = "rank:pairwise"
    /// Normalized discounted cumulative gain, with gains of 2^relevance - 1.
    case ndcg = "rank:ndcg"
    /// Mean average precision, for relevances of 0 and 1.
    case meanAveragePrecision = "rank:map"
  }

  /// How trees are grown: its settings for targets, classes and stopping do not count here.
  public var trees: GradientBoosting
  public var objective: Objective

  public init(_ objective: Objective = .ndcg, trees: GradientBoosting = GradientBoosting()) {
    self.objective = objective
    self.trees = trees
  }

  /// Learns from rows that lie group by group.
  /// - Parameters:
  ///   - relevance: a number a row, the larger the better: whole numbers from 0 to 31 for `ndcg`, 0 or 1 for `meanAveragePrecision`.
  ///   - groups: how many rows each group has, in order.
  ///   - weights: how much each group counts.
  /// - Returns: a model whose predictions order rows.
  /// - Throws: `LearnerError` if the groups do not add up to the rows, or a relevance is not what the objective takes.
  public func fit(
    _ x: FeatureMatrix, relevance: [Double], groups: [Int], weights: [Double]? = nil, context: FitContext
  ) throws -> BoostedRegressor {
    let kind = "ranking boosting"
    guard groups.allSatisfy({ $0 > 0 }), groups.reduce(0, +) == x.rows else {
      throw LearnerError(
        "\(kind) was given \(groups.count) groups of \(groups.reduce(0, +)) rows in all", expected: "\(x.rows) rows, at least one a group")
    }
    if let weights, weights.count != groups.count || !weights.allSatisfy({ $0 > 0 && $0.isFinite }) {
      throw LearnerError("\(kind) was given \(weights.count) weights for \(groups.count) groups", expected: "a number above 0 a group")
    }
    let (fits, expected): ((Double) -> Bool, String) =
      switch objective {
      case .pairwise: (\.isFinite, "finite numbers")
      case .ndcg: ({ $0 >= 0 && $0 <= 31 && $0 == $0.rounded() }, "whole numbers from 0 to 31")
      case .meanAveragePrecision: ({ $0 == 0 || $0 == 1 }, "0 or 1")
      }
    if let row = relevance.firstIndex(where: { !fits($0) }) {
      throw LearnerError("\(kind): the relevance of row \(row) is \(relevance[row])", expected: "\(expected) for \(objective.rawValue)")
    }
    // Which pairs are compared hangs on the thread that draws them: one thread, one model.
    let single = FitContext(seed: context.seed, threads: 1)
    let rows = try TrainingRows(GradientBoosting.kind, x, .values(relevance), weights: nil, [.missing, .categories])
    let values = try rows.features.denseValues()
    let categorical = Set(rows.features.levels.keys)
    let training = try BoosterRows(values.map(Float.init), rows: rows.rows, columns: rows.columns, categorical: categorical, threads: 1)
    try training.set("label", relevance.map(Float.init))
    try training.setGroups(groups)
    if let weights { try training.set("weight", weights.map(Float.init)) }
    let booster = try Booster([training])
    for (name, value) in try BoostingPlan.trees(trees, rows, classes: nil, single) { try booster.set(name, value) }
    try booster.set("objective", objective.rawValue)
    try booster.set("base_score", "0")
    for round in 0..<trees.rounds {
      try Task.checkCancellation()
      try booster.update(round, training)
    }
    return try BoostedRegressor(
      features: rows.names, categorical: categorical, model: booster.model("ubj"), history: BoostingHistory(metric: "none"))
  }
}
