public import Tables

/// Training rows that do not fit into memory together, in parts that do. Every part is a random draw from all rows.
public struct StagedRows {
  /// Rows of a part as features, target and weights.
  public typealias Rows = (x: FeatureMatrix, target: Target, weights: [Double]?)

  /// How many rows each part has.
  public let counts: [Int]
  /// The classes in the order of the targets' places; `nil` where numbers are learnt.
  public let labels: [String]?
  /// Rows that no part has, for early stopping.
  public let validation: (x: FeatureMatrix, target: Target)?
  /// Opens a part: what it returns gives the part's next rows, at most as many as it is asked for, and `nil` at the end.
  public let open: (Int) throws -> (Int) throws -> Rows?

  public init(
    counts: [Int], labels: [String]?, validation: (x: FeatureMatrix, target: Target)? = nil,
    open: @escaping (Int) throws -> (Int) throws -> Rows?
  ) {
    self.counts = counts
    self.labels = labels
    self.validation = validation
    self.open = open
  }

  public var rows: Int { counts.reduce(0, +) }
}

/// A learner that can learn from more rows than memory holds, part by part.
public protocol StagedLearner: Learner {
  /// Rounds are judged by rows that no part has, so that such rows have to be set aside.
  var judgesRounds: Bool { get }

  /// Of so many parts, how many are read: all, unless a part teaches at least one round and there are fewer rounds.
  func partsRead(of count: Int) -> Int

  /// Learns from all parts.
  /// - Throws: `LearnerError` naming the part's feature, row or setting that does not fit; `CancellationError`.
  func fit(_ rows: StagedRows, context: FitContext) throws -> any FittedLearner
}

extension StagedLearner {
  public var judgesRounds: Bool { false }
  public func partsRead(of count: Int) -> Int { count }
}
