import Foundation
import MartletCore

/// Metrics of clusters by the points themselves, Euclidean. Values equal scikit-learn's.
extension Metrics {
  private struct Clusters {
    let codes: [Int]
    let count: Int
    let sizes: [Double]
    let means: [Double]

    init(_ points: [Double], columns: Int, labels: [Int]) throws(MetricError) {
      try Check.rows(labels.count)
      guard columns > 0, points.count == labels.count * columns else {
        throw MetricError(
          .lengthMismatch, "there are \(points.count) numbers for \(labels.count) rows of \(columns)", expected: "\(labels.count * columns)"
        )
      }
      if let bad = points.firstIndex(where: { !$0.isFinite }) {
        throw MetricError(.notANumber, row: bad / columns, "row \(bad / columns) holds \(points[bad])", expected: "finite numbers")
      }
      let (codes, count) = FoldSplits.dense(labels)
      guard count >= 2, count < labels.count else {
        throw MetricError(
          .badArgument, "there \(count == 1 ? "is one cluster" : "are \(count) clusters") of \(labels.count) rows",
          expected: "at least 2 clusters, and fewer than rows")
      }
      var sizes = [Double](repeating: 0, count: count), sums = [Double](repeating: 0, count: count * columns)
      for (row, code) in codes.enumerated() {
        sizes[code] += 1
        for column in 0..<columns { sums[code * columns + column] += points[row * columns + column] }
      }
      self.codes = codes
      self.count = count
      self.sizes = sizes
      means = sums.indices.map { sums[$0] / sizes[$0 / columns] }
    }
  }

  /// How much nearer each row is to its own cluster than to the next, -1 … 1 (Rousseeuw, 1987); 0 for a cluster of one row.
  /// - Parameters:
  ///   - points: row-major, `[rows, columns]`.
  ///   - labels: the cluster of every row.
  /// - Throws: `MetricError` on no rows, different lengths, numbers that are not finite, and fewer than 2 clusters or as many as rows.
  /// - Complexity: rows².
  public static func silhouettes(points: [Double], columns: Int, labels: [Int]) throws(MetricError) -> [Double] {
    let clusters = try Clusters(points, columns: columns, labels: labels)
    let rows = labels.count
    let chunk = 64
    let parts: [[Double]]
    do {
      parts = try Parallel.map((rows + chunk - 1) / chunk) { index in
        (index * chunk..<min(rows, (index + 1) * chunk)).map { row in silhouette(row, points, columns, clusters) }
      }
    } catch {
      throw MetricError(.badArgument, "the silhouettes were not computed: \(error)")
    }
    return Array(parts.joined())
  }

  private static func silhouette(_ row: Int, _ points: [Double], _ columns: Int, _ clusters: Clusters) -> Double {
    var sums = [Double](repeating: 0, count: clusters.count)
    sums.withUnsafeMutableBufferPointer { sums in
      points.withUnsafeBufferPointer { points in
        clusters.codes.withUnsafeBufferPointer { codes in
          for other in 0..<codes.count {
            var square = 0.0
            for column in 0..<columns {
              let away = points[row &* columns &+ column] - points[other &* columns &+ column]
              square += away * away
            }
            sums[codes[other]] += square.squareRoot()
          }
        }
      }
    }
    let own = clusters.codes[row]
    guard clusters.sizes[own] > 1 else { return 0 }
    let within = sums[own] / (clusters.sizes[own] - 1)
    var next = Double.infinity
    for cluster in 0..<clusters.count where cluster != own { next = min(next, sums[cluster] / clusters.sizes[cluster]) }
    let larger = max(within, next)
    return larger > 0 ? (next - within) / larger : 0
  }

  /// The mean silhouette.
  /// - Throws: as `silhouettes`.
  public static func silhouette(points: [Double], columns: Int, labels: [Int]) throws(MetricError) -> Double {
    weightedMean(try silhouettes(points: points, columns: columns, labels: labels), weights: nil)
  }

  /// The spread between clusters against that within (Caliński and Harabasz, 1974); higher is better.
  /// - Throws: as `silhouettes`.
  public static func calinskiHarabasz(points: [Double], columns: Int, labels: [Int]) throws(MetricError) -> Double {
    let clusters = try Clusters(points, columns: columns, labels: labels)
    let rows = Double(labels.count)
    var mean = [Double](repeating: 0, count: columns)
    for index in points.indices { mean[index % columns] += points[index] / rows }
    var between = 0.0, within = 0.0
    for index in clusters.means.indices {
      let away = clusters.means[index] - mean[index % columns]
      between += clusters.sizes[index / columns] * away * away
    }
    for index in points.indices {
      let away = points[index] - clusters.means[clusters.codes[index / columns] * columns + index % columns]
      within += away * away
    }
    return within == 0 ? 1 : between * (rows - Double(clusters.count)) / (within * Double(clusters.count - 1))
  }

  /// The mean similarity of each cluster to its most similar one (Davies and Bouldin, 1979); lower is better.
  /// - Throws: as `silhouettes`.
  public static func daviesBouldin(points: [Double], columns: Int, labels: [Int]) throws(MetricError) -> Double {
    let clusters = try Clusters(points, columns: columns, labels: labels)
    func distance(_ a: ArraySlice<Double>, _ b: ArraySlice<Double>) -> Double {
      zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    }
    func mean(_ cluster: Int) -> ArraySlice<Double> { clusters.means[(cluster * columns)..<((cluster + 1) * columns)] }
    var spread = [Double](repeating: 0, count: clusters.count)
    for (row, code) in clusters.codes.enumerated() {
      spread[code] += distance(points[(row * columns)..<((row + 1) * columns)], mean(code)) / clusters.sizes[code]
    }
    var sum = 0.0
    for a in 0..<clusters.count {
      var worst = 0.0
      for b in 0..<clusters.count where b != a {
        let apart = distance(mean(a), mean(b))
        if apart > 0 { worst = max(worst, (spread[a] + spread[b]) / apart) }
      }
      sum += worst
    }
    return sum / Double(clusters.count)
  }
}
