public import MartletCore

/// Rows to evaluate a classifier on.
public struct EvaluationBatch: Sendable {
  /// Arrays by input name, as the classifier's signature describes them.
  public let inputs: [String: HostArray]
  /// The true class of every row.
  public let truth: [Int]
  /// One a row, or `nil` for ones.
  public let weights: [Double]?

  /// A batch by its parts.
  public init(inputs: [String: HostArray], truth: [Int], weights: [Double]? = nil) {
    self.inputs = inputs
    self.truth = truth
    self.weights = weights
  }
}

extension ClassificationEvaluation {
  /// Runs a classifier over labelled batches and evaluates what it says, with times and peak memory.
  /// - Parameters:
  ///   - modelBytes, parameterCount: noted beside the costs that are measured.
  ///   - mistakes: how many of the worst mistakes to list.
  ///   - topK: accuracies among the first k answers to report.
  ///   - progress: told how many rows are done after every batch.
  /// - Throws: what the classifier and the batches throw; `ArgumentError` if it gives no `probabilities`; `MetricError` naming the row.
  public static func evaluate<Batches: AsyncSequence>(
    _ classifier: some Classifier, on batches: Batches, intervals: IntervalOptions = IntervalOptions(), modelBytes: Int? = nil,
    parameterCount: Int? = nil, mistakes: Int = 24, topK: [Int] = [3, 5], isolation: isolated (any Actor)? = #isolation,
    progress: (Int) -> Void = { _ in }
  ) async throws -> ClassificationEvaluation where Batches.Element == EvaluationBatch {
    var accumulator = try ClassificationAccumulator(labels: classifier.labels)
    var times: [(items: Int, seconds: Double)] = []
    let clock = ContinuousClock()
    var iterator = batches.makeAsyncIterator()
    while let batch = try await iterator.next(isolation: isolation) {
      try Task.checkCancellation()
      let start = clock.now
      let outputs = try await classifier.predict(batch.inputs)
      times.append((batch.truth.count, (clock.now - start) / .seconds(1)))
      guard let probabilities = outputs["probabilities"] else {
        throw ArgumentError(
          "the classifier has no output 'probabilities'", expected: "a [rows, classes] array under that name",
          remedy: "its outputs are \(outputs.keys.sorted().joined(separator: ", "))")
      }
      try accumulator.add(probabilities: probabilities, truth: batch.truth, weights: batch.weights)
      progress(accumulator.rows)
    }
    // The first batch pays for warming up; where there are others, it does not count.
    let costs = EvaluationCosts(
      batches: times.count > 2 ? Array(times.dropFirst()) : times, peakMemoryBytes: EvaluationCosts.peakMemoryOfProcess(),
      modelBytes: modelBytes, parameterCount: parameterCount)
    return try accumulator.evaluation(costs: costs, intervals: intervals, mistakes: mistakes, topK: topK)
  }
}
