public import MartletCore

/// From probabilities to a decision: the most probable class, or the positive one of two from a threshold on.
public struct DecisionRule: Sendable, Hashable, Codable {
  /// From which probability on the positive class, the second, is decided; `nil` takes the most probable class.
  public var threshold: Double?

  public init(threshold: Double? = nil) { self.threshold = threshold }

  /// What a threshold is chosen for.
  public enum Goal: Sendable, Hashable {
    case f1, balancedAccuracy, youden, matthews
    case cost(falsePositive: Double, falseNegative: Double)
    /// The highest threshold that finds this share of the positive rows.
    case recall(atLeast: Double)
    /// The lowest threshold at which this share of the alarms is right.
    case precision(atLeast: Double)
  }

  /// The best threshold by out-of-fold probabilities; of equals the highest.
  /// - Throws: `ArgumentError` if no threshold reaches what is asked for, or there are no rows of both classes.
  public init(_ goal: Goal, probabilities: [Double], positive: [Bool], weights: [Double]? = nil) throws(ArgumentError) {
    let order = probabilities.indices.sorted { (probabilities[$1], $0) < (probabilities[$0], $1) }
    func weight(_ row: Int) -> Double { weights?[row] ?? 1 }
    let positives = order.reduce(0) { $0 + (positive[$1] ? weight($1) : 0) }
    let negatives = order.reduce(0) { $0 + (positive[$1] ? 0 : weight($1)) }
    guard positives > 0, negatives > 0 else { throw ArgumentError("a threshold is tuned on rows of one class", expected: "rows of both") }
    var hits = 0.0, alarms = 0.0
    var best: (threshold: Double, value: Double)?
    var place = 0
    while place < order.count {
      let score = probabilities[order[place]]
      while place < order.count, probabilities[order[place]] == score {
        if positive[order[place]] { hits += weight(order[place]) } else { alarms += weight(order[place]) }
        place += 1
      }
      guard let value = Self.value(goal, hits, alarms, positives, negatives) else { continue }
      if best.map({ value > $0.value }) ?? true { best = (score, value) }
    }
    guard let best else {
      throw ArgumentError(
        "no threshold reaches what 'threshold' asks for", expected: "a goal that the model can reach", remedy: "ask for less")
    }
    // Between this score and the next lower one, so that rounding does not move a row across.
    let lower = order.lazy.map { probabilities[$0] }.first { $0 < best.threshold }
    threshold = lower.map { (best.threshold + $0) / 2 } ?? best.threshold
  }

  /// Higher is better; `nil` where the goal's condition does not hold.
  private static func value(_ goal: Goal, _ hits: Double, _ alarms: Double, _ positives: Double, _ negatives: Double) -> Double? {
    let recall = hits / positives, specificity = 1 - alarms / negatives, precision = hits / (hits + alarms)
    switch goal {
    case .f1: return 2 * hits / (hits + alarms + positives)
    case .balancedAccuracy, .youden: return recall + specificity
    case .matthews:
      let quiet = negatives - alarms, misses = positives - hits
      let below = ((hits + alarms) * positives * negatives * (quiet + misses)).squareRoot()
      return below > 0 ? (hits * quiet - alarms * misses) / below : 0
    case .cost(let falsePositive, let falseNegative): return -(falsePositive * alarms + falseNegative * (positives - hits))
    case .recall(let least): return recall >= least ? -(hits + alarms) : nil
    case .precision(let least): return precision >= least ? recall : nil
    }
  }

  /// - Parameter probabilities: row-major, `[rows, classes]`.
  /// - Returns: the place of the class of each row; of equals the first.
  public func decide(_ probabilities: [Double], classes: Int) -> [Int] {
    (0..<probabilities.count / max(1, classes)).map { row in
      if let threshold, classes == 2 { return probabilities[row * 2 + 1] >= threshold ? 1 : 0 }
      return (1..<max(2, classes)).reduce(0) { best, label in
        label < classes && probabilities[row * classes + label] > probabilities[row * classes + best] ? label : best
      }
    }
  }
}
