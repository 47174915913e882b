public import Learners
public import MartletCore
public import Recipes
public import Tables

/// What a fitted pipeline says about rows.
public enum PipelineOutput: Sendable, Hashable {
  /// Row-major, `[rows, labels.count]`.
  case probabilities([Double], labels: [String])
  /// A number a row.
  case values([Double])
  /// A group a row; -1 for none.
  case clusters([Int])
  /// How unusual each row is; above the threshold it is called an anomaly.
  case scores([Double], threshold: Double)

  public var rows: Int {
    switch self {
    case .probabilities(let values, let labels): values.count / max(1, labels.count)
    case .values(let values): values.count
    case .clusters(let groups): groups.count
    case .scores(let scores, _): scores.count
    }
  }

  /// Numbers a row.
  var width: Int { if case .probabilities(_, let labels) = self { labels.count } else { 1 } }

  /// All numbers, row-major.
  var numbers: [Double] {
    switch self {
    case .probabilities(let values, _), .values(let values), .scores(let values, _): values
    case .clusters(let groups): groups.map(Double.init)
    }
  }
}

/// A pipeline that has learnt: from a table's columns to predictions, and not changed by them.
public struct FittedPipeline: Sendable {
  public var recipe: FittedRecipe
  public let learner: any FittedLearner
  /// The classes in the order of the probabilities; `nil` where there are none.
  public let labels: [String]?

  /// A pipeline of its parts, as a bundle keeps them.
  public init(recipe: FittedRecipe, learner: any FittedLearner, labels: [String]?) {
    self.recipe = recipe
    self.learner = learner
    self.labels = labels
  }

  /// - Throws: `RecipeError` naming the column, the row and the value that do not fit; `LearnerError`.
  public func predict(_ table: Table, threads: Int = Parallel.defaultThreads) throws -> PipelineOutput {
    try predict(try recipe.matrix(of: table, threads: threads))
  }

  /// The same for rows that the recipe has prepared.
  public func predict(_ x: FeatureMatrix) throws -> PipelineOutput {
    switch learner {
    case let classifier as any FittedClassifier:
      let given = try classifier.probabilities(x)
      guard let labels, labels != classifier.labels else { return .probabilities(given, labels: classifier.labels) }
      // A class that no row of the fold had gets nothing; two classes may stand the other way round.
      let places = classifier.labels.map { labels.firstIndex(of: $0) ?? 0 }, own = classifier.labels.count
      var values = [Double](repeating: 0, count: x.rows * labels.count)
      for row in 0..<x.rows {
        for (column, place) in places.enumerated() { values[row * labels.count + place] = given[row * own + column] }
      }
      return .probabilities(values, labels: labels)
    case let regressor as any FittedRegressor: return .values(try regressor.predict(x))
    case let clusterer as any FittedClusterer: return .clusters(try clusterer.assign(x))
    case let detector as any FittedAnomalyDetector: return .scores(try detector.anomalyScores(x), threshold: detector.threshold)
    default: throw LearnerError("a learner '\(learner.kind)' predicts nothing", expected: "classes, numbers, groups or scores")
    }
  }
}
