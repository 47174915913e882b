import CLearners
import MartletCore
import Torch

/// Rows that neighbours are looked for among.
///
/// `@unchecked Sendable`: nothing changes after `init`.
final class NeighbourRows: @unchecked Sendable {
  let count: Int
  let columns: Int
  let metric: NeighbourMetric
  let power: Double
  /// Row-major, `[count, columns]`.
  let points: [Double]
  private let graph: NeighbourGraph?
  private let scores: ScoreSide?

  /// What the matrix product needs of the rows: single precision, centred (or of length one for cosines), and half their squared lengths.
  private struct ScoreSide: @unchecked Sendable {
    let centre: [Double]
    /// `[columns, count]`.
    let transposed: Tensor
    /// `[1, count]`.
    let halves: Tensor
    let longest: Double
  }

  /// - Parameter graph: for approximate search: links a point, and effort of building and of searching.
  init(
    _ points: [Double], count: Int, columns: Int, metric: NeighbourMetric, power: Double,
    graph: (links: Int, construction: Int, effort: Int, seed: UInt64)? = nil
  ) throws {
    self.points = points
    self.count = count
    self.columns = columns
    self.metric = metric
    self.power = power
    self.graph = try graph.map { try NeighbourGraph(points, count: count, columns: columns, metric: metric, settings: $0) }
    guard metric.isBilinear, graph == nil, count >= 256 else {
      scores = nil
      return
    }
    var centre = [Double](repeating: 0, count: columns)
    if metric == .euclidean {
      for row in 0..<count { for column in 0..<columns { centre[column] += points[row * columns + column] } }
      for column in 0..<columns { centre[column] /= Double(count) }
    }
    let (floats, halves, longest) = Self.single(points, 0..<count, columns, centre, metric)
    guard longest < .infinity else {
      scores = nil
      return
    }
    scores = ScoreSide(
      centre: centre, transposed: try Tensor(floats, shape: [count, columns]).t().contiguous(),
      halves: try Tensor(metric == .cosine ? [Float](repeating: 0, count: count) : halves.map { Float($0) }, shape: [1, count]),
      longest: longest)
  }

  private static func single(
    _ values: [Double], _ rows: Range<Int>, _ columns: Int, _ centre: [Double], _ metric: NeighbourMetric
  ) -> (floats: [Float], halves: [Double], longest: Double) {
    var floats = [Float](repeating: 0, count: rows.count * columns), halves = [Double](repeating: 0, count: rows.count), longest = 0.0
    values.withUnsafeBufferPointer { values in
      floats.withUnsafeMutableBufferPointer { floats in
        for (place, row) in rows.enumerated() {
          var squares = 0.0
          for column in 0..<columns {
            let value = values[row * columns + column] - centre[column]
            squares += value * value
          }
          let scale = metric == .cosine ? (squares > 0 ? 1 / squares.squareRoot() : 0) : 1
          for column in 0..<columns {
            floats[place * columns + column] = Float((values[row * columns + column] - centre[column]) * scale)
          }
          halves[place] = metric == .cosine ? 0.5 : squares / 2
          // Single precision cannot multiply longer rows: their products would be no numbers.
          longest = squares < 1e30 ? max(longest, (2 * halves[place]).squareRoot()) : .infinity
        }
      }
    }
    return (floats, halves, longest)
  }

  private static let block = 256

  /// The `k` nearest rows of each query, nearest first, ties by the lowest index.
  /// - Parameter k: at most ``count``.
  /// - Returns: row-major `[rows, k]`; an approximate search that finds fewer repeats its last with an infinite distance.
  func nearest(_ queries: [Double], rows: Int, k: Int, threads: Int) throws -> (indices: [Int32], distances: [Double]) {
    guard rows > 0 else { return ([], []) }
    let parts = try Parallel.map((rows + Self.block - 1) / Self.block, threads: threads) { part in
      try Task.checkCancellation()
      let range = part * Self.block..<min(rows, (part + 1) * Self.block)
      return try self.block(queries, range, k)
    }
    return (parts.flatMap(\.indices), parts.flatMap(\.distances))
  }

  private func block(_ queries: [Double], _ range: Range<Int>, _ k: Int) throws -> (indices: [Int32], distances: [Double]) {
    if let graph { return try graph.nearest(queries, range, k, self) }
    var indices = [Int32](repeating: 0, count: range.count * k), distances = [Double](repeating: 0, count: range.count * k)
    // A product of matrices pays where there are some rows to look up.
    let scored = range.count >= 8 ? try scores.flatMap { try score(queries, range, $0) } : nil
    let status = points.withUnsafeBufferPointer { points in
      queries.withUnsafeBufferPointer { queries in
        var all = CLPoints(points: points.baseAddress, count: Int64(count), columns: Int64(columns), metric: metric.code, power: power)
        let first = queries.baseAddress.map { $0 + range.lowerBound * columns }
        guard let scored else { return cl_nearest(&all, first, Int64(range.count), Int64(k), &indices, &distances) }
        return
          (try? scored.scores.withUnsafeBytes { bytes in
            cl_nearest_scored(
              &all, first, Int64(range.count), Int64(k), bytes.assumingMemoryBound(to: Float.self).baseAddress, scored.slack, &indices,
              &distances)
          }) ?? 1
      }
    }
    guard status == 0 else { throw LearnerError("memory ran out while neighbours were looked for among \(count) rows") }
    return (indices, distances)
  }

  /// Half the squared distance less what belongs to the query alone, in single precision, and how far it may be off.
  /// `nil` where single precision does not do.
  private func score(_ queries: [Double], _ range: Range<Int>, _ side: ScoreSide) throws -> (scores: Tensor, slack: [Double])? {
    let (floats, halves, longest) = Self.single(queries, range, columns, side.centre, metric)
    guard longest < .infinity else { return nil }
    let scores = try inferenceMode {
      try side.halves.addmm(Tensor(floats, shape: [range.count, columns]), side.transposed, beta: 1, alpha: -1)
    }
    // Rounding of products and sums, of the inputs, and of the halves: each within 2⁻²⁴ of lengths multiplied.
    let unit = 0x1p-24 * Double(columns + 8)
    return (scores, halves.map { half in unit * side.longest * ((2 * half).squareRoot() + side.longest) + 1e-30 })
  }

  /// The distances of one query from all rows.
  func distances(_ queries: [Double], row: Int) -> [Double] {
    [Double](unsafeUninitializedCapacity: count) { target, written in
      points.withUnsafeBufferPointer { points in
        queries.withUnsafeBufferPointer { queries in
          var all = CLPoints(points: points.baseAddress, count: Int64(count), columns: Int64(columns), metric: metric.code, power: power)
          if let first = queries.baseAddress, let start = target.baseAddress { cl_distances(&all, first + row * columns, start) }
        }
      }
      written = count
    }
  }
}
