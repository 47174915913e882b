import Foundation
import MartletCore

/// Boosting towards a quantile: trees follow the gradient of the pinball loss, and each leaf then takes the quantile of what is left in it
/// (Friedman 2001, 4.4), which xgboost 1.7 does for the median alone.
struct QuantileBoosting {
  let settings: GradientBoosting
  let training: BoosterRows
  let validation: BoosterRows?

  /// One part's targets and weights, and what is predicted so far.
  private struct Part {
    let rows: BoosterRows
    let labels: [Float]
    let weights: [Float]
    var margins: [Float]

    init(_ rows: BoosterRows, base: Float?) throws {
      self.rows = rows
      labels = try rows.floats("label")
      let given = try rows.floats("weight")
      weights = given.isEmpty ? [Float](repeating: 1, count: labels.count) : given
      margins = [Float](repeating: base ?? 0, count: labels.count)
    }

    /// The mean pinball loss.
    func loss(_ level: Double) -> Double {
      var sum = 0.0, total = 0.0
      for row in labels.indices {
        let left = Double(labels[row]) - Double(margins[row])
        sum += Double(weights[row]) * (left >= 0 ? level * left : (level - 1) * left)
        total += Double(weights[row])
      }
      return sum / total
    }
  }

  /// - Parameter booster: without a tree, and with squared error for its objective.
  func boosted(_ booster: Booster) throws -> (booster: Booster, history: BoostingHistory) {
    let level = settings.quantile
    var part = try Part(training, base: nil)
    let base = Self.quantile(level, part.labels, part.weights, Array(part.labels.indices))
    part = try Part(training, base: base)
    var held = try validation.map { try Part($0, base: base) }
    try booster.set("base_score", "\(base)")
    var history = BoostingHistory(metric: "pinball"), leaves: [[Int: Float]] = []
    for round in 0..<settings.rounds {
      try Task.checkCancellation()
      let gradient = part.labels.indices.map { row in
        part.weights[row] * Float(part.labels[row] > part.margins[row] ? -level : 1 - level)
      }
      try booster.update(part.rows, gradient: gradient, curvature: part.weights)
      let values = try renew(&part, booster, round)
      leaves.append(values)
      if var judged = held {
        let nodes = try booster.leaves(judged.rows, round: round)
        for row in nodes.indices { judged.margins[row] += values[nodes[row]] ?? 0 }
        held = judged
        history.training.append(part.loss(level))
        history.validation.append(judged.loss(level))
        guard let patience = settings.earlyStopping else { continue }
        let last = history.validation[round]
        if history.best.map({ last < history.validation[$0] }) ?? true { history.best = round }
        if round - (history.best ?? round) >= patience { break }
      }
    }
    return (try Self.rewritten(booster, leaves, features: training.columns), history)
  }

  /// - Returns: the new values of the newest tree's leaves, by node; the margins have them already.
  private func renew(_ part: inout Part, _ booster: Booster, _ round: Int) throws -> [Int: Float] {
    let nodes = try booster.leaves(part.rows, round: round)
    var members: [Int: [Int]] = [:]
    for (row, node) in nodes.enumerated() { members[node, default: []].append(row) }
    let left = part.labels.indices.map { part.labels[$0] - part.margins[$0] }
    let values = members.mapValues { Float(settings.learningRate) * Self.quantile(settings.quantile, left, part.weights, $0) }
    for row in nodes.indices { part.margins[row] += values[nodes[row]] ?? 0 }
    return values
  }

  /// The least of some rows' values that has the level's share of the weight at or below it.
  static func quantile(_ level: Double, _ values: [Float], _ weights: [Float], _ rows: [Int]) -> Float {
    let order = rows.sorted { values[$0] < values[$1] }
    let goal = level * order.reduce(0.0) { $0 + Double(weights[$1]) }
    var sum = 0.0
    for row in order {
      sum += Double(weights[row])
      if sum >= goal * (1 - 1e-9) { return values[row] }
    }
    return order.last.map { values[$0] } ?? 0
  }

  /// The same trees with other values in their leaves.
  private static func rewritten(_ booster: Booster, _ leaves: [[Int: Float]], features: Int) throws -> Booster {
    var text = String(decoding: try booster.model("json"), as: UTF8.self)
    // A leaf's value is where another node's threshold is. The text is kept as it is otherwise: xgboost tells 1 from 1.0.
    for name in ["split_conditions", "base_weights"] {
      var parts = text.components(separatedBy: "\"\(name)\":[")
      guard parts.count == leaves.count + 1 else {
        throw LearnerError("xgboost wrote \(parts.count - 1) trees with \(name)", expected: "\(leaves.count)")
      }
      for (tree, values) in leaves.enumerated() {
        guard let end = parts[tree + 1].firstIndex(of: "]") else { throw LearnerError("a tree of xgboost has no end") }
        var numbers = parts[tree + 1][..<end].split(separator: ",").map(String.init)
        for (node, value) in values where numbers.indices.contains(node) { numbers[node] = "\(value)" }
        parts[tree + 1] = numbers.joined(separator: ",") + parts[tree + 1][end...]
      }
      text = parts.joined(separator: "\"\(name)\":[")
    }
    return try Booster(model: Array(text.utf8), features: features, threads: Parallel.defaultThreads)
  }
}
