import Charts
public import Commands
import Foundation
import MartletCore
import Profiling
import Tables

/// `martlet data check` and `martlet data profile`: tables piece by piece, whatever their size.
enum DataWork {
  static func check(_ request: DataCheckRequest) throws -> DataCheckSummary {
    let clock = ContinuousClock.now
    let schema = request.update ? nil : try DataSchema.read(request.schema)
    let reader = try TableReader(request.inputs)
    if request.update { return try update(request, reader, since: clock) }
    guard let schema else { throw ArgumentError("no schema") }
    let options = DataCheckOptions(now: request.now, firstRow: firstRow(reader.report), withoutTarget: request.withoutTarget)
    var checker = DataChecker(schema, options: options)
    checker.add(reader.emptyTable)
    while let part = try next(reader) { checker.add(part) }
    let report = checker.report()
    if let path = request.report { try report.page(title: title(request.inputs), footer: footer()).write(to: path) }
    return DataCheckSummary(
      inputs: request.inputs, schema: request.schema, updated: false, rows: report.rows, columns: report.columns,
      violations: report.violations.map { violation in
        DataCheckSummary.Violation(
          severity: violation.severity.rawValue, rule: violation.rule.rawValue, column: violation.column, expected: violation.expected,
          found: violation.found, rows: violation.rows, firstRows: violation.firstRows, values: violation.values)
      }, notes: notes(reader.report) + report.notes, report: request.report, seconds: (ContinuousClock.now - clock) / .seconds(1))
  }

  private static func update(
    _ request: DataCheckRequest, _ reader: TableReader, since clock: ContinuousClock.Instant
  ) throws
    -> DataCheckSummary
  {
    // A profiler keeps the summary and the sample that a schema is inferred from.
    var profiler = DataProfiler(ProfileOptions(fitsModels: false))
    try profiler.add(reader.emptyTable)
    while let part = try next(reader) { try profiler.add(part) }
    let sample = try profiler.sampled()
    let schema = try DataSchema.infer(
      profiler.summary, sample: sample.table, isWhole: sample.rows.count == profiler.summary.rows, target: request.target, now: request.now)
    try schema.write(to: request.schema)
    return DataCheckSummary(
      inputs: request.inputs, schema: request.schema, updated: true, rows: profiler.summary.rows, columns: schema.columns.count,
      violations: [], notes: notes(reader.report), report: nil, seconds: (ContinuousClock.now - clock) / .seconds(1))
  }

  static func profile(_ request: DataProfileRequest) throws -> DataProfileSummary {
    let clock = ContinuousClock.now
    let reader = try TableReader(request.inputs)
    // A wrong name is better known before a long file than after.
    if let target = request.target { _ = try reader.emptyTable.column(target) }
    var profiler = DataProfiler(ProfileOptions(target: request.target, fitsModels: request.fitsModels))
    try profiler.add(reader.emptyTable)
    while let part = try next(reader) { try profiler.add(part) }
    let profile = try profiler.finish()
    try profile.report(title: title(request.inputs), footer: footer(), firstRow: firstRow(reader.report)).write(to: request.report)
    return DataProfileSummary(
      inputs: request.inputs, rows: profile.rows,
      columns: profile.columns.map { column in
        DataProfileSummary.Line(
          name: column.name, type: column.type, missingRate: column.missingRate, distinct: column.distinct,
          shape: column.isLikelyIdentifier ? [] : column.numbers?.counts ?? column.top.map { Double($0.count) }, values: column.valueText)
      },
      findings: profile.warnings.map { .init(severity: $0.severity.rawValue, text: $0.text, advice: $0.advice) },
      notes: notes(reader.report) + profile.notes, report: request.report,
      profile: try JSON.decode(JSONValue.self, from: JSON.encode(profile), source: "profile"),
      seconds: (ContinuousClock.now - clock) / .seconds(1))
  }

  private static func next(_ reader: TableReader) throws -> Table? {
    try Task.checkCancellation()
    return try reader.next()
  }

  /// Spreadsheets count the row of names, too.
  private static func firstRow(_ report: TableReadReport) -> Int { report.format == .csv ? 2 : 1 }

  private static func notes(_ report: TableReadReport) -> [String] {
    var notes = report.renamed.prefix(5).map {
      "The column '\($0.original)' is called '\($0.name)' here: its name was empty or came twice."
    }
    if report.renamed.count > 5 { notes.append("\(report.renamed.count - 5) more columns were renamed.") }
    if report.skippedRows > 0 { notes.append("\(report.skippedRows) rows with too few or too many fields were left out.") }
    return notes
  }

  private static func title(_ inputs: [String]) -> String {
    let name = inputs.first.map { ($0 as NSString).lastPathComponent } ?? ""
    return inputs.count > 1 ? "\(name) and \(inputs.count - 1) more" : name
  }

  private static func footer() -> String { "Martlet \(MartletVersion.current), \(Date().ISO8601Format())" }
}

extension MartletEngine {
  public func checkData(_ request: DataCheckRequest) async throws -> DataCheckSummary {
    try await CancelledBySignals.run { try DataWork.check(request) }
  }

  public func profileData(_ request: DataProfileRequest) async throws -> DataProfileSummary {
    try await CancelledBySignals.run { try DataWork.profile(request) }
  }
}
