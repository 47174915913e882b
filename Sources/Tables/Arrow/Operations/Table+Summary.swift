extension Table {
  /// One row a column: its name, type, how many values are there, are missing and differ, and of numbers the mean, standard deviation,
  /// minimum, quartiles and maximum (missing for other types).
  public func described() throws(TableError) -> Table {
    var rows: [(type: String, count: Int, missing: Int, distinct: Int?, numbers: [Double?])] = []
    for column in columns {
      var distinct: Int?
      if column.type.kind != .list {
        let counted = try Table([column.renamed("value")]).grouped(by: [], [Aggregate(.distinctCount, of: "value")])
        distinct = try counted.columns[0].integers()[0]
      }
      var numbers = [Double?](repeating: nil, count: 7)
      if column.type.isNumeric, column.missingCount < column.count {
        let functions: [AggregateFunction] = [.mean, .standardDeviation, .min, .quantile(0.25), .median, .quantile(0.75), .max]
        let summary = try Table([column.renamed("value")]).grouped(by: [], functions.map { Aggregate($0, of: "value") })
        for (place, result) in summary.columns.enumerated() {
          numbers[place] = result.isMissing(0) ? nil : try result.numbers()[0]
        }
      }
      rows.append((column.type.description, column.count - column.missingCount, column.missingCount, distinct, numbers))
    }
    var described = [
      Column("column", columnNames.map(Optional.some)), Column("type", rows.map { Optional($0.type) }), Column("count", rows.map(\.count)),
      Column("missing", rows.map(\.missing)), Column("distinct", rows.map(\.distinct)),
    ]
    for (place, name) in ["mean", "std", "min", "25%", "50%", "75%", "max"].enumerated() {
      described.append(Column(name, rows.map { $0.numbers[place] }))
    }
    return try Table(described)
  }
}
