import CLearners
import Foundation
import MartletCore

/// One tree of random splits over a few rows; its leaves hold the depth at which they lie, plus that of the rows left in them.
struct IsolationTree {
  private(set) var grown: GrownTree
  private let values: [Double]
  private let columns: Int
  private let limit: Int

  init(_ values: [Double], columns: Int, rows: [Int], features: [Int], limit: Int, _ random: inout KeyedRandom) {
    self.values = values
    self.columns = columns
    self.limit = limit
    grown = GrownTree(CLTree(), width: 1)
    var rows = rows, open: [(node: Int, range: Range<Int>, depth: Int)] = [(add(rows.count, depth: 0), 0..<rows.count, 0)]
    while let (node, range, depth) = open.popLast() {
      guard depth < limit, range.count > 1, let (feature, threshold) = split(rows[range], features, &random) else { continue }
      let cut = rows[range].partition { values[$0 * columns + feature] > threshold }
      let left = add(cut - range.lowerBound, depth: depth + 1)
      _ = add(range.upperBound - cut, depth: depth + 1)
      grown.nodes[node] = CLTreeNode(threshold: threshold, feature: Int32(feature), left: Int32(left))
      open.append((left + 1, cut..<range.upperBound, depth + 1))
      open.append((left, range.lowerBound..<cut, depth + 1))
    }
  }

  private mutating func add(_ count: Int, depth: Int) -> Int {
    grown.nodes.append(CLTreeNode(threshold: 0, feature: -1, left: 0))
    grown.values.append(Double(depth) + Self.averagePath(count))
    grown.impurities.append(0)
    grown.weights.append(Double(count))
    return grown.nodes.count - 1
  }

  /// A random threshold of a random feature that varies among the rows; `nil` if none does.
  private func split(_ rows: ArraySlice<Int>, _ features: [Int], _ random: inout KeyedRandom) -> (Int, Double)? {
    var left = features
    while !left.isEmpty {
      let feature = left.remove(at: random.below(left.count))
      var low = Double.infinity, high = -Double.infinity
      for row in rows {
        low = min(low, values[row * columns + feature])
        high = max(high, values[row * columns + feature])
      }
      if low < high {
        let threshold = low + (high - low) * random.uniform()
        return (feature, threshold < high ? threshold : low)
      }
    }
    return nil
  }

  /// The mean length of an unsuccessful search in a binary search tree of so many rows (Liu, Ting, Zhou 2008, equation 1).
  static func averagePath(_ rows: Int) -> Double {
    switch rows {
    case ...1: return 0
    case 2: return 1
    default:
      let count = Double(rows)
      return 2 * (log(count - 1) + eulerGamma) - 2 * (count - 1) / count
    }
  }

  private static let eulerGamma = 0.577_215_664_901_532_9
}

/// Draws rows without replacement, a row of weight two as two rows.
struct WeightedSampler: Sendable {
  private let ends: [Int]

  /// Weights are rounded to whole numbers if all are whole, else each row counts once.
  init(_ weights: [Double]) {
    let whole = weights.allSatisfy { $0 == $0.rounded() && $0 < 1e9 }
    var sum = 0
    ends = weights.map { weight in
      sum += whole ? Int(weight) : 1
      return sum
    }
  }

  /// How many rows there are, repetitions counted.
  var total: Int { ends.last ?? 0 }

  /// Floyd's way; in the order of the rows.
  func draw(_ count: Int, _ random: inout KeyedRandom) -> [Int] {
    var drawn = Set<Int>()
    for last in (total - count)..<total {
      let place = random.below(last + 1)
      if !drawn.insert(place).inserted { drawn.insert(last) }
    }
    return drawn.sorted().map { place in
      var low = 0, high = ends.count - 1
      while low < high {
        let middle = (low + high) / 2
        if ends[middle] > place { high = middle } else { low = middle + 1 }
      }
      return low
    }
  }

  /// A quantile of weighted values, between the two that lie around it.
  static func quantile(_ level: Double, _ values: [Double], _ weights: [Double]) -> Double {
    let order = values.indices.sorted { values[$0] < values[$1] }
    let total = weights.reduce(0, +)
    guard let last = order.last, total > 1 else { return values.first ?? 0 }
    let position = level * (total - 1)
    var below = 0.0
    func value(at place: Double) -> Double {
      below = 0
      for index in order {
        below += weights[index]
        if below > place { return values[index] }
      }
      return values[last]
    }
    let low = value(at: position.rounded(.down)), high = value(at: position.rounded(.down) + 1)
    return low + (high - low) * (position - position.rounded(.down))
  }
}
