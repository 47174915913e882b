import Foundation
import MartletCore
import Tables

/// Leaves out features that hardly vary. As `VarianceThreshold`: missing values do not count, a variance that equals the threshold goes.
public struct SelectByVariance: RecipeStep {
  public static let name = "select-variance"
  public static let accepted: Set<RecipeKind> = [.numeric, .boolean, .sparse]
  public var columns: ColumnSelection
  public var threshold: Double

  public init() { self.init(columns: .automatic) }
  public init(columns: ColumnSelection, threshold: Double = 0) {
    self.columns = columns
    self.threshold = threshold
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    guard threshold >= 0 else { throw input.settingError("threshold", threshold, expected: "0 or more") }
    let view = FeatureView(input)
    let scores = try (0..<view.count).map { feature -> Double in
      let values = Numbers.present(try view.column(feature))
      guard let low = values.min(), let high = values.max() else { return 0 }
      let variance = Numbers.variance(values, mean: Numbers.mean(values))
      // A constant that is not exactly a binary fraction has a variance of rounding.
      return threshold == 0 ? min(variance, high - low) : variance
    }
    return try view.keeping(scores.map { $0 > threshold }, scores: scores, of: input)
  }
}

/// Leaves out features that say the same as an earlier one: the absolute correlation is above the threshold.
public struct SelectByCorrelation: RecipeStep {
  public static let name = "select-correlation"
  public static let accepted: Set<RecipeKind> = [.numeric, .boolean]
  public var columns: ColumnSelection
  public var threshold: Double

  public init() { self.init(columns: .automatic) }
  public init(columns: ColumnSelection, threshold: Double = 0.95) {
    self.columns = columns
    self.threshold = threshold
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    guard (0...1).contains(threshold) else { throw input.settingError("threshold", threshold, expected: "0 to 1") }
    let view = FeatureView(input)
    var kept: [Bool] = [], scores: [Double] = []
    let columns = try (0..<view.count).map { try view.column($0) }
    for feature in 0..<view.count {
      let earlier = (0..<feature).filter { kept[$0] }
      let correlations = try Parallel.map(earlier.count, threads: input.context.threads) {
        abs(Self.correlation(columns[earlier[$0]], columns[feature]))
      }
      let highest = correlations.max() ?? 0
      scores.append(highest)
      kept.append(!(highest > threshold))
    }
    return try view.keeping(kept, scores: scores, of: input)
  }

  /// Over the rows where both are present; 0 where it is not defined.
  static func correlation(_ a: [Double], _ b: [Double]) -> Double {
    let rows = a.indices.filter { !a[$0].isNaN && !b[$0].isNaN }
    guard rows.count > 1 else { return 0 }
    let count = Double(rows.count)
    let meanA = rows.reduce(0) { $0 + a[$1] } / count, meanB = rows.reduce(0) { $0 + b[$1] } / count
    var ab = 0.0, aa = 0.0, bb = 0.0
    for row in rows {
      let x = a[row] - meanA, y = b[row] - meanB
      ab += x * y
      aa += x * x
      bb += y * y
    }
    let value = ab / (aa * bb).squareRoot()
    return value.isNaN ? 0 : value
  }
}

/// Keeps the features that a model finds important, by an importance function of the context: the absolute coefficients of a lasso, the
/// importances of a forest. As `SelectFromModel`.
public struct SelectFromModel: RecipeStep {
  public static let name = "select-from-model"
  public static let accepted: Set<RecipeKind> = [.numeric, .boolean, .sparse]
  public var columns: ColumnSelection
  /// The name in ``RecipeContext/importances``.
  public var importance: String
  /// Less important features go: a number, `mean` or `median`, or a multiple as `1.25*mean`.
  public var threshold: String
  public var maxFeatures: Int?

  public init() { self.init(columns: .automatic) }
  public init(columns: ColumnSelection, importance: String = "default", threshold: String = "mean", maxFeatures: Int? = nil) {
    self.columns = columns
    self.importance = importance
    self.threshold = threshold
    self.maxFeatures = maxFeatures
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    let judge = try input.context.importance(importance, step: Self.name)
    let view = FeatureView(input)
    let scores = try judge(view.matrix(input), try input.requireTarget(Self.name), input.weights).map(abs)
    guard scores.count == view.count else {
      throw RecipeError("the importance function gave \(scores.count) values", expected: "one a feature: \(view.count)")
    }
    let least = try limit(scores, input)
    var kept = scores.map { $0 >= least }
    if let maxFeatures {
      let best = Set(scores.indices.sorted { scores[$0] == scores[$1] ? $0 < $1 : scores[$0] > scores[$1] }.prefix(maxFeatures))
      kept = kept.indices.map { kept[$0] && best.contains($0) }
    }
    return try view.keeping(kept, scores: scores, of: input)
  }

  private func limit(_ scores: [Double], _ input: StepInput) throws -> Double {
    if let number = Double(threshold) { return number }
    let parts = threshold.split(separator: "*").map { $0.trimmingCharacters(in: .whitespaces) }
    let factor = parts.count == 2 ? Double(parts[0]) : 1
    guard let factor, let word = parts.last, word == "mean" || word == "median" else {
      throw input.settingError("threshold", threshold, expected: "a number, mean, median, or as 1.25*mean")
    }
    return factor * (word == "mean" ? Numbers.mean(scores) : Numbers.median(scores))
  }
}

/// Takes the least important features away, a few at a time, and asks again. As `RFE`.
public struct Eliminate: RecipeStep {
  public static let name = "eliminate"
  public static let accepted: Set<RecipeKind> = [.numeric, .boolean]
  public var columns: ColumnSelection
  /// The name in ``RecipeContext/importances``.
  public var importance: String
  /// How many features stay; `nil` for half of them.
  public var keep: Int?
  /// How many go at a time: a count from 1, or a share below 1.
  public var step: Double

  public init() { self.init(columns: .automatic) }
  public init(columns: ColumnSelection, importance: String = "default", keep: Int? = nil, step: Double = 1) {
    self.columns = columns
    self.importance = importance
    self.keep = keep
    self.step = step
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    guard step > 0 else { throw input.settingError("step", step, expected: "more than 0") }
    let judge = try input.context.importance(importance, step: Self.name)
    let target = try input.requireTarget(Self.name)
    let view = FeatureView(input)
    let all = try view.matrix(input)
    let values = try all.denseValues()
    let wanted = keep ?? max(1, view.count / 2)
    guard wanted >= 1, wanted <= view.count else { throw input.settingError("keep", wanted, expected: "1 to \(view.count)") }
    let stride = step < 1 ? max(1, Int(step * Double(view.count))) : Int(step)
    var left = Array(0..<view.count), ranking = [Double](repeating: 1, count: view.count)
    while left.count > wanted {
      var chosen = [Double]()
      chosen.reserveCapacity(all.rows * left.count)
      for row in 0..<all.rows { for feature in left { chosen.append(values[row * view.count + feature]) } }
      let matrix = try FeatureMatrix(rows: all.rows, names: left.map { all.names[$0] }, values: chosen)
      let scores = try judge(matrix, target, input.weights)
      guard scores.count == left.count else {
        throw RecipeError("the importance function gave \(scores.count) values", expected: "one a feature: \(left.count)")
      }
      // scikit-learn ranks by the square of coefficients, which keeps their order.
      let order = left.indices.sorted { abs(scores[$0]) == abs(scores[$1]) ? $0 < $1 : abs(scores[$0]) < abs(scores[$1]) }
      let gone = Set(order.prefix(min(stride, left.count - wanted)))
      left = left.indices.filter { !gone.contains($0) }.map { left[$0] }
      let staying = Set(left)
      for feature in 0..<view.count where !staying.contains(feature) { ranking[feature] += 1 }
    }
    let staying = Set(left)
    return try view.keeping((0..<view.count).map { staying.contains($0) }, scores: ranking, of: input)
  }
}
