/// What is known about a metric of a `ClassificationEvaluation`: nobody has to guess which direction is better.
public struct MetricInfo: Sendable, Hashable {
  /// The name in JSON, `f1_macro`.
  public let name: String
  /// The name for people, `F1, macro`.
  public let title: String
  /// Higher values are better.
  public let higherIsBetter: Bool
  /// A sentence that says what it is.
  public let meaning: String
  /// A share, which people read as a percentage.
  public let isShare: Bool

  /// What the values can be: an interval does not reach further.
  public var range: ClosedRange<Double> {
    let isRegression = Self.regression.contains { $0.name == name }
    switch name {
    case "bias", "expected_cost": return -.infinity ... .infinity
    case "matthews_correlation", "cohen_kappa", "silhouette", "adjusted_rand": return -1...1
    case "log_loss", "brier", "calinski_harabasz", "davies_bouldin": return 0 ... .infinity
    case _ where isRegression: return higherIsBetter ? -.infinity...1 : 0 ... .infinity
    case _ where name.hasPrefix("adjusted"): return -.infinity...1
    default: return 0...1
    }
  }

  private init(_ name: String, _ title: String, higherIsBetter: Bool = true, isShare: Bool = false, _ meaning: String) {
    self.name = name
    self.title = title
    self.higherIsBetter = higherIsBetter
    self.isShare = isShare
    self.meaning = meaning
  }

  /// All metrics, in the order in which they are shown.
  public static let all: [MetricInfo] = classification + regression + ranking + clustering + anomaly

  /// Those of regression, in the order in which they are shown.
  public static let regression: [MetricInfo] = [
    MetricInfo("rmse", "Root mean squared error", higherIsBetter: false, "typical size of an error, large ones counting more"),
    MetricInfo("mae", "Mean absolute error", higherIsBetter: false, "mean size of an error"),
    MetricInfo("r2", "R²", "share of the variance that is explained"),
    MetricInfo("median_absolute_error", "Median absolute error", higherIsBetter: false, "half of the errors are smaller"),
    MetricInfo(
      "mape", "Mean absolute percentage error", higherIsBetter: false, isShare: true, "mean size of an error as a share of the truth"),
    MetricInfo("explained_variance", "Explained variance", "as R², a constant error forgiven"),
    MetricInfo("bias", "Bias", higherIsBetter: false, "mean of prediction minus truth; best at zero"),
    MetricInfo("mse", "Mean squared error", higherIsBetter: false, "mean of the squared errors"),
    MetricInfo("rmsle", "Root mean squared log error", higherIsBetter: false, "typical difference of the logarithms"),
    MetricInfo("msle", "Mean squared log error", higherIsBetter: false, "mean squared difference of the logarithms"),
    MetricInfo("max_error", "Largest error", higherIsBetter: false, "size of the largest error"),
    MetricInfo("pinball_10", "Pinball loss, 10 %", higherIsBetter: false, "loss of a prediction of the 10 % quantile"),
    MetricInfo("pinball_50", "Pinball loss, 50 %", higherIsBetter: false, "loss of a prediction of the median"),
    MetricInfo("pinball_90", "Pinball loss, 90 %", higherIsBetter: false, "loss of a prediction of the 90 % quantile"),
    MetricInfo("poisson_deviance", "Poisson deviance", higherIsBetter: false, "misfit of counts"),
    MetricInfo("gamma_deviance", "Gamma deviance", higherIsBetter: false, "misfit of positive amounts, by their share"),
    MetricInfo("d2_absolute_error", "D², absolute error", "share of the absolute error that is explained, against the median"),
    MetricInfo("d2_poisson", "D², Poisson", "share of the Poisson deviance that is explained"),
    MetricInfo("d2_gamma", "D², gamma", "share of the gamma deviance that is explained"),
  ]

  /// Those of rankings, in the order in which they are shown.
  public static let ranking: [MetricInfo] = [
    MetricInfo("ndcg", "NDCG", "gain of the order, as a share of the best order's"),
    MetricInfo("mean_reciprocal_rank", "Mean reciprocal rank", "mean of one over the place of the first relevant item"),
    MetricInfo("map", "Mean average precision", "mean precision at the places of relevant items"),
    MetricInfo("hit_rate", "Hit rate", isShare: true, "share of queries with a relevant item among the first"),
    MetricInfo("precision_at_k", "Precision at k", isShare: true, "share of the first items that is relevant"),
    MetricInfo("recall_at_k", "Recall at k", isShare: true, "share of relevant items that is among the first"),
  ]

  /// Those of clusterings, in the order in which they are shown.
  public static let clustering: [MetricInfo] = [
    MetricInfo("silhouette", "Silhouette", "how much nearer rows are to their own cluster than to the next, -1 to 1"),
    MetricInfo("calinski_harabasz", "Calinski-Harabasz", "spread between clusters against that within"),
    MetricInfo("davies_bouldin", "Davies-Bouldin", higherIsBetter: false, "mean similarity of each cluster to its most similar one"),
    MetricInfo("adjusted_rand", "Adjusted Rand index", "pairs of rows on which clusters and truth agree, beyond chance"),
    MetricInfo("adjusted_mutual_information", "Adjusted mutual information", "what clusters tell about the truth, beyond chance"),
    MetricInfo("normalised_mutual_information", "Normalised mutual information", "what clusters tell about the truth, 0 to 1"),
    MetricInfo("homogeneity", "Homogeneity", "clusters hold one class only, 0 to 1"),
    MetricInfo("completeness", "Completeness", "classes lie in one cluster only, 0 to 1"),
    MetricInfo("v_measure", "V-measure", "harmonic mean of homogeneity and completeness"),
    MetricInfo("fowlkes_mallows", "Fowlkes-Mallows", "geometric mean of precision and recall of pairs"),
  ]

  /// Those of anomaly detection beside `auc`, `average_precision`, `precision`, `recall` and `f1`.
  public static let anomaly: [MetricInfo] = [
    MetricInfo("precision_at_n", "Precision at n", isShare: true, "share of anomalies among as many highest scores as there are anomalies"),
    MetricInfo("alarm_rate", "Alarm rate", higherIsBetter: false, isShare: true, "share of rows that is called an anomaly"),
  ]

  /// Those of classification, in the order in which they are shown.
  public static let classification: [MetricInfo] = [
    MetricInfo("accuracy", "Accuracy", isShare: true, "share of rows that is right"),
    MetricInfo("balanced_accuracy", "Balanced accuracy", isShare: true, "mean recall of the classes"),
    top(3), top(5),
    MetricInfo("precision", "Precision", "share of predicted positives that are positive"),
    MetricInfo("recall", "Recall", "share of positives that are found"),
    MetricInfo("f1", "F1", "harmonic mean of precision and recall of the positive class"),
    MetricInfo("precision_macro", "Precision, macro", "mean precision of the classes"),
    MetricInfo("recall_macro", "Recall, macro", "mean recall of the classes"),
    MetricInfo("f1_macro", "F1, macro", "mean F1 of the classes"),
    MetricInfo("f1_micro", "F1, micro", "F1 over all decisions; the accuracy, where every row has one class"),
    MetricInfo("precision_weighted", "Precision, weighted", "mean precision of the classes, by their frequency"),
    MetricInfo("recall_weighted", "Recall, weighted", "mean recall of the classes, by their frequency"),
    MetricInfo("f1_weighted", "F1, weighted", "mean F1 of the classes, by their frequency"),
    MetricInfo("auc", "ROC AUC", "probability that a positive row scores above a negative one"),
    MetricInfo("auc_ovr_macro", "ROC AUC, one vs rest", "mean area of each class against all others"),
    MetricInfo("auc_ovr_weighted", "ROC AUC, one vs rest, weighted", "mean area of each class against all others, by frequency"),
    MetricInfo("auc_ovo_macro", "ROC AUC, one vs one", "mean area over all pairs of classes (Hand and Till)"),
    MetricInfo("average_precision", "Average precision", "area under the precision-recall curve"),
    MetricInfo("average_precision_macro", "Average precision, macro", "mean area under the precision-recall curves"),
    MetricInfo("matthews_correlation", "Matthews correlation", "correlation of truth and prediction, -1 to 1"),
    MetricInfo("cohen_kappa", "Cohen's kappa", "agreement beyond chance"),
    MetricInfo("jaccard_macro", "Jaccard, macro", "mean overlap of each class with what is predicted as it"),
    MetricInfo("hamming_loss", "Hamming loss", higherIsBetter: false, isShare: true, "share of labels that is wrong"),
    MetricInfo("subset_accuracy", "Subset accuracy", isShare: true, "share of rows whose labels are all right"),
    MetricInfo("expected_cost", "Expected cost", higherIsBetter: false, "mean cost of a decision"),
    MetricInfo("log_loss", "Log loss", higherIsBetter: false, "mean of -log p(true class)"),
    MetricInfo("brier", "Brier score", higherIsBetter: false, "mean squared distance of the probabilities from the truth"),
    MetricInfo("ece_quantile", "Calibration error, equal bins", higherIsBetter: false, "as ECE, each bin holding as many rows"),
    MetricInfo(
      "ece_classwise", "Calibration error, class-wise", higherIsBetter: false, "mean calibration error of the classes' probabilities"),
    MetricInfo("ece", "Calibration error (ECE)", higherIsBetter: false, "mean gap between confidence and accuracy"),
    MetricInfo("mce", "Largest calibration gap (MCE)", higherIsBetter: false, "widest gap of any bin of confidence"),
  ]

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

  /// - Returns: what is known about `name`, or `nil` for a name that no evaluation has.
  public static func named(_ name: String) -> MetricInfo? {
    if let known = byName[name] { return known }
    guard name.hasPrefix("top_"), let k = Int(name.dropFirst(4)), k > 0 else { return nil }
    return top(k)
  }

  /// What is known about the given metrics, in the order in which they are shown.
  public static func of(_ names: some Sequence<String>) -> [MetricInfo] {
    let names = Set(names)
    let others = names.subtracting(byName.keys).compactMap(named).sorted { ($0.name.count, $0.name) < ($1.name.count, $1.name) }
    return all.filter { names.contains($0.name) } + others
  }

  private static func top(_ k: Int) -> MetricInfo {
    MetricInfo("top_\(k)", "Top-\(k) accuracy", isShare: true, "share of rows whose true class is among the \(k) most probable")
  }
}
