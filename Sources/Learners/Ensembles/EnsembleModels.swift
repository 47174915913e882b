import Foundation
import MartletCore
public import Tables

/// Classifiers that decide together: what voting, bagging and boosting give.
public struct EnsembleClassifier: FittedClassifier, FittedWithWarnings {
  enum Rule: String, Codable, Sendable {
    /// The weighted mean of probabilities.
    case mean
    /// Each member's decision, weighted.
    case votes
    /// Boosting's scores, squashed (SAMME: Zhu and others 2009).
    case boosting
  }

  public let kind: String
  public let featureNames: [String]
  public let labels: [String]
  let rule: Rule
  public let members: [any FittedClassifier]
  public let memberWeights: [Double]
  /// The features of each member; all where empty.
  let columns: [[Int]]
  /// How many classes boosting saw.
  let seen: Int
  let ownWarnings: [String]
  public var warnings: [String] { ownWarnings + MemberWarnings.of(members) }

  public func probabilities(_ x: FeatureMatrix) throws -> [Double] {
    try checkFeatures(x)
    let k = labels.count, total = memberWeights.reduce(0, +)
    var sum = [Double](repeating: 0, count: x.rows * k)
    for (place, member) in members.enumerated() {
      let part = columns.isEmpty ? x : try x.selecting(columns[place])
      let weight = memberWeights[place] / total
      if rule == .mean {
        for (index, value) in try member.probabilities(part).enumerated() { sum[index] += weight * value }
      } else {
        for (row, code) in try member.classes(part).enumerated() { sum[row * k + code] += weight }
      }
    }
    guard rule == .boosting else { return LogisticModel.normalized(sum, count: k) }
    // A member's vote counts 1 for its class and -1/(classes - 1) for each other.
    let others = Double(max(seen - 1, 1))
    let scores = sum.map { ($0 - (1 - $0) / others) / (seen == 2 ? 1 : others) }
    return LogisticModel.softmax(scores, count: k)
  }

  private struct State: Codable {
    var featureNames: [String], labels: [String], rule: Rule, columns: [[Int]], seen: Int, warnings: [String]
  }

  init(
    kind: String, featureNames: [String], labels: [String], rule: Rule, members: [any FittedClassifier], memberWeights: [Double],
    columns: [[Int]] = [], seen: Int = 2, warnings: [String] = []
  ) {
    self.kind = kind
    self.featureNames = featureNames
    self.labels = labels
    self.rule = rule
    self.members = members
    self.memberWeights = memberWeights
    self.columns = columns
    self.seen = seen
    ownWarnings = warnings
  }

  public func archive() throws -> LearnerArchive {
    try StoredParts.make(
      kind,
      State(featureNames: featureNames, labels: labels, rule: rule, columns: columns, seen: seen, warnings: ownWarnings),
      ["member_weights": (memberWeights, [memberWeights.count])], parts: members.map { try $0.archive() })
  }

  public init(archive: LearnerArchive) throws {
    let parts = try StoredParts(archive, kinds: EnsembleArchive.kinds)
    let state = try parts.settings(State.self)
    let members = try parts.classifiers(labels: state.labels)
    try EnsembleArchive.check(columns: state.columns, members: members.count, features: state.featureNames.count, kind: archive.kind)
    guard (1...max(state.labels.count, 2)).contains(state.seen) else {
      throw LearnerError("the archive of \(archive.kind) saw \(state.seen) of \(state.labels.count) classes")
    }
    self.init(
      kind: archive.kind, featureNames: state.featureNames, labels: state.labels, rule: state.rule, members: members,
      memberWeights: try parts.doubles("member_weights", members.count), columns: state.columns, seen: state.seen,
      warnings: state.warnings)
  }
}

/// Regressors that answer together.
public struct EnsembleRegressor: FittedRegressor, FittedWithWarnings {
  enum Rule: String, Codable, Sendable {
    case mean
    /// The weighted median.
    case median
  }

  public let kind: String
  public let featureNames: [String]
  let rule: Rule
  public let members: [any FittedRegressor]
  public let memberWeights: [Double]
  /// The features of each member; all where empty.
  let columns: [[Int]]
  let ownWarnings: [String]
  public var warnings: [String] { ownWarnings + MemberWarnings.of(members) }

  public func predict(_ x: FeatureMatrix) throws -> [Double] {
    try checkFeatures(x)
    let answers = try members.enumerated().map { place, member in
      try member.predict(columns.isEmpty ? x : x.selecting(columns[place]))
    }
    let total = memberWeights.reduce(0, +)
    return (0..<x.rows).map { row in
      if rule == .mean { return members.indices.reduce(0.0) { $0 + memberWeights[$1] * answers[$1][row] } / total }
      let order = members.indices.sorted { answers[$0][row] < answers[$1][row] }
      var passed = 0.0
      for member in order {
        passed += memberWeights[member]
        if passed >= 0.5 * total { return answers[member][row] }
      }
      return answers[order[order.count - 1]][row]
    }
  }

  private struct State: Codable {
    var featureNames: [String], rule: Rule, columns: [[Int]], warnings: [String]
  }

  init(
    kind: String, featureNames: [String], rule: Rule, members: [any FittedRegressor], memberWeights: [Double], columns: [[Int]] = [],
    warnings: [String] = []
  ) {
    self.kind = kind
    self.featureNames = featureNames
    self.rule = rule
    self.members = members
    self.memberWeights = memberWeights
    self.columns = columns
    ownWarnings = warnings
  }

  public func archive() throws -> LearnerArchive {
    try StoredParts.make(
      kind, State(featureNames: featureNames, rule: rule, columns: columns, warnings: ownWarnings),
      ["member_weights": (memberWeights, [memberWeights.count])], parts: members.map { try $0.archive() })
  }

  public init(archive: LearnerArchive) throws {
    let parts = try StoredParts(archive, kinds: EnsembleArchive.kinds)
    let state = try parts.settings(State.self)
    let members = try parts.regressors()
    try EnsembleArchive.check(columns: state.columns, members: members.count, features: state.featureNames.count, kind: archive.kind)
    self.init(
      kind: archive.kind, featureNames: state.featureNames, rule: state.rule, members: members,
      memberWeights: try parts.doubles("member_weights", members.count), columns: state.columns, warnings: state.warnings)
  }
}

enum EnsembleArchive {
  static let kinds = [Voting.kind, Bagging.kind, AdaBoost.kind]

  static func check(columns: [[Int]], members: Int, features: Int, kind: String) throws {
    guard columns.isEmpty || columns.count == members, columns.allSatisfy({ $0.allSatisfy((0..<features).contains) }) else {
      throw LearnerError("the archive of \(kind) names features that it does not have")
    }
  }

  /// A classifier or a regressor, as the archive says.
  static func restore(_ archive: LearnerArchive) throws -> any FittedLearner {
    archive.settings["labels"] != nil ? try EnsembleClassifier(archive: archive) : try EnsembleRegressor(archive: archive)
  }
}
