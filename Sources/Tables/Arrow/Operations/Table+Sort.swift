import CArrow
import MartletCore

/// A column to sort by.
public struct SortKey: Sendable, Hashable, Codable, ExpressibleByStringLiteral {
  public var column: String
  public var isDescending: Bool

  public init(_ column: String, descending: Bool = false) {
    self.column = column
    isDescending = descending
  }

  public init(stringLiteral value: String) { self.init(value) }

  public static func descending(_ column: String) -> SortKey { SortKey(column, descending: true) }
}

extension Table {
  /// The rows in the order of these columns, the first one first. Rows that are equal keep their order; missing values come last, either
  /// way.
  /// Texts go by their bytes, categories by their texts.
  /// - Throws: `TableError` if a column is unknown or holds lists.
  public func sorted(by keys: [SortKey]) throws(TableError) -> Table {
    guard !keys.isEmpty else { return self }
    var columns: [Column] = []
    for (place, key) in keys.enumerated() {
      let column = try column(key.column)
      guard column.type.kind != .list else {
        throw TableError("column '\(key.column)' holds \(column.type)", expected: "values that have an order")
      }
      columns.append(try (column.type == .categorical ? column.cast(to: .text) : column).renamed("k\(place)"))
    }
    let keyTable = try Table(columns)
    return try operation("sorting") {
      let data = try keyTable.datum()
      let rows = try Arrow.withTexts(keyTable.columnNames) { names in
        try keys.map(\.isDescending).withUnsafeBufferPointer { flags in
          try Arrow.datum { ca_sort(data.pointer, names, flags.baseAddress, $0) }
        }
      }
      return try taking(rows)
    }
  }

  /// Rows by places that Arrow has found; missing places give missing rows.
  func taking(_ rows: ArrowDatum) throws -> Table {
    try Table(
      Parallel.map(columns.count) { place in
        let column = columns[place]
        return try Column(column.name, Arrow.function("take", [column.datum(), rows]))
      })
  }

  /// Rows at random, without repetition, in their order.
  /// - Parameters:
  ///   - count: how many; all where the table has fewer.
  /// - Returns: the same rows for the same seed.
  public func sampled(_ count: Int, seed: UInt64) throws(TableError) -> Table {
    guard count >= 0 else { throw TableError("a sample of \(count) rows", expected: "0 or more") }
    guard count < rowCount else { return self }
    var random = KeyedRandom(seed: seed, purpose: "table.sample")
    // Selection sampling (Knuth, algorithm S): one pass, in order.
    var rows: [Int] = []
    rows.reserveCapacity(count)
    for row in 0..<rowCount where random.uniform() * Double(rowCount - row) < Double(count - rows.count) { rows.append(row) }
    return try taking(rows)
  }

  /// The rows in random order.
  public func shuffled(seed: UInt64) throws(TableError) -> Table {
    var random = KeyedRandom(seed: seed, purpose: "table.shuffle")
    return try taking(Array(0..<rowCount).shuffled(using: &random))
  }
}
