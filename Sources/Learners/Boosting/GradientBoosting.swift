import Foundation
public import MartletCore
public import Tables

/// Trees that correct each other, by xgboost 1.7 (Chen and Guestrin 2016), for classes or numbers.
///
/// Missing values go to the better side; categorical features (``FeatureMatrix/levels``) are split into sets. Values are rounded to single
/// precision. Sparse features are spread out: an entry that is not there is zero, not missing.
public struct GradientBoosting: Learner {
  public static let kind = "boosting"

  /// What is made small. Classes have log loss.
  public enum Objective: String, Sendable, Codable, CaseIterable {
    /// Log loss for classes, squared error for numbers.
    case automatic
    case squaredError = "squared-error"
    /// Distance from the median.
    case absoluteError = "absolute-error"
    /// Distance from ``GradientBoosting/quantile``: the pinball loss.
    case quantile
    /// Squared for small errors, absolute for large ones.
    case pseudoHuber = "pseudo-huber"
    /// Counts of 0 or more.
    case poisson
    /// Amounts above 0.
    case gamma
    /// Amounts of which many are 0.
    case tweedie
  }

  /// Which leaf is split next.
  public enum Growth: String, Sendable, Codable {
    /// Level by level.
    case depth
    /// The one that gains most.
    case loss
  }

  /// How many trees (for each class where there are more than two).
  public var rounds: Int
  public var learningRate: Double
  /// 0 for no limit.
  public var maxDepth: Int
  public var growth: Growth
  /// 0 for no limit.
  public var maxLeaves: Int
  /// The least sum of second derivatives on both sides of a split.
  public var minChildWeight: Double
  /// The least gain of a split.
  public var minGain: Double
  /// The share of the rows that each tree learns from.
  public var rowShare: Double
  /// The share of the features that each tree may split by.
  public var featureShare: Double
  /// Penalties on the squares and on the sizes of the leaves' values.
  public var l2: Double, l1: Double
  public var bins: Int
  public var objective: Objective
  /// The share of the targets that lie below what is predicted, between 0 and 1, for the objective of that name.
  public var quantile: Double
  /// Between 1 (Poisson) and 2 (gamma).
  public var tweediePower: Double
  /// How much rows of the second of two classes count.
  public var positiveWeight: Double
  public var classWeights: ClassWeights?
  /// By feature: 1 if the prediction may only rise with it, -1 if it may only fall.
  public var monotone: [String: Int]
  /// Groups of features that may meet on a way from the root to a leaf; all may if empty. A feature of no group meets no other.
  public var interactions: [[String]]
  /// Stops after so many rounds without a better validation metric, and keeps the best; `nil` runs all rounds.
  public var earlyStopping: Int?
  /// The share of the training rows that early stopping judges by, unless it is given rows.
  public var validationShare: Double

  public init(
    rounds: Int = 100, learningRate: Double = 0.1, maxDepth: Int = 6, growth: Growth = .depth, maxLeaves: Int = 0,
    minChildWeight: Double = 1, minGain: Double = 0, rowShare: Double = 1, featureShare: Double = 1, l2: Double = 1, l1: Double = 0,
    bins: Int = 256, objective: Objective = .automatic, quantile: Double = 0.5, tweediePower: Double = 1.5,
    positiveWeight: Double = 1, classWeights: ClassWeights? = nil, monotone: [String: Int] = [:], interactions: [[String]] = [],
    earlyStopping: Int? = nil, validationShare: Double = 0.1
  ) {
    self.rounds = rounds
    self.learningRate = learningRate
    self.maxDepth = maxDepth
    self.growth = growth
    self.maxLeaves = maxLeaves
    self.minChildWeight = minChildWeight
    self.minGain = minGain
    self.rowShare = rowShare
    self.featureShare = featureShare
    self.l2 = l2
    self.l1 = l1
    self.bins = bins
    self.objective = objective
    self.quantile = quantile
    self.tweediePower = tweediePower
    self.positiveWeight = positiveWeight
    self.classWeights = classWeights
    self.monotone = monotone
    self.interactions = interactions
    self.earlyStopping = earlyStopping
    self.validationShare = validationShare
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    try fit(x, target, weights: weights, validation: nil, context: context)
  }

  /// Learns, and stops early by rows of its own.
  /// - Parameter validation: rows that judge every round; where early stopping needs them and they are `nil`, they are carved out of the
  ///   training rows.
  public func fit(
    _ x: FeatureMatrix, _ target: Target, weights: [Double]?, validation: (x: FeatureMatrix, target: Target)?, context: FitContext
  ) throws -> any FittedLearner {
    let rows = try TrainingRows(Self.kind, x, target, weights: weights, [.missing, .categories])
    let plan = try BoostingPlan(self, rows, validation: validation, context: context)
    let booster = try plan.boosted(context)
    let model = try booster.booster.model("ubj", rounds: booster.history.best.map { $0 + 1 })
    if let classes = plan.classes {
      return try BoostedClassifier(
        features: rows.names, categorical: plan.categorical, labels: classes.labels, present: classes.present, model: model,
        history: booster.history)
    }
    return try BoostedRegressor(features: rows.names, categorical: plan.categorical, model: model, history: booster.history)
  }
}

/// The metric of every round.
public struct BoostingHistory: Sendable, Hashable, Codable {
  /// Log loss, root mean squared error …, as xgboost names it.
  public internal(set) var metric: String
  /// Over the training rows; empty unless there was validation.
  public internal(set) var training: [Double] = []
  public internal(set) var validation: [Double] = []
  /// The round with the best validation, from 0; the model ends with it. `nil` where all rounds were wanted.
  public internal(set) var best: Int?
}
