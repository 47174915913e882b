import MartletCore

/// Columns of one length under different names: immutable, and as cheap to copy as a list of references.
public struct Table: Sendable {
  public let columns: [Column]
  public let rowCount: Int
  private let places: [String: Int]

  /// A table of these columns.
  /// - Throws: `TableError` if two have one name or their lengths differ.
  public init(_ columns: [Column]) throws(TableError) {
    var places = [String: Int](minimumCapacity: columns.count)
    for (place, column) in columns.enumerated() {
      guard places.updateValue(place, forKey: column.name) == nil else {
        throw TableError("two columns are called '\(column.name)'", expected: "different names", remedy: "rename one of them")
      }
      guard column.count == columns[0].count else {
        throw TableError(
          "column '\(column.name)' has \(column.count) rows, '\(columns[0].name)' has \(columns[0].count)", expected: "one length")
      }
    }
    self.columns = columns
    self.places = places
    rowCount = columns.first?.count ?? 0
  }

  private init(unchecked columns: [Column], places: [String: Int]) {
    self.columns = columns
    self.places = places
    rowCount = columns.first?.count ?? 0
  }

  public var columnNames: [String] { columns.map(\.name) }

  /// The column's place, or `nil`.
  public func index(of name: String) -> Int? { places[name] }

  public func contains(_ name: String) -> Bool { places[name] != nil }

  /// - Throws: `TableError` with the nearest name if there is no such column.
  public func column(_ name: String) throws(TableError) -> Column {
    guard let place = places[name] else { throw unknown(name) }
    return columns[place]
  }

  private func unknown(_ name: String) -> TableError {
    let near = NearestName.of(name, among: columnNames)
    return TableError(
      "there is no column '\(name)'", expected: NameList.text(columnNames),
      remedy: near.map { "did you mean '\($0)'?" })
  }

  // Columns -----------------------------------------------------------------------------------------------------------------------------

  /// The named columns in the given order.
  public func selecting(_ names: [String]) throws(TableError) -> Table {
    var chosen: [Column] = []
    for name in names { chosen.append(try column(name)) }
    return try Table(chosen)
  }

  /// All columns but the named ones.
  public func dropping(_ names: [String]) throws(TableError) -> Table {
    for name in names where !contains(name) { throw unknown(name) }
    let names = Set(names)
    return try Table(columns.filter { !names.contains($0.name) })
  }

  /// With this column in place of the one of its name, or at the end.
  public func setting(_ column: Column) throws(TableError) -> Table {
    var changed = columns
    if let place = places[column.name] { changed[place] = column } else { changed.append(column) }
    return try Table(changed)
  }

  /// With columns renamed; names that are not keys stay.
  public func renaming(_ names: [String: String]) throws(TableError) -> Table {
    for name in names.keys.sorted() where !contains(name) { throw unknown(name) }
    return try Table(columns.map { $0.renamed(names[$0.name] ?? $0.name) })
  }

  // Rows --------------------------------------------------------------------------------------------------------------------------------

  /// Some rows in their order, without copying.
  /// - Throws: `TableError` if the range is not within the table.
  public func slice(_ rows: Range<Int>) throws(TableError) -> Table {
    guard rows.lowerBound >= 0, rows.upperBound <= rowCount else {
      throw TableError("rows \(rows.lowerBound) to \(rows.upperBound) were asked for", expected: "0 to \(rowCount)")
    }
    return Table(unchecked: columns.map { $0.slice(rows) }, places: places)
  }

  /// The first rows: fewer where the table has fewer.
  public func head(_ count: Int = 10) -> Table {
    Table(unchecked: columns.map { $0.slice(0..<min(max(count, 0), rowCount)) }, places: places)
  }

  /// The given rows in the given order; a row may come several times.
  /// - Throws: `TableError` naming a row that does not exist.
  public func taking(_ rows: [Int]) throws(TableError) -> Table {
    var taken: [Column] = []
    for column in columns { taken.append(try column.taking(rows)) }
    return Table(unchecked: taken, places: places)
  }

  /// The rows for which the mask holds.
  /// - Throws: `TableError` if the mask's length is not the table's.
  public func filtered(_ mask: [Bool]) throws(TableError) -> Table {
    guard mask.count == rowCount else { throw TableError("a mask of \(mask.count) rows for a table of \(rowCount)") }
    return try taking(mask.indices.filter { mask[$0] })
  }

  /// A row's values by column name.
  /// - Throws: `TableError` if there is no such row.
  public func row(_ row: Int) throws(TableError) -> [String: TableValue] {
    guard row >= 0, row < rowCount else { throw TableError("row \(row) was asked for", expected: "0 to \(rowCount - 1)") }
    return Dictionary(uniqueKeysWithValues: columns.map { ($0.name, $0.value(row)) })
  }
}

/// A list of names for a message: all where few, else the first.
enum NameList {
  static func text(_ names: [String], limit: Int = 12) -> String {
    names.count <= limit ? names.joined(separator: ", ") : names.prefix(limit).joined(separator: ", ") + " and \(names.count - limit) more"
  }
}
