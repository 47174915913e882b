import Foundation
import MartletCore
public import Tables

/// What can be said of any boosted model.
public protocol FittedBoosting: FittedLearner {
  /// Metrics by round, where there were rows to judge by.
  var history: BoostingHistory { get }
  /// How many rounds the model has.
  var rounds: Int { get throws }
  /// The part of each feature in the prediction, and of the mean, before they are turned into probabilities or exponentials: TreeSHAP
  /// (Lundberg, Erion, Lee 2018). They add up to the margin.
  /// - Returns: row-major `[rows, outputs, features + 1]`; the mean comes last. Outputs: the classes where there are more than two, else 1.
  func contributions(_ x: FeatureMatrix) throws -> [Double]
  /// How much each feature matters, in the order of the features; 0 where it is not used.
  func importances(_ type: BoostingImportance) throws -> [Double]
  /// The model as JSON that xgboost reads, in this version and later ones.
  func json() throws -> [UInt8]
}

/// What counts as a feature's importance.
public enum BoostingImportance: String, Sendable, CaseIterable {
  /// The mean gain of its splits, and the sum.
  case gain, totalGain = "total_gain"
  /// The mean sum of second derivatives at its splits, and the sum.
  case cover, totalCover = "total_cover"
  /// How many splits it has.
  case weight
}

/// A boosted model's state, shared by classifiers and regressors.
struct BoostedState: Sendable {
  let features: [String]
  let categorical: Set<Int>
  let model: [UInt8]
  let history: BoostingHistory
  let booster: Booster

  /// - Parameter outputs: numbers that a row gets.
  init(features: [String], categorical: Set<Int>, model: [UInt8], history: BoostingHistory, outputs: Int) throws {
    try BoostedCheck.check(model, features: features.count, outputs: outputs)
    self.features = features
    self.categorical = categorical
    self.model = model
    self.history = history
    booster = try Booster(model: model, features: features.count, threads: Parallel.defaultThreads)
  }

  func floats(_ x: FeatureMatrix) throws -> [Float] {
    try FeatureNames.check(x.names, fitted: features, kind: GradientBoosting.kind)
    try FeatureCheck.values(x, GradientBoosting.kind, [.missing, .categories])
    let values = try x.denseValues()
    return [Float](unsafeUninitializedCapacity: values.count) { target, written in
      values.withUnsafeBufferPointer { values in for place in values.indices { target[place] = Float(values[place]) } }
      written = values.count
    }
  }

  func predict(_ x: FeatureMatrix) throws -> [Float] {
    let values = try floats(x)
    return x.rows == 0 ? [] : try booster.predict(values, rows: x.rows, columns: x.columns)
  }

  func contributions(_ x: FeatureMatrix) throws -> [Double] {
    let values = try floats(x)
    guard x.rows > 0 else { return [] }
    let rows = try BoosterRows(values, rows: x.rows, columns: x.columns, categorical: categorical, threads: Parallel.defaultThreads)
    return try booster.predict(rows, type: 2).values.map(Double.init)
  }

  func importances(_ type: BoostingImportance) throws -> [Double] {
    let scores = try booster.scores(type.rawValue)
    return features.indices.map { scores[$0] ?? 0 }
  }

  func json() throws -> [UInt8] {
    let copy = try Booster(model: model, features: features.count, threads: 1)
    try copy.setFeatureNames(features)
    return try copy.model("json")
  }

  struct Settings: Codable {
    var featureNames: [String], categorical: [Int], history: BoostingHistory, labels: [String]?, present: [Int]?
  }

  func archive(labels: [String]?, present: [Int]?) throws -> LearnerArchive {
    let settings = Settings(
      featureNames: features, categorical: categorical.sorted(), history: history, labels: labels, present: present)
    return LearnerArchive(
      kind: GradientBoosting.kind, settings: try StoredParts.json(settings), arrays: ["model": try HostArray(model)])
  }

  init(_ archive: LearnerArchive, _ settings: Settings) throws {
    guard settings.categorical.allSatisfy(settings.featureNames.indices.contains) else {
      throw LearnerError("the archive of \(archive.kind) marks features that it does not have as categories")
    }
    guard let model = archive.arrays["model"], model.dtype == .uint8 else {
      throw LearnerError("the archive of \(archive.kind) lacks xgboost's model")
    }
    try self.init(
      features: settings.featureNames, categorical: Set(settings.categorical), model: model.bytes, history: settings.history,
      outputs: settings.present.map { $0.count == 2 ? 1 : $0.count } ?? 1)
  }

  /// Models of xgboost 3 write the start of the sum as a list of one number, which 1.7 does not read.
  static func readable(_ json: [UInt8]) throws -> [UInt8] {
    let text = String(decoding: json, as: UTF8.self)
    guard let match = text.firstMatch(of: /"base_score"\s*:\s*"\[(?<scores>[^\]]*)\]"/) else { return json }
    let scores = Set(match.output.scores.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) })
    guard scores.count == 1, let score = scores.first else {
      throw LearnerError(
        "the model starts every class at another score (\(scores.count) of them), which xgboost 1.7 does not know",
        remedy: "fit it with one base_score")
    }
    return Array(text.replacing(match.output.0, with: "\"base_score\":\"\(score)\"").utf8)
  }
}

/// Fitted boosting that gives classes their probabilities.
public struct BoostedClassifier: FittedClassifier, FittedBoosting {
  public var kind: String { GradientBoosting.kind }
  public var featureNames: [String] { state.features }
  public let labels: [String]
  public var history: BoostingHistory { state.history }
  private let present: [Int]
  private let state: BoostedState

  init(
    features: [String], categorical: Set<Int>, labels: [String], present: [Int], model: [UInt8], history: BoostingHistory
  ) throws {
    self.labels = labels
    self.present = present
    state = try BoostedState(
      features: features, categorical: categorical, model: model, history: history, outputs: present.count == 2 ? 1 : present.count)
  }

  /// A model from xgboost's own JSON.
  /// - Parameters:
  ///   - labels: a name a class, in xgboost's order.
  ///   - categorical: features that hold codes.
  /// - Throws: `LearnerError` if it cannot be read, or has other numbers of features or classes.
  public init(json: [UInt8], featureNames: [String], labels: [String], categorical: [String] = []) throws {
    let places = Set(featureNames.indices.filter { categorical.contains(featureNames[$0]) })
    try self.init(
      features: featureNames, categorical: places, labels: labels, present: Array(labels.indices),
      model: BoostedState.readable(json), history: BoostingHistory(metric: "unknown"))
  }

  public func probabilities(_ x: FeatureMatrix) throws -> [Double] {
    let shares = try state.predict(x)
    guard present.count > 2 else {
      return RowClasses.spread(shares.flatMap { [1 - Double($0), Double($0)] }, present: present, labels: labels.count)
    }
    var result = shares.map(Double.init)
    let width = present.count
    for row in 0..<x.rows {
      // Single precision leaves sums a little beside one.
      let sum = result[row * width..<(row + 1) * width].reduce(0, +)
      for place in row * width..<(row + 1) * width { result[place] /= sum }
    }
    return RowClasses.spread(result, present: present, labels: labels.count)
  }

  public var rounds: Int { get throws { try state.booster.rounds } }
  public func contributions(_ x: FeatureMatrix) throws -> [Double] { try state.contributions(x) }
  public func importances(_ type: BoostingImportance = .gain) throws -> [Double] { try state.importances(type) }
  public func json() throws -> [UInt8] { try state.json() }

  public func archive() throws -> LearnerArchive { try state.archive(labels: labels, present: present) }

  public init(archive: LearnerArchive) throws {
    let settings = try StoredParts(archive, kinds: [GradientBoosting.kind]).settings(BoostedState.Settings.self)
    guard let labels = settings.labels, let present = settings.present else {
      throw LearnerError("the archive of \(archive.kind) names no classes")
    }
    try RowClasses.check(present: present, labels: labels, kind: archive.kind)
    self.labels = labels
    self.present = present
    state = try BoostedState(archive, settings)
  }
}

/// Fitted boosting that gives a number.
public struct BoostedRegressor: FittedRegressor, FittedBoosting {
  public var kind: String { GradientBoosting.kind }
  public var featureNames: [String] { state.features }
  public var history: BoostingHistory { state.history }
  private let state: BoostedState

  init(features: [String], categorical: Set<Int>, model: [UInt8], history: BoostingHistory) throws {
    state = try BoostedState(features: features, categorical: categorical, model: model, history: history, outputs: 1)
  }

  /// A model from xgboost's own JSON.
  /// - Throws: `LearnerError` if it cannot be read, or has another number of features.
  public init(json: [UInt8], featureNames: [String], categorical: [String] = []) throws {
    let places = Set(featureNames.indices.filter { categorical.contains(featureNames[$0]) })
    try self.init(
      features: featureNames, categorical: places, model: BoostedState.readable(json), history: BoostingHistory(metric: "unknown"))
  }

  public func predict(_ x: FeatureMatrix) throws -> [Double] { try state.predict(x).map(Double.init) }

  public var rounds: Int { get throws { try state.booster.rounds } }
  public func contributions(_ x: FeatureMatrix) throws -> [Double] { try state.contributions(x) }
  public func importances(_ type: BoostingImportance = .gain) throws -> [Double] { try state.importances(type) }
  public func json() throws -> [UInt8] { try state.json() }

  public func archive() throws -> LearnerArchive { try state.archive(labels: nil, present: nil) }

  public init(archive: LearnerArchive) throws {
    let settings = try StoredParts(archive, kinds: [GradientBoosting.kind]).settings(BoostedState.Settings.self)
    state = try BoostedState(archive, settings)
  }
}
