public import Charts
import MartletCore

/// What a threshold is chosen for.
public enum ThresholdObjective: Sendable, Hashable {
  /// The least mean cost.
  case cost(CostMatrix)
  /// The highest F-score.
  case fScore(beta: Double)
  /// The highest mean of true positive and true negative rate; Youden's index is twice that less one.
  case balancedAccuracy
  /// The highest share of right decisions.
  case accuracy
  /// The highest Matthews correlation.
  case matthewsCorrelation
  /// The highest precision that finds at least this share of the positives.
  case precisionAtRecall(Double)
  /// The highest recall whose positive decisions are right at least this often.
  case recallAtPrecision(Double)
  /// The most positives found while at most this share of negatives alarms.
  case recallAtFalsePositiveRate(Double)
  /// The highest recall where at most this share of all rows can be decided positive.
  case recallAtSelectionRate(Double)
}

/// A threshold and what it does: scores at or above it are decided positive.
public struct ThresholdChoice: Codable, Sendable, Hashable {
  /// The threshold; infinite where nothing should be decided positive.
  public let threshold: Double
  /// The objective's value: a cost, or a score.
  public let value: Estimate
  /// Weights of rows: right and wrong positive, right and wrong negative decisions.
  public let truePositives: Double
  /// Negatives decided positive.
  public let falsePositives: Double
  /// Positives decided negative.
  public let falseNegatives: Double
  /// Negatives decided negative.
  public let trueNegatives: Double
  /// The share of positive decisions that is right; NaN without any.
  public var precision: Double { truePositives / (truePositives + falsePositives) }
  /// The share of positives that is found.
  public var recall: Double { truePositives / (truePositives + falseNegatives) }
}

/// Everything that can be read off scores as the threshold moves: choices of it, gain and lift, cost and benefit curves.
public struct ThresholdCurve: Sendable {
  /// Thresholds from infinity down: nothing positive, then every distinct score.
  public let thresholds: [Double]
  /// Weight of positives at or above each threshold.
  public let truePositives: [Double]
  /// Weight of negatives at or above each threshold.
  public let falsePositives: [Double]
  /// The weight of all positives.
  public var positives: Double { truePositives[truePositives.count - 1] }
  /// The weight of all negatives.
  public var negatives: Double { falsePositives[falsePositives.count - 1] }

  /// The curve of scores for "positive".
  /// - Throws: `MetricError` on no rows, different lengths, NaN scores (naming the row), bad weights and where only one kind of row occurs.
  public init(_ isPositive: [Bool], _ scores: [Double], weights: [Double]? = nil) throws(MetricError) {
    let steps = try ScoreSteps(isPositive, scores, weights: weights)
    try steps.checkBothKinds()
    thresholds = [.infinity] + steps.thresholds
    truePositives = [0] + steps.positives
    falsePositives = [0] + steps.negatives
  }

  /// The objective's value at a place of the curve; `nil` where its condition is not met. Higher is better; costs are negative.
  private func value(_ objective: ThresholdObjective, _ place: Int) -> Double? {
    let tp = truePositives[place], fp = falsePositives[place], fn = positives - tp, tn = negatives - fp
    let all = positives + negatives
    switch objective {
    case .cost(let matrix):
      let c = matrix.costs
      return -(tn * c[0][0] + fp * c[0][1] + fn * c[1][0] + tp * c[1][1]) / all
    case .fScore(let beta):
      let square = beta * beta
      return (1 + square) * tp / ((1 + square) * tp + square * fn + fp)
    case .balancedAccuracy: return (tp / positives + tn / negatives) / 2
    case .accuracy: return (tp + tn) / all
    case .matthewsCorrelation:
      let spread = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
      return spread > 0 ? (tp * tn - fp * fn) / spread.squareRoot() : 0
    case .precisionAtRecall(let least): return tp + fp > 0 && tp / positives >= least ? tp / (tp + fp) : nil
    case .recallAtPrecision(let least): return tp + fp > 0 && tp / (tp + fp) >= least ? tp / positives : nil
    case .recallAtFalsePositiveRate(let most): return fp / negatives <= most ? tp / positives : nil
    case .recallAtSelectionRate(let most): return (tp + fp) / all <= most ? tp / positives : nil
    }
  }

  /// The best threshold for an objective; the highest of equals. Its value's interval is that of the threshold at hand.
  ///
  /// A threshold is to be chosen on rows that the model was not measured on: otherwise its value flatters.
  /// - Throws: `MetricError` if no threshold meets the objective's condition, or costs are not of two classes.
  public func best(_ objective: ThresholdObjective, options: IntervalOptions = IntervalOptions()) throws(MetricError) -> ThresholdChoice {
    try options.check()
    if case .cost(let matrix) = objective, matrix.costs.count != 2 || matrix.costs[0].count != 2 {
      throw MetricError(.badArgument, "costs of \(matrix.costs.count) classes", expected: "two")
    }
    var best: (place: Int, value: Double)?
    for place in thresholds.indices {
      guard let value = value(objective, place), !value.isNaN else { continue }
      if value > (best?.value ?? -.infinity) { best = (place, value) }
    }
    guard let best else {
      throw MetricError(.badArgument, "no threshold meets the condition of the objective", remedy: "ask for less")
    }
    return choice(best.place, objective, options)
  }

  private func choice(_ place: Int, _ objective: ThresholdObjective, _ options: IntervalOptions) -> ThresholdChoice {
    let tp = truePositives[place], fp = falsePositives[place], fn = positives - tp, tn = negatives - fp
    let isCost = if case .cost = objective { true } else { false }
    func value(_ tn: Double, _ fp: Double, _ fn: Double, _ tp: Double) -> Double {
      // Conditions chose the threshold; what it is worth is measured without them.
      switch objective {
      case .precisionAtRecall: return tp / (tp + fp)
      case .recallAtPrecision, .recallAtFalsePositiveRate, .recallAtSelectionRate: return tp / (tp + fn)
      default:
        let one = ThresholdCurve(tp: tp, fp: fp, fn: fn, tn: tn)
        return (one.value(objective, 1) ?? .nan) * (isCost ? -1 : 1)
      }
    }
    var draws: [Double] = []
    for resample in 0..<options.resamples {
      var sampler = PoissonSampler(KeyedRandom(seed: options.seed, purpose: "bootstrap threshold", index: UInt64(resample)))
      draws.append(value(sampler.next(mean: tn), sampler.next(mean: fp), sampler.next(mean: fn), sampler.next(mean: tp)))
    }
    return ThresholdChoice(
      threshold: thresholds[place], value: Intervals.percentiles(draws, value: value(tn, fp, fn, tp), level: options.level),
      truePositives: tp, falsePositives: fp, falseNegatives: fn, trueNegatives: tn)
  }

  private init(tp: Double, fp: Double, fn: Double, tn: Double) {
    thresholds = [.infinity, 1, 0]
    truePositives = [0, tp, tp + fn]
    falsePositives = [0, fp, fp + tn]
  }

  /// The mean cost at every threshold: cost against threshold, to be drawn.
  /// - Throws: `MetricError` if costs are not of two classes.
  public func costs(_ matrix: CostMatrix) throws(MetricError) -> [Point] {
    guard matrix.costs.count == 2, matrix.costs[0].count == 2 else { throw MetricError(.badArgument, "costs of other than two classes") }
    return thresholds.indices.dropFirst().compactMap { place in
      value(.cost(matrix), place).map { Point(x: thresholds[place], y: -$0) }
    }
  }

  /// The share of positives found in the share of rows with the highest scores: cumulative gain.
  public var gain: [Point] {
    thresholds.indices.map {
      Point(x: (truePositives[$0] + falsePositives[$0]) / (positives + negatives), y: truePositives[$0] / positives)
    }
  }

  /// How many times more positives are in the share of rows with the highest scores than in as many drawn by chance.
  public var lift: [Point] { gain.dropFirst().map { Point(x: $0.x, y: $0.y / $0.x) } }

  /// The share of positives found in the tenth, fifth … of the rows with the highest scores, between the curve's points in proportion.
  public func gain(at share: Double) -> Double {
    let curve = gain
    guard let next = curve.firstIndex(where: { $0.x >= share }) else { return 1 }
    guard next > 0, curve[next].x > curve[next - 1].x else { return curve[next].y }
    let before = curve[next - 1]
    return before.y + (curve[next].y - before.y) * (share - before.x) / (curve[next].x - before.x)
  }

  /// The profit of deciding the highest scores positive, by share of rows: what positives earn less what each decision costs.
  public func profit(perTruePositive: Double, perDecision: Double) -> [Point] {
    thresholds.indices.map { place in
      let decided = truePositives[place] + falsePositives[place]
      return Point(x: decided / (positives + negatives), y: truePositives[place] * perTruePositive - decided * perDecision)
    }
  }

  /// The least cost that scores allow, for every cost of errors: the lower envelope of the cost lines (Drummond and Holte, 2006).
  ///
  /// x: the share of a row's cost that comes from positives (probability times cost); y: cost over the worst, 0 … 1.
  public func costCurve(points: Int = 101) -> [Point] {
    (0..<max(2, points)).map { index in
      let x = Double(index) / Double(max(2, points) - 1)
      let least = thresholds.indices.map { place in
        (1 - truePositives[place] / positives) * x + falsePositives[place] / negatives * (1 - x)
      }.min()
      return Point(x: x, y: least ?? .nan)
    }
  }

  /// The net benefit at threshold probabilities: true positives less false ones at the odds of the threshold, a row (Vickers and Elkin,
  /// "Decision curve analysis", 2006); of the model, and of deciding everything positive. Nothing positive has 0.
  /// - Throws: `MetricError` if a probability is not in 0 ..< 1.
  public func netBenefit(at probabilities: [Double]) throws(MetricError) -> [(probability: Double, model: Double, all: Double)] {
    let count = positives + negatives
    var result: [(probability: Double, model: Double, all: Double)] = []
    for probability in probabilities {
      guard probability >= 0, probability < 1 else {
        throw MetricError(.badArgument, "a threshold probability of \(probability)", expected: "0 to below 1")
      }
      let odds = probability / (1 - probability)
      let place = thresholds.lastIndex { $0 >= probability } ?? 0
      result.append(
        (probability, (truePositives[place] - falsePositives[place] * odds) / count, (positives - negatives * odds) / count))
    }
    return result
  }

  /// The curves as pictures: gain, lift, and net benefit where scores are probabilities.
  public var charts: [any Chart] {
    func thin(_ points: [Point]) -> [Point] {
      guard points.count > 200 else { return points }
      return (0..<200).map { points[$0 * (points.count - 1) / 199] }
    }
    var charts: [any Chart] = [
      LineChart(
        title: "Gain: positives found among the highest scores", xTitle: "share of rows", yTitle: "share of positives",
        series: [.init("model", points: thin(gain)), .init("chance", points: [Point(x: 0, y: 0), Point(x: 1, y: 1)])]),
      LineChart(title: "Lift over chance", xTitle: "share of rows", yTitle: "lift", series: [.init("model", points: thin(lift))]),
    ]
    let isProbability = thresholds.dropFirst().allSatisfy { (0...1).contains($0) }
    if isProbability, let benefits = try? netBenefit(at: (1..<100).map { Double($0) / 100 }) {
      charts.append(
        LineChart(
          title: "Net benefit of deciding by the model", xTitle: "threshold probability", yTitle: "net benefit a row",
          series: [
            .init("model", points: benefits.map { Point(x: $0.probability, y: $0.model) }),
            .init("everything positive", points: benefits.filter { $0.all > -0.1 }.map { Point(x: $0.probability, y: $0.all) }),
          ]))
    }
    return charts
  }
}
