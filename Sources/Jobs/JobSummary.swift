public import Tables

/// What came of a job, or of as much of it as was done.
public struct JobSummary: Codable, Sendable, Hashable {
  /// The file that is written when all rows are done.
  public var output: String
  /// Rows that are done, with an answer or without.
  public var rows: Int
  /// Rows without an answer.
  public var failed: Int
  /// Where these are, each with its reason; `nil` where there are none.
  public var failures: String?
  /// Rows unlike those that the model learnt from.
  public var unusual: Int
  /// Parts that the rows were done in.
  public var parts: Int
  /// Rows that an earlier process had done.
  public var resumed: Int
  /// Everything is done; otherwise it was told to stop and can go on.
  public var isFinished: Bool
}

/// How far a job is.
public struct JobProgress: Sendable, Hashable {
  /// Rows done since the beginning of the job.
  public let rows: Int
  /// Those that this process did.
  public let ownRows: Int
  /// Rows without an answer.
  public let failed: Int
  /// Parts done.
  public let parts: Int
}

/// What a model says about some rows.
public struct JobAnswer: Sendable {
  /// The rows with the answers beside them, in their order.
  public var table: Table
  /// How many are unlike those that the model learnt from.
  public var unusual: Int

  public init(_ table: Table, unusual: Int = 0) {
    self.table = table
    self.unusual = unusual
  }
}

/// Where a job may be killed.
enum JobStep: Hashable, Sendable {
  case begun
  case answered(part: Int)
  case tableWritten(part: Int)
  case failuresWritten(part: Int)
  case recorded(part: Int)
  case outputWritten
  case reasonsWritten
  case finished
}
