import Foundation
import MartletCore

/// The rounds of k-means on row-major rows.
struct Lloyd {
  let values: [Double]
  let weights: [Double]
  let columns: Int
  let count: Int
  let threads: Int

  struct Outcome {
    var centres: [Double]
    var inertia: Double
    var iterations: Int
    var converged: Bool
  }

  private var rows: Int { weights.count }

  /// Sums are taken over this many rows at a time, whatever the number of threads.
  private static let block = 4096

  /// The nearest centre of each row, and how far it is, squared.
  static func nearest(_ values: [Double], _ centres: [Double], columns: Int) -> [(centre: Int, distance: Double)] {
    (0..<values.count / max(columns, 1)).map { nearest(values, row: $0, centres, columns: columns) }
  }

  private static func nearest(_ values: [Double], row: Int, _ centres: [Double], columns: Int) -> (centre: Int, distance: Double) {
    values.withUnsafeBufferPointer { values in
      centres.withUnsafeBufferPointer { centres in
        var best = (centre: 0, distance: Double.infinity)
        for centre in 0..<centres.count / columns {
          let distance = squared(values, row * columns, centres, centre * columns, columns)
          if distance < best.distance { best = (centre, distance) }
        }
        return best
      }
    }
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

  private struct Sums: Sendable {
    var labels: [Int]
    var distances: [Double]
    var totals: [Double]
    var weights: [Double]
    var inertia: Double
  }

  private func assign(_ centres: [Double]) throws -> [Sums] {
    let blocks = (rows + Self.block - 1) / Self.block
    return try Parallel.map(blocks, threads: threads) { block in
      let range = block * Self.block..<min((block + 1) * Self.block, rows)
      var sums = Sums(
        labels: [], distances: [], totals: [Double](repeating: 0, count: count * columns),
        weights: [Double](repeating: 0, count: count), inertia: 0)
      for row in range {
        let (centre, distance) = Self.nearest(values, row: row, centres, columns: columns)
        sums.labels.append(centre)
        sums.distances.append(distance)
        sums.weights[centre] += weights[row]
        sums.inertia += weights[row] * distance
        for column in 0..<columns { sums.totals[centre * columns + column] += weights[row] * values[row * columns + column] }
      }
      return sums
    }
  }

  func run(from start: [Double], iterations: Int, goal: Double) throws -> Outcome {
    var centres = start
    var labels: [Int] = []
    for iteration in 1...iterations {
      try Task.checkCancellation()
      let parts = try assign(centres)
      let newLabels = parts.flatMap(\.labels)
      var totals = [Double](repeating: 0, count: count * columns), sums = [Double](repeating: 0, count: count)
      for part in parts {
        for place in totals.indices { totals[place] += part.totals[place] }
        for centre in 0..<count { sums[centre] += part.weights[centre] }
      }
      relocate(&totals, &sums, newLabels, parts.flatMap(\.distances))
      var moved = 0.0
      for centre in 0..<count {
        for column in 0..<columns {
          let place = centre * columns + column
          let new = sums[centre] > 0 ? totals[place] / sums[centre] : centres[place]
          moved += (new - centres[place]) * (new - centres[place])
          centres[place] = new
        }
      }
      let isSame = newLabels == labels
      labels = newLabels
      if isSame || moved <= goal {
        return Outcome(centres: centres, inertia: try inertia(centres), iterations: iteration, converged: true)
      }
    }
    return Outcome(centres: centres, inertia: try inertia(centres), iterations: iterations, converged: false)
  }

  private func inertia(_ centres: [Double]) throws -> Double { try assign(centres).reduce(0) { $0 + $1.inertia } }

  /// A cluster that lost all its rows takes the row that is farthest from its own centre.
  private func relocate(_ totals: inout [Double], _ sums: inout [Double], _ labels: [Int], _ distances: [Double]) {
    let empty = (0..<count).filter { sums[$0] == 0 }
    guard !empty.isEmpty else { return }
    let far = distances.indices.sorted { distances[$0] == distances[$1] ? $0 < $1 : distances[$0] > distances[$1] }
    for (cluster, row) in zip(empty, far) where distances[row] > 0 {
      let old = labels[row]
      for column in 0..<columns {
        let value = weights[row] * values[row * columns + column]
        totals[old * columns + column] -= value
        totals[cluster * columns + column] = value
      }
      sums[old] -= weights[row]
      sums[cluster] = weights[row]
    }
  }

  /// k-means++ with 2 + log k candidates a centre, of which the best is taken.
  func plusPlus(_ random: inout KeyedRandom) -> [Double] {
    let trials = 2 + Int(log(Double(count)))
    func draw(_ shares: [Double], _ total: Double) -> Int {
      let goal = random.uniform() * total
      var sum = 0.0
      for (row, share) in shares.enumerated() {
        sum += share
        if sum > goal { return row }
      }
      return shares.lastIndex { $0 > 0 } ?? 0
    }
    func distances(to row: Int) -> [Double] {
      values.withUnsafeBufferPointer { values in
        (0..<rows).map { Self.squared(values, $0 * columns, values, row * columns, columns) }
      }
    }
    func potential(_ distances: [Double]) -> Double { zip(distances, weights).reduce(0) { $0 + $1.0 * $1.1 } }
    let first = draw(weights, weights.reduce(0, +))
    var chosen = [first]
    var nearest = distances(to: first)
    while chosen.count < count {
      let shares = zip(nearest, weights).map { $0 * $1 }
      let total = shares.reduce(0, +)
      var best: (row: Int, nearest: [Double], potential: Double)?
      for _ in 0..<trials {
        let row = total > 0 ? draw(shares, total) : draw(weights, weights.reduce(0, +))
        let candidate = zip(nearest, distances(to: row)).map { min($0, $1) }
        let value = potential(candidate)
        if value < best?.potential ?? .infinity { best = (row, candidate, value) }
      }
      guard let best else { break }
      chosen.append(best.row)
      nearest = best.nearest
    }
    return chosen.flatMap { values[$0 * columns..<($0 + 1) * columns] }
  }
}
