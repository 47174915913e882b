import Foundation
import MartletCore
import Torch

/// The nearest rows of a dense matrix, exactly.
///
/// Products of matrices in 32 bits say which rows can be near at all; those few are measured in 64 bits. The result depends neither on
/// rounding nor on the number of threads: ascending by distance, equal distances by row.
struct NearestRows: Sendable {
  let values: [Double]
  let width: Int
  let count: Int
  private let means: [Double]
  /// `[width + 1, count]`: the centred values and their squared length.
  private let table: [Float]
  private let lengths: [Double]
  private let longest: Double

  /// - Parameter values: row-major, `[count, width]`, all finite.
  init(_ values: [Double], width: Int) {
    let count = width == 0 ? 0 : values.count / width
    var means = [Double](repeating: 0, count: width)
    values.withUnsafeBufferPointer { cells in
      for row in 0..<count { for column in 0..<width { means[column] += cells[row * width + column] } }
    }
    for column in 0..<width { means[column] /= Double(max(count, 1)) }
    var lengths = [Double](repeating: 0, count: count)
    let table = [Float](unsafeUninitializedCapacity: (width + 1) * count) { target, written in
      values.withUnsafeBufferPointer { cells in
        for row in 0..<count {
          var length = 0.0
          for column in 0..<width {
            let value = cells[row * width + column] - means[column]
            length += value * value
            target[column * count + row] = Float(value)
          }
          lengths[row] = length
          target[width * count + row] = Float(length)
        }
      }
      written = (width + 1) * count
    }
    self.values = values
    self.width = width
    self.count = count
    self.means = means
    self.table = table
    self.lengths = lengths
    longest = lengths.max() ?? 0
  }

  /// The nearest rows of each query.
  /// - Parameters:
  ///   - queries: row-major, of the same width.
  ///   - own: for each query, the row that it is itself, which is left out; `nil` for none.
  /// - Returns: for each query, up to `k` rows and their squared distances.
  func search(_ queries: [Double], own: [Int]? = nil, k: Int, threads: Int) throws -> (rows: [[Int]], distances: [[Double]]) {
    let total = width == 0 ? 0 : queries.count / width
    let size = min(k, own == nil ? count : count - 1)
    if size <= 0 || total == 0 { return ([[Int]](repeating: [], count: total), [[Double]](repeating: [], count: total)) }
    let block = 128
    // Tensors are only read: threads share them.
    let reference = try chunks()
    let parts = try Parallel.map((total + block - 1) / block, threads: threads) { part in
      let range = part * block..<min((part + 1) * block, total)
      return try searchBlock(queries, range, own, size, reference)
    }
    return (parts.flatMap(\.rows), parts.flatMap(\.distances))
  }

  private static let chunk = 4096

  /// The table in pieces that stay in the cache.
  private func chunks() throws -> [Tensor] {
    try stride(from: 0, to: count, by: Self.chunk).map { start in
      let size = min(Self.chunk, count - start)
      var piece: [Float] = []
      piece.reserveCapacity((width + 1) * size)
      for column in 0...width { piece += table[column * count + start..<column * count + start + size] }
      return try Tensor(piece, shape: [width + 1, size])
    }
  }

  private func searchBlock(
    _ queries: [Double], _ range: Range<Int>, _ own: [Int]?, _ k: Int, _ reference: [Tensor]
  ) throws -> (rows: [[Int]], distances: [[Double]]) {
    var left = [Float](repeating: 1, count: range.count * (width + 1))
    // How far the product can be from the truth, for each query.
    var slack = [Float](repeating: 0, count: range.count)
    for (place, query) in range.enumerated() {
      var length = 0.0
      for column in 0..<width {
        let value = queries[query * width + column] - means[column]
        length += value * value
        left[place * (width + 1) + column] = Float(-2 * value)
      }
      slack[place] = Float(1.3e-7 * Double(width + 4) * (2 * (length * longest).squareRoot() + longest + length))
    }
    var lists = (0..<range.count).map { place in CandidateList(k: k, slack: slack[place]) }
    try TorchThreads.with(1) {
      try inferenceMode {
        let matrix = try Tensor(left, shape: [range.count, width + 1])
        for (number, piece) in reference.enumerated() {
          let start = number * Self.chunk
          let products = try matrix.mm(piece)
          try products.withUnsafeBytes { raw in
            let all = raw.bindMemory(to: Float.self)
            let size = all.count / range.count
            for place in 0..<range.count {
              let skipped = own.map { $0[range.lowerBound + place] - start } ?? -1
              lists[place].scan(UnsafeBufferPointer(rebasing: all[place * size..<(place + 1) * size]), from: start, skipping: skipped)
            }
          }
        }
      }
    }
    var rows: [[Int]] = [], distances: [[Double]] = []
    for (place, query) in range.enumerated() {
      let exact = lists[place].survivors.map { (distance(queries, query, $0), $0) }.sorted { $0 < $1 }.prefix(k)
      rows.append(exact.map(\.1))
      distances.append(exact.map(\.0))
    }
    return (rows, distances)
  }

  private func distance(_ queries: [Double], _ query: Int, _ row: Int) -> Double {
    queries.withUnsafeBufferPointer { a in
      values.withUnsafeBufferPointer { b in
        var sum = 0.0
        for column in 0..<width {
          let difference = a[query * width + column] - b[row * width + column]
          sum += difference * difference
        }
        return sum
      }
    }
  }
}

/// Rows that may be among the k nearest, by distances that are off by at most the slack.
private struct CandidateList {
  private var best: [Float]
  private var kept: [(Float, Int32)] = []
  private var limit = Float.infinity
  private let slack: Float

  init(k: Int, slack: Float) {
    best = [Float](repeating: .infinity, count: k)
    self.slack = slack
  }

  mutating func scan(_ values: UnsafeBufferPointer<Float>, from start: Int, skipping own: Int) {
    var limit = self.limit
    for place in 0..<values.count where values[place] <= limit && place != own {
      add(values[place], Int32(start + place))
      limit = self.limit
    }
  }

  private mutating func add(_ value: Float, _ row: Int32) {
    kept.append((value, row))
    let last = best.count - 1
    guard value < best[last] else { return }
    var place = last
    while place > 0, best[place - 1] > value {
      best[place] = best[place - 1]
      place -= 1
    }
    best[place] = value
    // Twice: the k-th may be too small by the slack, and this one too large.
    limit = best[last] + 2 * slack
    if kept.count > 512 + 8 * best.count {
      let limit = self.limit
      kept.removeAll { $0.0 > limit }
    }
  }

  var survivors: [Int] { kept.filter { $0.0 <= limit }.map { Int($0.1) } }
}
