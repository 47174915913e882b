import MartletCore

/// What a model of numbers is worth on rows whose truth is known: metrics with intervals, where its errors lie, what it costs.
public struct RegressionEvaluation: Codable, Sendable, Hashable {
  /// What is predicted, with its unit where it has one: the title of axes.
  public var target: String
  /// How many rows were evaluated.
  public var rows: Int
  /// Metrics by name: `rmse`, `mae`, `r2` … (`MetricInfo` says what each is).
  public var metrics: [String: Estimate]
  /// The mean of the truth, and its standard deviation: what errors are to be seen against.
  public var truthMean: Double
  /// The standard deviation of the truth.
  public var truthDeviation: Double
  /// Prediction minus truth at the shares 0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99 and 1.
  public var residualQuantiles: [ResidualQuantile]
  /// Rows by rising prediction, in up to ten parts of equal size: what was predicted and what came.
  public var bins: [Bin]
  /// Some rows for pictures, drawn by chance.
  public var sample: [Row]
  /// The rows with the largest errors, the worst first.
  public var worstRows: [Row]
  /// Time, memory and size.
  public var costs: EvaluationCosts
  /// What is not defined on this data, and why.
  public var notes: [String]
  /// How the intervals were computed.
  public var intervals: IntervalOptions
  /// Every row, for paired comparisons; may be left out to save space.
  public var outcomes: RegressionOutcomes?

  /// One row.
  public struct Row: Codable, Sendable, Hashable {
    /// Its place in the data, from 0.
    public let row: Int
    /// What is true.
    public let truth: Double
    /// What was predicted.
    public let predicted: Double
    /// Prediction minus truth.
    public var residual: Double { predicted - truth }
  }

  /// A residual that a share of the rows stays under.
  public struct ResidualQuantile: Codable, Sendable, Hashable {
    /// The share.
    public let share: Double
    /// Prediction minus truth.
    public let residual: Double
  }

  /// Rows of similar prediction.
  public struct Bin: Codable, Sendable, Hashable {
    /// How many.
    public let rows: Int
    /// The mean prediction.
    public let predicted: Double
    /// The mean truth, with its interval.
    public let truth: Estimate
    /// The mean absolute error.
    public let absoluteError: Double
  }

  /// The evaluation without the single rows: small enough for a manifest.
  public func withoutOutcomes() -> RegressionEvaluation {
    var copy = self
    copy.outcomes = nil
    return copy
  }

  /// Everything about predicted numbers.
  /// - Parameters:
  ///   - truth, predicted: one a row.
  ///   - weights: one a row, or `nil` for ones.
  ///   - target: what is predicted, with its unit.
  ///   - worst: how many of the worst rows to list.
  ///   - sample: how many rows to keep for pictures.
  /// - Throws: `MetricError` on no rows, different lengths, values that are not finite (naming the row) and bad weights.
  public init(
    truth: [Double], predicted: [Double], weights: [Double]? = nil, target: String = "target", costs: EvaluationCosts = EvaluationCosts(),
    intervals: IntervalOptions = IntervalOptions(), worst: Int = 24, sample: Int = 1000, keepsOutcomes: Bool = true
  ) throws(MetricError) {
    try intervals.check()
    try Check.regression(truth, predicted, weights)
    self.target = target
    self.costs = costs
    self.intervals = intervals
    rows = truth.count
    let mean = Metrics.weightedMean(truth, weights: weights)
    truthMean = mean
    truthDeviation = Metrics.weightedMean(truth.map { ($0 - mean) * ($0 - mean) }, weights: weights).squareRoot()
    var notes: [String] = []
    var wanted: [(name: String, metric: RegressionMetric)] = []
    let usual = ["rmse", "mae", "r2", "median_absolute_error", "explained_variance", "bias", "mse", "max_error", "d2_absolute_error"]
    for name in usual { if let metric = RegressionMetric(name: name) { wanted.append((name, metric)) } }
    // Metrics of shares and of logarithms only where the data is made for them.
    if !truth.contains(where: { abs($0) < 1e-9 }) { wanted.append(("mape", .meanAbsolutePercentageError)) }
    let logs = RegressionMetric.rootMeanSquaredLogError
    if truth.allSatisfy({ $0 >= 0 }), logs.problem(truth: truth, predicted: predicted) == nil { wanted.append(("rmsle", logs)) }
    if truth.allSatisfy({ $0 >= 0 && $0 == $0.rounded() }),
      RegressionMetric.poissonDeviance.problem(truth: truth, predicted: predicted) == nil
    {
      wanted.append(("poisson_deviance", .poissonDeviance))
    }
    if truthDeviation == 0 {
      notes.append("The truth is the same in every row, so there is no variance to explain: R² and the like say nothing.")
    }
    let estimates = RegressionIntervals(truth: truth, predicted: predicted, weights: weights, options: intervals)
      .estimates(wanted.map(\.metric))
    metrics = Dictionary(uniqueKeysWithValues: wanted.compactMap { name, metric in estimates[metric].map { (name, $0) } })
    self.notes = notes
    let residuals = zip(truth, predicted).map { $1 - $0 }.sorted()
    residualQuantiles = [0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1].map {
      ResidualQuantile(share: $0, residual: Quantile.sorted(residuals, $0))
    }
    bins = Self.bins(truth, predicted, weights, intervals)
    func row(_ index: Int) -> Row { Row(row: index, truth: truth[index], predicted: predicted[index]) }
    let order = truth.indices.sorted {
      let a = abs(predicted[$0] - truth[$0]), b = abs(predicted[$1] - truth[$1])
      return a > b || (a == b && $0 < $1)
    }
    worstRows = order.prefix(max(0, worst)).map(row)
    var random = KeyedRandom(seed: intervals.seed, purpose: "evaluation sample")
    self.sample = truth.count <= sample ? truth.indices.map(row) : truth.indices.shuffled(using: &random).prefix(sample).sorted().map(row)
    outcomes = keepsOutcomes ? RegressionOutcomes(truth: truth, predicted: predicted, weights: weights) : nil
  }

  private static func bins(_ truth: [Double], _ predicted: [Double], _ weights: [Double]?, _ options: IntervalOptions) -> [Bin] {
    let order = truth.indices.sorted { (predicted[$0], Double($0)) < (predicted[$1], Double($1)) }
    let count = min(10, max(1, order.count / 5))
    return (0..<count).map { bin in
      let part = order[(bin * order.count / count)..<((bin + 1) * order.count / count)]
      let own = weights.map { weights in part.map { weights[$0] } }
      let total = own?.reduce(0, +) ?? Double(part.count)
      let usable = total > 0 ? own : nil
      return Bin(
        rows: part.count, predicted: Metrics.weightedMean(part.map { predicted[$0] }, weights: usable),
        truth: Bootstrap.mean(part.map { truth[$0] }, weights: usable, options: options),
        absoluteError: Metrics.weightedMean(part.map { abs(predicted[$0] - truth[$0]) }, weights: usable))
    }
  }
}

/// What became of every row, in order: what a paired comparison of two models needs.
public struct RegressionOutcomes: Codable, Sendable, Hashable {
  /// What is true.
  public let truth: [Double]
  /// What was predicted.
  public let predicted: [Double]
  /// The weight of every row, or `nil` for ones.
  public let weights: [Double]?

  /// Outcomes by their arrays, which have equal lengths.
  public init(truth: [Double], predicted: [Double], weights: [Double]? = nil) {
    self.truth = truth
    self.predicted = predicted
    self.weights = weights
  }
}

/// Takes predicted numbers batch by batch and gives the whole evaluation at the end. Rows are kept: 16 bytes each.
public struct RegressionAccumulator: Sendable {
  /// What is predicted, with its unit.
  public let target: String
  /// The truth so far.
  public private(set) var truth: [Double] = []
  /// The predictions so far.
  public private(set) var predicted: [Double] = []
  private var weights: [Double]?

  /// An empty accumulator.
  public init(target: String = "target") { self.target = target }

  /// How many rows it holds.
  public var rows: Int { truth.count }

  /// Adds a batch.
  /// - Throws: `MetricError` naming the first row at fault, counted over all batches; nothing of the batch is kept then.
  public mutating func add(truth batch: [Double], predicted guesses: [Double], weights batchWeights: [Double]? = nil) throws(MetricError) {
    guard !batch.isEmpty || !guesses.isEmpty else { return }
    try Check.rows(batch.count, guesses.count, weights: batchWeights?.count)
    for (index, pair) in zip(batch, guesses).enumerated() where !(pair.0.isFinite && pair.1.isFinite) {
      let row = rows + index
      throw MetricError(.notANumber, row: row, "row \(row) has truth \(pair.0) and prediction \(pair.1)", expected: "finite numbers")
    }
    for (index, weight) in (batchWeights ?? []).enumerated() where !(weight >= 0 && weight < .infinity) {
      let row = rows + index
      throw MetricError(.badWeight, row: row, "the weight of row \(row) is \(weight)", expected: "0 or more, and finite")
    }
    append(batch, guesses, batchWeights)
  }

  /// Adds the rows of another accumulator after its own.
  public mutating func merge(_ other: RegressionAccumulator) { append(other.truth, other.predicted, other.weights) }

  private mutating func append(_ batch: [Double], _ guesses: [Double], _ batchWeights: [Double]?) {
    if batchWeights != nil || weights != nil {
      let before = weights ?? Array(repeating: 1, count: rows)
      weights = before + (batchWeights ?? Array(repeating: 1, count: batch.count))
    }
    truth += batch
    predicted += guesses
  }

  /// Everything about the rows so far.
  /// - Throws: `MetricError` if there are no rows or all weights are zero.
  public func evaluation(
    costs: EvaluationCosts = EvaluationCosts(), intervals: IntervalOptions = IntervalOptions(), worst: Int = 24, keepsOutcomes: Bool = true
  ) throws(MetricError) -> RegressionEvaluation {
    try RegressionEvaluation(
      truth: truth, predicted: predicted, weights: weights, target: target, costs: costs, intervals: intervals, worst: worst,
      keepsOutcomes: keepsOutcomes)
  }
}
