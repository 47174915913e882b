import CLearners
import MartletCore
public import Tables

protocol HoldsTrees: FittedTrees {
  var trees: TreeSet { get }
}

extension TreeClassifier: HoldsTrees {}
extension TreeRegressor: HoldsTrees {}

extension TreeClassifier {
  public var treeCount: Int { trees.count }
  public var depth: Int { trees.depth }
  public var leafCount: Int { trees.leafCount }
  public var featureImportances: [Double] { trees.importances(features: featureNames.count) }
  public func leaves(_ x: FeatureMatrix) throws -> [Int32] { trees.leaves(try values(x), rows: x.rows, columns: x.columns) }
  public func structure(ofTree tree: Int) throws -> TreeStructure { try trees.structure(tree, kind: kind) }
}

extension TreeRegressor {
  public var treeCount: Int { trees.count }
  public var depth: Int { trees.depth }
  public var leafCount: Int { trees.leafCount }
  public var featureImportances: [Double] { trees.importances(features: featureNames.count) }
  public func leaves(_ x: FeatureMatrix) throws -> [Int32] { trees.leaves(try values(x), rows: x.rows, columns: x.columns) }
  public func structure(ofTree tree: Int) throws -> TreeStructure { try trees.structure(tree, kind: kind) }
}

extension HoldsTrees {
  /// The rows to predict, row-major. Infinite values are as good as very large ones to a tree.
  func values(_ x: FeatureMatrix) throws -> [Double] {
    try checkFeatures(x)
    return try x.denseValues()
  }
}

extension TreeSet {
  func structure(_ tree: Int, kind: String) throws -> TreeStructure {
    guard tree >= 0, tree < count else { throw LearnerError("tree \(tree) of \(kind) was asked for", expected: "0 to \(count - 1)") }
    let first = Int(starts[tree]), last = Int(starts[tree + 1]), word = Int(wordStarts[tree]), leaf = Int(leafStarts[tree])
    var result = TreeStructure(
      features: [], thresholds: [], leftCategories: [:], missingGoesLeft: [], left: [], right: [],
      weights: Array(weights[first..<last]), values: [])
    for place in first..<last {
      let node = nodes[place], isLeaf = node.feature < 0
      let isCategorical = !isLeaf && node.feature & NodeFlags.categorical != 0
      result.features.append(isLeaf ? -1 : Int(node.feature & NodeFlags.feature))
      result.thresholds.append(isLeaf || isCategorical ? .nan : node.threshold)
      result.missingGoesLeft.append(!isLeaf && node.feature & NodeFlags.missingLeft != 0)
      result.left.append(isLeaf ? -1 : Int(node.left))
      result.right.append(isLeaf ? -1 : Int(node.left) + 1)
      let start = (leaf + Int(node.left)) * width
      result.values.append(isLeaf ? Array(values[start..<start + width]) : [])
      if isCategorical {
        let start = word + Int(node.threshold)
        result.leftCategories[place - first] = Set(
          (0..<Int(words[start])).filter { words[start + 1 + $0 / 32] >> UInt32($0 % 32) & 1 != 0 })
      }
    }
    return result
  }
}
