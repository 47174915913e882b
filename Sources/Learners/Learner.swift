public import MartletCore
public import Tables

/// The settings of a way to learn: a value that can be fitted to rows, as often as wanted, and is not changed by it.
///
/// Every learner keeps one contract, which the tests hold against all of them: a weight of two equals the row given twice, the order of
/// rows and the other rows of a prediction do not matter, fitting twice gives the same model, inputs are left alone, saving and loading is
/// exact, and decisions agree with probabilities.
public protocol Learner: Sendable, Codable {
  /// The name in `martlet.yml` and in a saved model: `random_forest`.
  static var kind: String { get }

  /// Learns.
  /// - Parameters:
  ///   - x: a row an example; missing values are NaN.
  ///   - target: a value a row of `x`; ignored by learners that need none.
  ///   - weights: one a row, 0 or more, or `nil` for ones.
  /// - Throws: `LearnerError` naming the feature, the row or the setting that does not fit; `CancellationError` in a cancelled task.
  func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner
}

extension Learner {
  public var kind: String { Self.kind }
}

/// Where a fit takes place. The result depends on the seed, never on the number of threads.
public struct FitContext: Sendable {
  public let seed: UInt64
  public let threads: Int

  public init(seed: UInt64 = 0, threads: Int = Parallel.defaultThreads) {
    self.seed = seed
    self.threads = threads
  }
}

/// What came out of a fit.
public protocol FittedLearner: Sendable {
  /// The kind of the learner that it came from.
  var kind: String { get }
  /// The features that it was fitted on, in their order.
  var featureNames: [String] { get }
  /// Everything that is needed to rebuild it, exactly.
  func archive() throws -> LearnerArchive
  /// Rebuilds it.
  /// - Throws: `LearnerError` if the archive is not one of this kind, or lies.
  init(archive: LearnerArchive) throws
}

/// A fitted learner that gives every class a probability.
public protocol FittedClassifier: FittedLearner {
  var labels: [String] { get }
  /// - Returns: row-major, `[rows, labels.count]`; every row sums to one.
  /// - Throws: `LearnerError` if the features are not those of the fit.
  func probabilities(_ x: FeatureMatrix) throws -> [Double]
}

/// A fitted learner that gives a number.
public protocol FittedRegressor: FittedLearner {
  /// - Returns: a number a row.
  /// - Throws: `LearnerError` if the features are not those of the fit.
  func predict(_ x: FeatureMatrix) throws -> [Double]
}

/// A fitted learner that puts rows into groups that nobody named.
public protocol FittedClusterer: FittedLearner {
  var clusterCount: Int { get }
  /// - Returns: the group of each row, from 0.
  func assign(_ x: FeatureMatrix) throws -> [Int]
}

/// A fitted learner that says how unusual a row is.
public protocol FittedAnomalyDetector: FittedLearner {
  /// - Returns: a score a row; higher is more unusual.
  func anomalyScores(_ x: FeatureMatrix) throws -> [Double]
  /// Rows that score above this are called anomalies.
  var threshold: Double { get }
}

/// A fitted learner in plain data: settings as JSON, arrays by name, and the learners that it is made of.
public struct LearnerArchive: Sendable, Hashable {
  public var kind: String
  public var settings: JSONValue
  public var arrays: [String: HostArray]
  public var parts: [LearnerArchive]

  public init(kind: String, settings: JSONValue, arrays: [String: HostArray] = [:], parts: [LearnerArchive] = []) {
    self.kind = kind
    self.settings = settings
    self.arrays = arrays
    self.parts = parts
  }
}

/// Something that a learner cannot work with.
public struct LearnerError: MartletError {
  public let problem: String
  public let expected: String?
  public let remedy: String?

  public init(_ problem: String, expected: String? = nil, remedy: String? = nil) {
    self.problem = problem
    self.expected = expected
    self.remedy = remedy
  }
}
