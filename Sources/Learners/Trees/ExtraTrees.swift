public import MartletCore
public import Tables

/// Many trees that draw their thresholds at random and keep the best of a few (extremely randomised trees: Geurts, Ernst, Wehenkel 2006).
///
/// The same forest at any number of threads.
public struct ExtraTrees: Learner {
  public static let kind = "extra_trees"

  /// How many trees.
  public var trees: Int
  public var criterion: TreeCriterion
  public var maxDepth: Int?
  /// Nodes of fewer rows stay leaves.
  public var minSplit: Int
  /// A split leaves at least so many rows on both sides.
  public var minLeaf: Int
  /// A split leaves at least this share of all weight on both sides.
  public var minLeafShare: Double
  /// A split makes the tree purer by at least this share.
  public var minDecrease: Double
  /// Features that a split looks at, drawn anew for each; `nil` takes the square root of their number for classes and all for numbers.
  public var features: FeaturesPerSplit?
  public var maxLeaves: Int?
  /// Every tree learns from as many rows as there are, drawn with replacement; else from all rows as they are.
  public var bootstrap: Bool
  /// Draws so large a share of the rows instead.
  public var sampleShare: Double?
  /// Judges the forest by the rows that its trees did not draw.
  public var outOfBag: Bool
  /// Keeps the targets in the leaves, for ``TreeRegressor/quantiles(_:_:)``.
  public var quantiles: Bool
  public var classWeights: ClassWeights?
  /// By feature: 1 if the prediction may only rise with it, -1 if it may only fall. For numbers and two classes.
  public var monotone: [String: Int]
  /// Bins a feature; `nil` looks at every threshold up to 2,000 rows, and at 255 quantiles beyond.
  public var bins: Int?

  public init(
    trees: Int = 100, criterion: TreeCriterion = .automatic, maxDepth: Int? = nil, minSplit: Int = 2, minLeaf: Int = 1,
    minLeafShare: Double = 0, minDecrease: Double = 0, features: FeaturesPerSplit? = nil, maxLeaves: Int? = nil, bootstrap: Bool = false,
    sampleShare: Double? = nil, outOfBag: Bool = false, quantiles: Bool = false, classWeights: ClassWeights? = nil,
    monotone: [String: Int] = [:], bins: Int? = nil
  ) {
    self.trees = trees
    self.criterion = criterion
    self.maxDepth = maxDepth
    self.minSplit = minSplit
    self.minLeaf = minLeaf
    self.minLeafShare = minLeafShare
    self.minDecrease = minDecrease
    self.features = features
    self.maxLeaves = maxLeaves
    self.bootstrap = bootstrap
    self.sampleShare = sampleShare
    self.outOfBag = outOfBag
    self.quantiles = quantiles
    self.classWeights = classWeights
    self.monotone = monotone
    self.bins = bins
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    let rules = TreeRules(
      kind: Self.kind, criterion: criterion, randomThresholds: true, maxDepth: maxDepth, minSplit: minSplit, minLeaf: minLeaf,
      minLeafShare: minLeafShare, minDecrease: minDecrease, features: features ?? Forest.standardFeatures(target), maxLeaves: maxLeaves,
      monotone: monotone)
    let forest = Forest(
      rules: rules, trees: trees, bootstrap: bootstrap, sampleShare: sampleShare, outOfBag: outOfBag, quantiles: quantiles,
      classWeights: classWeights, bins: bins)
    return try forest.fit(x, target, weights: weights, context: context)
  }
}
