import Foundation
import MartletCore
public import Tables

/// Answers the rows of an input of any size in parts, and survives being killed at any moment.
///
/// Every part is a file of its own with a record that is written last. A process that begins with the same folder, input, model and options
/// goes on after the last record: no row is in the output twice, none is left out. When all rows are done, the parts become one file, which
/// has the same bytes however often the job was interrupted.
///
/// A row that the model refuses is written down with the reason, up to `maxFailures` of them. A cancelled task finishes the part at hand.
public struct TableJob: Sendable {
  /// Gives the next rows, `nil` at the end.
  public typealias Source = @Sendable () throws -> Table?
  /// Answers rows; of no rows, it gives the columns. A `MartletError` is the rows' fault.
  public typealias Answerer = @Sendable (Table) async throws -> JobAnswer

  private let folder: JobFolder
  private let output: String
  private let failures: String
  private let identity: JobIdentity
  private let partRows: Int
  private let maxFailures: Int
  /// Called at every step; a test throws here what would be a kill.
  private let step: @Sendable (JobStep) throws -> Void

  /// - Parameters:
  ///   - folder: the job's own; it is made.
  ///   - output: the file of rows and answers; its suffix says how.
  ///   - failures: the file for rows without an answer, a JSON document a line; it is written where there are some.
  ///   - partRows: rows of a part.
  ///   - maxFailures: so many rows may have no answer.
  public init(folder: String, output: String, failures: String, identity: JobIdentity, partRows: Int = 1 << 16, maxFailures: Int = 100) {
    self.init(folder: folder, output: output, failures: failures, identity: identity, partRows: partRows, maxFailures: maxFailures) { _ in }
  }

  init(
    folder: String, output: String, failures: String, identity: JobIdentity, partRows: Int, maxFailures: Int,
    step: @escaping @Sendable (JobStep) throws -> Void
  ) {
    self.folder = JobFolder(path: folder)
    self.output = output
    self.failures = failures
    self.identity = identity
    self.partRows = max(1, partRows)
    self.maxFailures = max(0, maxFailures)
    self.step = step
  }

  /// Does what is left of the job.
  /// - Parameters:
  ///   - empty: no rows, all columns.
  ///   - progress: is told after every part.
  /// - Returns: what is done; `isFinished` is false where the task was cancelled.
  /// - Throws: `JobError` where the job cannot go on; errors of the input and the output. What was done stays done.
  public func run(
    _ source: @escaping Source, empty: Table, answer: @escaping Answerer, progress: @Sendable (JobProgress) -> Void = { _ in }
  ) async throws -> JobSummary {
    let lock = try folder.lock()
    defer { withExtendedLifetime(lock) {} }
    if let begun = try folder.identity() {
      try identity.check(against: begun, in: folder.path)
    } else {
      try folder.write(identity)
      try step(.begun)
    }
    if let finished = try folder.finished() { return try checked(finished) }

    var records = try folder.records()
    let resumed = records.map(\.rows).reduce(0, +)
    func summary(_ isFinished: Bool) -> JobSummary {
      let failed = records.map(\.failed).reduce(0, +)
      return JobSummary(
        output: output, rows: records.map(\.rows).reduce(0, +), failed: failed, failures: failed > 0 ? failures : nil,
        unusual: records.map(\.unusual).reduce(0, +), parts: records.count, resumed: resumed, isFinished: isFinished)
    }
    var rows = RowPieces(source)
    guard try rows.skip(resumed) == resumed else {
      throw JobError(.damaged, "the input has fewer rows than the \(resumed) that are done in \(folder.path)", remedy: "begin anew")
    }
    if resumed > 0 { progress(JobProgress(rows: resumed, ownRows: 0, failed: records.map(\.failed).reduce(0, +), parts: records.count)) }
    while !Task.isCancelled, let piece = try rows.next(partRows) {
      records.append(try await part(records, piece, answer))
      let done = summary(false)
      progress(JobProgress(rows: done.rows, ownRows: done.rows - resumed, failed: done.failed, parts: done.parts))
    }
    if Task.isCancelled { return summary(false) }

    let done = summary(true)
    try await assemble(records, empty, answer)
    try step(.outputWritten)
    if done.failed > 0 { try writeFailures(records) }
    try step(.reasonsWritten)
    try folder.write(JobFolder.Finished(summary: done, outputSHA256: try Digest.sha256(file: output)))
    try step(.finished)
    folder.removeParts()
    return done
  }

  // Parts -------------------------------------------------------------------------------------------------------------------------------

  private func part(_ records: [JobFolder.PartRecord], _ piece: Table, _ answer: @escaping Answerer) async throws -> JobFolder.PartRecord {
    let number = records.count, first = records.map(\.rows).reduce(0, +)
    let before = records.map(\.failed).reduce(0, +), allowed = maxFailures - before
    // A task of its own: who cancels the job waits for the part at hand.
    let (found, failed) = try await Task { try await answered(piece, first: first, allowed: allowed, answer) }.value
    guard failed.count <= allowed else {
      let reason = failed.last.map { ": row \($0.row), \($0.problem)" } ?? ""
      throw JobError(
        .tooManyFailures, "more than \(maxFailures) rows have no answer\(reason)", expected: "at most \(maxFailures)",
        remedy: "mend the input and begin anew, or go on with a larger --max-failures")
    }
    try step(.answered(part: number))
    // Rows of which none has an answer still have columns.
    let answers = found.isEmpty ? [try await answer(piece.slice(0..<0))] : found
    let table = try Table.concatenating(answers.map(\.table))
    let path = folder.table(number)
    let writer = try TableWriter(path)
    try writer.write(table)
    try writer.finish()
    try step(.tableWritten(part: number))
    if !failed.isEmpty {
      var lines = Data()
      for failure in failed { lines += try failure.line() }
      try AtomicFile.write(lines, to: folder.failures(number))
    }
    try step(.failuresWritten(part: number))
    let file = try JobIdentity.Input(reading: path)
    let record = JobFolder.PartRecord(
      rows: piece.rowCount, failed: failed.count, unusual: answers.map(\.unusual).reduce(0, +), bytes: file.bytes, sha256: file.sha256)
    try AtomicFile.write(JSON.encode(record), to: folder.record(number))
    try step(.recorded(part: number))
    return record
  }

  /// All answers in the rows' order, and the rows that have none: they are found by halving.
  private func answered(
    _ table: Table, first: Int, allowed: Int, _ answer: Answerer
  ) async throws -> (answers: [JobAnswer], failures: [RowFailure]) {
    var answers: [JobAnswer] = [], failures: [RowFailure] = []
    // Ranges that are still to be answered, the next one last.
    var ranges = [0..<table.rowCount]
    while let range = ranges.popLast(), failures.count <= allowed {
      do {
        let rows = range.count == table.rowCount ? table : try table.slice(range)
        answers.append(try await answer(rows))
      } catch let error as any MartletError {
        if range.count == 1 {
          failures.append(try RowFailure(row: first + range.lowerBound + 1, error: error, table: table, place: range.lowerBound))
        } else {
          let middle = range.lowerBound + range.count / 2
          ranges.append(middle..<range.upperBound)
          ranges.append(range.lowerBound..<middle)
        }
      }
    }
    return (answers, failures)
  }

  // The end -----------------------------------------------------------------------------------------------------------------------------

  private func assemble(_ records: [JobFolder.PartRecord], _ empty: Table, _ answer: Answerer) async throws {
    let writer = try TableWriter(output)
    for (number, record) in records.enumerated() {
      let path = folder.table(number)
      guard try Digest.sha256(file: path) == record.sha256 else {
        throw JobError(
          .damaged, "\(path) is not what was written there", expected: "SHA-256 \(record.sha256)",
          remedy: "delete \(folder.record(number)), and the same command answers these rows again")
      }
      let table = try Table.read(path)
      // The first one says which columns there are, if it has no rows, too.
      if number == 0 || table.rowCount > 0 { try writer.write(table) }
    }
    if records.isEmpty { try writer.write(await answer(empty).table) }
    try writer.finish()
  }

  private func writeFailures(_ records: [JobFolder.PartRecord]) throws {
    try AtomicFile.write(to: failures) { (descriptor) throws(FileError) in
      for (number, record) in records.enumerated() where record.failed > 0 {
        let path = folder.failures(number)
        guard let data = FileManager.default.contents(atPath: path) else {
          throw FileError(path: path, problem: "is gone", remedy: "delete \(folder.record(number)), and these rows are answered again")
        }
        try data.withUnsafeBytes { bytes in
          Result { () throws(FileError) in try AtomicFile.writeAll(bytes, to: descriptor, path: failures) }
        }
        .get()
      }
    }
  }

  /// What a finished job says when it is asked again.
  private func checked(_ finished: JobFolder.Finished) throws -> JobSummary {
    guard (try? Digest.sha256(file: output)) == finished.outputSHA256 else {
      throw JobError(
        .outputChanged, "the job in \(folder.path) is finished, and \(output) is not what it wrote",
        expected: "SHA-256 \(finished.outputSHA256)",
        remedy: "remove \(folder.path) to have everything answered again")
    }
    folder.removeParts()
    var summary = finished.summary
    summary.resumed = summary.rows
    return summary
  }
}
