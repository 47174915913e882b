public import MartletCore
public import Tables

/// One tree of yes-or-no questions (CART: Breiman, Friedman, Olshen, Stone 1984), for classes or numbers, as the target says.
///
/// Missing values go to the side that makes the split better; where the fit saw none, to the larger side. Categorical features
/// (``FeatureMatrix/levels``) are split into two sets. `min-split` and `min-leaf` count rows, whatever their weights.
public struct DecisionTree: Learner {
  public static let kind = "tree"

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
  /// Features that a split looks at, drawn anew for each.
  public var features: FeaturesPerSplit
  /// The best splits first until there are so many leaves.
  public var maxLeaves: Int?
  /// Minimal cost-complexity pruning: branches go that make the tree purer by less than this for each of their leaves.
  public var pruning: Double
  public var classWeights: ClassWeights?
  /// By feature: 1 if the prediction may only rise with it, -1 if it may only fall. For numbers and two classes.
  public var monotone: [String: Int]
  /// Bins a feature; `nil` looks at every threshold up to 10,000 rows, and at 255 quantiles beyond.
  public var bins: Int?

  public init(
    criterion: TreeCriterion = .automatic, maxDepth: Int? = nil, minSplit: Int = 2, minLeaf: Int = 1, minLeafShare: Double = 0,
    minDecrease: Double = 0, features: FeaturesPerSplit = .all, maxLeaves: Int? = nil, pruning: Double = 0,
    classWeights: ClassWeights? = nil, monotone: [String: Int] = [:], bins: Int? = nil
  ) {
    self.criterion = criterion
    self.maxDepth = maxDepth
    self.minSplit = minSplit
    self.minLeaf = minLeaf
    self.minLeafShare = minLeafShare
    self.minDecrease = minDecrease
    self.features = features
    self.maxLeaves = maxLeaves
    self.pruning = pruning
    self.classWeights = classWeights
    self.monotone = monotone
    self.bins = bins
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    let rules = TreeRules(
      kind: Self.kind, criterion: criterion, maxDepth: maxDepth, minSplit: minSplit, minLeaf: minLeaf, minLeafShare: minLeafShare,
      minDecrease: minDecrease, features: features, maxLeaves: maxLeaves, monotone: monotone)
    try SettingRange.check(pruning >= 0 && pruning.isFinite, Self.kind, "pruning", pruning, "0 or more")
    let rows = try TrainingRows(Self.kind, x, target, weights: weights, [.missing, .categories])
    let grove = try Grove(rows, rules, classWeights: classWeights, bins: bins, exactUpTo: 10_000, threads: context.threads)
    let key = KeyedRandom(seed: context.seed, purpose: "tree", index: 0).first
    let tree = try grove.grow(grove.weights, key: key).pruned(alpha: pruning)
    return grove.classifier([tree]) ?? grove.regressor([tree])
  }
}

extension KeyedRandom {
  /// The generator's first number.
  var first: UInt64 {
    var random = self
    return random.next()
  }
}
