import CArrow

extension Table {
  /// Rows of several tables under each other, columns by name: in the order of the first table, then what others add. Types that differ are
  /// widened, see ``ColumnType/promoted(with:)``.
  /// - Parameter fillsMissingColumns: columns that a table lacks are missing in its rows; else that is an error.
  /// - Throws: `TableError` naming the table (from 1) and the column that it lacks.
  public static func concatenating(_ tables: [Table], fillsMissingColumns: Bool = false) throws(TableError) -> Table {
    guard let first = tables.first else { return try Table([]) }
    if tables.count == 1 { return first }
    var names: [String] = [], types: [String: ColumnType] = [:], valued: Set<String> = []
    for (number, table) in tables.enumerated() {
      for column in table.columns {
        // A column without a value says nothing of its type.
        let isKnown = column.missingCount < column.count
        if let type = types[column.name] {
          if isKnown { types[column.name] = valued.contains(column.name) ? type.promoted(with: column.type) : column.type }
        } else {
          guard number == 0 || fillsMissingColumns else {
            throw TableError(
              "table 1 has no column '\(column.name)', table \(number + 1) has", expected: "the same columns",
              remedy: "leave it out, or fill missing columns")
          }
          names.append(column.name)
          types[column.name] = column.type
        }
        if isKnown { valued.insert(column.name) }
      }
      if !fillsMissingColumns, let name = names.first(where: { !table.contains($0) }) {
        throw TableError(
          "table \(number + 1) has no column '\(name)', table 1 has", expected: "the same columns",
          remedy: "leave it out, or fill missing columns")
      }
    }
    var columns: [Column] = []
    for name in names {
      guard let type = types[name] else { continue }
      var parts: [Column] = []
      for table in tables {
        parts.append(
          table.contains(name) ? try table.column(name).cast(to: type) : try Column.missing(name, type: type, count: table.rowCount))
      }
      columns.append(try Column.concatenating(parts))
    }
    return try Table(columns)
  }
}

extension Column {
  /// Columns of one type under each other, under the name of the first.
  static func concatenating(_ parts: [Column]) throws(TableError) -> Column {
    guard let first = parts.first else { return Column("", [Double]()) }
    do {
      let datums = try parts.map { try $0.datum() }
      let joined = try Arrow.withDatums(datums) { list in try Arrow.datum { ca_concatenate(list, $0) } }
      return try Column(first.name, joined)
    } catch let error as TableError {
      throw error
    } catch {
      throw TableError("column '\(first.name)': \((error as? ArrowFailure)?.message ?? "\(error)")")
    }
  }
}
