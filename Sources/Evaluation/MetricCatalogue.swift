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

  private init(_ name: String, _ title: String, higherIsBetter: Bool = true, isShare: Bool = false, _ meaning: String) {
    self.name = name
    self.title = title
    self.higherIsBetter = higherIsBetter
    self.isShare = isShare
    self.meaning = meaning
  }

  /// All metrics, in the order in which they are shown.
  public static let all: [MetricInfo] = [
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
    MetricInfo("average_precision_macro", "Average precision, macro", "mean area under the precision-recall curves"),
    MetricInfo("matthews_correlation", "Matthews correlation", "correlation of truth and prediction, -1 to 1"),
    MetricInfo("cohen_kappa", "Cohen's kappa", "agreement beyond chance"),
    MetricInfo("log_loss", "Log loss", higherIsBetter: false, "mean of -log p(true class)"),
    MetricInfo("brier", "Brier score", higherIsBetter: false, "mean squared distance of the probabilities from the truth"),
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
