import CLearners
import MartletCore
import Tables

/// Grown trees laid out for walking: nodes of 16 bytes, values at leaves only.
struct TreeSet: Sendable {
  private(set) var nodes: [CLTreeNode] = []
  /// `[leaves, width]`.
  private(set) var values: [Double] = []
  /// A node.
  private(set) var impurities: [Double] = []
  private(set) var weights: [Double] = []
  private(set) var words: [UInt32] = []
  /// A tree, and the end.
  private(set) var starts: [Int64] = [0]
  private(set) var leafStarts: [Int64] = [0]
  private(set) var wordStarts: [Int64] = [0]
  let width: Int

  var count: Int { starts.count - 1 }
  var leafCount: Int { Int(leafStarts[count]) }

  init(_ trees: [GrownTree], width: Int) {
    self.width = width
    nodes.reserveCapacity(trees.reduce(0) { $0 + $1.nodes.count })
    for tree in trees {
      var leaves: Int32 = 0
      for (place, node) in tree.nodes.enumerated() {
        var node = node
        if node.feature < 0 {
          node.left = leaves
          leaves += 1
          values += tree.values[place * width..<(place + 1) * width]
        }
        nodes.append(node)
      }
      impurities += tree.impurities
      weights += tree.weights
      words += tree.words
      starts.append(Int64(nodes.count))
      leafStarts.append(leafStarts[leafStarts.count - 1] + Int64(leaves))
      wordStarts.append(Int64(words.count))
    }
  }

  // Walking -----------------------------------------------------------------------------------------------------------------------------

  private func withForest<Result>(_ body: (inout CLForest) -> Result) -> Result {
    nodes.withUnsafeBufferPointer { nodes in
      starts.withUnsafeBufferPointer { starts in
        words.withUnsafeBufferPointer { words in
          wordStarts.withUnsafeBufferPointer { wordStarts in
            leafStarts.withUnsafeBufferPointer { leafStarts in
              var forest = CLForest(
                nodes: nodes.baseAddress, starts: starts.baseAddress, trees: Int64(count), words: words.baseAddress,
                word_starts: wordStarts.baseAddress, leaf_starts: leafStarts.baseAddress)
              return body(&forest)
            }
          }
        }
      }
    }
  }

  private struct Pointers: @unchecked Sendable {
    let x: UnsafePointer<Double>, forest: CLForest, values: UnsafePointer<Double>, out: UnsafeMutablePointer<Double>
  }

  private static let block = 512

  /// The sum of the trees' leaves: row-major `[rows, width]`. Every row is summed by itself, in the order of the trees.
  func sums(_ x: [Double], rows: Int, columns: Int, threads: Int) -> [Double] {
    var result = [Double](repeating: 0, count: rows * width)
    guard rows > 0 else { return result }
    withForest { forest in
      x.withUnsafeBufferPointer { x in
        values.withUnsafeBufferPointer { values in
          result.withUnsafeMutableBufferPointer { result in
            guard let start = x.baseAddress, let values = values.baseAddress, let target = result.baseAddress else { return }
            let all = Pointers(x: start, forest: forest, values: values, out: target)
            Parallel.forEach((rows + Self.block - 1) / Self.block, threads: threads) { part in
              let first = part * Self.block
              var forest = all.forest
              cl_forest_add(
                &forest, all.values, Int32(width), all.x + first * columns, Int64(min(Self.block, rows - first)), Int64(columns),
                all.out + first * width)
            }
          }
        }
      }
    }
    return result
  }

  /// The leaf of each tree that each row falls in, counted from the tree's first: row-major `[rows, trees]`.
  func leaves(_ x: [Double], rows: Int, columns: Int) -> [Int32] {
    var result = [Int32](repeating: 0, count: rows * count)
    withForest { forest in
      x.withUnsafeBufferPointer { x in
        result.withUnsafeMutableBufferPointer { result in
          guard rows > 0, let start = x.baseAddress, let target = result.baseAddress else { return }
          cl_forest_leaves(&forest, start, Int64(rows), Int64(columns), target)
        }
      }
    }
    return result
  }

  // Looking ------------------------------------------------------------------------------------------------------------------------------

  /// How much each feature made the trees purer, as shares that sum to one: the mean over the trees (Breiman 2001).
  func importances(features: Int) -> [Double] {
    var result = [Double](repeating: 0, count: features)
    for tree in 0..<count {
      let first = Int(starts[tree]), last = Int(starts[tree + 1])
      var own = [Double](repeating: 0, count: features)
      for place in first..<last where nodes[place].feature >= 0 {
        let left = first + Int(nodes[place].left)
        let gain =
          weights[place] * impurities[place] - weights[left] * impurities[left] - weights[left + 1] * impurities[left + 1]
        own[Int(nodes[place].feature & NodeFlags.feature)] += max(gain, 0)
      }
      let total = own.reduce(0, +)
      if total > 0 { for feature in 0..<features { result[feature] += own[feature] / total } }
    }
    let total = result.reduce(0, +)
    return total > 0 ? result.map { $0 / total } : result
  }

  /// The longest way from the root to a leaf.
  var depth: Int {
    var deepest: Int32 = 0
    for tree in 0..<count {
      let first = Int(starts[tree])
      var depths = [Int32](repeating: 0, count: Int(starts[tree + 1]) - first)
      for place in depths.indices where nodes[first + place].feature >= 0 {
        let left = Int(nodes[first + place].left)
        depths[left] = depths[place] + 1
        depths[left + 1] = depths[place] + 1
        deepest = max(deepest, depths[left])
      }
    }
    return Int(deepest)
  }

  // Saving -------------------------------------------------------------------------------------------------------------------------------

  func arrays() throws -> [String: HostArray] {
    [
      "thresholds": try HostArray(nodes.map(\.threshold)), "features": try HostArray(nodes.map(\.feature)),
      "left": try HostArray(nodes.map(\.left)), "values": try HostArray(values, shape: [values.count / width, width]),
      "impurities": try HostArray(impurities), "weights": try HostArray(weights),
      "words": try HostArray(words.map { Int32(bitPattern: $0) }), "starts": try HostArray(starts),
      "leafStarts": try HostArray(leafStarts), "wordStarts": try HostArray(wordStarts),
    ]
  }

  /// - Throws: `LearnerError` if the arrays are no trees over so many features: nothing in them may lead a walk astray.
  init(_ archive: LearnerArchive, width: Int, features: Int) throws {
    func array<Element: TensorElement>(_ name: String, _ type: Element.Type) throws -> [Element] {
      guard let array = archive.arrays[name], array.dtype == Element.dtype else {
        throw LearnerError("the archive of \(archive.kind) lacks the array '\(name)' of \(Element.dtype)")
      }
      return try array.values(as: type)
    }
    let thresholds = try array("thresholds", Double.self), split = try array("features", Int32.self)
    let left = try array("left", Int32.self)
    guard split.count == thresholds.count, left.count == thresholds.count, width > 0 else {
      throw LearnerError("the archive of \(archive.kind) holds trees of different numbers of nodes")
    }
    self.width = width
    nodes = thresholds.indices.map { CLTreeNode(threshold: thresholds[$0], feature: split[$0], left: left[$0]) }
    values = try array("values", Double.self)
    impurities = try array("impurities", Double.self)
    weights = try array("weights", Double.self)
    words = try array("words", Int32.self).map { UInt32(bitPattern: $0) }
    starts = try array("starts", Int64.self)
    leafStarts = try array("leafStarts", Int64.self)
    wordStarts = try array("wordStarts", Int64.self)
    guard isSound(features: features) else {
      throw LearnerError("the archive of \(archive.kind) holds what are no trees", remedy: "fit the model again: its archive is damaged")
    }
  }

  private func isSound(features: Int) -> Bool {
    func ascends(_ starts: [Int64], to end: Int) -> Bool {
      starts.count == self.starts.count && starts.first == 0 && starts.last == Int64(end) && zip(starts, starts.dropFirst()).allSatisfy(<=)
    }
    guard starts.count >= 2, values.count % width == 0, impurities.count == nodes.count, weights.count == nodes.count,
      ascends(starts, to: nodes.count), ascends(leafStarts, to: values.count / width), ascends(wordStarts, to: words.count)
    else { return false }
    for tree in 0..<count {
      let first = Int(starts[tree]), size = Int(starts[tree + 1]) - first
      let leaves = leafStarts[tree + 1] - leafStarts[tree], word = Int(wordStarts[tree])
      let wordCount = Int(wordStarts[tree + 1]) - word
      guard size > 0 else { return false }
      for place in 0..<size {
        let node = nodes[first + place]
        if node.feature < 0 {
          guard node.left >= 0, Int64(node.left) < leaves else { return false }
          continue
        }
        // Children lie behind their parent, so that every walk ends.
        guard Int(node.left) > place, Int(node.left) + 1 < size, Int(node.feature & NodeFlags.feature) < features else { return false }
        if node.feature & NodeFlags.categorical != 0 {
          guard let start = Int(exactly: node.threshold), start >= 0, start < wordCount,
            start + 1 + (Int(words[word + start]) + 31) / 32 <= wordCount
          else { return false }
        }
      }
    }
    return true
  }
}

/// What a node's `feature` says beside the feature.
enum NodeFlags {
  static let feature = Int32(CL_NODE_FEATURE)
  static let categorical = Int32(CL_NODE_CATEGORICAL)
  static let missingLeft = Int32(CL_NODE_MISSING_LEFT)
}
