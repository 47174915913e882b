import Foundation
import MartletCore

/// How much less densely a row is surrounded than its neighbours are: 1 is usual.
///
/// Breunig, Kriegel, Ng, Sander: "LOF: Identifying Density-Based Local Outliers", SIGMOD 2000. Exact, over all pairs of a few
/// thousand rows.
enum LocalOutlierFactor {
  /// - Parameter values: row-major, `[rows, columns]`.
  static func factors(_ values: [Double], rows: Int, columns: Int, neighbours: Int = 20, threads: Int) -> [Double] {
    let k = min(neighbours, rows - 1)
    guard k >= 1 else { return [Double](repeating: 1, count: rows) }
    let found = try? Parallel.map(rows, threads: threads) { row in nearest(row, values, rows, columns, k) }
    guard let found, found.count == rows else { return [Double](repeating: 1, count: rows) }
    let reach = found.map { $0.last?.distance ?? 0 }
    let density = found.map { near -> Double in
      let sum = near.reduce(0.0) { $0 + max(reach[$1.row], $1.distance) }
      return 1 / (sum / Double(k) + 1e-10)
    }
    return found.enumerated().map { row, near in near.reduce(0.0) { $0 + density[$1.row] } / Double(k) / density[row] }
  }

  private static func nearest(_ row: Int, _ values: [Double], _ rows: Int, _ columns: Int, _ k: Int) -> [(row: Int, distance: Double)] {
    values.withUnsafeBufferPointer { values in
      var best: [(row: Int, distance: Double)] = []
      best.reserveCapacity(k + 1)
      var worst = Double.infinity
      let own = row * columns
      for other in 0..<rows where other != row {
        var sum = 0.0
        let start = other * columns
        var place = 0
        while place < columns, sum < worst {
          let difference = values[own + place] - values[start + place]
          sum += difference * difference
          place += 1
        }
        guard sum < worst else { continue }
        var position = best.count
        while position > 0, best[position - 1].distance > sum { position -= 1 }
        best.insert((other, sum), at: position)
        if best.count > k { best.removeLast() }
        if best.count == k { worst = best[k - 1].distance }
      }
      return best.map { ($0.row, $0.distance.squareRoot()) }
    }
  }
}
