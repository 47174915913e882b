import MartletCore

/// Computes a whole evaluation from checked rows, every sort and every pass once.
struct EvaluationBuilder {
  let labels: [String]
  let truth: [Int]
  let probabilities: [Float]
  let weights: [Double]?
  let options: IntervalOptions
  /// The classes that the model decided for.
  let predicted: [Int]
  /// The most probable classes, which calibration is about; the same unless a rule of the model's own decides.
  private let mostProbable: [Int]
  let confusion: ConfusionMatrix
  let losses: [Double]
  /// Accuracies among the first k answers to report.
  let topK: [Int]

  private var classes: Int { labels.count }

  init(
    labels: [String], truth: [Int], probabilities: [Float], weights: [Double]?, decisions: [Int]?, options: IntervalOptions, topK: [Int]
  ) throws(MetricError) {
    self.labels = labels
    self.truth = truth
    self.probabilities = probabilities
    self.weights = weights
    self.options = options
    self.topK = topK
    mostProbable = try Metrics.predictions(probabilities, classes: labels.count)
    predicted = decisions ?? mostProbable
    confusion = try ConfusionMatrix(truth: truth, predicted: predicted, classes: labels.count, weights: weights)
    losses = Metrics.logLosses(truth: truth, probabilities: probabilities, classes: labels.count)
  }

  func evaluation(costs: EvaluationCosts, mistakes: Int, keepsOutcomes: Bool) throws(MetricError) -> ClassificationEvaluation {
    var metrics = counted()
    metrics.merge(probabilistic()) { _, new in new }
    let confidences = truth.indices.map { Double(probabilities[$0 * classes + mostProbable[$0]]) }
    let isRight = zip(truth, mostProbable).map { $0 == $1 }
    // Probabilities of half precision may be a hair above one.
    let inRange = confidences.map { min(max($0, 0), 1) }
    let calibration = try Metrics.calibration(confidences: inRange, isRight: isRight, weights: weights)
    for (name, maximum) in [("ece", false), ("mce", true)] {
      metrics[name] = Bootstrap.calibrationError(
        confidences: inRange, isRight: isRight, bins: calibration.bins.count, weights: weights, options: options, maximum: maximum)
    }
    var notes: [String] = []
    if predicted != mostProbable { notes.append("Decisions follow a rule of the model's own, not the most probable class alone.") }
    let areas = try PairwiseAreas(truth: truth, probabilities: probabilities, classes: classes, weights: weights)
    let missing = (0..<classes).filter { areas.classWeights[$0] == 0 }
    if !missing.isEmpty {
      let names = missing.prefix(10).map { "'\(labels[$0])'" }.joined(separator: ", ") + (missing.count > 10 ? " …" : "")
      notes.append("No row has class \(names): averages go over the classes that occur.")
    }
    var rocCurves: [ClassificationEvaluation.ClassROC] = []
    if areas.present.count > 1 {
      let averages: [(String, AUCAverage)] = [
        ("auc_ovr_macro", .oneVersusRestMacro), ("auc_ovr_weighted", .oneVersusRestWeighted), ("auc_ovo_macro", .oneVersusOneMacro),
      ]
      let estimates = areas.estimates(averages.map { areas.coefficients($0.1) }, level: options.level)
      for (average, estimate) in zip(averages, estimates) { metrics[average.0] = estimate }
      if classes == 2 { metrics["auc"] = areas.estimate(areas.coefficients(oneVersusRest: 1), level: options.level) }
      let present = areas.present
      let curves = try Parallel.metrics(present.count) { index throws(MetricError) in
        let label = present[index]
        let steps = ScoreSteps(
          areas.sorted[label], truth.map { $0 == label }, probabilities, weights: weights, column: label, columns: classes)
        return (precision: steps.averagePrecision, curve: try steps.rocCurve(dropsCollinear: true).thinned(to: 160))
      }
      for (label, one) in zip(present, curves) {
        rocCurves.append(.init(label: labels[label], area: areas.oneVersusRest(label), curve: one.curve))
      }
      metrics.merge(averagePrecisions(areas, each: curves.map(\.precision))) { _, new in new }
    } else {
      notes.append("Only one class occurs, so ROC curves and their areas are not defined.")
    }
    return ClassificationEvaluation(
      labels: labels, rows: truth.count, metrics: metrics, perClass: perClass(areas), confusion: confusion, rocCurves: rocCurves,
      calibration: calibration, worstMistakes: worst(mistakes), costs: costs, notes: notes, intervals: options,
      outcomes: keepsOutcomes ? RowOutcomes(truth: truth, predicted: predicted, losses: losses.map { Float($0) }, weights: weights) : nil)
  }

  /// Metrics that follow from the confusion matrix.
  private func counted() -> [String: Estimate] {
    func scores(_ average: Average, _ path: @escaping (PrecisionRecall) -> Double) -> (Margins) -> Double {
      { path($0.scores(average, labels: $0.occurring, beta: 1, .zero)) }
    }
    var functions: [String: (Margins) -> Double] = [
      "balanced_accuracy": { $0.balancedAccuracy }, "matthews_correlation": { $0.matthewsCorrelation },
      "precision_macro": scores(.macro, \.precision), "recall_macro": scores(.macro, \.recall), "f1_macro": scores(.macro, \.fScore),
      "f1_micro": scores(.micro, \.fScore), "precision_weighted": scores(.weighted, \.precision),
      "recall_weighted": scores(.weighted, \.recall),
      "f1_weighted": scores(.weighted, \.fScore),
    ]
    if confusion.presentClasses.count > 1 { functions["cohen_kappa"] = { $0.kappa } }
    if classes == 2 {
      functions["precision"] = scores(.binary(positive: 1), \.precision)
      functions["recall"] = scores(.binary(positive: 1), \.recall)
      functions["f1"] = scores(.binary(positive: 1), \.fScore)
    }
    var metrics = Bootstrap.confusion(confusion, options: options, functions)
    metrics["accuracy"] = Intervals.wilson(
      share: confusion.accuracy, count: Intervals.effectiveCount(weights, count: truth.count), level: options.level)
    return metrics
  }

  /// Metrics that are means over the rows.
  private func probabilistic() -> [String: Estimate] {
    var metrics = ["log_loss": Bootstrap.mean(losses, weights: weights, options: options)]
    let half = classes == 2 ? 0.5 : 1
    let brier = Metrics.brierScores(truth: truth, probabilities: probabilities, classes: classes).map { $0 * half }
    metrics["brier"] = Bootstrap.mean(brier, weights: weights, options: options)
    let wanted = topK.filter { $0 >= 1 && $0 < classes }
    if !wanted.isEmpty {
      let places = Metrics.places(truth: truth, probabilities: probabilities, classes: classes)
      let count = Intervals.effectiveCount(weights, count: truth.count)
      for k in wanted {
        let share = Metrics.weightedMean(places.map { $0 < k ? 1 : 0 }, weights: weights)
        metrics["top_\(k)"] = Intervals.wilson(share: share, count: count, level: options.level)
      }
    }
    return metrics
  }

  /// The mean over the classes, and the second class's where there are two, from the curves that were walked anyway; the intervals from
  /// leaving groups of rows out of all of them.
  private func averagePrecisions(_ areas: PairwiseAreas, each: [Double]) -> [String: Estimate] {
    let groups = Jackknife.groups(rows: truth.count, seed: options.seed)
    let present = areas.present
    let without = Parallel.results(present.count) { index in
      Jackknife.averagePrecisions(
        areas.sorted[present[index]], isPositive: { truth[$0] == present[index] }, weights: weights, groups: groups)
    }
    let parts = (0..<groups.count).map { group in without.reduce(0) { $0 + $1[group] } / Double(present.count) }
    var result = [
      "average_precision_macro": Jackknife.estimate(each.reduce(0, +) / Double(each.count), parts: parts, level: options.level)
    ]
    if classes == 2 { result["average_precision"] = Jackknife.estimate(each[1], parts: without[1], level: options.level) }
    return result
  }

  private func perClass(_ areas: PairwiseAreas) -> [ClassificationEvaluation.ClassResult] {
    let margins = Margins(confusion)
    // A weighted share says as much as so many rows of weight one.
    let scale = weights == nil ? 1 : Intervals.effectiveCount(weights, count: truth.count) / margins.total
    var functions: [Int: (Margins) -> Double] = [:]
    for label in 0..<classes { functions[label] = { $0.scores(of: label, beta: 1, .zero).fScore } }
    let f1 = Bootstrap.confusion(confusion, options: options, functions)
    let withArea = (0..<classes).filter { areas.classWeights[$0] > 0 && areas.present.count > 1 }
    let estimates = areas.estimates(withArea.map { areas.coefficients(oneVersusRest: $0) }, level: options.level)
    let areaOfClass = Dictionary(uniqueKeysWithValues: zip(withArea, estimates))
    return (0..<classes).map { label in
      let scores = margins.scores(of: label, beta: 1, .zero)
      return .init(
        label: labels[label], support: margins.truth[label],
        precision: Intervals.wilson(share: scores.precision, count: margins.predicted[label] * scale, level: options.level),
        recall: Intervals.wilson(share: scores.recall, count: margins.truth[label] * scale, level: options.level),
        f1: f1[label] ?? Intervals.percentiles([], value: scores.fScore, level: options.level),
        auc: areaOfClass[label])
    }
  }

  private func worst(_ limit: Int) -> [ClassificationEvaluation.Mistake] {
    var wrong = truth.indices.filter { truth[$0] != predicted[$0] }
    // Only the worst are shown: a bound from a sort of the losses alone leaves few rows to order.
    if wrong.count > 4 * max(limit, 1) {
      let bound = wrong.map { losses[$0] }.sorted(by: >)[max(limit, 1) - 1]
      wrong = wrong.filter { losses[$0] >= bound }
    }
    wrong.sort { losses[$0] > losses[$1] || (losses[$0] == losses[$1] && $0 < $1) }
    return wrong.prefix(max(0, limit)).map { row in
      .init(
        row: row, truth: truth[row], predicted: predicted[row], confidence: Double(probabilities[row * classes + predicted[row]]),
        truthProbability: Double(probabilities[row * classes + truth[row]]), loss: losses[row])
    }
  }
}
