import CLearners

/// One tree as it grew: values at every node. Children come after their parent.
struct GrownTree: Sendable {
  var nodes: [CLTreeNode]
  /// `[nodes, width]`.
  var values: [Double]
  var impurities: [Double]
  var weights: [Double]
  var counts: [Int64]
  var words: [UInt32]
  let width: Int

  init(_ tree: CLTree, width: Int) {
    func array<Element>(_ start: UnsafeMutablePointer<Element>?, _ count: Int) -> [Element] {
      Array(UnsafeBufferPointer(start: start, count: count))
    }
    let count = Int(tree.node_count)
    nodes = array(tree.nodes, count)
    values = array(tree.values, count * width)
    impurities = array(tree.impurities, count)
    weights = array(tree.weights, count)
    counts = array(tree.counts, count)
    words = array(tree.words, Int(tree.word_count))
    self.width = width
  }

  /// Cuts off what gains less than `alpha` a leaf: minimal cost-complexity pruning (Breiman et al. 1984, 3.3).
  func pruned(alpha: Double) -> GrownTree {
    guard alpha > 0, nodes.count > 1 else { return self }
    var tree = self
    let total = weights[0]
    while true {
      var cost = [Double](repeating: 0, count: nodes.count), leaves = [Int](repeating: 0, count: nodes.count)
      var weakest = -1, least = Double.infinity
      var reached = [Bool](repeating: false, count: nodes.count)
      reached[0] = true
      for place in tree.nodes.indices where reached[place] && tree.nodes[place].feature >= 0 {
        reached[Int(tree.nodes[place].left)] = true
        reached[Int(tree.nodes[place].left) + 1] = true
      }
      for place in tree.nodes.indices.reversed() where reached[place] {
        let own = tree.impurities[place] * tree.weights[place] / total
        if tree.nodes[place].feature < 0 {
          cost[place] = own
          leaves[place] = 1
        } else {
          let left = Int(tree.nodes[place].left)
          cost[place] = cost[left] + cost[left + 1]
          leaves[place] = leaves[left] + leaves[left + 1]
          let gain = (own - cost[place]) / Double(leaves[place] - 1)
          // Of equal ones the highest goes, which takes the others with it.
          if gain <= least {
            least = gain
            weakest = place
          }
        }
      }
      guard weakest >= 0, least <= alpha else { break }
      tree.nodes[weakest].feature = -1
    }
    return tree.compacted()
  }

  /// Without the nodes that nothing leads to.
  private func compacted() -> GrownTree {
    var order = [0], place = 0
    var moved = [Int: Int]()
    moved[0] = 0
    while place < order.count {
      let node = nodes[order[place]]
      if node.feature >= 0 {
        moved[order[place]] = order.count
        order += [Int(node.left), Int(node.left) + 1]
      }
      place += 1
    }
    var tree = self
    tree.nodes = order.map { old in
      var node = nodes[old]
      if node.feature >= 0 { node.left = Int32(moved[old] ?? 0) }
      return node
    }
    tree.values = order.flatMap { values[$0 * width..<($0 + 1) * width] }
    tree.impurities = order.map { impurities[$0] }
    tree.weights = order.map { weights[$0] }
    tree.counts = order.map { counts[$0] }
    return tree
  }
}
