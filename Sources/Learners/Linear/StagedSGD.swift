import MartletCore
import Tables

extension SGDClassifier: StagedLearner {
  /// Steps over all parts, in an order drawn within some ten thousand rows at a time.
  public func fit(_ rows: StagedRows, context: FitContext) throws -> any FittedLearner {
    guard let labels = rows.labels else {
      throw LearnerError("\(Self.kind) learns classes, and the target holds numbers", remedy: "use sgd_regressor")
    }
    var stream: SGDStream?
    try stages(rows) { names in stream = try self.stream(featureNames: names, labels: labels) }
    try stream?.stages(rows, classWeights: classWeights, context)
    guard let stream else { throw LearnerError("\(Self.kind) was given no row", expected: "at least one row to learn from") }
    return try stream.classifier()
  }
}

extension SGDRegressor: StagedLearner {
  /// Steps over all parts, in an order drawn within some ten thousand rows at a time.
  public func fit(_ rows: StagedRows, context: FitContext) throws -> any FittedLearner {
    var stream: SGDStream?
    try stages(rows) { names in stream = try self.stream(featureNames: names) }
    try stream?.stages(rows, context)
    guard let stream else { throw LearnerError("\(Self.kind) was given no row", expected: "at least one row to learn from") }
    return try stream.regressor()
  }
}

/// Names the features by a look at the first row.
private func stages(_ rows: StagedRows, _ body: ([String]) throws -> Void) throws {
  for part in rows.counts.indices {
    if let first = try rows.open(part)(1) { return try body(first.x.names) }
  }
}
