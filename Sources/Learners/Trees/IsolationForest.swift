import Foundation
import MartletCore
public import Tables

/// Rows that random splits set apart quickly are unusual (isolation forest: Liu, Ting, Zhou 2008).
///
/// The same forest at any number of threads. Missing values and categories are refused: which side they belong to says nothing here.
public struct IsolationForest: Learner {
  public static let kind = "isolation_forest"

  public var trees: Int
  /// Rows that each tree draws; all if there are fewer.
  public var samples: Int
  /// The share of the training rows that is taken to be anomalies, which sets the threshold; `nil` puts it at a score of 0.5, as the paper.
  public var contamination: Double?
  /// The share of the features that each tree may split by.
  public var featureShare: Double

  public init(trees: Int = 100, samples: Int = 256, contamination: Double? = nil, featureShare: Double = 1) {
    self.trees = trees
    self.samples = samples
    self.contamination = contamination
    self.featureShare = featureShare
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    let kind = Self.kind
    try SettingRange.check(trees >= 1 && trees <= 1_000_000, kind, "trees", trees, "1 to 1,000,000")
    try SettingRange.check(samples >= 2, kind, "samples", samples, "2 or more")
    try SettingRange.check(featureShare > 0 && featureShare <= 1, kind, "feature-share", featureShare, "above 0, at most 1")
    if let contamination {
      try SettingRange.check(contamination > 0 && contamination <= 0.5, kind, "contamination", contamination, "above 0, at most 0.5")
    }
    let rows = try TrainingRows(kind, x, nil, weights: weights)
    let values = try rows.features.denseValues(), columns = rows.columns
    let sampler = WeightedSampler(rows.weights)
    let used = min(samples, sampler.total)
    let limit = max(1, Int(log2(Double(max(used, 2))).rounded(.up)))
    let grown = try Parallel.map(trees, threads: context.threads) { tree in
      try Task.checkCancellation()
      var random = KeyedRandom(seed: context.seed, purpose: kind, index: UInt64(tree))
      let drawn = sampler.draw(used, &random)
      let features = Array(Array(0..<columns).shuffled(using: &random).prefix(max(1, Int(Double(columns) * featureShare))))
      return IsolationTree(values, columns: columns, rows: drawn, features: features, limit: limit, &random).grown
    }
    let set = TreeSet(grown, width: 1)
    let norm = Double(trees) * IsolationTree.averagePath(used)
    var model = IsolationForestModel(featureNames: rows.names, trees: set, norm: norm, threshold: 0.5)
    if let contamination {
      model.threshold = WeightedSampler.quantile(1 - contamination, model.scores(values, rows: rows.rows), rows.weights)
    }
    return model
  }
}

/// A fitted ``IsolationForest``: scores of `2^(-depth / c)`, between 0 and 1; ordinary rows lie below 0.5.
public struct IsolationForestModel: FittedAnomalyDetector {
  public var kind: String { IsolationForest.kind }
  public let featureNames: [String]
  public internal(set) var threshold: Double
  private let trees: TreeSet
  /// Trees times the average path length of a sample.
  private let norm: Double

  init(featureNames: [String], trees: TreeSet, norm: Double, threshold: Double) {
    self.featureNames = featureNames
    self.trees = trees
    self.norm = norm
    self.threshold = threshold
  }

  public func anomalyScores(_ x: FeatureMatrix) throws -> [Double] {
    try checkFeatures(x)
    try FeatureCheck.values(x, kind, .categories)
    return scores(try x.denseValues(), rows: x.rows)
  }

  func scores(_ values: [Double], rows: Int) -> [Double] {
    trees.sums(values, rows: rows, columns: featureNames.count, threads: Parallel.defaultThreads).map { norm > 0 ? exp2(-$0 / norm) : 0.5 }
  }

  private struct State: Codable {
    var featureNames: [String], threshold: Double, norm: Double
  }

  public func archive() throws -> LearnerArchive {
    LearnerArchive(
      kind: kind, settings: try StoredParts.json(State(featureNames: featureNames, threshold: threshold, norm: norm)),
      arrays: try trees.arrays())
  }

  public init(archive: LearnerArchive) throws {
    let state = try StoredParts(archive, kinds: [IsolationForest.kind]).settings(State.self)
    self.init(
      featureNames: state.featureNames, trees: try TreeSet(archive, width: 1, features: state.featureNames.count), norm: state.norm,
      threshold: state.threshold)
  }
}
