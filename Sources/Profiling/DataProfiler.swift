public import MartletCore
public import Tables

/// How a profile is made.
public struct ProfileOptions: Sendable {
  /// The column that is to be predicted.
  public var target: String?
  /// Rows that pairs of columns, leaks and outliers are looked for in.
  public var sampleRows: Int
  /// Columns whose pairs are looked at; the others are described one by one.
  public var pairColumns: Int
  /// Different rows among which repeats are counted exactly, some 50 bytes each; beyond, their number is an estimate.
  public var duplicateRows: Int
  /// Unusual rows and wrong labels are looked for by fitting models on the sample.
  public var fitsModels: Bool
  public var seed: UInt64
  public var threads: Int

  public init(
    target: String? = nil, sampleRows: Int = 20_000, pairColumns: Int = 50, duplicateRows: Int = 1_000_000, fitsModels: Bool = true,
    seed: UInt64 = 0, threads: Int = Parallel.defaultThreads
  ) {
    self.target = target
    self.sampleRows = sampleRows
    self.pairColumns = pairColumns
    self.duplicateRows = duplicateRows
    self.fitsModels = fitsModels
    self.seed = seed
    self.threads = threads
  }
}

/// Gathers a profile from rows as they come, so that a file larger than memory can be profiled piece by piece.
public struct DataProfiler {
  public let options: ProfileOptions
  /// What is known so far; a schema can be inferred from it.
  public private(set) var summary: TableSummary
  private var sample: RowSample
  private var duplicates: DuplicateRows

  public init(_ options: ProfileOptions = ProfileOptions()) {
    self.options = options
    summary = TableSummary(threads: options.threads)
    sample = RowSample(limit: options.sampleRows, seed: options.seed)
    duplicates = DuplicateRows(limit: options.duplicateRows)
  }

  /// Adds the next rows.
  /// - Throws: `TableError` if the pieces cannot be put together.
  public mutating func add(_ table: Table) throws {
    summary.add(table)
    try sample.add(table)
    duplicates.add(try table.rowHashes())
  }

  /// The uniform sample of the rows so far, and where they stood.
  public mutating func sampled() throws -> (table: Table, rows: [Int]) { try sample.finish() }

  /// The profile of all rows so far.
  /// - Throws: `TableError` if there is no such target.
  public mutating func finish() throws -> DataProfile {
    let (table, places) = try sample.finish()
    if let target = options.target { _ = try table.column(target) }
    var profile = DataProfile(
      rows: summary.rows, columns: summary.columns.map(ColumnProfile.init), missingPatterns: Array(summary.missingPatterns.prefix(20)),
      duplicates: duplicates.result, associations: [], warnings: [], sampledRows: table.rowCount, notes: duplicates.notes)
    let columns = table.columns.compactMap(SampledColumn.init)
    profile.duplicates.columns = SameColumns.find(table, summary)
    PairSearch(columns: columns, summary: summary, options: options).run(&profile)
    if let name = options.target, let known = summary.column(name), let column = try? table.column(name),
      let target = SampledTarget(column, distinct: known.distinct)
    {
      profile.target = TargetSearch(target: target, columns: columns.filter { $0.name != name }, summary: summary, options: options)
        .run(&profile)
    }
    if options.fitsModels { ModelSearch(table: table, places: places, summary: summary, options: options).run(&profile) }
    profile.warnings = ProfileAdvice(profile: profile, summary: summary).warnings
    return profile
  }
}

extension DataProfile {
  /// The profile of a table in memory.
  /// - Throws: `TableError` if there is no such target.
  public init(_ table: Table, options: ProfileOptions = ProfileOptions()) throws {
    var profiler = DataProfiler(options)
    try profiler.add(table)
    self = try profiler.finish()
  }
}
