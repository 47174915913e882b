import CArrow

extension Table {
  /// One row for each combination of the keys' values, in the order in which they come first; a missing key is a group of its own.
  /// - Parameters:
  ///   - keys: none for one row over all.
  /// - Returns: the key columns, then one column an aggregate.
  /// - Throws: `TableError` if a column is unknown, a name comes twice, or an aggregate cannot be computed of a column.
  public func grouped(by keys: [String], _ aggregates: [Aggregate]) throws(TableError) -> Table {
    var values: [Column] = []
    for (place, aggregate) in aggregates.enumerated() {
      guard let name = aggregate.column else {
        guard aggregate.function == .count else {
          throw TableError("the aggregate '\(aggregate.name)' names no column", expected: "a column, for everything but counting rows")
        }
        values.append(Column("v\(place)", [Int8](repeating: 1, count: rowCount)))
        continue
      }
      let column = try column(name)
      guard aggregate.function.fits(column.type) else {
        throw TableError("the \(aggregate.function.name) of column '\(name)', which holds \(column.type)", expected: "numbers")
      }
      if case .quantile(let share) = aggregate.function, !(0...1).contains(share) {
        throw TableError("the quantile \(share) of column '\(name)'", expected: "0 to 1")
      }
      var value = column
      if column.type == .categorical { value = try column.cast(to: .text) }
      let isNumeric = [.sum, .mean, .standardDeviation, .variance].contains(aggregate.function)
      if column.type == .boolean, isNumeric { value = try column.cast(to: .int64) }
      if column.type == .float32, isNumeric { value = try column.cast(to: .float64) }
      values.append(value.renamed("v\(place)"))
    }
    let groups = try Groups(self, by: keys)
    if aggregates.isEmpty { return groups.keys }
    let valueTable = try Table(values)
    let count = groups.count
    let result = try operation("aggregating") {
      let data = try valueTable.datum()
      return try withEngineAggregates(aggregates) { list in
        try Table(Arrow.datum { ca_aggregate(groups.ids.pointer, Int64(count), data.pointer, list, Int64(aggregates.count), $0) })
      }
    }
    var columns = groups.keys.columns
    for (place, aggregate) in aggregates.enumerated() {
      columns.append(result.columns[place].renamed(aggregate.name))
    }
    return try Table(columns)
  }

  private func withEngineAggregates<Result>(
    _ aggregates: [Aggregate], _ body: (UnsafePointer<CAAggregate>) throws -> Result
  ) throws -> Result {
    try Arrow.withTexts(aggregates.map(\.function.engine.function)) { names in
      let list = aggregates.enumerated().map { place, aggregate in
        CAAggregate(
          function: names.items.map { $0[place] } ?? UnsafePointer(bitPattern: 1).unsafelyUnwrapped,
          parameter: aggregate.function.engine.parameter,
          column: Int64(place))
      }
      return try list.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { throw TableError("no aggregates are given") }
        return try body(base)
      }
    }
  }

  /// The first of each set of rows that are equal in these columns, in their order.
  /// - Parameter names: `nil` for all columns.
  public func distinct(by names: [String]? = nil) throws(TableError) -> Table {
    let groups = try Groups(self, by: names ?? columnNames)
    return try taking(groups.firstRows)
  }

  /// How often each value of a column comes, the most frequent first; equals by first appearance. Missing is counted as a value.
  /// - Returns: the column and `count`.
  public func valueCounts(_ name: String) throws(TableError) -> Table {
    let counts = try grouped(by: [name], [Aggregate(.count, as: name == "count" ? "count_of_rows" : "count")])
    return try counts.sorted(by: [.descending(counts.columnNames[1])])
  }
}

/// Rows by the values of their keys.
struct Groups {
  /// The group of each row (uint32).
  let ids: ArrowDatum
  let count: Int
  /// The keys' values, a row a group.
  let keys: Table
  let firstRows: [Int]

  init(_ table: Table, by names: [String]) throws(TableError) {
    guard !names.isEmpty else {
      let zeros = Column("group", [UInt32](repeating: 0, count: table.rowCount))
      ids = try table.operation("grouping") { try zeros.datum() }
      count = 1
      keys = try Table([])
      firstRows = [0]
      return
    }
    var columns: [Column] = []
    for name in names {
      let column = try table.column(name)
      guard column.type.kind != .list else {
        throw TableError("column '\(name)' holds \(column.type)", expected: "single values to group by")
      }
      columns.append(try column.type == .categorical ? column.cast(to: .text) : column)
    }
    let keyTable = try Table(columns)
    var groupCount: Int64 = 0
    let found = try table.operation("grouping by \(names.joined(separator: ", "))") {
      let data = try keyTable.datum()
      return try Arrow.datum { ca_groups(data.pointer, &groupCount, $0) }
    }
    let numbers = try Column("group", found)
    var firstRows: [Int] = []
    firstRows.reserveCapacity(Int(groupCount))
    do {
      try numbers.withValues(of: UInt32.self) { values in
        // Groups are numbered as they first appear.
        for (row, group) in values.enumerated() where Int(group) == firstRows.count { firstRows.append(row) }
      }
    } catch { throw TableError("grouping: \(error)") }
    ids = found
    count = Int(groupCount)
    self.firstRows = firstRows
    keys = try table.selecting(names).taking(firstRows)
  }
}
