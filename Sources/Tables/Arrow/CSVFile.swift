import CArrow
import MartletCore

/// A CSV file whose layout is known.
///
/// `@unchecked Sendable`: used by one reader at a time.
final class CSVFile: @unchecked Sendable {
  let path: String
  private let pointer: CACSV

  init(_ path: String, _ options: TableReadOptions, types: [String: ColumnType], threads: Int = Parallel.defaultThreads) throws {
    self.path = path
    let csv = options.csv
    func byte(_ text: String?, _ what: String) throws -> CChar {
      guard let text, !text.isEmpty else { return 0 }
      guard text.utf8.count == 1, let byte = text.utf8.first, byte < 128 else {
        throw FileError(path: path, problem: "the \(what) '\(text)' is not one character of ASCII", expected: "as \",\" or \";\"")
      }
      return CChar(bitPattern: byte)
    }
    let typed = types.keys.sorted()
    var settings = CACSVOptions()
    settings.separator = try byte(csv.separator, "separator")
    settings.quote = try byte(csv.quote, "quote")
    settings.escape = try byte(csv.escape, "escape")
    settings.decimal = try byte(csv.decimal, "decimal point")
    settings.thousands = try byte(csv.thousands, "separator of thousands")
    settings.header = csv.hasHeader
    settings.quoted_can_be_missing = csv.quotedCanBeMissing
    settings.ragged =
      switch csv.raggedRows {
      case .fail: CA_RAGGED_ERROR
      case .skip: CA_RAGGED_SKIP
      case .fill: CA_RAGGED_FILL
      }
    settings.skip_lines = Int64(csv.skippedLines)
    settings.category_limit = Int64(csv.categoryLimit)
    settings.threads = threads > 1
    pointer = try ReadFailure.naming(path) {
      try Arrow.withTexts(csv.names ?? []) { names in
        try Arrow.withTexts(csv.missing) { missing in
          try Arrow.withTexts(csv.trueTexts) { trueTexts in
            try Arrow.withTexts(csv.falseTexts) { falseTexts in
              try Arrow.withTexts(csv.timeFormats) { formats in
                try Arrow.withTexts(options.columns ?? []) { columns in
                  try Arrow.withTexts(typed) { typed in
                    try Arrow.withTexts(types.keys.sorted().compactMap { types[$0]?.description }) { types in
                      settings.names = names
                      settings.missing = missing
                      settings.true_texts = trueTexts
                      settings.false_texts = falseTexts
                      settings.time_formats = formats
                      settings.columns = columns
                      settings.typed_columns = typed
                      settings.types = types
                      return try Self.open(path, &settings, encoding: csv.encoding)
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  /// The file with those of the given types whose columns it has: of many files, some may lack one.
  static func open(_ path: String, _ options: TableReadOptions) throws -> CSVFile {
    guard !options.types.isEmpty else { return try CSVFile(path, options, types: [:]) }
    let names = Set(try CSVFile(path, TableReadOptions(csv: options.csv), types: [:]).names)
    return try CSVFile(path, options, types: options.types.filter { names.contains($0.key) })
  }

  private static func open(_ path: String, _ settings: inout CACSVOptions, encoding: String?) throws -> CACSV {
    let opened: CACSV?
    if let encoding {
      opened = try encoding.withCString { name in
        settings.encoding = name
        return try Arrow.call { ca_csv_open(path, &settings, $0) }
      }
    } else {
      opened = try Arrow.call { ca_csv_open(path, &settings, $0) }
    }
    guard let opened else { throw FileError(path: path, problem: "cannot be opened") }
    return opened
  }

  deinit { ca_csv_release(pointer) }

  var names: [String] { (0..<ca_csv_column_count(pointer)).map { String(cString: ca_csv_name(pointer, $0)) } }

  func describe(in report: inout TableReadReport) {
    report.separator = String(UnicodeScalar(UInt8(bitPattern: ca_csv_separator(pointer))))
    report.encoding = String(cString: ca_csv_encoding(pointer)).lowercased()
    report.skippedRows += Int(ca_csv_skipped_rows(pointer))
    for place in 0..<ca_csv_column_count(pointer) {
      let name = String(cString: ca_csv_name(pointer, place)), original = String(cString: ca_csv_original_name(pointer, place))
      let renaming = TableReadReport.Renaming(original: original, name: name)
      if name != original, !report.renamed.contains(renaming) { report.renamed.append(renaming) }
    }
  }

  var skippedRows: Int { Int(ca_csv_skipped_rows(pointer)) }

  /// All rows.
  func read() throws -> Table {
    try ReadFailure.naming(path) { try Table(Arrow.datum { ca_csv_read(pointer, $0) }) }
  }

  /// Finds the types that are not given, in constant memory.
  func infer(rows: Int?) throws {
    try ReadFailure.naming(path) { _ = try Arrow.call { ca_csv_infer(pointer, rows.map { Int64($0) } ?? -1, $0) } }
  }

  /// What `infer` found, or what is given.
  func type(of column: String) throws -> ColumnType? {
    guard let place = names.firstIndex(of: column) else { return nil }
    let text = String(cString: ca_csv_type(pointer, Int64(place)))
    return text.isEmpty ? nil : try ReadFailure.naming(path) { try ColumnType(arrowName: text) }
  }

  func setType(of column: String, _ type: ColumnType) {
    guard let place = names.firstIndex(of: column) else { return }
    ca_csv_set_type(pointer, Int64(place), type.description)
  }

  func stream() throws -> ArrowStream {
    try ReadFailure.naming(path) { try ArrowStream(path, csv: self) { try Arrow.call { ca_csv_stream(pointer, $0) } } }
  }
}

/// Failures of Arrow's told as errors of the file.
enum ReadFailure {
  static func naming<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let failure as ArrowFailure {
      throw error(path, failure)
    } catch let error as TableError {
      throw FileError(path: path, problem: error.problem, expected: error.expected, remedy: error.remedy)
    }
  }

  private static func error(_ path: String, _ failure: ArrowFailure) -> FileError {
    var place = failure.line > 0 ? "line \(failure.line)" : ""
    if let column = failure.column { place += (place.isEmpty ? "" : ", ") + "column '\(column)'" }
    var problem = place.isEmpty ? failure.message : "\(place): \(failure.message)"
    if let value = failure.value { problem += ": '\(value.count > 80 ? String(value.prefix(80)) + "…" : value)'" }
    var expected = failure.expected, remedy: String?
    switch failure.expected {
    case "encoding":
      expected = "UTF-8"
      remedy = "give the encoding: windows-1252, latin1, gb18030 …"
    case "column":
      expected = "a column of the file"
    default:
      if failure.message.hasPrefix("the row has") { remedy = "correct the row; in Swift, CSVReadOptions.raggedRows can leave it out" }
      if failure.message.hasPrefix("a value does not fit") {
        remedy = "correct it; in a project, data.types gives the column another type, data.csv.missing says that it means no value"
      }
    }
    if failure.kind == CA_ERROR_OUT_OF_MEMORY { remedy = "read it as a stream, or fewer columns" }
    return FileError(path: path, problem: problem, expected: expected, remedy: remedy)
  }
}

/// One file as a stream of tables.
///
/// `@unchecked Sendable`: the reader that owns it locks.
final class ArrowStream: @unchecked Sendable {
  private let path: String
  private let csv: CSVFile?
  private let pointer: CAReader

  init(_ path: String, csv: CSVFile? = nil, _ open: () throws -> CAReader?) throws {
    guard let pointer = try ReadFailure.naming(path, open) else { throw FileError(path: path, problem: "cannot be opened") }
    self.path = path
    self.csv = csv
    self.pointer = pointer
  }

  deinit { ca_reader_release(pointer) }

  var skippedRows: Int { csv?.skippedRows ?? 0 }

  /// A table of the right columns without rows.
  func schema() throws -> Table { try ReadFailure.naming(path) { try Table(Arrow.datum { ca_reader_schema(pointer, $0) }, threads: 1) } }

  /// `nil` at the end.
  func next() throws -> Table? {
    try ReadFailure.naming(path) { try Arrow.call { ca_reader_next(pointer, $0) }.map { try Table(ArrowDatum($0), threads: 1) } }
  }

  func all() throws -> Table { try ReadFailure.naming(path) { try Table(Arrow.datum { ca_reader_all(pointer, $0) }) } }
}
