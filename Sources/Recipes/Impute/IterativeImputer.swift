import Foundation
import MartletCore
import Tables

/// Fills the missing values of each column by a Bayesian ridge regression on the others, column after column, round after round. As
/// `IterativeImputer` with its standard estimator.
public struct IterativeImputer: RecipeStep {
  public enum Order: String, Hashable, Sendable, Codable, CaseIterable {
    /// From the column that misses least.
    case ascending, descending
    /// From the left, and from the right.
    case roman, arabic
    /// Drawn anew each round, by the seed.
    case random
  }
  public static let name = "impute-iteratively"
  public var columns: ColumnSelection
  public var rounds: Int
  /// Rounds end when no row changes by more than this share of the largest value.
  public var tolerance: Double
  public var initial: SimpleImputer.Strategy
  public var order: Order
  public var skipComplete: Bool
  public var lower: Double?
  public var upper: Double?
  public var indicator: Bool

  public init() { self.init(columns: .automatic) }
  public init(
    columns: ColumnSelection, rounds: Int = 10, tolerance: Double = 1e-3, initial: SimpleImputer.Strategy = .mean,
    order: Order = .ascending,
    skipComplete: Bool = false, lower: Double? = nil, upper: Double? = nil, indicator: Bool = false
  ) {
    self.columns = columns
    self.rounds = rounds
    self.tolerance = tolerance
    self.initial = initial
    self.order = order
    self.skipComplete = skipComplete
    self.lower = lower
    self.upper = upper
    self.indicator = indicator
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    guard rounds >= 0 else { throw input.settingError("rounds", rounds, expected: "0 or more") }
    guard (lower ?? -.infinity) < (upper ?? .infinity) else { throw input.settingError("lower", lower ?? 0, expected: "less than upper") }
    let columns = try input.doubles()
    let used = columns.indices.filter { column in columns[column].contains { !$0.isNaN } }
    guard !used.isEmpty else { throw RecipeError("no column has any value", expected: "1 or more with values") }
    let fills = try fillValues(input, used)
    let flags = indicator ? columns.indices.filter { columns[$0].contains { $0.isNaN } } : []
    let missing = used.map { column in columns[column].indices.filter { columns[column][$0].isNaN } }
    var filled = zip(used, fills).map { column, fill in columns[column].map { $0.isNaN ? fill : $0 } }
    var steps: [FittedChain.Step] = []
    let largest = used.reduce(0.0) { largest, column in columns[column].reduce(largest) { $1.isNaN ? $0 : max($0, abs($1)) } }
    var random = KeyedRandom(seed: input.context.seed, purpose: "recipe.iterative")
    var sequence = ordered(missing.map(\.count))
    if used.count > 1, missing.contains(where: { !$0.isEmpty }) {
      for _ in 0..<rounds {
        try Task.checkCancellation()
        let before = filled
        if order == .random { sequence.shuffle(using: &random) }
        for column in sequence {
          let step = try learn(filled, column, missing: Set(missing[column]))
          step.apply(&filled, rows: missing[column], lower: lower, upper: upper)
          steps.append(step)
        }
        if change(before, filled) < tolerance * largest { break }
      }
    }
    return StepFit(
      FittedChain(used: used, fills: Doubles(fills), steps: steps, lower: lower, upper: upper, flags: flags),
      outputs: input.columns.indices.map { used.contains($0) ? [input.columns[$0].replaced()] : [] }
        + flags.map { [input.columns[$0].derived("\(input.columns[$0].name)_missing")] },
      training: filled.map { .numbers($0) } + flags.map { place in .numbers(columns[place].map { $0.isNaN ? 1 : 0 }) })
  }

  private func fillValues(_ input: StepInput, _ used: [Int]) throws -> [Double] {
    let part = StepInput(
      columns: used.map { input.columns[$0] }, values: used.map { input.values[$0] }, rows: input.rows, target: nil, weights: nil,
      context: input.context)
    let fit = try SimpleImputer(columns: .automatic, strategy: initial).fit(part)
    return (fit.fitted as? FittedFill)?.fills.values ?? []
  }

  private func ordered(_ missing: [Int]) -> [Int] {
    let all = missing.indices.filter { !skipComplete || missing[$0] > 0 }
    switch order {
    case .roman, .random: return Array(all)
    case .arabic: return all.reversed()
    case .ascending: return all.sorted { missing[$0] == missing[$1] ? $0 < $1 : missing[$0] < missing[$1] }
    case .descending: return all.sorted { missing[$0] == missing[$1] ? $0 < $1 : missing[$0] < missing[$1] }.reversed()
    }
  }

  /// The largest sum of absolute changes of a row.
  private func change(_ before: [[Double]], _ after: [[Double]]) -> Double {
    var sums = [Double](repeating: 0, count: before[0].count)
    for (a, b) in zip(before, after) { for row in sums.indices { sums[row] += abs(a[row] - b[row]) } }
    return sums.max() ?? 0
  }

  private func learn(_ filled: [[Double]], _ column: Int, missing: Set<Int>) throws -> FittedChain.Step {
    let others = filled.indices.filter { $0 != column }
    let rows = filled[column].indices.filter { !missing.contains($0) }
    let ridge = try BayesianRidge(columns: others.map { filled[$0] }, target: filled[column], rows: rows)
    return FittedChain.Step(column: column, coefficients: Doubles(ridge.coefficients), intercept: ridge.intercept)
  }
}

struct FittedChain: FittedStep {
  static let name = "regressions"
  struct Step: Hashable, Sendable, Codable {
    let column: Int
    /// Of the other columns, in their order.
    let coefficients: Doubles
    let intercept: Double

    func apply(_ filled: inout [[Double]], rows: [Int], lower: Double?, upper: Double?) {
      if rows.isEmpty { return }
      var sums = [Double](repeating: intercept, count: rows.count)
      var next = 0
      for other in filled.indices where other != column {
        let factor = coefficients.values[next]
        next += 1
        filled[other].withUnsafeBufferPointer { values in for (place, row) in rows.enumerated() { sums[place] += values[row] * factor } }
      }
      for (place, row) in rows.enumerated() { filled[column][row] = min(max(sums[place], lower ?? -.infinity), upper ?? .infinity) }
    }
  }

  let used: [Int]
  let fills: Doubles
  let steps: [Step]
  let lower: Double?
  let upper: Double?
  let flags: [Int]

  func transform(_ inputs: [RecipeValues], rows: Int, threads: Int) throws -> [RecipeValues] {
    let columns = try inputs.map { try $0.doubles() }
    let missing = used.map { column in columns[column].indices.filter { columns[column][$0].isNaN } }
    var filled = zip(used, fills.values).map { column, fill in columns[column].map { $0.isNaN ? fill : $0 } }
    for step in steps { step.apply(&filled, rows: missing[step.column], lower: lower, upper: upper) }
    return filled.map { .numbers($0) } + flags.map { place in .numbers(columns[place].map { $0.isNaN ? 1 : 0 }) }
  }
}

/// Linear regression whose two precisions are found by the evidence (MacKay 1992; Tipping 2001). As `BayesianRidge`.
struct BayesianRidge {
  let coefficients: [Double]
  let intercept: Double

  init(columns: [[Double]], target: [Double], rows: [Int]) throws {
    let width = columns.count, count = rows.count
    guard count > 0 else {
      coefficients = [Double](repeating: 0, count: width)
      intercept = 0
      return
    }
    // Centred columns and the target beside each other: one product gives all sums of squares.
    let side = width + 1
    var means = [Double](repeating: 0, count: side)
    var centered = [Double](repeating: 0, count: count * side)
    centered.withUnsafeMutableBufferPointer { cells in
      for column in 0..<side {
        (column < width ? columns[column] : target).withUnsafeBufferPointer { values in
          var sum = 0.0
          for row in rows { sum += values[row] }
          let mean = sum / Double(count)
          means[column] = mean
          for (place, row) in rows.enumerated() { cells[place * side + column] = values[row] - mean }
        }
      }
    }
    let gram = try Algebra.gram(centered, rows: count, columns: side)
    let yy = gram[side * side - 1]
    let xy = (0..<width).map { gram[$0 * side + width] }
    var xx = [Double](repeating: 0, count: width * width)
    for i in 0..<width { for j in 0..<width { xx[i * width + j] = gram[i * side + j] } }
    let (raw, vectors) = try Algebra.symmetricEigen(xx, size: width)
    let least = (raw.last ?? 0) * Double.ulpOfOne
    // With fewer rows than columns the other directions hold nothing but rounding.
    let eigen = raw.enumerated().map { $0 < width - count || $1 < least ? 0 : $1 }
    var turned = [Double](repeating: 0, count: width)
    for i in 0..<width { for j in 0..<width { turned[j] += vectors[i * width + j] * xy[i] } }

    func weights(_ alpha: Double, _ lambda: Double) -> (weights: [Double], error: Double) {
      let scaled = (0..<width).map { turned[$0] / (eigen[$0] + lambda / alpha) }
      var weights = [Double](repeating: 0, count: width)
      for i in 0..<width {
        var sum = 0.0
        for j in 0..<width { sum += vectors[i * width + j] * scaled[j] }
        weights[i] = sum
      }
      var error = 0.0
      centered.withUnsafeBufferPointer { cells in
        weights.withUnsafeBufferPointer { w in
          for row in 0..<count {
            let from = row * side
            var residual = cells[from + width]
            for column in 0..<width { residual -= cells[from + column] * w[column] }
            error += residual * residual
          }
        }
      }
      return (weights, error)
    }

    let prior = 1e-6
    var alpha = 1 / (yy / Double(count) + Double.ulpOfOne), lambda = 1.0
    var before: [Double] = []
    for round in 0..<300 {
      let (found, error) = weights(alpha, lambda)
      let gamma = eigen.reduce(0) { $0 + alpha * $1 / (lambda + alpha * $1) }
      lambda = (gamma + 2 * prior) / (found.reduce(0) { $0 + $1 * $1 } + 2 * prior)
      alpha = (Double(count) - gamma + 2 * prior) / (error + 2 * prior)
      if round > 0, zip(before, found).reduce(0, { $0 + abs($1.0 - $1.1) }) < 1e-3 { break }
      before = found
    }
    coefficients = weights(alpha, lambda).weights
    intercept = means[width] - zip(coefficients, means).reduce(0) { $0 + $1.0 * $1.1 }
  }
}
