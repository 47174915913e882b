import Foundation
import MartletCore
public import Tables

/// Naive Bayes with a normal distribution for each feature of each class.
public struct GaussianNaiveBayes: Learner {
  public static let kind = "gaussian_nb"

  /// The share of the largest feature variance that is added to all variances.
  public var smoothing: Double
  /// Class probabilities by label; those of the training rows if `nil`.
  public var priors: [String: Double]?

  public init(smoothing: Double = 1e-9, priors: [String: Double]? = nil) {
    self.smoothing = smoothing
    self.priors = priors
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    try SettingRange.check(smoothing >= 0, Self.kind, "smoothing", smoothing, "0 or more")
    let rows = try TrainingRows(Self.kind, x, target, weights: weights)
    let classes = try rows.classes()
    let p = rows.columns
    guard case .dense(let values) = rows.x.layout else { throw LearnerError("gaussian_nb needs dense rows") }
    let total = rows.weights
    // As scikit-learn: the largest variance over all rows, weighted so that a weight is a repetition.
    let overall = rows.x.variances(total, around: rows.x.means(total)).max() ?? 0
    let added = smoothing * overall
    var sums = [Double](repeating: 0, count: classes.count)
    var means = [Double](repeating: 0, count: classes.count * p), variances = means
    for row in 0..<rows.rows {
      sums[classes.codes[row]] += rows.weights[row]
      for column in 0..<p { means[classes.codes[row] * p + column] += rows.weights[row] * values[row * p + column] }
    }
    for place in means.indices { means[place] /= sums[place / p] }
    for row in 0..<rows.rows {
      for column in 0..<p {
        let difference = values[row * p + column] - means[classes.codes[row] * p + column]
        variances[classes.codes[row] * p + column] += rows.weights[row] * difference * difference
      }
    }
    for place in variances.indices { variances[place] = variances[place] / sums[place / p] + added }
    var warnings: [String] = []
    if let place = variances.firstIndex(of: 0) {
      throw LearnerError(
        "feature '\(rows.names[place % p])' is the same in all rows of class '\(classes.labels[classes.present[place / p]])'",
        expected: "some variance", remedy: "raise smoothing, or leave the feature out")
    }
    if added == 0 { warnings.append("no smoothing: a feature that hardly varies decides alone") }
    let logPriors = try Priors.logarithms(priors, classes, sums, kind: Self.kind)
    return GaussianNaiveBayesModel(
      featureNames: rows.names, labels: classes.labels, present: classes.present, logPriors: logPriors, means: means, variances: variances,
      warnings: warnings)
  }
}

/// A fitted ``GaussianNaiveBayes``.
public struct GaussianNaiveBayesModel: FittedClassifier, FittedWithWarnings {
  public var kind: String { GaussianNaiveBayes.kind }
  public let featureNames: [String]
  public let labels: [String]
  public let present: [Int]
  let logPriors: [Double]
  /// `[classes, features]`.
  public let means: [Double]
  public let variances: [Double]
  public let warnings: [String]

  public func probabilities(_ x: FeatureMatrix) throws -> [Double] {
    try FeatureCheck.prediction(x, featureNames, kind)
    let p = featureNames.count, k = present.count
    let values = try x.denseValues()
    let constants = (0..<k).map { k in
      logPriors[k] - 0.5 * variances[k * p..<(k + 1) * p].reduce(0) { $0 + log(2 * Double.pi * $1) }
    }
    var scores = [Double](repeating: 0, count: x.rows * k)
    for row in 0..<x.rows {
      for code in 0..<k {
        var sum = 0.0
        for column in 0..<p {
          let difference = values[row * p + column] - means[code * p + column]
          sum += difference * difference / variances[code * p + column]
        }
        scores[row * k + code] = constants[code] - 0.5 * sum
      }
    }
    return RowClasses.spread(LogisticModel.softmax(scores, count: k), present: present, labels: labels.count)
  }

  private struct State: Codable { var featureNames: [String], labels: [String], present: [Int], warnings: [String] }

  public func archive() throws -> LearnerArchive {
    let shape = [present.count, featureNames.count]
    return try StoredParts.make(
      kind, State(featureNames: featureNames, labels: labels, present: present, warnings: warnings),
      ["log_priors": (logPriors, [present.count]), "means": (means, shape), "variances": (variances, shape)])
  }

  init(
    featureNames: [String], labels: [String], present: [Int], logPriors: [Double], means: [Double], variances: [Double], warnings: [String]
  ) {
    self.featureNames = featureNames
    self.labels = labels
    self.present = present
    self.logPriors = logPriors
    self.means = means
    self.variances = variances
    self.warnings = warnings
  }

  public init(archive: LearnerArchive) throws {
    let parts = try StoredParts(archive, kinds: [GaussianNaiveBayes.kind])
    let state = try parts.settings(State.self)
    try RowClasses.check(present: state.present, labels: state.labels, kind: archive.kind)
    let (k, p) = (state.present.count, state.featureNames.count)
    self.init(
      featureNames: state.featureNames, labels: state.labels, present: state.present, logPriors: try parts.doubles("log_priors", k),
      means: try parts.doubles("means", k, p), variances: try parts.doubles("variances", k, p), warnings: state.warnings)
  }
}

enum Priors {
  /// - Throws: `LearnerError` unless given priors name the classes and sum to one.
  static func logarithms(_ given: [String: Double]?, _ classes: RowClasses, _ sums: [Double], kind: String) throws -> [Double] {
    guard let given else {
      let total = sums.reduce(0, +)
      return sums.map { log($0 / total) }
    }
    let values = classes.present.map { given[classes.labels[$0]] ?? -1 }
    let sum = values.reduce(0, +)
    guard values.allSatisfy({ $0 > 0 }), abs(sum - 1) < 1e-8 else {
      throw LearnerError("\(kind): the priors are \(given)", expected: "a number above 0 for each class, summing to one")
    }
    return values.map { log($0) }
  }
}
