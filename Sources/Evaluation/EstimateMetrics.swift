/// The metrics with their intervals: the names of `Metrics`, returning `Estimate`.
extension Estimate {
  /// The share of rows that is right, with Wilson's interval.
  /// - Throws: as `Metrics.accuracy`.
  public static func accuracy(
    truth: [Int], predicted: [Int], weights: [Double]? = nil, options: IntervalOptions = IntervalOptions()
  )
    throws(MetricError) -> Estimate
  {
    try options.check()
    let share = try Metrics.accuracy(truth: truth, predicted: predicted, weights: weights)
    return Intervals.wilson(share: share, count: Intervals.effectiveCount(weights, count: truth.count), level: options.level)
  }

  /// The area under the ROC curve of two classes, with DeLong's interval in O(n log n).
  /// - Throws: as `Metrics.auc`.
  public static func auc<Score: BinaryFloatingPoint>(
    _ isPositive: [Bool], _ scores: [Score], weights: [Double]? = nil, options: IntervalOptions = IntervalOptions()
  ) throws(MetricError) -> Estimate {
    try options.check()
    try Check.rows(isPositive.count, scores.count, "scores", weights: weights?.count)
    try Check.weights(weights)
    let sorted = try SortedScores(scores)
    let area = try RankArea(sorted, isPositive: isPositive, weights: weights).area
    let deviation = DeLong.deviation(sorted, isPositive, weights: weights, area: area)
    let positives = isPositive.count { $0 }
    return DeLong.estimate(
      area, deviation: deviation, smallestClass: Double(min(positives, isPositive.count - positives)), level: options.level)
  }

  /// The area under the ROC curves of several classes, with DeLong's interval carried over to the average. For the micro average,
  /// whose entries depend on each other within a row, rows are resampled in groups that are left out in turn.
  /// - Throws: as `Metrics.auc`.
  public static func auc<Score: BinaryFloatingPoint>(
    truth: [Int], probabilities: [Score], classes: Int, average: AUCAverage, weights: [Double]? = nil,
    options: IntervalOptions = IntervalOptions()
  ) throws(MetricError) -> Estimate {
    try options.check()
    let value = try Metrics.auc(truth: truth, probabilities: probabilities, classes: classes, average: average, weights: weights)
    if average == .oneVersusRestMicro {
      let isPositive = truth.flatMap { label in (0..<classes).map { $0 == label } }
      let sorted = try SortedScores(probabilities)
      let groups = Jackknife.groups(rows: truth.count, seed: options.seed)
      let parts = (0..<groups.count).map { left in
        let (above, positives, negatives) = RankArea.count(sorted, isPositive) { entry in
          Int(groups.of[entry / classes]) == left ? 0 : weights?[entry / classes] ?? 1
        }
        return above / (positives * negatives)
      }
      return Jackknife.estimate(value, parts: parts, level: options.level)
    }
    return try PairwiseAreas(truth: truth, probabilities: probabilities, classes: classes, weights: weights)
      .estimate(average, level: options.level)
  }

  /// The mean of -log p(true class), with a bootstrap interval.
  /// - Throws: as `Metrics.logLoss`.
  public static func logLoss<Score: BinaryFloatingPoint>(
    truth: [Int], probabilities: [Score], classes: Int, weights: [Double]? = nil, options: IntervalOptions = IntervalOptions()
  ) throws(MetricError) -> Estimate {
    try options.check()
    _ = try Metrics.logLoss(truth: truth, probabilities: probabilities, classes: classes, weights: weights)
    let losses = Metrics.logLosses(truth: truth, probabilities: probabilities, classes: classes)
    return Bootstrap.mean(losses, weights: weights, options: options)
  }

  /// The Brier score over all classes (0 … 2), with a bootstrap interval.
  /// - Throws: as `Metrics.brier`.
  public static func brier<Score: BinaryFloatingPoint>(
    truth: [Int], probabilities: [Score], classes: Int, weights: [Double]? = nil, halved: Bool? = nil,
    options: IntervalOptions = IntervalOptions()
  ) throws(MetricError) -> Estimate {
    try options.check()
    _ = try Metrics.brier(truth: truth, probabilities: probabilities, classes: classes, weights: weights)
    let scale = halved ?? (classes == 2) ? 0.5 : 1
    let scores = Metrics.brierScores(truth: truth, probabilities: probabilities, classes: classes).map { $0 * scale }
    return Bootstrap.mean(scores, weights: weights, options: options)
  }

  /// Top-k accuracy with Wilson's interval.
  /// - Throws: as `Metrics.topK`.
  public static func topK<Score: BinaryFloatingPoint>(
    _ k: Int, truth: [Int], probabilities: [Score], classes: Int, weights: [Double]? = nil, options: IntervalOptions = IntervalOptions()
  ) throws(MetricError) -> Estimate {
    try options.check()
    let share = try Metrics.topK(k, truth: truth, probabilities: probabilities, classes: classes, weights: weights)
    return Intervals.wilson(share: share, count: Intervals.effectiveCount(weights, count: truth.count), level: options.level)
  }

  /// Average precision with a jackknife interval.
  /// - Throws: as `Metrics.averagePrecision`.
  public static func averagePrecision<Score: BinaryFloatingPoint>(
    _ isPositive: [Bool], _ scores: [Score], weights: [Double]? = nil, options: IntervalOptions = IntervalOptions()
  ) throws(MetricError) -> Estimate {
    try options.check()
    let value = try Metrics.averagePrecision(isPositive, scores, weights: weights)
    let sorted = try SortedScores(scores)
    let groups = Jackknife.groups(rows: isPositive.count, seed: options.seed)
    let parts = Jackknife.averagePrecisions(sorted, isPositive: { isPositive[$0] }, weights: weights, groups: groups)
    return Jackknife.estimate(value, parts: parts, level: options.level)
  }

  /// The mean of the squared, or of the absolute errors, with a bootstrap interval.
  /// - Throws: as `Metrics.regression`.
  public static func regressionError<Value: BinaryFloatingPoint>(
    truth: [Value], predicted: [Value], squared: Bool, weights: [Double]? = nil, options: IntervalOptions = IntervalOptions()
  ) throws(MetricError) -> Estimate {
    try options.check()
    _ = try Metrics.regression(truth: truth, predicted: predicted, weights: weights)
    let errors = zip(truth, predicted).map { abs(Double($0) - Double($1)) }
    return Bootstrap.mean(squared ? errors.map { $0 * $0 } : errors, weights: weights, options: options)
  }

  /// The expected calibration error, with a bootstrap interval that takes the bias of resampling out.
  /// - Throws: as `Metrics.calibration`.
  public static func expectedCalibrationError<Score: BinaryFloatingPoint>(
    confidences: [Score], isRight: [Bool], bins: Int = 15, weights: [Double]? = nil, options: IntervalOptions = IntervalOptions()
  ) throws(MetricError) -> Estimate {
    try options.check()
    _ = try Metrics.calibration(confidences: confidences, isRight: isRight, bins: bins, weights: weights)
    return Bootstrap.calibrationError(
      confidences: confidences.map { Double($0) }, isRight: isRight, bins: bins, weights: weights, options: options)
  }
}

extension ConfusionMatrix {
  /// What can be estimated from the counts alone.
  public enum Measure: Sendable, Hashable {
    /// The mean recall.
    case balancedAccuracy
    /// Precision by an average.
    case precision(Average)
    /// Recall by an average.
    case recall(Average)
    /// The F-score by an average.
    case fScore(Average, beta: Double = 1)
    /// Matthews's correlation coefficient.
    case matthewsCorrelation
    /// Cohen's kappa, unweighted.
    case cohenKappa
  }

  /// Several measures with bootstrap intervals, from the same resamples of the counts.
  /// - Throws: `MetricError` if a label or beta is out of range.
  public func estimates(
    _ measures: [Measure], zeroDivision: ZeroDivision = .zero, options: IntervalOptions = IntervalOptions()
  )
    throws(MetricError) -> [Measure: Estimate]
  {
    try options.check()
    var functions: [Measure: (Margins) -> Double] = [:]
    for measure in measures { functions[measure] = try function(measure, zeroDivision) }
    return Bootstrap.confusion(self, options: options, functions)
  }

  func function(_ measure: Measure, _ zero: ZeroDivision) throws(MetricError) -> (Margins) -> Double {
    switch measure {
    case .balancedAccuracy: return { $0.balancedAccuracy }
    case .matthewsCorrelation: return { $0.matthewsCorrelation }
    case .cohenKappa: return { $0.kappa }
    case .precision(let average):
      _ = try scores(average)
      return { $0.scores(average, labels: $0.occurring, beta: 1, zero).precision }
    case .recall(let average):
      _ = try scores(average)
      return { $0.scores(average, labels: $0.occurring, beta: 1, zero).recall }
    case .fScore(let average, let beta):
      _ = try scores(average, beta: beta)
      return { $0.scores(average, labels: $0.occurring, beta: beta, zero).fScore }
    }
  }
}
