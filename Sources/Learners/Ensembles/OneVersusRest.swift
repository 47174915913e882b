import MartletCore
public import Tables

/// A learner of two classes made one of many: a fit for each class against all others.
public struct OneVersusRest: Learner {
  public static let kind = "one_vs_rest"

  public var learner: NamedLearner

  public init(_ learner: any Learner) { self.learner = NamedLearner(learner) }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    let rows = try TrainingRows(Self.kind, x, target, weights: weights, .anything)
    let classes = try rows.classes()
    let members = try (0..<classes.count).map { code -> any FittedClassifier in
      let one = Target.classes(classes.codes.map { $0 == code ? 1 : 0 }, labels: ["rest", "one"])
      let fitted = try learner.learner.fit(rows.features, one, weights: weights == nil ? nil : rows.weights, context: context)
      guard let classifier = fitted as? any FittedClassifier else {
        throw LearnerError("one_vs_rest needs a classifier, and \(learner.learner.kind) gives no probabilities")
      }
      return classifier
    }
    return OneVersusRestModel(featureNames: x.names, labels: classes.labels, present: classes.present, members: members)
  }
}

/// A fitted ``OneVersusRest``.
public struct OneVersusRestModel: FittedClassifier, FittedWithWarnings {
  public var kind: String { OneVersusRest.kind }
  public let featureNames: [String]
  public let labels: [String]
  public let present: [Int]
  let members: [any FittedClassifier]
  public var warnings: [String] { MemberWarnings.of(members) }

  public func probabilities(_ x: FeatureMatrix) throws -> [Double] {
    try checkFeatures(x)
    let k = members.count
    var scores = [Double](repeating: 0, count: x.rows * k)
    for (code, member) in members.enumerated() {
      let values = try member.probabilities(x)
      for row in 0..<x.rows { scores[row * k + code] = values[row * 2 + 1] }
    }
    return RowClasses.spread(LogisticModel.normalized(scores, count: k), present: present, labels: labels.count)
  }

  private struct State: Codable { var featureNames: [String], labels: [String], present: [Int] }

  public func archive() throws -> LearnerArchive {
    try StoredParts.make(
      kind, State(featureNames: featureNames, labels: labels, present: present), parts: members.map { try $0.archive() })
  }

  init(featureNames: [String], labels: [String], present: [Int], members: [any FittedClassifier]) {
    self.featureNames = featureNames
    self.labels = labels
    self.present = present
    self.members = members
  }

  public init(archive: LearnerArchive) throws {
    let parts = try StoredParts(archive, kinds: [OneVersusRest.kind])
    let state = try parts.settings(State.self)
    try RowClasses.check(present: state.present, labels: state.labels, kind: archive.kind)
    let members = try parts.classifiers(labels: ["rest", "one"])
    guard members.count == state.present.count else {
      throw LearnerError("the archive of one_vs_rest holds \(members.count) members for \(state.present.count) classes")
    }
    self.init(featureNames: state.featureNames, labels: state.labels, present: state.present, members: members)
  }
}
