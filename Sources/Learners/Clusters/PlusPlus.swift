import Foundation
import MartletCore

/// k-means++ with 2 + log k candidates a centre, of which the best is taken (Arthur and Vassilvitskii 2007).
struct PlusPlus {
  let rows: PackedRows
  let weights: [Double]
  let threads: Int

  /// The squared distance of each row of a block from the nearest centre so far, and their weighted sum.
  private struct Block: Sendable {
    var range: Range<Int>
    var nearest: [Double]
    var potential: Double
  }

  /// - Returns: rows to start from, `[count, columns]`.
  func centres(_ count: Int, _ random: inout KeyedRandom) throws -> [Double] {
    let trials = 2 + Int(log(Double(count)))
    let bare = try rows.blocks(threads: 1) { range in
      Block(range: range, nearest: [Double](repeating: .infinity, count: range.count), potential: 0)
    }
    let first = drawByWeight(&random)
    var chosen = [first], blocks = try approached(bare, [first])[0]
    while chosen.count < count {
      let total = blocks.reduce(0) { $0 + $1.potential }
      let candidates = (0..<trials).map { _ in total > 0 ? draw(blocks, total, &random) : drawByWeight(&random) }
      let outcomes = try approached(blocks, candidates)
      let potentials = outcomes.map { $0.reduce(0) { $0 + $1.potential } }
      let best = potentials.indices.reduce(0) { potentials[$1] < potentials[$0] ? $1 : $0 }
      chosen.append(candidates[best])
      blocks = outcomes[best]
    }
    return chosen.flatMap { rows.values[$0 * rows.columns..<($0 + 1) * rows.columns] }
  }

  /// The blocks as each of the candidates would leave them.
  private func approached(_ blocks: [Block], _ candidates: [Int]) throws -> [[Block]] {
    let parts = try Parallel.map(blocks.count, threads: threads) { place in
      try rows.approach(blocks[place].range, candidates, blocks[place].nearest, weights)
    }
    return candidates.indices.map { candidate in
      zip(blocks, parts).map { block, part in
        let size = block.range.count
        return Block(
          range: block.range, nearest: Array(part.distances[candidate * size..<(candidate + 1) * size]),
          potential: part.potentials[candidate])
      }
    }
  }

  /// A row by its share of the potential.
  private func draw(_ blocks: [Block], _ total: Double, _ random: inout KeyedRandom) -> Int {
    let goal = random.uniform() * total
    var sum = 0.0, last = 0
    for block in blocks {
      if sum + block.potential <= goal {
        if block.potential > 0 { last = block.range.upperBound - 1 }
        sum += block.potential
        continue
      }
      for (place, distance) in block.nearest.enumerated() where distance > 0 {
        last = block.range.lowerBound + place
        sum += distance * weights[last]
        if sum > goal { return last }
      }
    }
    return last
  }

  private func drawByWeight(_ random: inout KeyedRandom) -> Int {
    let goal = random.uniform() * weights.reduce(0, +)
    var sum = 0.0
    for (row, weight) in weights.enumerated() {
      sum += weight
      if sum > goal { return row }
    }
    return weights.lastIndex { $0 > 0 } ?? 0
  }
}
