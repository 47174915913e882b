import MartletCore
public import Tables

/// A fitted tree, or many, that give classes their probabilities: the mean of the shares in the leaves.
public struct TreeClassifier: FittedClassifier, FittedTrees {
  public let kind: String
  public let featureNames: [String]
  public let labels: [String]
  /// What the trees say of the training rows that they did not see; `nil` unless asked for.
  public let outOfBag: OutOfBag?
  let present: [Int]
  let trees: TreeSet

  init(kind: String, featureNames: [String], labels: [String], present: [Int], trees: TreeSet, outOfBag: OutOfBag? = nil) {
    self.kind = kind
    self.featureNames = featureNames
    self.labels = labels
    self.present = present
    self.trees = trees
    self.outOfBag = outOfBag
  }

  public func probabilities(_ x: FeatureMatrix) throws -> [Double] {
    let sums = trees.sums(try values(x), rows: x.rows, columns: x.columns, threads: Parallel.defaultThreads)
    let share = Double(trees.count)
    return RowClasses.spread(sums.map { $0 / share }, present: present, labels: labels.count)
  }

  private struct State: Codable {
    var featureNames: [String], labels: [String], present: [Int], outOfBag: OutOfBag.Summary?
  }

  public func archive() throws -> LearnerArchive {
    var arrays = try trees.arrays()
    try outOfBag?.add(to: &arrays)
    let state = State(featureNames: featureNames, labels: labels, present: present, outOfBag: outOfBag?.summary)
    return LearnerArchive(kind: kind, settings: try StoredParts.json(state), arrays: arrays)
  }

  public init(archive: LearnerArchive) throws {
    let state = try StoredParts(archive, kinds: TreeKinds.all).settings(State.self)
    try RowClasses.check(present: state.present, labels: state.labels, kind: archive.kind)
    self.init(
      kind: archive.kind, featureNames: state.featureNames, labels: state.labels, present: state.present,
      trees: try TreeSet(archive, width: state.present.count, features: state.featureNames.count),
      outOfBag: try state.outOfBag.map { try OutOfBag($0, archive) })
  }
}

/// A fitted tree, or many, that give a number: the mean of the leaves' values.
public struct TreeRegressor: FittedRegressor, FittedTrees {
  public let kind: String
  public let featureNames: [String]
  /// What the trees say of the training rows that they did not see; `nil` unless asked for.
  public let outOfBag: OutOfBag?
  let trees: TreeSet
  let samples: LeafSamples?

  init(kind: String, featureNames: [String], trees: TreeSet, samples: LeafSamples? = nil, outOfBag: OutOfBag? = nil) {
    self.kind = kind
    self.featureNames = featureNames
    self.trees = trees
    self.samples = samples
    self.outOfBag = outOfBag
  }

  public func predict(_ x: FeatureMatrix) throws -> [Double] {
    let share = Double(trees.count)
    return trees.sums(try values(x), rows: x.rows, columns: x.columns, threads: Parallel.defaultThreads).map { $0 / share }
  }

  /// Quantiles of the target given the features: of the training rows that share a leaf, each tree counting the same (Meinshausen 2006).
  /// - Parameter levels: between 0 and 1.
  /// - Returns: row-major `[rows, levels.count]`.
  /// - Throws: `LearnerError` unless the forest was fitted with `quantiles`.
  public func quantiles(_ x: FeatureMatrix, _ levels: [Double]) throws -> [Double] {
    guard let samples else {
      throw LearnerError("this \(kind) keeps no targets in its leaves", remedy: "fit it with quantiles: true")
    }
    if let wrong = levels.first(where: { !($0 >= 0 && $0 <= 1) }) { throw LearnerError("a quantile of \(wrong)", expected: "0 to 1") }
    let leaves = trees.leaves(try values(x), rows: x.rows, columns: x.columns)
    return samples.quantiles(leaves, rows: x.rows, trees: trees, levels)
  }

  private struct State: Codable {
    var featureNames: [String], outOfBag: OutOfBag.Summary?
  }

  public func archive() throws -> LearnerArchive {
    var arrays = try trees.arrays()
    if let samples { try samples.add(to: &arrays) }
    try outOfBag?.add(to: &arrays)
    let state = State(featureNames: featureNames, outOfBag: outOfBag?.summary)
    return LearnerArchive(kind: kind, settings: try StoredParts.json(state), arrays: arrays)
  }

  public init(archive: LearnerArchive) throws {
    let state = try StoredParts(archive, kinds: TreeKinds.all).settings(State.self)
    let trees = try TreeSet(archive, width: 1, features: state.featureNames.count)
    self.init(
      kind: archive.kind, featureNames: state.featureNames, trees: trees, samples: try LeafSamples(archive, trees: trees),
      outOfBag: try state.outOfBag.map { try OutOfBag($0, archive) })
  }
}

/// What a forest says of rows that it did not learn from: an honest estimate without a test part.
public struct OutOfBag: Sendable, Hashable {
  /// Accuracy for classes, the share of the variance that is explained for numbers; over the rows that some tree left out.
  public let score: Double
  /// Rows that every tree saw.
  public let unseenRows: Int
  /// Row-major: a share for each class that occurs, or a number; NaN for rows that every tree saw.
  public let predictions: [Double]

  init(score: Double, unseenRows: Int, predictions: [Double]) {
    self.score = score
    self.unseenRows = unseenRows
    self.predictions = predictions
  }

  /// What goes into an archive's settings; predictions, which may be NaN, go into an array.
  struct Summary: Codable {
    var score: Double, unseenRows: Int
  }

  var summary: Summary { Summary(score: score, unseenRows: unseenRows) }

  func add(to arrays: inout [String: HostArray]) throws { arrays["outOfBag"] = try HostArray(predictions) }

  init(_ summary: Summary, _ archive: LearnerArchive) throws {
    guard let predictions = archive.arrays["outOfBag"] else {
      throw LearnerError("the archive of \(archive.kind) lacks its predictions for rows left out")
    }
    self.init(score: summary.score, unseenRows: summary.unseenRows, predictions: try predictions.values(as: Double.self))
  }
}

/// What can be said of any fitted trees.
public protocol FittedTrees: FittedLearner {
  /// How many trees there are.
  var treeCount: Int { get }
  /// The longest way from a root to a leaf.
  var depth: Int { get }
  /// Leaves of all trees.
  var leafCount: Int { get }
  /// How much each feature made the trees purer, in the order of ``FittedLearner/featureNames``; sums to one, or all zero for stumps.
  var featureImportances: [Double] { get }
  /// The leaf of each tree that each row falls in: row-major `[rows, treeCount]`.
  func leaves(_ x: FeatureMatrix) throws -> [Int32]
  /// A tree's nodes, for explaining and drawing.
  /// - Throws: `LearnerError` if there is no such tree.
  func structure(ofTree tree: Int) throws -> TreeStructure
}

/// A tree's nodes in plain arrays: the root first, children behind their parents.
public struct TreeStructure: Sendable, Hashable {
  /// A node: the feature it splits by, -1 for a leaf.
  public var features: [Int]
  /// A node: numbers up to this go left; NaN for leaves and for categories.
  public var thresholds: [Double]
  /// A node: codes that go left, where it splits categories.
  public var leftCategories: [Int: Set<Int>]
  public var missingGoesLeft: [Bool]
  /// A node: its children, -1 for a leaf.
  public var left: [Int], right: [Int]
  /// A node: the weight of the training rows that came by.
  public var weights: [Double]
  /// A node: the value of a leaf (shares of the classes that occur, or one number); empty for splits.
  public var values: [[Double]]
}

enum TreeKinds {
  static let all = [DecisionTree.kind, RandomForest.kind, ExtraTrees.kind]

  static func restore(_ archive: LearnerArchive) throws -> any FittedLearner {
    if case .object(let members) = archive.settings, members["labels"] != nil { return try TreeClassifier(archive: archive) }
    return try TreeRegressor(archive: archive)
  }
}
