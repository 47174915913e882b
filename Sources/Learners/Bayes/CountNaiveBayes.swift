import Foundation
import MartletCore
public import Tables

/// Naive Bayes of counts: words of a text, events of a day.
public struct MultinomialNaiveBayes: Learner {
  public static let kind = "multinomial_nb"

  /// Added to every count (Lidstone).
  public var alpha: Double
  /// Whether the classes' shares of the training rows count; even ones otherwise.
  public var priors: Bool

  public init(alpha: Double = 1, priors: Bool = true) {
    self.alpha = alpha
    self.priors = priors
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    let counts = try ClassCounts(Self.kind, x, target, weights, alpha: alpha)
    let k = counts.classes.count, p = counts.rows.columns
    var coefficients = counts.sums.map { $0 + alpha }
    for code in 0..<k {
      let total = coefficients[code * p..<(code + 1) * p].reduce(0, +)
      for column in 0..<p { coefficients[code * p + column] = log(coefficients[code * p + column] / total) }
    }
    return counts.model(Self.kind, coefficients, counts.logPriors(used: priors))
  }
}

/// Multinomial naive Bayes from the counts of all other classes, steadier where classes differ in size (Rennie and others 2003).
public struct ComplementNaiveBayes: Learner {
  public static let kind = "complement_nb"

  /// Added to every count (Lidstone).
  public var alpha: Double
  /// Whether each class's weights are divided by their sum.
  public var normalizes: Bool

  public init(alpha: Double = 1, normalizes: Bool = false) {
    self.alpha = alpha
    self.normalizes = normalizes
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    let counts = try ClassCounts(Self.kind, x, target, weights, alpha: alpha)
    let k = counts.classes.count, p = counts.rows.columns
    var all = [Double](repeating: 0, count: p)
    for place in counts.sums.indices { all[place % p] += counts.sums[place] }
    var coefficients = counts.sums
    for code in 0..<k {
      var total = 0.0
      for column in 0..<p {
        let other = all[column] + alpha - counts.sums[code * p + column]
        coefficients[code * p + column] = other
        total += other
      }
      var logs = 0.0
      for column in 0..<p {
        let value = log(coefficients[code * p + column] / total)
        coefficients[code * p + column] = value
        logs += value
      }
      for column in 0..<p { coefficients[code * p + column] /= normalizes ? logs : -1 }
    }
    return counts.model(Self.kind, coefficients, [Double](repeating: 0, count: k))
  }
}

/// Naive Bayes of features that are there or not.
public struct BernoulliNaiveBayes: Learner {
  public static let kind = "bernoulli_nb"

  /// Added to every count (Lidstone).
  public var alpha: Double
  /// A feature is there where it is above this.
  public var threshold: Double
  /// Whether the classes' shares of the training rows count; even ones otherwise.
  public var priors: Bool

  public init(alpha: Double = 1, threshold: Double = 0, priors: Bool = true) {
    self.alpha = alpha
    self.threshold = threshold
    self.priors = priors
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    let counts = try ClassCounts(Self.kind, x, target, weights, alpha: alpha, threshold: threshold)
    let k = counts.classes.count, p = counts.rows.columns
    // log p x + log(1 - p) (1 - x) is linear in x.
    var coefficients = counts.sums, constants = counts.logPriors(used: priors)
    for code in 0..<k {
      let total = counts.classSums[code] + 2 * alpha
      for column in 0..<p {
        let there = counts.sums[code * p + column] + alpha
        let (yes, no) = (log(there / total), log((total - there) / total))
        coefficients[code * p + column] = yes - no
        constants[code] += no
      }
    }
    return counts.model(Self.kind, coefficients, constants, threshold: threshold)
  }
}

/// Sums of the features of each class.
struct ClassCounts {
  let rows: TrainingRows
  let classes: RowClasses
  /// `[classes, features]`.
  let sums: [Double]
  let classSums: [Double]

  init(_ kind: String, _ x: FeatureMatrix, _ target: Target, _ weights: [Double]?, alpha: Double, threshold: Double? = nil) throws {
    try SettingRange.check(alpha > 0 && alpha.isFinite, kind, "alpha", alpha, "above 0")
    let rows = try TrainingRows(kind, x, target, weights: weights, (threshold ?? 0) >= 0 ? .sparse : [])
    let classes = try rows.classes()
    self.rows = rows
    self.classes = classes
    let counts = threshold.map { ClassCounts.binary(rows.x, above: $0) } ?? rows.x
    if threshold == nil { try ClassCounts.refuseNegative(rows, kind) }
    let k = classes.count
    var indicators = [Double](repeating: 0, count: rows.rows * k), classSums = [Double](repeating: 0, count: k)
    for (row, code) in classes.codes.enumerated() {
      indicators[row * k + code] = rows.weights[row]
      classSums[code] += rows.weights[row]
    }
    sums = counts.transposedTimes(indicators, outputs: k)
    self.classSums = classSums
  }

  private static func refuseNegative(_ rows: TrainingRows, _ kind: String) throws {
    let wrong: (row: Int, column: Int, value: Double)?
    switch rows.x.layout {
    case .dense(let values): wrong = values.firstIndex { $0 < 0 }.map { ($0 / rows.columns, $0 % rows.columns, values[$0]) }
    case .sparse(let sparse):
      wrong = sparse.values.firstIndex { $0 < 0 }.map { place in
        ((sparse.starts.firstIndex { $0 > place } ?? 1) - 1, Int(sparse.indices[place]), sparse.values[place])
      }
    }
    if let wrong {
      throw LearnerError(
        "feature '\(rows.names[wrong.column])' is \(wrong.value) in row \(rows.places?[wrong.row] ?? wrong.row)",
        expected: "counts of 0 or more for \(kind)", remedy: "use gaussian_nb or logistic for measurements")
    }
  }

  static func binary(_ x: RowMatrix, above threshold: Double) -> RowMatrix {
    switch x.layout {
    case .dense(let values): return RowMatrix(rows: x.rows, columns: x.columns, dense: values.map { $0 > threshold ? 1 : 0 })
    case .sparse(let sparse): return RowMatrix(rows: x.rows, columns: x.columns, sparse: sparse.mapped { $0 > threshold ? 1 : 0 })
    }
  }

  func logPriors(used: Bool) -> [Double] {
    let total = classSums.reduce(0, +)
    return classSums.map { used ? log($0 / total) : -log(Double(classes.count)) }
  }

  func model(_ kind: String, _ coefficients: [Double], _ constants: [Double], threshold: Double? = nil) -> CountNaiveBayesModel {
    CountNaiveBayesModel(
      kind: kind, featureNames: rows.names, labels: classes.labels, present: classes.present, coefficients: coefficients,
      constants: constants, threshold: threshold)
  }
}

/// A fitted ``MultinomialNaiveBayes``, ``ComplementNaiveBayes`` or ``BernoulliNaiveBayes``: their log probabilities are linear.
public struct CountNaiveBayesModel: FittedClassifier {
  public let kind: String
  public let featureNames: [String]
  public let labels: [String]
  public let present: [Int]
  /// `[classes, features]`.
  let coefficients: [Double]
  let constants: [Double]
  let threshold: Double?

  public func probabilities(_ x: FeatureMatrix) throws -> [Double] {
    try FeatureCheck.prediction(x, featureNames, kind)
    var rows = RowMatrix(x)
    if let threshold {
      // Where 0 counts as there, rows cannot stay sparse.
      if threshold < 0, rows.isSparse { rows = RowMatrix(rows: x.rows, columns: x.columns, dense: try x.denseValues()) }
      rows = ClassCounts.binary(rows, above: threshold)
    }
    let scores = rows.times(coefficients, intercepts: constants)
    return RowClasses.spread(LogisticModel.softmax(scores, count: present.count), present: present, labels: labels.count)
  }

  private struct State: Codable { var featureNames: [String], labels: [String], present: [Int], threshold: Double? }

  public func archive() throws -> LearnerArchive {
    try StoredParts.make(
      kind, State(featureNames: featureNames, labels: labels, present: present, threshold: threshold),
      ["coefficients": (coefficients, [present.count, featureNames.count]), "constants": (constants, [present.count])])
  }

  init(
    kind: String, featureNames: [String], labels: [String], present: [Int], coefficients: [Double], constants: [Double],
    threshold: Double?
  ) {
    self.kind = kind
    self.featureNames = featureNames
    self.labels = labels
    self.present = present
    self.coefficients = coefficients
    self.constants = constants
    self.threshold = threshold
  }

  public init(archive: LearnerArchive) throws {
    let parts = try StoredParts(
      archive, kinds: [MultinomialNaiveBayes.kind, ComplementNaiveBayes.kind, BernoulliNaiveBayes.kind])
    let state = try parts.settings(State.self)
    try RowClasses.check(present: state.present, labels: state.labels, kind: archive.kind)
    self.init(
      kind: archive.kind, featureNames: state.featureNames, labels: state.labels, present: state.present,
      coefficients: try parts.doubles("coefficients", state.present.count, state.featureNames.count),
      constants: try parts.doubles("constants", state.present.count), threshold: state.threshold)
  }
}
