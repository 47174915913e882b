import CArrow
import Foundation
public import MartletCore
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How a table is written.
public struct TableWriteOptions: Sendable, Hashable, Codable {
  /// `nil`: by the file's name.
  public var format: TableFormat?
  /// `nil`: by the file's name (`.csv.gz`); Parquet files are compressed by zstd within.
  public var compression: TableCompression?
  /// Between the fields of CSV; `nil`: a tab for `.tsv`, else a comma.
  public var separator: String?
  public var hasHeader: Bool
  /// How CSV spells that there is no value.
  public var missing: String

  public init(
    format: TableFormat? = nil, compression: TableCompression? = nil, separator: String? = nil, hasHeader: Bool = true, missing: String = ""
  ) {
    self.format = format
    self.compression = compression
    self.separator = separator
    self.hasHeader = hasHeader
    self.missing = missing
  }
}

/// Writes tables of the same columns under each other into one file, in constant memory.
///
/// The file appears under its name when `finish` is called; a writer that is dropped before leaves nothing behind.
public final class TableWriter: Sendable {
  public let path: String
  private let options: TableWriteOptions
  private let format: TableFormat
  private let temporary: String
  /// One table is all that is ever written.
  private let isSingle: Bool
  private let state: Mutex<State>

  private struct State: ~Copyable {
    var descriptor: Int32
    var writer: Handle?
    var types: [TableField] = []
    var rows = 0
  }

  /// `@unchecked Sendable`: used under the writer's lock.
  private final class Handle: @unchecked Sendable {
    let pointer: CAWriter
    init(_ pointer: CAWriter) { self.pointer = pointer }
    deinit { ca_writer_release(pointer) }
  }

  /// - Throws: `FileError` if the name tells no format, or the file cannot be written.
  public convenience init(_ path: String, options: TableWriteOptions = TableWriteOptions()) throws(FileError) {
    try self.init(path, options: options, isSingle: false)
  }

  init(_ path: String, options: TableWriteOptions, isSingle: Bool) throws(FileError) {
    guard let format = options.format ?? TableFormat(path: path) else {
      throw FileError(
        path: path, problem: "the name does not tell the format", expected: ".csv, .tsv, .parquet, .arrow or .jsonl",
        remedy: "give the format")
    }
    self.path = path
    self.options = options
    self.format = format
    self.isSingle = isSingle
    temporary = AtomicFile.temporaryPath(beside: path)
    let descriptor = createFile(temporary)
    guard descriptor >= 0 else { throw FileError(path: path, problem: "cannot be written: \(AtomicFile.systemReason())") }
    state = Mutex(State(descriptor: descriptor))
  }

  deinit {
    state.withLock { state in
      guard state.descriptor >= 0 else { return }
      state.writer = nil
      close(state.descriptor)
      unlink(temporary)
    }
  }

  /// Rows written so far.
  public var rowCount: Int { state.withLock { $0.rows } }

  /// Appends rows. The first table settles the columns and their types; later ones are converted to them.
  /// - Throws: `FileError` if columns differ, a value does not fit, or the disk is full.
  public func write(_ table: Table) throws {
    try state.withLock { state in
      guard state.descriptor >= 0 else { throw FileError(path: path, problem: "the writer is finished", remedy: "begin another") }
      let table = try conformed(table, &state)
      try ReadFailure.naming(path) {
        let datum = try table.datum()
        if state.writer == nil { state.writer = try open(datum, state.descriptor) }
        if let writer = state.writer { _ = try Arrow.call { ca_writer_write(writer.pointer, datum.pointer, $0) } }
      }
      state.rows += table.rowCount
    }
  }

  private func conformed(_ table: Table, _ state: inout State) throws -> Table {
    var table = table
    do throws(TableError) {
      if format == .arrow || format == .csv {
        // Every batch brings its own categories, of which a file of Arrow's can hold one list.
        for column in table.columns where column.type == .categorical && !(format == .arrow && isSingle) {
          table = try table.setting(column.cast(to: .text))
        }
      }
      if state.types.isEmpty {
        state.types = table.fields
        return table
      }
      guard table.columnNames == state.types.map(\.name) else {
        throw TableError(
          "a table of the columns \(NameList.text(table.columnNames)) comes after others", expected: NameList.text(state.types.map(\.name)))
      }
      var columns: [Column] = []
      for (column, field) in zip(table.columns, state.types) { columns.append(try column.cast(to: field.type)) }
      return try Table(columns)
    } catch {
      throw FileError(path: path, problem: error.problem, expected: error.expected, remedy: error.remedy)
    }
  }

  private func open(_ schema: ArrowDatum, _ descriptor: Int32) throws -> Handle {
    let suffix = TableFormat.suffix(of: path)
    var compression = options.compression ?? TableCompression(path: path)
    if format == .parquet && options.compression == nil { compression = .zstd }
    var settings = CAWriteOptions()
    settings.format =
      switch format {
      case .csv: CA_FORMAT_CSV
      case .parquet: CA_FORMAT_PARQUET
      case .arrow: suffix == "arrows" ? CA_FORMAT_IPC_STREAM : CA_FORMAT_IPC_FILE
      case .json: CA_FORMAT_JSON_LINES
      }
    settings.compression =
      switch compression {
      case .none: CA_COMPRESSION_NONE
      case .gzip: CA_COMPRESSION_GZIP
      case .zstd: CA_COMPRESSION_ZSTD
      }
    let separator = options.separator ?? (suffix == "tsv" || suffix == "tab" ? "\t" : ",")
    guard separator.utf8.count == 1, let byte = separator.utf8.first, byte < 128 else {
      throw FileError(path: path, problem: "the separator '\(separator)' is not one character of ASCII")
    }
    settings.separator = CChar(bitPattern: byte)
    settings.header = options.hasHeader
    let writer = try options.missing.withCString { missing in
      settings.missing = missing
      return try Arrow.call { ca_writer_open(descriptor, schema.pointer, settings, $0) }
    }
    guard let writer else { throw FileError(path: path, problem: "cannot be written") }
    return Handle(writer)
  }

  /// Ends the file and gives it its name.
  /// - Throws: `FileError` if nothing was written, or the disk is full; nothing stays behind.
  public func finish() throws {
    try state.withLock { state in
      guard state.descriptor >= 0 else { return }
      let descriptor = state.descriptor
      state.descriptor = -1
      var isDone = false
      defer { if !isDone { unlink(temporary) } }
      guard let writer = state.writer else {
        close(descriptor)
        throw FileError(path: path, problem: "no table was written", expected: "at least one, if without rows")
      }
      state.writer = nil
      do {
        try ReadFailure.naming(path) { _ = try Arrow.call { ca_writer_close(writer.pointer, $0) } }
      } catch {
        close(descriptor)
        throw error
      }
      guard fsync(descriptor) == 0, close(descriptor) == 0, rename(temporary, path) == 0 else {
        throw FileError(path: path, problem: "cannot be written: \(AtomicFile.systemReason())")
      }
      isDone = true
    }
  }
}

private func createFile(_ path: String) -> Int32 { open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644) }

extension Table {
  /// Writes the table in the format that the name tells: `.csv`, `.tsv`, `.parquet`, `.arrow`, `.arrows`, `.jsonl`, with `.gz` or `.zst`
  /// after it. The file is there as a whole or not at all.
  /// - Throws: `FileError` if the format cannot hold a column, or the file cannot be written.
  public func write(to path: String, options: TableWriteOptions = TableWriteOptions()) throws {
    let writer = try TableWriter(path, options: options, isSingle: true)
    try writer.write(self)
    try writer.finish()
  }
}
