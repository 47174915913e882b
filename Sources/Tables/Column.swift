/// A named, typed column: immutable, shared without copying, in Arrow's memory layout.
///
/// Missing is missing: a row without a value is neither zero nor an empty text nor a number that is not one.
public struct Column: Sendable {
  public let name: String
  public let type: ColumnType
  /// Rows.
  public let count: Int
  /// Rows without a value.
  public let missingCount: Int
  let storage: ColumnStorage
  /// The first row's place in the storage.
  let offset: Int

  init(name: String, type: ColumnType, count: Int, missingCount: Int? = nil, storage: ColumnStorage, offset: Int = 0) {
    self.name = name
    self.type = type
    self.count = count
    self.storage = storage
    self.offset = offset
    self.missingCount = missingCount ?? Self.missing(in: storage, from: offset, count: count)
  }

  private static func missing(in storage: ColumnStorage, from offset: Int, count: Int) -> Int {
    guard let validity = storage.validity else { return 0 }
    var present = 0, row = offset
    let end = offset + count
    while row < end, row % 8 != 0 {
      present += Int(validity[row >> 3] >> (row & 7) & 1)
      row += 1
    }
    while row + 8 <= end {
      present += validity[row >> 3].nonzeroBitCount
      row += 8
    }
    while row < end {
      present += Int(validity[row >> 3] >> (row & 7) & 1)
      row += 1
    }
    return count - present
  }

  /// Whether the row has no value.
  /// - Precondition: `row` is one of the column's.
  public func isMissing(_ row: Int) -> Bool {
    precondition(row >= 0 && row < count, "row \(row) of a column of \(count)")
    guard missingCount > 0, let validity = storage.validity else { return false }
    let place = row + offset
    return validity[place >> 3] >> (place & 7) & 1 == 0
  }

  /// The same values under another name, without copying.
  public func renamed(_ name: String) -> Column {
    Column(name: name, type: type, count: count, missingCount: missingCount, storage: storage, offset: offset)
  }

  /// Some rows in their order, without copying.
  /// - Precondition: the range lies within the column.
  public func slice(_ rows: Range<Int>) -> Column {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= count, "rows \(rows) of a column of \(count)")
    return Column(
      name: name, type: type, count: rows.count, missingCount: missingCount == 0 ? 0 : nil, storage: storage,
      offset: offset + rows.lowerBound)
  }

  /// The texts that the codes of a categorical column stand for, in their order; empty for other types.
  public var categories: [String] {
    guard let categories = storage.categories else { return [] }
    return (0..<categories.count).map { categories.textUnchecked($0) }
  }
}
