import CLearners
import MartletCore

/// Rows as the search for nearest centres likes them: see `cl_rows_pack`.
///
/// `@unchecked Sendable`: nothing changes after `init`.
final class PackedRows: @unchecked Sendable {
  let values: [Double]
  let rows: Int
  let columns: Int
  private let handle: OpaquePointer

  /// Work is shared out in so many rows, whatever the number of threads: sums are taken in one order.
  static let block = 4096

  /// - Parameter values: row-major.
  init(_ values: [Double], columns: Int) throws {
    let rows = values.count / max(columns, 1)
    var means = [Double](repeating: 0, count: columns)
    values.withUnsafeBufferPointer { values in
      for row in 0..<rows { for column in 0..<columns { means[column] += values[row * columns + column] } }
    }
    for column in 0..<columns { means[column] /= Double(max(rows, 1)) }
    guard let handle = cl_rows_pack(values, Int64(rows), Int64(columns), means) else {
      throw LearnerError("there was no memory for \(rows) packed rows of \(columns) features")
    }
    self.values = values
    self.rows = rows
    self.columns = columns
    self.handle = handle
  }

  deinit { cl_rows_free(handle) }

  /// - Returns: what the body makes of each block, in order.
  func blocks<Result: Sendable>(threads: Int, _ body: @Sendable (Range<Int>) throws -> Result) throws -> [Result] {
    try Parallel.map((rows + Self.block - 1) / Self.block, threads: threads) { block in
      try body(block * Self.block..<min((block + 1) * Self.block, rows))
    }
  }

  /// The nearest of the centres for each row of a block; equal distances by the lowest.
  func nearest(_ range: Range<Int>, _ centres: [Double]) throws -> [Int32] {
    var failed: Int32 = 0
    let labels = [Int32](unsafeUninitializedCapacity: range.count) { labels, written in
      failed = cl_rows_assign(
        handle, values, centres, Int64(centres.count / max(columns, 1)), Int64(range.lowerBound), Int64(range.upperBound),
        labels.baseAddress)
      written = range.count
    }
    guard failed == 0 else { throw LearnerError("there was no memory for the centres of \(columns) features") }
    return labels
  }

  /// Squared distances of a block's rows from their centres.
  func distances(_ range: Range<Int>, _ centres: [Double], _ labels: [Int32]) -> [Double] {
    [Double](unsafeUninitializedCapacity: range.count) { distances, written in
      values.withUnsafeBufferPointer { values in
        guard let start = values.baseAddress else { return }
        cl_centre_distances(
          start + range.lowerBound * columns, Int64(range.count), Int64(columns), centres, labels, distances.baseAddress)
      }
      written = range.count
    }
  }

  /// Adds a block's weighted rows to the totals of their centres.
  func add(_ range: Range<Int>, _ weights: [Double], _ labels: [Int32], to totals: inout [Double], _ sums: inout [Double]) {
    values.withUnsafeBufferPointer { values in
      weights.withUnsafeBufferPointer { weights in
        guard let start = values.baseAddress, let weight = weights.baseAddress else { return }
        cl_centre_totals(
          start + range.lowerBound * columns, weight + range.lowerBound, Int64(range.count), Int64(columns), labels, &totals, &sums)
      }
    }
  }

  /// For rows that may become centres: what would be each row's distance, squared, from the nearest centre, `[chosen][block]`, and the
  /// weighted sums.
  func approach(
    _ range: Range<Int>, _ chosen: [Int], _ nearest: [Double], _ weights: [Double]
  ) throws -> (distances: [Double], potentials: [Double]) {
    var potentials = [Double](repeating: 0, count: chosen.count), failed: Int32 = 0
    let distances = [Double](unsafeUninitializedCapacity: range.count * chosen.count) { distances, written in
      weights.withUnsafeBufferPointer { weights in
        guard let weight = weights.baseAddress else { return }
        failed = cl_rows_approach(
          handle, values, weight + range.lowerBound, chosen.map(Int64.init), Int64(chosen.count), nearest, Int64(range.lowerBound),
          Int64(range.upperBound), distances.baseAddress, &potentials)
      }
      written = range.count * chosen.count
    }
    guard failed == 0 else { throw LearnerError("there was no memory for the candidates of \(columns) features") }
    return (distances, potentials)
  }
}
