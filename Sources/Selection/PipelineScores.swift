import Evaluation
public import MartletCore
public import Tables

/// Metrics of a pipeline's output, by the names of `MetricInfo`.
public enum PipelineScores {
  /// The metric that decides where nobody says one.
  public static func standardMetric(labels: [String]?) -> String {
    switch labels?.count {
    case nil: "rmse"
    case 2: "auc"
    default: "f1_macro"
    }
  }

  /// - Returns: whether larger values are better.
  /// - Throws: `ArgumentError` with the nearest name for one that no metric has.
  public static func higherIsBetter(_ metric: String) throws(ArgumentError) -> Bool {
    guard let info = MetricInfo.named(metric) else {
      let names = MetricInfo.all.map(\.name)
      throw ArgumentError(
        "there is no metric '\(metric)'", expected: names.joined(separator: ", "),
        remedy: NearestName.of(metric, among: names).map { "'\($0)'" })
    }
    return info.higherIsBetter
  }

  /// - Parameters:
  ///   - truth: in the order of the output's rows.
  ///   - decided: the class of each row, where it is not the most probable one.
  ///   - features: the prepared rows, which clusters are judged by.
  /// - Returns: by name; those that are not defined on these rows (one class only) are left out.
  /// - Throws: `MetricError` naming the row that does not fit.
  public static func measure(
    _ output: PipelineOutput, truth: Target?, decided: [Int]? = nil, weights: [Double]? = nil, features: FeatureMatrix? = nil
  ) throws -> [String: Double] {
    switch (output, truth) {
    case (.probabilities(let probabilities, let labels), .classes(let truth, _)?):
      return try classes(probabilities, labels.count, truth, decided, weights)
    case (.values(let predicted), .values(let truth)?):
      var found: [String: Double] = [:]
      for (name, metric) in RegressionMetric.named {
        if let value = try? Metrics.regression(metric, truth: truth, predicted: predicted, weights: weights), value.isFinite {
          found[name] = value
        }
      }
      // What cannot be measured at all is an error, not an empty answer.
      if found.isEmpty { _ = try Metrics.regression(.rootMeanSquaredError, truth: truth, predicted: predicted, weights: weights) }
      return found
    case (.scores(let scores, _), .classes(let truth, _)?):
      let positive = truth.map { $0 > 0 }
      var found: [String: Double] = [:]
      if let area = try? Metrics.auc(positive, scores) { found["auc"] = area }
      if let precision = try? Metrics.averagePrecision(positive, scores) { found["average_precision"] = precision }
      return found
    case (.clusters(let groups), _):
      guard let features, Set(groups).count > 1 else { return [:] }
      let rows = min(features.rows, 2000)
      let points = try features.taking(Array(0..<rows)).denseValues()
      let silhouette = try? Metrics.silhouette(points: points, columns: features.columns, labels: Array(groups.prefix(rows)))
      return silhouette.map { ["silhouette": $0] } ?? [:]
    default: return [:]
    }
  }

  private static func classes(
    _ probabilities: [Double], _ count: Int, _ truth: [Int], _ decided: [Int]?, _ weights: [Double]?
  ) throws -> [String: Double] {
    let predicted = try decided ?? Metrics.predictions(probabilities, classes: count)
    let matrix = try ConfusionMatrix(truth: truth, predicted: predicted, classes: count, weights: weights)
    var found: [String: Double] = [
      "accuracy": matrix.accuracy, "balanced_accuracy": matrix.balancedAccuracy(), "matthews_correlation": matrix.matthewsCorrelation,
      "cohen_kappa": matrix.cohenKappa(),
      "log_loss": try Metrics.logLoss(truth: truth, probabilities: probabilities, classes: count, weights: weights),
      "brier": try Metrics.brier(truth: truth, probabilities: probabilities, classes: count, weights: weights),
    ]
    let macro = try matrix.scores(.macro), weighted = try matrix.scores(.weighted)
    found["precision_macro"] = macro.precision
    found["recall_macro"] = macro.recall
    found["f1_macro"] = macro.fScore
    found["f1_weighted"] = weighted.fScore
    if count == 2 {
      let positive = try matrix.scoresPerClass()[1]
      found["precision"] = positive.precision
      found["recall"] = positive.recall
      found["f1"] = positive.fScore
      let scores = truth.indices.map { probabilities[$0 * 2 + 1] }, isPositive = truth.map { $0 == 1 }
      if let area = try? Metrics.auc(isPositive, scores, weights: weights) { found["auc"] = area }
      if let precision = try? Metrics.averagePrecision(isPositive, scores, weights: weights) { found["average_precision"] = precision }
    } else if let area = try? Metrics.auc(
      truth: truth, probabilities: probabilities, classes: count, average: .oneVersusRestMacro, weights: weights)
    {
      found["auc_ovr_macro"] = area
    }
    return found.filter { $0.value.isFinite }
  }
}
