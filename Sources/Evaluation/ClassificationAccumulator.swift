public import MartletCore

/// Takes predictions batch by batch, on as many workers as you like, and gives the whole evaluation at the end.
///
/// Areas, calibration and paired comparisons need every row, so rows are kept: `4 × (classes + 3)` bytes each.
public struct ClassificationAccumulator: Sendable {
  /// The classes' names.
  public let labels: [String]
  /// The probabilities so far, row-major.
  public private(set) var probabilities: [Float] = []
  /// The true classes so far.
  public private(set) var truth: [Int] = []
  private var weights: [Double]?

  /// An empty accumulator.
  /// - Throws: `MetricError` if there is no class.
  public init(labels: [String]) throws(MetricError) {
    guard !labels.isEmpty else { throw MetricError(.badArgument, "there are no classes", expected: "at least one name") }
    self.labels = labels
  }

  /// How many rows it holds.
  public var rows: Int { truth.count }

  /// Adds a batch.
  /// - Parameters:
  ///   - probabilities: row-major `[rows, classes]`; every row sums to one.
  ///   - truth: the true class of every row.
  ///   - weights: one a row, or `nil` for ones.
  /// - Throws: `MetricError` naming the first row at fault, counted over all batches; nothing of the batch is kept then.
  public mutating func add(probabilities batch: [Float], truth batchTruth: [Int], weights batchWeights: [Double]? = nil) throws(MetricError)
  {
    guard !batchTruth.isEmpty || !batch.isEmpty else { return }
    try Check.rows(batchTruth.count, weights: batchWeights?.count)
    try Check.distribution(batch, rows: batchTruth.count, classes: labels.count, firstRow: rows)
    for (row, label) in batchTruth.enumerated() { try Check.label(label, row: rows + row, classes: labels.count) }
    for (row, weight) in (batchWeights ?? []).enumerated() where !(weight >= 0 && weight < .infinity) {
      throw MetricError(.badWeight, row: rows + row, "the weight of row \(rows + row) is \(weight)", expected: "0 or more, and finite")
    }
    append(batch, batchTruth, batchWeights)
  }

  /// Adds a batch as a classifier gives it.
  /// - Parameter probabilities: `[rows, classes]` of `float32` or `float64`.
  /// - Throws: `MetricError` as above, and if type or shape do not fit.
  public mutating func add(
    probabilities array: HostArray, truth batchTruth: [Int], weights batchWeights: [Double]? = nil
  ) throws(MetricError) {
    guard array.shape == [batchTruth.count, labels.count] else {
      throw MetricError(
        .lengthMismatch, "the probabilities have shape \(array.shape)", expected: "[\(batchTruth.count), \(labels.count)]: rows by classes")
    }
    let values: [Float]
    do {
      values = array.dtype == .float64 ? try array.values(as: Double.self).map { Float($0) } : try array.values(as: Float.self)
    } catch {
      throw MetricError(.badArgument, "the probabilities are \(array.dtype)", expected: "float32 or float64")
    }
    try add(probabilities: values, truth: batchTruth, weights: batchWeights)
  }

  /// Adds the rows of another accumulator after its own.
  /// - Throws: `MetricError` if the classes differ.
  public mutating func merge(_ other: ClassificationAccumulator) throws(MetricError) {
    guard other.labels == labels else {
      throw MetricError(.badArgument, "the classes \(other.labels) differ from \(labels)", expected: "the same classes in the same order")
    }
    append(other.probabilities, other.truth, other.weights)
  }

  private mutating func append(_ batch: [Float], _ batchTruth: [Int], _ batchWeights: [Double]?) {
    if batchWeights != nil || weights != nil {
      let before = weights ?? Array(repeating: 1, count: rows)
      weights = before + (batchWeights ?? Array(repeating: 1, count: batchTruth.count))
    }
    probabilities += batch
    truth += batchTruth
  }

  /// Everything about the rows so far.
  /// - Parameters:
  ///   - mistakes: how many of the worst mistakes to list.
  ///   - keepsOutcomes: keeps every row's outcome for paired comparisons.
  ///   - topK: accuracies among the first k answers to report, where there are more classes than k.
  ///   - decisions: the class decided for in every row, where a threshold or costs decide; `nil` for the most probable. Whatever is counted
  ///     follows them; areas, calibration and losses are about the probabilities alone.
  /// - Throws: `MetricError` if there are no rows, all weights are zero, or decisions are too few, too many or out of range.
  public func evaluation(
    costs: EvaluationCosts = EvaluationCosts(), intervals: IntervalOptions = IntervalOptions(), mistakes: Int = 24,
    keepsOutcomes: Bool = true, topK: [Int] = [3, 5], decisions: [Int]? = nil
  ) throws(MetricError) -> ClassificationEvaluation {
    try intervals.check()
    try Check.rows(truth.count)
    try Check.weights(weights)
    return try EvaluationBuilder(
      labels: labels, truth: truth, probabilities: probabilities, weights: weights, decisions: decisions, options: intervals, topK: topK
    )
    .evaluation(costs: costs, mistakes: mistakes, keepsOutcomes: keepsOutcomes)
  }
}
