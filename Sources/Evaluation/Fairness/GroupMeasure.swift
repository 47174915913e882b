/// A number for one group: rates of decisions and errors, as fairlearn and scikit-learn compute them where a denominator is zero (0 there).
public enum GroupMeasure: String, Codable, Sendable, Hashable, CaseIterable {
  /// The share that is decided positive.
  case selectionRate = "selection_rate"
  /// The share of positives that is found.
  case truePositiveRate = "true_positive_rate"
  /// The share of negatives that is taken for positive.
  case falsePositiveRate = "false_positive_rate"
  /// The share of negatives that is seen as such.
  case trueNegativeRate = "true_negative_rate"
  /// The share of positives that is missed.
  case falseNegativeRate = "false_negative_rate"
  /// The share of decisions that is right.
  case accuracy
  /// The share of decisions that is wrong.
  case errorRate = "error_rate"
  /// The mean of true positive and true negative rate.
  case balancedAccuracy = "balanced_accuracy"
  /// The share of positive decisions that is right.
  case precision
  /// The share of negative decisions that is right.
  case negativePredictiveValue = "negative_predictive_value"
  /// The harmonic mean of precision and true positive rate.
  case f1
  /// The share that is truly positive.
  case baseRate = "base_rate"

  /// - Parameter counts: true negatives, false positives, false negatives, true positives.
  func value(_ counts: ArraySlice<Double>) -> Double {
    let first = counts.startIndex
    let tn = counts[first], fp = counts[first + 1], fn = counts[first + 2], tp = counts[first + 3]
    let all = tn + fp + fn + tp
    guard all > 0 else { return .nan }
    func share(_ part: Double, _ whole: Double) -> Double { whole > 0 ? part / whole : 0 }
    switch self {
    case .selectionRate: return (tp + fp) / all
    case .truePositiveRate: return share(tp, tp + fn)
    case .falsePositiveRate: return share(fp, fp + tn)
    case .trueNegativeRate: return share(tn, fp + tn)
    case .falseNegativeRate: return share(fn, tp + fn)
    case .accuracy: return (tp + tn) / all
    case .errorRate: return (fp + fn) / all
    case .balancedAccuracy:
      // Of the classes that occur, as everywhere here.
      if tp + fn == 0 { return share(tn, fp + tn) }
      return fp + tn == 0 ? share(tp, tp + fn) : (share(tp, tp + fn) + share(tn, fp + tn)) / 2
    case .precision: return share(tp, tp + fp)
    case .negativePredictiveValue: return share(tn, tn + fn)
    case .f1: return share(2 * tp, 2 * tp + fp + fn)
    case .baseRate: return (tp + fn) / all
    }
  }
}

/// Between what a disparity is taken.
public enum DisparityMethod: String, Codable, Sendable, Hashable {
  /// The best and the worst group.
  case betweenGroups = "between_groups"
  /// All rows and the group farthest from them.
  case toOverall = "to_overall"
}

/// How disparities become one.
enum Disparities {
  static func difference(_ values: [Double], overall: Double, _ method: DisparityMethod) -> Double {
    let known = values.filter { !$0.isNaN }
    guard let low = known.min(), let high = known.max() else { return .nan }
    switch method {
    case .betweenGroups: return high - low
    case .toOverall: return known.map { abs($0 - overall) }.max() ?? .nan
    }
  }

  static func ratio(_ values: [Double], overall: Double, _ method: DisparityMethod) -> Double {
    let known = values.filter { !$0.isNaN }
    guard let low = known.min(), let high = known.max() else { return .nan }
    switch method {
    case .betweenGroups: return low / high
    case .toOverall:
      return known.map { $0 / overall }.filter { !$0.isNaN }.map { $0 > 1 ? 1 / $0 : $0 }.min() ?? .nan
    }
  }
}
