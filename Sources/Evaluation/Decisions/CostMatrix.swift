import MartletCore

/// What each decision costs: `costs[truth][decision]`; below zero where it earns.
public struct CostMatrix: Codable, Sendable, Hashable {
  /// The costs, a row a true class.
  public let costs: [[Double]]

  /// - Throws: `MetricError` if there is no class, rows differ in length, or a cost is not finite.
  public init(_ costs: [[Double]]) throws(MetricError) {
    guard let width = costs.first?.count, width > 0, costs.allSatisfy({ $0.count == width }) else {
      throw MetricError(.lengthMismatch, "the rows of the cost matrix have lengths \(costs.map(\.count))", expected: "equal, and above 0")
    }
    guard costs.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
      throw MetricError(.notANumber, "a cost is not finite", expected: "finite numbers")
    }
    self.costs = costs
  }

  /// Two classes: what a false alarm and a miss cost, and what a hit earns.
  public static func binary(falsePositive: Double, falseNegative: Double, truePositive: Double = 0) throws(MetricError) -> CostMatrix {
    try CostMatrix([[0, falsePositive], [falseNegative, truePositive]])
  }

  /// The mean cost of a row.
  /// - Throws: `MetricError` if the matrix has other classes, or the counts are all zero.
  public func expectedCost(_ confusion: ConfusionMatrix) throws(MetricError) -> Double {
    guard confusion.classes == costs.count, confusion.classes == costs[0].count else {
      throw MetricError(.badArgument, "costs of \(costs.count) by \(costs[0].count) for \(confusion.classes) classes")
    }
    guard confusion.total > 0 else { throw MetricError(.empty, "there are no rows to evaluate") }
    var sum = 0.0
    for truth in costs.indices {
      for decision in costs[0].indices { sum += confusion[truth: truth, predicted: decision] * costs[truth][decision] }
    }
    return sum / confusion.total
  }

  /// The mean cost of a row with a bootstrap interval.
  /// - Throws: as `expectedCost`.
  public func estimate(_ confusion: ConfusionMatrix, options: IntervalOptions = IntervalOptions()) throws(MetricError) -> Estimate {
    try options.check()
    let value = try expectedCost(confusion)
    let cells = Bootstrap.cells(confusion)
    var draws: [Double] = []
    for resample in 0..<options.resamples {
      var sampler = PoissonSampler(KeyedRandom(seed: options.seed, purpose: "bootstrap cost", index: UInt64(resample)))
      var sum = 0.0, total = 0.0
      for cell in cells {
        let drawn = sampler.next(mean: cell.count) * cell.unit
        sum += drawn * costs[cell.index / confusion.classes][cell.index % confusion.classes]
        total += drawn
      }
      if total > 0 { draws.append(sum / total) }
    }
    return Intervals.percentiles(draws, value: value, level: options.level)
  }

  /// The decision of least expected cost for every row (Elkan, "The foundations of cost-sensitive learning", 2001); the first of equals.
  /// - Parameter probabilities: row-major, `[rows, classes]`.
  /// - Throws: `MetricError` if the probabilities do not make whole rows or one is NaN.
  public func decisions(_ probabilities: [Double]) throws(MetricError) -> [Int] {
    let classes = costs.count
    try Check.probabilities(probabilities, rows: probabilities.count / classes, classes: classes)
    return (0..<(probabilities.count / classes)).map { row in
      var best = 0, least = Double.infinity
      for decision in costs[0].indices {
        var cost = 0.0
        for truth in 0..<classes { cost += probabilities[row * classes + truth] * costs[truth][decision] }
        if cost < least { (best, least) = (decision, cost) }
      }
      return best
    }
  }

  /// The probability of "positive" above which deciding positive costs less, for honest probabilities of two classes (Elkan, 2001).
  /// - Throws: `MetricError` if there are not two classes, or one decision always costs less.
  public func threshold() throws(MetricError) -> Double {
    guard costs.count == 2, costs[0].count == 2 else { throw MetricError(.badArgument, "\(costs.count) classes", expected: "two") }
    let alarm = costs[0][1] - costs[0][0], miss = costs[1][0] - costs[1][1]
    guard alarm + miss > 0, alarm >= 0, miss >= 0 else {
      throw MetricError(.badArgument, "one decision always costs less", expected: "a wrong decision that costs more than the right one")
    }
    return alarm / (alarm + miss)
  }
}
