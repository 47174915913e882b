public import MartletCore
public import Tables

/// What a step of stochastic gradient descent lowers.
public enum SGDLoss: String, Sendable, Codable, CaseIterable {
  case log, hinge
  case modifiedHuber = "modified_huber"
  case squared, huber
  case epsilonInsensitive = "epsilon_insensitive"

  var isForClasses: Bool { [.log, .hinge, .modifiedHuber].contains(self) }
}

/// What both kinds of stochastic gradient descent are set by.
struct SGDSettings: Sendable {
  var loss: SGDLoss
  var alpha: Double
  var epochs: Int
  var learningRate: Double?
  var tolerance: Double
  var intercept: Bool
  var averages: Bool

  func check(_ kind: String) throws {
    try SettingRange.check(alpha > 0 && alpha.isFinite, kind, "alpha", alpha, "above 0")
    try SettingRange.check(epochs > 0, kind, "epochs", epochs, "1 or more")
    if let learningRate { try SettingRange.check(learningRate > 0, kind, "learningRate", learningRate, "above 0") }
  }
}

/// A linear classifier by stochastic gradient descent, for many rows and for streams. Scale the features first.
public struct SGDClassifier: Learner {
  public static let kind = "sgd_classifier"

  /// `log`, `hinge` or `modified_huber`; only the first gives probabilities that mean something.
  public var loss: SGDLoss
  /// The weight of the squared penalty.
  public var alpha: Double
  /// The most passes over the rows.
  public var epochs: Int
  /// The first step's length, falling with the fourth root of the steps; `nil` follows Bottou's rule from `alpha`.
  public var learningRate: Double?
  /// The fit ends when the mean loss of five passes in a row has not fallen by this.
  public var tolerance: Double
  public var intercept: Bool
  /// The model is the mean of the steps after the first pass, which steadies it.
  public var averages: Bool
  public var classWeights: ClassWeights?

  public init(
    loss: SGDLoss = .log, alpha: Double = 1e-4, epochs: Int = 200, learningRate: Double? = nil, tolerance: Double = 1e-3,
    intercept: Bool = true, averages: Bool = false, classWeights: ClassWeights? = nil
  ) {
    self.loss = loss
    self.alpha = alpha
    self.epochs = epochs
    self.learningRate = learningRate
    self.tolerance = tolerance
    self.intercept = intercept
    self.averages = averages
    self.classWeights = classWeights
  }

  private func checked() throws -> SGDSettings {
    let settings = SGDSettings(
      loss: loss, alpha: alpha, epochs: epochs, learningRate: learningRate, tolerance: tolerance, intercept: intercept, averages: averages)
    try settings.check(Self.kind)
    guard loss.isForClasses else {
      throw LearnerError("\(Self.kind): the loss '\(loss.rawValue)' is for numbers", expected: "log, hinge or modified_huber")
    }
    return settings
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    let settings = try checked()
    let rows = try TrainingRows(Self.kind, x, target, weights: weights, .sparse)
    let classes = try rows.classes()
    let rowWeights = try ClassWeights.apply(classWeights, classes, rows.weights, kind: Self.kind)
    var stream = SGDStream(settings, kind: Self.kind, names: rows.names, labels: classes.labels, present: classes.present)
    try stream.epochs(rows.x, targets: classes.codes.map(Double.init), weights: rowWeights, context)
    return try stream.classifier()
  }

  /// A fit that takes its rows batch by batch.
  /// - Parameter labels: all classes that can come.
  /// - Throws: `LearnerError` for fewer than two classes, and settings out of range.
  public func stream(featureNames: [String], labels: [String]) throws -> SGDStream {
    let settings = try checked()
    guard labels.count > 1 else { throw LearnerError("a stream of \(labels.count) classes", expected: "two or more") }
    return SGDStream(settings, kind: Self.kind, names: featureNames, labels: labels, present: Array(labels.indices))
  }
}

/// Linear regression by stochastic gradient descent, for many rows and for streams. Scale the features first.
public struct SGDRegressor: Learner {
  public static let kind = "sgd_regressor"

  /// `squared`, `huber` or `epsilon_insensitive`.
  public var loss: SGDLoss
  /// The weight of the squared penalty.
  public var alpha: Double
  /// The most passes over the rows.
  public var epochs: Int
  /// The first step's length, falling with the fourth root of the steps.
  public var learningRate: Double
  /// The fit ends when the mean loss of five passes in a row has not fallen by this.
  public var tolerance: Double
  public var intercept: Bool
  /// The model is the mean of the steps after the first pass, which steadies it.
  public var averages: Bool

  public init(
    loss: SGDLoss = .squared, alpha: Double = 1e-4, epochs: Int = 200, learningRate: Double = 0.01, tolerance: Double = 1e-3,
    intercept: Bool = true, averages: Bool = false
  ) {
    self.loss = loss
    self.alpha = alpha
    self.epochs = epochs
    self.learningRate = learningRate
    self.tolerance = tolerance
    self.intercept = intercept
    self.averages = averages
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    let rows = try TrainingRows(Self.kind, x, target, weights: weights, .sparse)
    var stream = try stream(featureNames: rows.names)
    try stream.epochs(rows.x, targets: rows.values(), weights: rows.weights, context)
    return try stream.regressor()
  }

  /// A fit that takes its rows batch by batch.
  /// - Throws: `LearnerError` for settings out of range.
  public func stream(featureNames: [String]) throws -> SGDStream {
    let settings = SGDSettings(
      loss: loss, alpha: alpha, epochs: epochs, learningRate: learningRate, tolerance: tolerance, intercept: intercept, averages: averages)
    try settings.check(Self.kind)
    guard !loss.isForClasses else {
      throw LearnerError("\(Self.kind): the loss '\(loss.rawValue)' is for classes", expected: "squared, huber or epsilon_insensitive")
    }
    return SGDStream(settings, kind: Self.kind, names: featureNames, labels: [], present: [])
  }
}
