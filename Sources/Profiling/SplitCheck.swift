public import Tables

/// Rows that lie on both sides of a split: a model that has seen them is not judged by them.
public struct SplitCheck: Sendable, Hashable, Codable {
  /// A row of the test part that the training part has, too.
  public struct Pair: Sendable, Hashable, Codable {
    /// Places in the two tables, from 0.
    public let training: Int
    public let test: Int
  }

  public let trainingRows: Int
  public let testRows: Int
  /// Test rows that are the same in every column; the first of the pairs.
  public let exact: [Pair]
  public let exactCount: Int
  /// Test rows that are the same in every column but `ignored`, without the exact ones.
  public let near: [Pair]
  public let nearCount: Int
  /// Test rows with the features of a training row and another target.
  public let conflicts: [Pair]
  public let conflictCount: Int
  /// Columns that near duplicates may differ in: likely identifiers, and those that were named.
  public let ignored: [String]

  /// The share of test rows that the training part knows.
  public var share: Double { testRows == 0 ? 0 : Double(exactCount + nearCount + conflictCount) / Double(testRows) }

  /// Compares the columns that both have.
  /// - Parameters:
  ///   - target: rows that agree in all but this are conflicts.
  ///   - ignoring: columns that near duplicates may differ in; `nil` takes those that look like identifiers.
  ///   - limit: pairs to list of each kind.
  /// - Throws: `TableError` if a named column is unknown, or no column is left to compare.
  public static func compare(
    training: Table, test: Table, target: String? = nil, ignoring: [String]? = nil, limit: Int = 20
  ) throws -> SplitCheck {
    for name in (ignoring ?? []) + [target].compactMap({ $0 }) { _ = try training.column(name) }
    let shared = training.columnNames.filter { test.contains($0) }
    let ignored =
      ignoring
      ?? shared.filter { name in
        (try? training.column(name)).map { DataSchema.looksLikeKey(ColumnSummary($0)) } ?? false && name != target
      }
    let left = Set(ignored + [target].compactMap { $0 })
    let features = shared.filter { !left.contains($0) }
    guard !features.isEmpty else {
      throw TableError("the two parts share no column to compare", expected: "columns of the same names")
    }
    let labelled = features + (target.map { test.contains($0) ? [$0] : [] } ?? [])
    func matches(_ names: [String], _ wanted: (Int) -> Bool) throws -> [Int: Int] {
      var places: [UInt64: Int] = [:]
      for (row, hash) in try training.rowHashes(of: names).enumerated() where places[hash] == nil { places[hash] = row }
      var found: [Int: Int] = [:]
      for (row, hash) in try test.rowHashes(of: names).enumerated() where wanted(row) { found[row] = places[hash] }
      return found
    }
    let exact = try matches(shared) { _ in true }
    let near = left.isEmpty || ignored.isEmpty ? [:] : try matches(labelled) { exact[$0] == nil }
    let conflicts = labelled.count == features.count ? [:] : try matches(features) { exact[$0] == nil && near[$0] == nil }
    func pairs(_ found: [Int: Int]) -> [Pair] {
      found.sorted { $0.key < $1.key }.prefix(limit).map { Pair(training: $0.value, test: $0.key) }
    }
    return SplitCheck(
      trainingRows: training.rowCount, testRows: test.rowCount, exact: pairs(exact), exactCount: exact.count, near: pairs(near),
      nearCount: near.count, conflicts: pairs(conflicts), conflictCount: conflicts.count, ignored: ignored)
  }
}
