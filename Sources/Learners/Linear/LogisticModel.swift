import Foundation
import MartletCore
public import Tables

/// A fitted linear model of classes.
public struct LogisticModel: FittedClassifier, FittedWithWarnings {
  /// What turns scores into probabilities.
  public enum Link: String, Sendable, Codable {
    /// Two classes, one score: that of the second.
    case sigmoid
    case softmax
    /// A sigmoid each, made to sum to one.
    case oneVersusRest = "one_vs_rest"
  }

  public let kind: String
  public let featureNames: [String]
  public let labels: [String]
  /// The classes that occurred in training; the others get the probability 0.
  public let present: [Int]
  /// Row-major: one row for two classes, one for each that occurred for more.
  public let coefficients: [Double]
  public let intercepts: [Double]
  public let link: Link
  public let iterations: Int
  public let warnings: [String]

  init(
    kind: String, featureNames: [String], labels: [String], present: [Int], coefficients: [Double], intercepts: [Double], link: Link,
    iterations: Int, warnings: [String]
  ) {
    self.kind = kind
    self.featureNames = featureNames
    self.labels = labels
    self.present = present
    self.coefficients = coefficients
    self.intercepts = intercepts
    self.link = link
    self.iterations = iterations
    self.warnings = warnings
  }

  /// The scores before the link: row-major `[rows, intercepts.count]`.
  public func decision(_ x: FeatureMatrix) throws -> [Double] {
    try FeatureCheck.prediction(x, featureNames, kind)
    return RowMatrix(x).times(coefficients, intercepts: intercepts)
  }

  public func probabilities(_ x: FeatureMatrix) throws -> [Double] {
    let scores = try decision(x)
    let values: [Double]
    switch link {
    case .sigmoid:
      values = [Double](unsafeUninitializedCapacity: 2 * scores.count) { target, written in
        for (row, score) in scores.enumerated() {
          target[2 * row] = Self.sigmoid(-score)
          target[2 * row + 1] = Self.sigmoid(score)
        }
        written = 2 * scores.count
      }
    case .softmax: values = Self.softmax(scores, count: present.count)
    case .oneVersusRest: values = Self.normalized(scores.map(Self.sigmoid), count: present.count)
    }
    return RowClasses.spread(values, present: present, labels: labels.count)
  }

  static func sigmoid(_ z: Double) -> Double {
    if z >= 0 { return 1 / (1 + exp(-z)) }
    let e = exp(z)
    return e / (1 + e)
  }

  /// Rows of `count` scores to rows that sum to one.
  static func softmax(_ scores: [Double], count: Int) -> [Double] {
    var result = scores
    for start in stride(from: 0, to: scores.count, by: count) {
      var largest = scores[start]
      for place in start..<start + count { largest = max(largest, scores[place]) }
      var sum = 0.0
      for place in start..<start + count {
        result[place] = exp(scores[place] - largest)
        sum += result[place]
      }
      for place in start..<start + count { result[place] /= sum }
    }
    return result
  }

  /// Rows of `count` numbers of 0 or more to rows that sum to one; rows of zeros become even.
  static func normalized(_ values: [Double], count: Int) -> [Double] {
    var result = values
    for start in stride(from: 0, to: values.count, by: count) {
      let sum = values[start..<start + count].reduce(0, +)
      for place in start..<start + count { result[place] = sum > 0 ? values[place] / sum : 1 / Double(count) }
    }
    return result
  }

  private struct State: Codable {
    var featureNames: [String], labels: [String], present: [Int], link: Link, iterations: Int, warnings: [String]
  }

  public func archive() throws -> LearnerArchive {
    try StoredParts.make(
      kind,
      State(featureNames: featureNames, labels: labels, present: present, link: link, iterations: iterations, warnings: warnings),
      ["coefficients": (coefficients, [intercepts.count, featureNames.count]), "intercepts": (intercepts, [intercepts.count])])
  }

  public init(archive: LearnerArchive) throws {
    let parts = try StoredParts(archive, kinds: [LogisticRegression.kind, SGDClassifier.kind, NaiveBayesLogistic.kind])
    let state = try parts.settings(State.self)
    try RowClasses.check(present: state.present, labels: state.labels, kind: archive.kind)
    guard state.link != .sigmoid || state.present.count == 2 else {
      throw LearnerError("the archive of \(archive.kind) has one score for \(state.present.count) classes", expected: "two classes")
    }
    let outputs = state.link == .sigmoid ? 1 : state.present.count
    self.init(
      kind: archive.kind, featureNames: state.featureNames, labels: state.labels, present: state.present,
      coefficients: try parts.doubles("coefficients", outputs, state.featureNames.count),
      intercepts: try parts.doubles("intercepts", outputs), link: state.link, iterations: state.iterations, warnings: state.warnings)
  }
}
