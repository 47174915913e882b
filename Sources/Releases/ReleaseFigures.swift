/// What was seen of one version.
public struct VersionFigures: Sendable, Hashable, Codable {
  /// Requests that were answered or failed by the server's fault.
  public var requests = 0
  /// Those that failed by the server's fault: errors, timeouts, full queues.
  public var failures = 0
  /// The seconds that answers took.
  public var latency = LatencySketch()
  /// Answers by class, or by what stands for it.
  public var answers: [String: Int] = [:]
  /// Answers whose truth came back, and those of them that were right.
  public var labelled = 0, correct = 0
  /// Answers that people judged, and those of them that they called good.
  public var judged = 0, good = 0

  /// Nothing was seen.
  public init() {}

  func since(_ earlier: VersionFigures) -> VersionFigures {
    var result = VersionFigures()
    result.requests = requests - earlier.requests
    result.failures = failures - earlier.failures
    result.latency = latency.since(earlier.latency)
    for (name, count) in answers where count > earlier.answers[name] ?? 0 { result.answers[name] = count - (earlier.answers[name] ?? 0) }
    result.labelled = labelled - earlier.labelled
    result.correct = correct - earlier.correct
    result.judged = judged - earlier.judged
    result.good = good - earlier.good
    return result
  }
}

/// What was seen of both versions of a release.
public struct ReleaseFigures: Sendable, Hashable, Codable {
  /// The version that answered before.
  public var baseline = VersionFigures()
  /// The version that shall answer.
  public var candidate = VersionFigures()
  /// The candidate's inputs; empty where they cannot be counted.
  public var inputs: [InputCounts] = []
  /// Requests that both answered, and those of them on which the answers are the same.
  public var compared = 0, agreed = 0

  /// Nothing was seen.
  public init() {}

  /// What was seen since an earlier state of the same figures.
  public func since(_ earlier: ReleaseFigures) -> ReleaseFigures {
    var result = ReleaseFigures()
    result.baseline = baseline.since(earlier.baseline)
    result.candidate = candidate.since(earlier.candidate)
    result.inputs = inputs.map { $0.since(earlier.inputs) }
    result.compared = compared - earlier.compared
    result.agreed = agreed - earlier.agreed
    return result
  }
}
