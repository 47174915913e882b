public import Evaluation
import MartletCore

extension DecisionRule {
  /// The F1 that two classes get with a tuned threshold, honestly: the rows of each fold are decided by the threshold that is best for the
  /// rows of all other folds.
  /// - Parameters:
  ///   - probabilities: row-major, `[rows, 2]`, of a model that had not seen the row.
  ///   - positive: the truth a row.
  ///   - folds: divisions whose test rows are disjoint.
  /// - Returns: `nil` where the rows outside of a fold do not have both classes.
  public static func tunedF1(probabilities: [Double], positive: [Bool], folds: [FoldSplit]) -> Double? {
    let measured = folds.map(\.test)
    var hits = 0, alarms = 0, positives = 0
    for (place, rows) in measured.enumerated() {
      let others = measured.enumerated().flatMap { $0.offset == place ? [] : $0.element }
      guard
        let rule = try? DecisionRule(.f1, probabilities: others.map { probabilities[$0 * 2 + 1] }, positive: others.map { positive[$0] }),
        let threshold = rule.threshold
      else { return nil }
      for row in rows {
        let isAlarm = probabilities[row * 2 + 1] >= threshold
        if isAlarm { alarms += 1 }
        if positive[row] { positives += 1 }
        if isAlarm, positive[row] { hits += 1 }
      }
    }
    return alarms + positives > 0 ? 2 * Double(hits) / Double(alarms + positives) : nil
  }
}
