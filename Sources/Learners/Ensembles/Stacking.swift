import MartletCore
public import Tables

/// A learner on top of learners (Wolpert 1992): it learns from what they say of rows that they were not fitted on.
public struct Stacking: Learner {
  public static let kind = "stacking"

  public var learners: [NamedLearner]
  /// `nil` takes logistic regression for classes and ridge regression for numbers.
  public var final: NamedLearner?
  public var folds: Int
  /// Whether the final learner sees the features, too.
  public var passesFeatures: Bool

  public init(_ learners: [any Learner], final: (any Learner)? = nil, folds: Int = 5, passesFeatures: Bool = false) {
    self.learners = learners.map(NamedLearner.init)
    self.final = final.map(NamedLearner.init)
    self.folds = folds
    self.passesFeatures = passesFeatures
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    guard !learners.isEmpty else { throw LearnerError("stacking has no learner", expected: "one or more in 'learners'") }
    let fit = try MemberFit(Self.kind, x, target, weights)
    let rows = fit.rows
    var codes: [Int]?
    if case .classes(let given, _) = rows.target { codes = given }
    let parts = try KeyedFolds.make(count: rows.rows, folds: folds, seed: context.seed, kind: Self.kind, classes: codes)
    let width = StackedModel.width(fit.labels)
    var said = [Double](repeating: 0, count: rows.rows * width * learners.count)
    for held in parts.indices {
      try Task.checkCancellation()
      let others = parts.indices.filter { $0 != held }.flatMap { parts[$0] }.sorted()
      let unseen = rows.features.taking(parts[held])
      for (place, learner) in learners.enumerated() {
        let values = try StackedModel.answers(try fit.fit(learner.learner, rows: others, context), unseen)
        for (index, row) in parts[held].enumerated() {
          for column in 0..<width {
            said[(row * learners.count + place) * width + column] = values[index * width + column]
          }
        }
      }
    }
    let members = try learners.map { try fit.fit($0.learner, context) }
    let names = StackedModel.names(learners.map(\.learner.kind), fit.labels)
    let inputs =
      passesFeatures
      ? try rows.features.appending(names, said) : try FeatureMatrix(rows: rows.rows, names: names, values: said)
    let standard: any Learner = fit.labels != nil ? LogisticRegression() : Ridge()
    let top = final?.learner ?? standard
    let last = try top.fit(inputs, rows.target, weights: weights == nil ? nil : rows.weights, context: context)
    if let labels = fit.labels {
      guard let last = last as? any FittedClassifier else {
        throw LearnerError("stacking's final learner \(top.kind) gives no probabilities")
      }
      return StackedClassifier(
        labels: labels, last: last, stack: StackedModel(featureNames: x.names, members: members, passesFeatures: passesFeatures))
    }
    guard let last = last as? any FittedRegressor else { throw LearnerError("stacking's final learner \(top.kind) gives no numbers") }
    return StackedRegressor(
      last: last, stack: StackedModel(featureNames: x.names, members: members, passesFeatures: passesFeatures))
  }
}

/// What both kinds of stacks share: the learners below.
struct StackedModel: Sendable {
  let featureNames: [String]
  let members: [any FittedLearner]
  let passesFeatures: Bool

  /// Of two classes one probability says all.
  static func width(_ labels: [String]?) -> Int { labels.map { $0.count == 2 ? 1 : $0.count } ?? 1 }

  static func names(_ kinds: [String], _ labels: [String]?) -> [String] {
    kinds.enumerated().flatMap { place, kind -> [String] in
      guard let labels else { return ["\(place).\(kind)"] }
      return (labels.count == 2 ? [labels[1]] : labels).map { "\(place).\(kind).\($0)" }
    }
  }

  static func answers(_ member: any FittedLearner, _ x: FeatureMatrix) throws -> [Double] {
    if let classifier = member as? any FittedClassifier {
      let values = try classifier.probabilities(x)
      return classifier.labels.count == 2 ? stride(from: 1, to: values.count, by: 2).map { values[$0] } : values
    }
    guard let regressor = member as? any FittedRegressor else { throw LearnerError("\(member.kind) says nothing of rows") }
    return try regressor.predict(x)
  }

  func inputs(_ x: FeatureMatrix, _ labels: [String]?) throws -> FeatureMatrix {
    let width = Self.width(labels)
    let answers = try members.map { try Self.answers($0, x) }
    let said = (0..<x.rows).flatMap { row in answers.flatMap { $0[row * width..<(row + 1) * width] } }
    let names = Self.names(members.map(\.kind), labels)
    return passesFeatures ? try x.appending(names, said) : try FeatureMatrix(rows: x.rows, names: names, values: said)
  }

  struct State: Codable {
    var featureNames: [String], labels: [String]?, passesFeatures: Bool
  }

  func archive(labels: [String]?, last: any FittedLearner) throws -> LearnerArchive {
    try StoredParts.make(
      Stacking.kind, State(featureNames: featureNames, labels: labels, passesFeatures: passesFeatures),
      parts: try members.map { try $0.archive() } + [last.archive()])
  }

  static func restore(_ archive: LearnerArchive) throws -> any FittedLearner {
    archive.settings["labels"] != nil ? try StackedClassifier(archive: archive) : try StackedRegressor(archive: archive)
  }

  static func parts(_ archive: LearnerArchive) throws -> (StackedModel, any FittedLearner, State) {
    let parts = try StoredParts(archive, kinds: [Stacking.kind])
    let state = try parts.settings(State.self)
    var all = try parts.members()
    let last = all.removeLast()
    return (StackedModel(featureNames: state.featureNames, members: all, passesFeatures: state.passesFeatures), last, state)
  }
}

/// A fitted ``Stacking`` of classes.
public struct StackedClassifier: FittedClassifier, FittedWithWarnings {
  public var kind: String { Stacking.kind }
  public var featureNames: [String] { stack.featureNames }
  public let labels: [String]
  let last: any FittedClassifier
  let stack: StackedModel
  public var warnings: [String] { MemberWarnings.of(stack.members + [last]) }

  public func probabilities(_ x: FeatureMatrix) throws -> [Double] {
    try checkFeatures(x)
    return try last.probabilities(stack.inputs(x, labels))
  }

  public func archive() throws -> LearnerArchive { try stack.archive(labels: labels, last: last) }

  init(labels: [String], last: any FittedClassifier, stack: StackedModel) {
    self.labels = labels
    self.last = last
    self.stack = stack
  }

  public init(archive: LearnerArchive) throws {
    let (stack, last, state) = try StackedModel.parts(archive)
    guard let labels = state.labels, let classifier = last as? any FittedClassifier, classifier.labels == labels else {
      throw LearnerError("the archive of stacking holds no final classifier of its classes")
    }
    guard stack.members.allSatisfy({ ($0 as? any FittedClassifier)?.labels == labels }) else {
      throw LearnerError("a member of the archive of stacking is no classifier of its classes")
    }
    self.init(labels: labels, last: classifier, stack: stack)
  }
}

/// A fitted ``Stacking`` of numbers.
public struct StackedRegressor: FittedRegressor, FittedWithWarnings {
  public var kind: String { Stacking.kind }
  public var featureNames: [String] { stack.featureNames }
  let last: any FittedRegressor
  let stack: StackedModel
  public var warnings: [String] { MemberWarnings.of(stack.members + [last]) }

  public func predict(_ x: FeatureMatrix) throws -> [Double] {
    try checkFeatures(x)
    return try last.predict(stack.inputs(x, nil))
  }

  public func archive() throws -> LearnerArchive { try stack.archive(labels: nil, last: last) }

  init(last: any FittedRegressor, stack: StackedModel) {
    self.last = last
    self.stack = stack
  }

  public init(archive: LearnerArchive) throws {
    let (stack, last, _) = try StackedModel.parts(archive)
    guard let regressor = last as? any FittedRegressor else { throw LearnerError("the archive of stacking holds no final regressor") }
    guard stack.members.allSatisfy({ $0 is any FittedRegressor && !($0 is any FittedClassifier) }) else {
      throw LearnerError("a member of the archive of stacking is no regressor")
    }
    self.init(last: regressor, stack: stack)
  }
}
