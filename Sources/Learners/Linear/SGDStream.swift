import Foundation
import MartletCore
public import Tables

/// A linear model that is being fitted, batch by batch, in memory that does not grow with the rows.
public struct SGDStream: Sendable {
  let settings: SGDSettings
  let kind: String
  let names: [String]
  let labels: [String]
  let present: [Int]
  private let outputs: Int
  /// The coefficients are `scale` times these, so that the penalty costs nothing a step.
  private var stored: [Double]
  private var scales: [Double]
  private var constants: [Double]
  private var sums: [Double]
  private var constantSums: [Double]
  private var averaged = 0.0
  private var steps = 0.0
  private var batches: UInt64 = 0
  private var converged = true
  private var passes = 0

  init(_ settings: SGDSettings, kind: String, names: [String], labels: [String], present: [Int]) {
    self.settings = settings
    self.kind = kind
    self.names = names
    self.labels = labels
    self.present = present
    outputs = present.count <= 2 ? 1 : present.count
    stored = [Double](repeating: 0, count: outputs * names.count)
    scales = [Double](repeating: 1, count: outputs)
    constants = [Double](repeating: 0, count: outputs)
    sums = settings.averages ? stored : []
    constantSums = constants
  }

  /// Learns from one batch of rows, in an order drawn by the seed and the batch's number.
  /// - Throws: `LearnerError` if the rows do not fit, or the steps diverge.
  public mutating func partialFit(_ x: FeatureMatrix, _ target: Target, weights: [Double]? = nil, seed: UInt64 = 0) throws {
    let rows = try TrainingRows(kind, x, target, weights: weights, .sparse)
    try FeatureCheck.prediction(rows.features, names, kind)
    let targets: [Double]
    switch rows.target {
    case .values(let values) where labels.isEmpty: targets = values
    case .classes(let codes, let given) where given == labels: targets = codes.map(Double.init)
    case .classes(_, let given):
      throw LearnerError("a batch has the classes \(given.prefix(8))", expected: labels.isEmpty ? "numbers" : "\(labels.prefix(8))")
    case .values: throw LearnerError("a batch has numbers as targets", expected: "the classes \(labels.prefix(8))")
    }
    var random = KeyedRandom(seed: seed, purpose: "sgd.order", index: batches)
    batches += 1
    try checkFinite(pass(rows.x, targets, rows.weights, Array(0..<rows.rows).shuffled(using: &random)))
  }

  mutating func epochs(_ x: RowMatrix, targets: [Double], weights: [Double], _ context: FitContext) throws {
    var best = Double.infinity, without = 0
    let total = weights.reduce(0, +)
    // Weights in proportion, so that their unit does not change the steps.
    let shares = weights.map { $0 * Double(weights.count) / total }
    converged = false
    for epoch in 0..<settings.epochs {
      try Task.checkCancellation()
      var random = KeyedRandom(seed: context.seed, purpose: "sgd.order", index: UInt64(epoch))
      let loss = pass(x, targets, shares, Array(0..<x.rows).shuffled(using: &random)) / Double(weights.count)
      try checkFinite(loss)
      passes = epoch + 1
      without = loss > best - settings.tolerance ? without + 1 : 0
      best = min(best, loss)
      if without >= 5 {
        converged = true
        break
      }
    }
  }

  /// Passes over rows that come in parts: one where they are millions, more where they are few, until about five million rows were seen
  /// (one pass over many rows is worth many over few: Bottou and Bousquet 2008).
  mutating func stages(_ rows: StagedRows, classWeights: ClassWeights? = nil, _ context: FitContext) throws {
    let wanted = min(settings.epochs, max(1, (5_000_000 + rows.rows - 1) / max(1, rows.rows)))
    for pass in 0..<wanted {
      for part in rows.counts.indices {
        let next = try rows.open(part)
        while let own = try next(1 << 16) {
          try Task.checkCancellation()
          var weights = own.weights
          if let classWeights, case .classes(let codes, let names) = own.target {
            let classes = RowClasses(labels: names, present: Array(names.indices), codes: codes)
            weights = try ClassWeights.apply(
              classWeights, classes, weights ?? [Double](repeating: 1, count: codes.count), kind: kind)
          }
          try partialFit(own.x, own.target, weights: weights, seed: context.seed)
        }
      }
      passes = pass + 1
    }
  }

  private func checkFinite(_ loss: Double) throws {
    guard loss.isFinite, stored.allSatisfy(\.isFinite), constants.allSatisfy(\.isFinite) else {
      throw LearnerError(
        "\(kind) diverged: its steps grew without end", expected: "features of similar, small size",
        remedy: "scale the features in the recipe, or lower learningRate")
    }
  }

  private mutating func pass(_ x: RowMatrix, _ targets: [Double], _ weights: [Double], _ order: [Int]) -> Double {
    var loss = 0.0
    let p = names.count
    // Bottou: the first step is as long as a typical coefficient.
    let typical = (1 / settings.alpha.squareRoot()).squareRoot()
    let offset = 1 / (typical * settings.alpha)
    for row in order {
      steps += 1
      let rate: Double
      if let first = settings.learningRate { rate = first / pow(steps, 0.25) } else { rate = 1 / (settings.alpha * (offset + steps)) }
      for output in 0..<outputs {
        let y: Double
        if labels.isEmpty {
          y = targets[row]
        } else {
          y = targets[row] == Double(outputs == 1 ? 1 : output) ? 1 : -1
        }
        let score = scales[output] * dot(x, row, output * p) + constants[output]
        let (value, slope) = Self.loss(settings.loss, score, y)
        loss += weights[row] * value
        scales[output] *= max(1 - rate * settings.alpha, 0)
        if scales[output] < 1e-9 { flatten(output) }
        let step = -max(-1e12, min(1e12, slope)) * rate * weights[row]
        if step != 0 {
          add(x, row, output * p, step / scales[output])
          if settings.intercept { constants[output] += step * (x.isSparse ? 0.01 : 1) }
        }
      }
      if settings.averages, passes > 0 || batches > 0 {
        averaged += 1
        for output in 0..<outputs {
          for column in 0..<p { sums[output * p + column] += scales[output] * stored[output * p + column] }
          constantSums[output] += constants[output]
        }
      }
    }
    return loss
  }

  private mutating func flatten(_ output: Int) {
    for column in 0..<names.count { stored[output * names.count + column] *= scales[output] }
    scales[output] = 1
  }

  private func dot(_ x: RowMatrix, _ row: Int, _ start: Int) -> Double {
    switch x.layout {
    case .dense(let values):
      return values.withUnsafeBufferPointer { values in
        stored.withUnsafeBufferPointer { RowMatrix.dot(values, row * x.columns, $0, start, x.columns) }
      }
    case .sparse(let sparse):
      var sum = 0.0
      for place in sparse.starts[row]..<sparse.starts[row + 1] { sum += sparse.values[place] * stored[start + Int(sparse.indices[place])] }
      return sum
    }
  }

  private mutating func add(_ x: RowMatrix, _ row: Int, _ start: Int, _ factor: Double) {
    switch x.layout {
    case .dense(let values):
      stored.withUnsafeMutableBufferPointer { stored in
        values.withUnsafeBufferPointer { values in
          for column in 0..<x.columns { stored[start + column] += factor * values[row * x.columns + column] }
        }
      }
    case .sparse(let sparse):
      for place in sparse.starts[row]..<sparse.starts[row + 1] {
        stored[start + Int(sparse.indices[place])] += factor * sparse.values[place]
      }
    }
  }

  private static func loss(_ loss: SGDLoss, _ score: Double, _ y: Double) -> (value: Double, slope: Double) {
    let margin = score * y, error = score - y
    switch loss {
    case .log:
      let tail = exp(-abs(margin))
      return (max(-margin, 0) + log1p(tail), -y * (margin >= 0 ? tail / (1 + tail) : 1 / (1 + tail)))
    case .hinge: return margin < 1 ? (1 - margin, -y) : (0, 0)
    case .modifiedHuber:
      if margin >= 1 { return (0, 0) }
      return margin >= -1 ? ((1 - margin) * (1 - margin), -2 * y * (1 - margin)) : (-4 * margin, -4 * y)
    case .squared: return (0.5 * error * error, error)
    case .huber:
      return abs(error) <= 1 ? (0.5 * error * error, error) : (abs(error) - 0.5, error > 0 ? 1 : -1)
    case .epsilonInsensitive:
      return abs(error) <= 0.1 ? (0, 0) : (abs(error) - 0.1, error > 0 ? 1 : -1)
    }
  }

  private func parameters() -> (coefficients: [Double], intercepts: [Double]) {
    if averaged > 0 { return (sums.map { $0 / averaged }, constantSums.map { $0 / averaged }) }
    let p = names.count
    return (stored.indices.map { stored[$0] * scales[$0 / p] }, constants)
  }

  private var warnings: [String] {
    converged ? [] : ["\(kind) did not converge in \(passes) passes: raise epochs, or scale the features"]
  }

  /// The model so far.
  /// - Throws: `LearnerError` if this stream learns numbers, or has seen no row.
  public func classifier() throws -> LogisticModel {
    guard !labels.isEmpty else { throw LearnerError("this stream learns numbers", remedy: "ask for regressor()") }
    guard steps > 0 else { throw LearnerError("the stream has seen no row", expected: "at least one batch") }
    let (coefficients, intercepts) = parameters()
    return LogisticModel(
      kind: kind, featureNames: names, labels: labels, present: present, coefficients: coefficients, intercepts: intercepts,
      link: outputs == 1 ? .sigmoid : .oneVersusRest, iterations: passes, warnings: warnings)
  }

  /// The model so far.
  /// - Throws: `LearnerError` if this stream learns classes, or has seen no row.
  public func regressor() throws -> LinearModel {
    guard labels.isEmpty else { throw LearnerError("this stream learns classes", remedy: "ask for classifier()") }
    guard steps > 0 else { throw LearnerError("the stream has seen no row", expected: "at least one batch") }
    let (coefficients, intercepts) = parameters()
    return LinearModel(
      kind: kind, featureNames: names, coefficients: coefficients, intercept: intercepts[0], iterations: passes, alpha: settings.alpha,
      warnings: warnings)
  }
}
