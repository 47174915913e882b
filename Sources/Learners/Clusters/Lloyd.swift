import Foundation
import MartletCore

/// The rounds of k-means.
struct Lloyd {
  private let rows: PackedRows
  private let weights: [Double]
  private let count: Int
  private let threads: Int

  struct Outcome {
    var centres: [Double]
    var inertia: Double
    var iterations: Int
    var converged: Bool
  }

  /// - Parameter values: row-major.
  init(values: [Double], weights: [Double], columns: Int, count: Int, threads: Int) throws {
    rows = try PackedRows(values, columns: columns)
    self.weights = weights
    self.count = count
    self.threads = threads
  }

  /// The nearest centre of each row, and how far it is, squared.
  static func nearest(
    _ values: [Double], _ centres: [Double], columns: Int, threads: Int = Parallel.defaultThreads
  ) throws -> (centres: [Int], distances: [Double]) {
    let rows = try PackedRows(values, columns: columns)
    let parts = try rows.blocks(threads: threads) { range in
      let labels = try rows.nearest(range, centres)
      return (labels.map(Int.init), rows.distances(range, centres, labels))
    }
    return (parts.flatMap(\.0), parts.flatMap(\.1))
  }

  static func squared(
    _ a: UnsafeBufferPointer<Double>, _ startA: Int, _ b: UnsafeBufferPointer<Double>, _ startB: Int, _ count: Int
  ) -> Double {
    var s0 = 0.0, s1 = 0.0, place = 0
    while place + 2 <= count {
      let d0 = a[startA + place] - b[startB + place], d1 = a[startA + place + 1] - b[startB + place + 1]
      s0 += d0 * d0
      s1 += d1 * d1
      place += 2
    }
    if place < count {
      let d = a[startA + place] - b[startB + place]
      s0 += d * d
    }
    return s0 + s1
  }

  /// A block's rows by their nearest centres.
  private struct Sums: Sendable {
    var range: Range<Int>
    var labels: [Int32]
    var totals: [Double]
    var weights: [Double]
  }

  private func assign(_ centres: [Double]) throws -> [Sums] {
    try rows.blocks(threads: threads) { range in
      var sums = Sums(
        range: range, labels: try rows.nearest(range, centres), totals: [Double](repeating: 0, count: centres.count),
        weights: [Double](repeating: 0, count: count))
      rows.add(range, weights, sums.labels, to: &sums.totals, &sums.weights)
      return sums
    }
  }

  func start(_ random: inout KeyedRandom) throws -> [Double] {
    try PlusPlus(rows: rows, weights: weights, threads: threads).centres(count, &random)
  }

  func run(from start: [Double], iterations: Int, goal: Double) throws -> Outcome {
    let columns = rows.columns
    var centres = start
    var labels: [[Int32]] = []
    for iteration in 1...iterations {
      try Task.checkCancellation()
      let parts = try assign(centres)
      var totals = [Double](repeating: 0, count: count * columns), sums = [Double](repeating: 0, count: count)
      for part in parts {
        for place in totals.indices { totals[place] += part.totals[place] }
        for centre in 0..<count { sums[centre] += part.weights[centre] }
      }
      relocate(&totals, &sums, parts, centres)
      var moved = 0.0
      for centre in 0..<count {
        for column in 0..<columns {
          let place = centre * columns + column
          let new = sums[centre] > 0 ? totals[place] / sums[centre] : centres[place]
          moved += (new - centres[place]) * (new - centres[place])
          centres[place] = new
        }
      }
      let newLabels = parts.map(\.labels), isSame = newLabels == labels
      labels = newLabels
      if isSame || moved <= goal {
        return Outcome(centres: centres, inertia: try inertia(centres), iterations: iteration, converged: true)
      }
    }
    return Outcome(centres: centres, inertia: try inertia(centres), iterations: iterations, converged: false)
  }

  private func inertia(_ centres: [Double]) throws -> Double {
    try rows.blocks(threads: threads) { range in
      let distances = rows.distances(range, centres, try rows.nearest(range, centres))
      return distances.indices.reduce(0.0) { $0 + weights[range.lowerBound + $1] * distances[$1] }
    }.reduce(0, +)
  }

  /// A cluster that lost all its rows takes the row that is farthest from its own centre.
  private func relocate(_ totals: inout [Double], _ sums: inout [Double], _ parts: [Sums], _ centres: [Double]) {
    let empty = (0..<count).filter { sums[$0] == 0 }
    guard !empty.isEmpty else { return }
    let columns = rows.columns
    let labels = parts.flatMap(\.labels), distances = parts.flatMap { rows.distances($0.range, centres, $0.labels) }
    let far = distances.indices.sorted { distances[$0] == distances[$1] ? $0 < $1 : distances[$0] > distances[$1] }
    for (cluster, row) in zip(empty, far) where distances[row] > 0 {
      let old = Int(labels[row])
      for column in 0..<columns {
        let value = weights[row] * rows.values[row * columns + column]
        totals[old * columns + column] -= value
        totals[cluster * columns + column] = value
      }
      sums[old] -= weights[row]
      sums[cluster] = weights[row]
    }
  }
}
