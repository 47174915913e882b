/// Groups of rows that go together on groups of columns.
public struct Biclusters: Sendable, Hashable {
  /// Of each group, which rows belong to it.
  public let rows: [[Bool]]
  /// Of each group, which columns.
  public let columns: [[Bool]]

  /// - Throws: `MetricError` on no groups, or where their numbers or lengths differ.
  public init(rows: [[Bool]], columns: [[Bool]]) throws(MetricError) {
    guard let first = rows.first, let other = columns.first else {
      throw MetricError(.empty, "there are no biclusters", expected: "one or more")
    }
    guard rows.count == columns.count, rows.allSatisfy({ $0.count == first.count }), columns.allSatisfy({ $0.count == other.count }) else {
      throw MetricError(
        .lengthMismatch, "\(rows.count) groups of rows and \(columns.count) of columns",
        expected: "as many of both, each over all rows or columns")
    }
    self.rows = rows
    self.columns = columns
  }

  /// How much two sets of biclusters agree: the mean Jaccard overlap of the best pairs, those without a partner counting 0: 0 … 1
  /// (Hochreiter et al.: "FABIA", 2010). As scikit-learn's `consensus_score`.
  /// - Throws: `MetricError` if they are over different numbers of rows or columns.
  public func consensus(with other: Biclusters) throws(MetricError) -> Double {
    guard rows[0].count == other.rows[0].count, columns[0].count == other.columns[0].count else {
      throw MetricError(
        .lengthMismatch,
        "biclusters of \(rows[0].count) × \(columns[0].count) and of \(other.rows[0].count) × \(other.columns[0].count)",
        expected: "the same rows and columns")
    }
    func both(_ a: [Bool], _ b: [Bool]) -> Int { zip(a, b).count { $0 && $1 } }
    func size(_ flags: [Bool]) -> Int { flags.count { $0 } }
    let overlaps = rows.indices.map { i in
      other.rows.indices.map { j -> Double in
        let common = both(rows[i], other.rows[j]) * both(columns[i], other.columns[j])
        let either = size(rows[i]) * size(columns[i]) + size(other.rows[j]) * size(other.columns[j]) - common
        return either > 0 ? Double(common) / Double(either) : 0
      }
    }
    let pairs = Assignment.best(overlaps)
    return pairs.reduce(0) { $0 + overlaps[$1.0][$1.1] } / Double(max(rows.count, other.rows.count))
  }
}

/// Pairs of rows and columns with the largest sum.
enum Assignment {
  /// The Hungarian method with potentials (Kuhn, 1955; Jonker and Volgenant, 1987), in the cube of the size.
  /// - Returns: as many pairs as the shorter side has.
  static func best(_ gains: [[Double]]) -> [(Int, Int)] {
    guard let width = gains.first?.count, width > 0 else { return [] }
    if gains.count > width {
      let turned = (0..<width).map { column in gains.map { $0[column] } }
      return best(turned).map { ($0.1, $0.0) }
    }
    // Counted from one: 0 stands for "none".
    let height = gains.count
    var rowPotential = [Double](repeating: 0, count: height + 1)
    var columnPotential = [Double](repeating: 0, count: width + 1)
    var partner = [Int](repeating: 0, count: width + 1)
    for row in 1...height {
      var slack = [Double](repeating: .infinity, count: width + 1)
      var previous = [Int](repeating: 0, count: width + 1)
      var isUsed = [Bool](repeating: false, count: width + 1)
      var column = 0
      partner[0] = row
      repeat {
        isUsed[column] = true
        let own = partner[column]
        var least = Double.infinity, next = 0
        for other in 1...width where !isUsed[other] {
          let cost = -gains[own - 1][other - 1] - rowPotential[own] - columnPotential[other]
          if cost < slack[other] { (slack[other], previous[other]) = (cost, column) }
          if slack[other] < least { (least, next) = (slack[other], other) }
        }
        for other in 0...width {
          if isUsed[other] {
            rowPotential[partner[other]] += least
            columnPotential[other] -= least
          } else {
            slack[other] -= least
          }
        }
        column = next
      } while partner[column] != 0
      while column != 0 {
        partner[column] = partner[previous[column]]
        column = previous[column]
      }
    }
    return (1...width).filter { partner[$0] != 0 }.map { (partner[$0] - 1, $0 - 1) }
  }
}
