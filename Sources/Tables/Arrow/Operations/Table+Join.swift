import CArrow

/// Which rows a join keeps.
public enum JoinKind: String, Sendable, Hashable, Codable, CaseIterable {
  /// Pairs of rows whose keys are equal.
  case inner
  /// These and the left rows that meet nobody.
  case left
  /// Pairs and the right rows that meet nobody.
  case right
  /// Pairs and all rows that meet nobody.
  case full
  /// Left rows that meet somebody, once each, without the right columns.
  case semi
  /// Left rows that meet nobody, without the right columns.
  case anti

  var engine: CAJoin {
    switch self {
    case .inner: CA_JOIN_INNER
    case .left: CA_JOIN_LEFT
    case .right: CA_JOIN_RIGHT
    case .full: CA_JOIN_FULL
    case .semi: CA_JOIN_SEMI
    case .anti: CA_JOIN_ANTI
    }
  }
}

extension Table {
  /// Rows beside those of another table that have the same key, in the order of the left rows, then the right ones; a right join goes by
  /// the
  /// right rows. A missing key equals nothing, not even another one.
  ///
  /// The result has the left columns, then the right ones but their keys; a key's column takes its value from the side that has the row.
  /// - Parameters:
  ///   - keys: columns of this table.
  ///   - rightKeys: the columns of the other table that they are compared with; `nil` for the same names.
  ///   - suffix: what a right column gets after its name where the left table has one of that name.
  /// - Throws: `TableError` if a column is unknown, keys cannot be compared, or a name would come twice all the same.
  public func joined(
    _ other: Table, on keys: [String], rightKeys: [String]? = nil, kind: JoinKind = .inner, suffix: String = "_right"
  ) throws(TableError) -> Table {
    let rightNames = rightKeys ?? keys
    guard !keys.isEmpty, keys.count == rightNames.count else {
      throw TableError("a join on \(keys.count) left and \(rightNames.count) right keys", expected: "one or more, as many on both sides")
    }
    var left: [Column] = [], right: [Column] = []
    for (place, names) in zip(keys, rightNames).enumerated() {
      let (a, b) = (try column(names.0), try other.column(names.1))
      let type = try Self.keyType(a, b)
      left.append(try a.cast(to: type).renamed("k\(place)"))
      right.append(try b.cast(to: type).renamed("k\(place)"))
    }
    let (leftKeys, rightKeyTable) = (try Table(left), try Table(right))
    return try operation("joining on \(keys.joined(separator: ", "))") {
      let (leftData, rightData) = (try leftKeys.datum(), try rightKeyTable.datum())
      var leftRows: CADatum?, rightRows: CADatum?
      _ = try Arrow.call { ca_join(leftData.pointer, rightData.pointer, kind.engine, &leftRows, &rightRows, $0) }
      guard let leftRows, let rightRows else { throw TableError("Arrow handed out nothing") }
      let (fromLeft, fromRight) = (ArrowDatum(leftRows), ArrowDatum(rightRows))
      let leftPart = try taking(fromLeft)
      if kind == .semi || kind == .anti { return leftPart }
      let rightPart = try other.dropping(rightNames).taking(fromRight)
      var columns = leftPart.columns
      if kind == .right || kind == .full {
        for (place, name) in keys.enumerated() {
          guard let index = leftPart.index(of: name) else { continue }
          let rightKey = try Column(name, Arrow.function("take", [right[place].datum(), fromRight]))
          let own = try columns[index].cast(to: right[place].type)
          let both = try Column(name, Arrow.function("coalesce", [own.datum(), rightKey.datum()]))
          columns[index] = try both.cast(to: columns[index].type == .categorical ? .categorical : both.type)
        }
      }
      for column in rightPart.columns {
        columns.append(contains(column.name) ? column.renamed(column.name + suffix) : column)
      }
      return try Table(columns)
    }
  }

  /// The type in which two keys are compared.
  private static func keyType(_ left: Column, _ right: Column) throws(TableError) -> ColumnType {
    func plain(_ type: ColumnType) -> ColumnType { type == .categorical ? .text : type }
    let (a, b) = (plain(left.type), plain(right.type))
    if a.kind == b.kind, a.kind != .list { return a.kind == .text ? .text : a.promoted(with: b) }
    throw TableError(
      "the keys '\(left.name)' of \(left.type) and '\(right.name)' of \(right.type) cannot be compared", expected: "keys of one kind",
      remedy: "convert one of them with cast(to:)")
  }
}
