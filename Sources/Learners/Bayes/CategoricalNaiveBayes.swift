import Foundation
import MartletCore
public import Tables

/// Naive Bayes of categories. Every feature holds codes 0, 1, …; a category that training did not see counts as `alpha` of nothing.
public struct CategoricalNaiveBayes: Learner {
  public static let kind = "categorical_nb"

  /// Added to every count (Lidstone).
  public var alpha: Double
  /// Whether the classes' shares of the training rows count; even ones otherwise.
  public var priors: Bool

  public init(alpha: Double = 1, priors: Bool = true) {
    self.alpha = alpha
    self.priors = priors
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    try SettingRange.check(alpha > 0 && alpha.isFinite, Self.kind, "alpha", alpha, "above 0")
    let rows = try TrainingRows(Self.kind, x, target, weights: weights, [.categories, .missing])
    let classes = try rows.classes()
    let (n, p, k) = (rows.rows, rows.columns, classes.count)
    let values = try rows.features.denseValues()
    var levels = [Int](repeating: 0, count: p)
    for row in 0..<n {
      for column in 0..<p {
        let value = values[row * p + column]
        if value.isNaN { continue }
        guard value >= 0, value == value.rounded(), value < 1e6 else {
          throw LearnerError(
            "feature '\(rows.names[column])' is \(value) in row \(rows.places?[row] ?? row)", expected: "a code 0, 1, …",
            remedy: "encode it as ordinal codes, or bin it, in the recipe")
        }
        levels[column] = max(levels[column], Int(value) + 1)
      }
    }
    for (column, count) in rows.features.levels { levels[column] = max(levels[column], count) }
    var sums = [Double](repeating: 0, count: k)
    for (row, code) in classes.codes.enumerated() { sums[code] += rows.weights[row] }
    var starts = [0]
    for count in levels { starts.append(starts[starts.count - 1] + count) }
    let width = starts[p]
    var counts = [Double](repeating: alpha, count: k * width)
    var seen = [Double](repeating: 0, count: k * p)
    for row in 0..<n {
      let code = classes.codes[row]
      for column in 0..<p {
        let value = values[row * p + column]
        if value.isNaN { continue }
        counts[code * width + starts[column] + Int(value)] += rows.weights[row]
        seen[code * p + column] += rows.weights[row]
      }
    }
    for code in 0..<k {
      for column in 0..<p {
        let total = seen[code * p + column] + alpha * Double(levels[column])
        for place in starts[column]..<starts[column + 1] { counts[code * width + place] = log(counts[code * width + place] / total) }
      }
    }
    let total = sums.reduce(0, +)
    return CategoricalNaiveBayesModel(
      featureNames: rows.names, labels: classes.labels, present: classes.present, starts: starts, logs: counts,
      logPriors: sums.map { priors ? log($0 / total) : -log(Double(k)) })
  }
}

/// A fitted ``CategoricalNaiveBayes``. Missing and unknown categories say nothing about the class.
public struct CategoricalNaiveBayesModel: FittedClassifier {
  public var kind: String { CategoricalNaiveBayes.kind }
  public let featureNames: [String]
  public let labels: [String]
  public let present: [Int]
  let starts: [Int]
  /// `[classes, all categories of all features]`.
  let logs: [Double]
  let logPriors: [Double]

  public func probabilities(_ x: FeatureMatrix) throws -> [Double] {
    try FeatureCheck.prediction(x, featureNames, kind, [.sparse, .missing])
    let p = featureNames.count, k = present.count, width = starts[p]
    let values = try x.denseValues()
    var scores = [Double](repeating: 0, count: x.rows * k)
    for row in 0..<x.rows {
      for code in 0..<k {
        var sum = logPriors[code]
        for column in 0..<p {
          let value = values[row * p + column]
          guard value >= 0, value < Double(starts[column + 1] - starts[column]) else { continue }
          sum += logs[code * width + starts[column] + Int(value)]
        }
        scores[row * k + code] = sum
      }
    }
    return RowClasses.spread(LogisticModel.softmax(scores, count: k), present: present, labels: labels.count)
  }

  private struct State: Codable { var featureNames: [String], labels: [String], present: [Int], starts: [Int] }

  public func archive() throws -> LearnerArchive {
    try StoredParts.make(
      kind, State(featureNames: featureNames, labels: labels, present: present, starts: starts),
      ["logs": (logs, [present.count, logs.count / present.count]), "log_priors": (logPriors, [present.count])])
  }

  init(featureNames: [String], labels: [String], present: [Int], starts: [Int], logs: [Double], logPriors: [Double]) {
    self.featureNames = featureNames
    self.labels = labels
    self.present = present
    self.starts = starts
    self.logs = logs
    self.logPriors = logPriors
  }

  public init(archive: LearnerArchive) throws {
    let parts = try StoredParts(archive, kinds: [CategoricalNaiveBayes.kind])
    let state = try parts.settings(State.self)
    try RowClasses.check(present: state.present, labels: state.labels, kind: archive.kind)
    guard state.starts.count == state.featureNames.count + 1, state.starts.first == 0,
      zip(state.starts, state.starts.dropFirst()).allSatisfy(<=)
    else { throw LearnerError("the archive of \(archive.kind) divides its categories wrongly: \(state.starts.prefix(8))") }
    self.init(
      featureNames: state.featureNames, labels: state.labels, present: state.present, starts: state.starts,
      logs: try parts.doubles("logs", state.present.count, state.starts[state.featureNames.count]),
      logPriors: try parts.doubles("log_priors", state.present.count))
  }
}
