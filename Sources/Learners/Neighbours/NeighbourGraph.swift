import CLearners
import MartletCore

/// An index of hnswlib over rows. Built by one thread, so that the same rows and seed make the same index.
///
/// `@unchecked Sendable`: searching changes nothing that is not guarded by hnswlib itself.
final class NeighbourGraph: @unchecked Sendable {
  private let index: OpaquePointer
  private let columns: Int
  private let metric: NeighbourMetric
  private let effort: Int

  init(
    _ points: [Double], count: Int, columns: Int, metric: NeighbourMetric,
    settings: (links: Int, construction: Int, effort: Int, seed: UInt64)
  ) throws {
    guard metric.isBilinear else {
      throw LearnerError("neighbours: approximate search by the metric \(metric.rawValue)", expected: "euclidean or cosine")
    }
    let floats = Self.floats(points, 0..<count, columns, metric)
    var made: OpaquePointer?, problem: UnsafeMutablePointer<CChar>?
    let status = cl_hnsw_build(
      floats, Int64(count), Int32(columns), Int32(metric == .cosine ? CL_HNSW_INNER_PRODUCT : CL_HNSW_SQUARED_EUCLIDEAN),
      Int32(settings.links), Int32(settings.construction), settings.seed & 0xffff_ffff, &made, &problem)
    guard status == 0, let made else { throw Self.error(problem, "building the index") }
    index = made
    self.columns = columns
    self.metric = metric
    effort = settings.effort
    cl_hnsw_set_effort(index, Int32(settings.effort))
  }

  private static func error(_ text: UnsafeMutablePointer<CChar>?, _ doing: String) -> LearnerError {
    defer { cl_text_free(text) }
    return LearnerError("hnswlib failed while \(doing): \(text.map { String(cString: $0) } ?? "no reason")")
  }

  private static func floats(_ values: [Double], _ rows: Range<Int>, _ columns: Int, _ metric: NeighbourMetric) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(rows.count * columns)
    for row in rows {
      let own = values[row * columns..<(row + 1) * columns]
      let length = metric == .cosine ? own.reduce(0) { $0 + $1 * $1 }.squareRoot() : 1
      result += own.map { length > 0 ? Float($0 / length) : 0 }
    }
    return result
  }

  /// Candidates of the index, measured exactly.
  func nearest(_ queries: [Double], _ range: Range<Int>, _ k: Int, _ rows: NeighbourRows) throws -> (indices: [Int32], distances: [Double])
  {
    let floats = Self.floats(queries, range, columns, metric), wanted = min(max(k, effort), rows.count)
    var labels = [Int64](repeating: -1, count: range.count * wanted), scores = [Float](repeating: 0, count: range.count * wanted)
    var problem: UnsafeMutablePointer<CChar>?
    guard cl_hnsw_search(index, floats, Int64(range.count), Int32(wanted), &labels, &scores, &problem) == 0 else {
      throw Self.error(problem, "searching")
    }
    var indices: [Int32] = [], distances: [Double] = []
    for (place, row) in range.enumerated() {
      let found = labels[place * wanted..<(place + 1) * wanted].filter { $0 >= 0 }
      var measured = found.map { (rows.distance(queries, row: row, to: Int($0)), Int32($0)) }
      measured.sort { $0 < $1 }
      while measured.count < k { measured.append((.infinity, measured.last?.1 ?? 0)) }
      indices += measured.prefix(k).map(\.1)
      distances += measured.prefix(k).map(\.0)
    }
    return (indices, distances)
  }

  deinit { cl_hnsw_free(index) }
}

extension NeighbourRows {
  /// The distance of a query from one row.
  func distance(_ queries: [Double], row: Int, to place: Int) -> Double {
    points.withUnsafeBufferPointer { points in
      queries.withUnsafeBufferPointer { queries in
        var result = 0.0
        guard let first = queries.baseAddress, let start = points.baseAddress else { return result }
        var one = CLPoints(points: start + place * columns, count: 1, columns: Int64(columns), metric: metric.code, power: power)
        cl_distances(&one, first + row * columns, &result)
        return result
      }
    }
  }
}
