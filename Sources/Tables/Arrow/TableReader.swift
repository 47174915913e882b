import CArrow
import Dispatch
import Foundation
import MartletCore
import Synchronization

/// Tables of some ten thousand rows after each other, out of files of any size, in constant memory.
///
/// The columns and their types are known before the first row. The types of a CSV or JSON file come from a first pass over it, so that no
/// later cell can fail them, unless `inferenceRows` cuts that pass short. Categories of CSV come as text.
///
/// ```swift
/// let reader = try TableReader("clicks.csv.gz")
/// while let part = try reader.next() { … }
/// for try await part in reader { … }         // the same
/// ```
///
/// Safe to use from several threads: each table is handed out once.
public final class TableReader: Sendable {
  /// No rows, all columns.
  public let emptyTable: Table
  private let options: TableReadOptions
  private let batchRows: Int
  private let partitions: [(name: String, type: ColumnType)]
  private let state: Mutex<State>

  private struct Source {
    let file: TableFile
    let format: TableFormat
    let csv: CSVFile?
  }

  private struct State {
    var sources: [Source]
    var place = 0
    var stream: ArrowStream?
    var rest: Table?
    var rows = 0
    var skipped = 0
    var report: TableReadReport
  }

  /// - Parameters:
  ///   - batchRows: rows of a table at most.
  /// - Throws: `FileError` if the files cannot be read, or have different columns.
  public convenience init(_ path: String, options: TableReadOptions = TableReadOptions(), batchRows: Int = 1 << 16) throws {
    try self.init([path], options: options, batchRows: batchRows)
  }

  /// Several files, folders or patterns, one after another.
  public init(_ paths: [String], options: TableReadOptions = TableReadOptions(), batchRows: Int = 1 << 16) throws {
    let files = try TableFiles.resolve(paths)
    let partitions = try TableFiles.partitionTypes(files)
    var inner = options
    inner.columns = options.columns?.filter { name in !partitions.contains { $0.name == name } }
    var report = TableReadReport()
    var sources: [Source] = [], empties: [Table] = []
    for file in files {
      let format = try options.format ?? TableFormat.find(file.path)
      report.files.append(file.path)
      report.format = format
      var csv: CSVFile?
      if format == .csv {
        let opened = try CSVFile.open(file.path, inner)
        let limits = [options.rowLimit, options.csv.inferenceRows].compactMap { $0 }
        try opened.infer(rows: limits.min())
        opened.describe(in: &report)
        csv = opened
        let stream = try opened.stream()
        empties.append(try stream.schema())
      } else {
        let empty = try Table.stream(file.path, format, inner, batchRows: batchRows).schema()
        empties.append(try Table.casting(empty, inner, file.path))
      }
      sources.append(Source(file: file, format: format, csv: csv))
    }
    // One schema for all: what no file can spell as it is becomes wider in every file.
    var names: [String] = [], types: [String: ColumnType] = [:]
    for (number, empty) in empties.enumerated() {
      for column in empty.columns {
        if let type = types[column.name] {
          types[column.name] = type.promoted(with: column.type)
        } else {
          guard number == 0 || options.fillsMissingColumns else {
            throw FileError(
              path: files[0].path, problem: "has no column '\(column.name)', \(files[number].path) has", expected: "the same columns",
              remedy: "choose columns that all have, or fill missing columns")
          }
          names.append(column.name)
          types[column.name] = column.type
        }
      }
      if !options.fillsMissingColumns, let name = names.first(where: { !empty.contains($0) }) {
        throw FileError(
          path: files[number].path, problem: "has no column '\(name)', \(files[0].path) has", expected: "the same columns",
          remedy: "choose columns that all have, or fill missing columns")
      }
    }
    for source in sources { for name in names { if let type = types[name] { source.csv?.setType(of: name, type) } } }
    var columns: [Column] = []
    for name in names { if let type = types[name] { columns.append(try Column.missing(name, type: type, count: 0)) } }
    for part in partitions { columns.append(try Column.missing(part.name, type: part.type, count: 0)) }
    let empty = try Table(columns)
    emptyTable = try options.columns.map { try empty.selecting($0) } ?? empty
    self.options = inner
    self.batchRows = Swift.max(batchRows, 1)
    self.partitions = partitions
    state = Mutex(State(sources: sources, report: report))
  }

  /// The columns' names and types, in their order.
  public var fields: [TableField] { emptyTable.columns.map { TableField(name: $0.name, type: $0.type) } }

  /// What was found out so far.
  public var report: TableReadReport {
    state.withLock {
      var report = $0.report
      report.skippedRows = $0.skipped + ($0.stream?.skippedRows ?? 0)
      return report
    }
  }

  /// The next rows, or `nil` at the end.
  /// - Throws: `FileError` naming what does not fit.
  public func next() throws -> Table? {
    try state.withLock { state in
      let left = options.rowLimit.map { $0 - state.rows } ?? Int.max
      guard left > 0, let table = try pending(&state) else { return nil }
      let count = Swift.min(table.rowCount, batchRows, left)
      state.rest = count < table.rowCount ? try table.slice(count..<table.rowCount) : nil
      state.rows += count
      return count < table.rowCount ? try table.slice(0..<count) : table
    }
  }

  private func pending(_ state: inout State) throws -> Table? {
    if let rest = state.rest { return rest }
    while state.place < state.sources.count {
      let source = state.sources[state.place]
      if state.stream == nil {
        state.stream = try source.csv?.stream() ?? Table.stream(source.file.path, source.format, options, batchRows: batchRows)
      }
      if let table = try state.stream?.next(), table.rowCount > 0 { return try conformed(table, source.file) }
      state.skipped += state.stream?.skippedRows ?? 0
      state.stream = nil
      state.place += 1
    }
    return nil
  }

  /// The table with the columns and types of all files.
  private func conformed(_ table: Table, _ file: TableFile) throws -> Table {
    let whole = try TableFiles.adding(partitions, of: file, to: table)
    var columns: [Column] = []
    do {
      for wanted in emptyTable.columns {
        columns.append(
          whole.contains(wanted.name)
            ? try whole.column(wanted.name).cast(to: wanted.type)
            : try Column.missing(wanted.name, type: wanted.type, count: table.rowCount))
      }
      return try Table(columns)
    } catch {
      throw FileError(path: file.path, problem: error.problem, expected: error.expected, remedy: error.remedy)
    }
  }
}

extension TableReader: AsyncSequence {
  public struct AsyncIterator: AsyncIteratorProtocol {
    let reader: TableReader

    /// Reads on a thread of the system's, so that waiting for the disk holds up no task.
    public func next() async throws -> Table? {
      try Task.checkCancellation()
      let reader = reader
      return try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result { try reader.next() }) }
      }
    }
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(reader: self) }
}

/// A column's name and type.
public struct TableField: Sendable, Hashable, Codable {
  public let name: String
  public let type: ColumnType

  public init(name: String, type: ColumnType) {
    self.name = name
    self.type = type
  }
}

extension Table {
  /// The columns' names and types, in their order.
  public var fields: [TableField] { columns.map { TableField(name: $0.name, type: $0.type) } }
}
