import CArrow
import MartletCore

extension Table {
  /// Reads a table: CSV, Parquet, Arrow or JSON Lines, compressed or not; one file, all files of a folder (`year=2024/…` become
  /// columns), or
  /// what a pattern (`data/*.csv`) matches.
  ///
  /// Types of CSV and JSON columns come from all their cells: whole numbers, fractions, booleans, times (ISO 8601 and given formats), else
  /// text. A column without any value holds numbers. Arrow's dates become timestamps, decimals doubles, times of day text, durations
  /// microseconds, structures columns named `outer.inner`.
  /// - Throws: `FileError` naming the file, the line, the column, the value and what was expected.
  public static func read(_ path: String, options: TableReadOptions = TableReadOptions()) throws -> Table {
    try read([path], options: options)
  }

  /// Several files, folders or patterns, their rows under each other.
  public static func read(_ paths: [String], options: TableReadOptions = TableReadOptions()) throws -> Table {
    var report = TableReadReport()
    return try read(paths, options: options, report: &report)
  }

  /// The same, telling what was found out on the way.
  public static func read(_ paths: [String], options: TableReadOptions = TableReadOptions(), report: inout TableReadReport) throws -> Table
  {
    if let limit = options.rowLimit {
      let reader = try TableReader(paths, options: options)
      var tables: [Table] = [], rows = 0
      while rows < limit, let table = try reader.next() {
        tables.append(table)
        rows += table.rowCount
      }
      report = reader.report
      return tables.isEmpty ? reader.emptyTable : try concatenating(tables)
    }
    let files = try TableFiles.resolve(paths)
    let partitions = try TableFiles.partitionTypes(files)
    var inner = options
    inner.columns = options.columns?.filter { name in !partitions.contains { $0.name == name } }
    var tables: [Table] = []
    for file in files { tables.append(try readOne(file.path, inner, &report)) }
    tables = try rereading(tables, files, inner)
    for place in tables.indices { tables[place] = try TableFiles.adding(partitions, of: files[place], to: tables[place]) }
    let table: Table
    do {
      table = try concatenating(tables, fillsMissingColumns: options.fillsMissingColumns)
    } catch {
      throw FileError(path: paths.joined(separator: ", "), problem: error.problem, expected: error.expected, remedy: error.remedy)
    }
    return try options.columns.map { try table.selecting($0) } ?? table
  }

  /// Texts that looked like numbers or times in one file are read again as they are written where another file makes text of the column.
  private static func rereading(_ tables: [Table], _ files: [TableFile], _ options: TableReadOptions) throws -> [Table] {
    guard tables.count > 1 else { return tables }
    var isText: Set<String> = []
    for table in tables { for column in table.columns where column.type == .text { isText.insert(column.name) } }
    var report = TableReadReport()
    return try zip(tables, files).map { table, file in
      let wrong = table.columns.filter { $0.type != .text && isText.contains($0.name) && $0.missingCount < $0.count }.map(\.name)
      guard !wrong.isEmpty, try TableFormat.find(file.path) == .csv else { return table }
      var again = options
      again.columns = wrong
      again.types = Dictionary(uniqueKeysWithValues: wrong.map { ($0, .text) })
      var result = table
      for column in try readOne(file.path, again, &report).columns { result = try result.setting(column) }
      return result
    }
  }

  private static func readOne(_ path: String, _ options: TableReadOptions, _ report: inout TableReadReport) throws -> Table {
    let format = try options.format ?? TableFormat.find(path)
    report.files.append(path)
    report.format = format
    var table: Table
    switch format {
    case .csv:
      let file = try CSVFile.open(path, options)
      table = try file.read()
      file.describe(in: &report)
      return table
    case .parquet:
      table = try ReadFailure.naming(path) {
        try Arrow.withTexts(options.columns ?? []) { names in try Table(Arrow.datum { ca_parquet_read(path, names, true, $0) }) }
      }
    case .arrow, .json: table = try stream(path, format, options, batchRows: 1 << 16).all()
    }
    return try casting(table, options, path)
  }

  /// A file of any format but CSV as a stream.
  static func stream(_ path: String, _ format: TableFormat, _ options: TableReadOptions, batchRows: Int) throws -> ArrowStream {
    try ArrowStream(path) {
      try Arrow.withTexts(options.columns ?? []) { names in
        switch format {
        case .parquet: return try Arrow.call { ca_parquet_stream(path, names, Int64(batchRows), $0) }
        case .arrow, .csv: return try Arrow.call { ca_ipc_stream(path, names, $0) }
        case .json:
          let typed = options.types.keys.sorted().filter { options.columns?.contains($0) ?? true }
          return try Arrow.withTexts(typed) { typedNames in
            try Arrow.withTexts(typed.compactMap { options.types[$0]?.description }) { types in
              try Arrow.call { ca_json_stream(path, names, typedNames, types, Int64(batchRows), $0) }
            }
          }
        }
      }
    }
  }

  /// The columns whose types are given.
  static func casting(_ table: Table, _ options: TableReadOptions, _ path: String) throws -> Table {
    var table = table
    do {
      for (name, type) in options.types where table.index(of: name).map({ table.columns[$0].type != type }) ?? false {
        table = try table.setting(table.column(name).cast(to: type))
      }
    } catch {
      throw FileError(path: path, problem: error.problem, expected: error.expected, remedy: error.remedy)
    }
    return table
  }
}
