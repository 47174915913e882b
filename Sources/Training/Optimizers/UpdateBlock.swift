import Torch

/// A part of a group's update: tensors that a method reads and writes several times, small enough together to stay in the cache.
///
/// A large parameter comes in pieces, small ones come together. On a GPU, whose kernels take whole lists, everything is one block.
struct UpdateBlock {
  let parameters: [Tensor]
  let gradients: [Tensor]
  /// State tensors by slot, in the order that was asked for.
  let slots: [[Tensor]]
  /// Updates that the parameters have seen, this one counted.
  let step: Int
  /// What the parameters remember.
  let numbers: [Double]

  /// What to descend along: the gradient, turned round for climbing, with an L2 penalty. Not to be written to.
  func direction(maximize: Bool, penalty: Double = 0) throws(TorchError) -> [Tensor] {
    guard maximize else { return penalty == 0 ? gradients : try Tensor._foreach_add(gradients, parameters, alpha: Scalar(penalty)) }
    let direction = try Tensor._foreach_neg(gradients)
    if penalty != 0 { try Tensor._foreach_add_(direction, parameters, alpha: Scalar(penalty)) }
    return direction
  }
}

extension GroupedOptimizer {
  /// Counts the update and calls `body` with its blocks.
  /// - Parameter isWhole: no parameter is cut, for methods that do not treat every element by itself.
  func inBlocks(
    _ update: GroupUpdate, slots: [Int], isWhole: Bool = false, settings: Settings, _ body: (UpdateBlock) throws(TorchError) -> Void
  ) throws(TorchError) {
    advance(update)
    for part in parts(of: update) {
      let first = part.index(0)
      let step = counts[part.group][first]
      let numbers = numbers[part.group][first]
      var states: [[Tensor]] = []
      for slot in slots { states.append(try state(slot, part)) }
      let lists = [part.parameters, part.gradients] + states
      for block in try BlockCutter.cut(lists, isWhole: isWhole) {
        try body(
          UpdateBlock(parameters: block[0], gradients: block[1], slots: Array(block[2...]), step: step, numbers: numbers))
      }
      if !numbers.isEmpty {
        let next = next(numbers, step: step, settings: settings)
        for position in part.parameters.indices { self.numbers[part.group][part.index(position)] = next }
      }
    }
  }

  /// Parameters that have seen equally many updates and remember the same; most often all of them.
  func parts(of update: GroupUpdate) -> [GroupUpdate] {
    let counts = counts[update.group], numbers = numbers[update.group]
    let first = update.index(0)
    let isUniform = update.parameters.indices.allSatisfy {
      let index = update.index($0)
      return counts[index] == counts[first] && numbers[index] == numbers[first]
    }
    if isUniform { return [update] }
    let positions = Dictionary(grouping: update.parameters.indices) {
      Past(count: counts[update.index($0)], numbers: numbers[update.index($0)])
    }
    return positions.values.sorted { $0[0] < $1[0] }.map(update.subset)
  }
}

/// What a parameter has seen.
private struct Past: Hashable {
  let count: Int
  let numbers: [Double]
}

/// Cuts lists of equally shaped tensors into blocks.
enum BlockCutter {
  /// Elements of one tensor in a block for one thread. Measured: half or twice as many are slower on small networks, a quarter and no
  /// blocks at all on large ones.
  static let elements = 1 << 16

  /// - Parameter lists: each with one tensor per parameter, all of the same shapes.
  /// - Returns: block by block, the part of each list that belongs to it.
  static func cut(_ lists: [[Tensor]], isWhole: Bool) throws(TorchError) -> [[[Tensor]]] {
    let parameters = lists[0]
    guard parameters.allSatisfy({ $0.device == .cpu }) else { return [lists] }
    let limit = elements * TorchThreads.count
    let sizes = parameters.map(\.count)
    if sizes.reduce(0, +) <= limit { return [lists] }
    var blocks: [[[Tensor]]] = []
    var open = [[Tensor]](repeating: [], count: lists.count)
    var filled = 0
    func close() {
      if filled > 0 { blocks.append(open) }
      open = [[Tensor]](repeating: [], count: lists.count)
      filled = 0
    }
    for (index, size) in sizes.enumerated() {
      if !isWhole, size > limit, lists.allSatisfy({ $0[index].isContiguous }) {
        var pieces: [[Tensor]] = []
        for list in lists { pieces.append(try list[index].view([-1]).split(limit)) }
        for piece in pieces[0].indices { blocks.append(pieces.map { [$0[piece]] }) }
      } else {
        if filled + size > limit { close() }
        for list in lists.indices { open[list].append(lists[list][index]) }
        filled += size
      }
    }
    close()
    return blocks
  }
}
