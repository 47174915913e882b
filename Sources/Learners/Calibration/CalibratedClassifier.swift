import Foundation
import MartletCore
public import Tables

/// How scores become probabilities.
public enum CalibrationMethod: String, Sendable, Codable, CaseIterable {
  /// A sigmoid (Platt): for few rows.
  case sigmoid
  /// A rising step function: for a thousand rows and more.
  case isotonic
  /// One factor for all log probabilities: decisions stay as they are.
  case temperature
}

/// Any classifier with probabilities that mean what they say: fitted on folds, and calibrated on the rows that each fold left out.
public struct CalibratedClassifier: Learner {
  public static let kind = "calibrated"

  public var learner: NamedLearner
  public var method: CalibrationMethod
  public var folds: Int
  /// Whether one learner fitted on all rows predicts; otherwise the mean of the folds' learners does, each with its own calibration.
  public var isSingle: Bool

  public init(_ learner: any Learner, method: CalibrationMethod = .sigmoid, folds: Int = 5, isSingle: Bool = false) {
    self.learner = NamedLearner(learner)
    self.method = method
    self.folds = folds
    self.isSingle = isSingle
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    let cross = try CrossFit(Self.kind, learner.learner, x, target, weights, folds: folds, context)
    if isSingle {
      let calibration = Calibration(
        method, probabilities: cross.probabilities, codes: cross.codes, count: cross.labels.count, weights: cross.weights)
      return try CalibratedModel(
        featureNames: x.names, labels: cross.labels, method: method, members: [cross.fitAll(context)], calibrations: [calibration])
    }
    let calibrations = cross.parts.indices.map { fold in
      let rows = cross.parts[fold], k = cross.labels.count
      return Calibration(
        method, probabilities: rows.flatMap { cross.probabilities[$0 * k..<($0 + 1) * k] }, codes: rows.map { cross.codes[$0] }, count: k,
        weights: rows.map { cross.weights[$0] })
    }
    return CalibratedModel(
      featureNames: x.names, labels: cross.labels, method: method, members: cross.members, calibrations: calibrations)
  }

  /// Calibrates a classifier that is fitted already, on rows that it has not seen.
  public static func calibrate(
    _ fitted: any FittedClassifier, method: CalibrationMethod, on x: FeatureMatrix, _ target: Target, weights: [Double]? = nil
  ) throws -> CalibratedModel {
    let rows = try TrainingRows(Self.kind, x, target, weights: weights, [.missing, .sparse, .categories])
    guard case .classes(let codes, let labels) = rows.target, labels == fitted.labels else {
      throw LearnerError("the rows to calibrate on have other classes than the classifier", expected: fitted.labels.joined(separator: ", "))
    }
    _ = try rows.classes()
    let calibration = Calibration(
      method, probabilities: try fitted.probabilities(rows.features), codes: codes, count: labels.count, weights: rows.weights)
    return CalibratedModel(featureNames: x.names, labels: labels, method: method, members: [fitted], calibrations: [calibration])
  }
}

/// A classifier fitted on all rows but those of one fold, for each fold; and what each says of the rows that it did not see.
struct CrossFit: Sendable {
  let learner: any Learner
  let rows: TrainingRows
  let labels: [String]
  let codes: [Int]
  let weights: [Double]
  let parts: [[Int]]
  let members: [any FittedClassifier]
  /// Row-major, `[rows, labels]`.
  let probabilities: [Double]

  init(
    _ kind: String, _ learner: any Learner, _ x: FeatureMatrix, _ target: Target, _ weights: [Double]?, folds: Int, _ context: FitContext
  ) throws {
    let rows = try TrainingRows(kind, x, target, weights: weights, [.missing, .sparse, .categories])
    _ = try rows.classes()
    guard case .classes(let codes, let labels) = rows.target else { throw LearnerError("\(kind) learns classes") }
    let parts = try KeyedFolds.make(count: rows.rows, folds: folds, seed: context.seed, kind: kind, classes: codes)
    let fitted = try parts.indices.map { fold -> any FittedClassifier in
      let others = parts.indices.filter { $0 != fold }.flatMap { parts[$0] }.sorted()
      return try CrossFit.fit(learner, rows, others, weighted: weights != nil, context, kind)
    }
    var probabilities = [Double](repeating: 0, count: rows.rows * labels.count)
    for (member, part) in zip(fitted, parts) {
      let values = try member.probabilities(rows.features.taking(part))
      for (place, row) in part.enumerated() {
        for label in labels.indices { probabilities[row * labels.count + label] = values[place * labels.count + label] }
      }
    }
    self.learner = learner
    self.rows = rows
    self.labels = labels
    self.codes = codes
    self.weights = rows.weights
    self.parts = parts
    members = fitted
    self.probabilities = probabilities
    self.isWeighted = weights != nil
    self.kind = kind
  }

  private let isWeighted: Bool
  private let kind: String

  func fitAll(_ context: FitContext) throws -> any FittedClassifier {
    try Self.fit(learner, rows, Array(0..<rows.rows), weighted: isWeighted, context, kind)
  }

  private static func fit(
    _ learner: any Learner, _ rows: TrainingRows, _ chosen: [Int], weighted: Bool, _ context: FitContext, _ kind: String
  ) throws -> any FittedClassifier {
    let fitted = try learner.fit(
      rows.features.taking(chosen), rows.target.taking(chosen), weights: weighted ? chosen.map { rows.weights[$0] } : nil, context: context)
    guard let classifier = fitted as? any FittedClassifier else {
      throw LearnerError("\(kind) needs a classifier, and \(learner.kind) gives no probabilities", expected: "a learner of classes")
    }
    return classifier
  }
}

/// A calibration of all classes: each against the rest, or all by one factor.
struct Calibration: Sendable {
  var sigmoids: [PlattScaling] = []
  var isotonic: [IsotonicScaling] = []
  var temperature: TemperatureScaling?

  /// Two classes have one curve, that of the second.
  init(_ method: CalibrationMethod, probabilities: [Double], codes: [Int], count k: Int, weights: [Double]) {
    switch method {
    case .temperature:
      temperature = TemperatureScaling(logits: Self.logs(probabilities), codes: codes, classes: k, weights: weights)
    case .sigmoid, .isotonic:
      for label in k == 2 ? [1] : Array(0..<k) {
        let scores = codes.indices.map { probabilities[$0 * k + label] }
        if method == .sigmoid {
          // Log odds are what a sigmoid is straight in.
          sigmoids.append(PlattScaling(scores: scores.map(Self.logOdds), positives: codes.map { $0 == label }, weights: weights))
        } else {
          isotonic.append(IsotonicScaling(scores: scores, targets: codes.map { $0 == label ? 1 : 0 }, weights: weights))
        }
      }
    }
  }

  init(sigmoids: [PlattScaling], isotonic: [IsotonicScaling], temperature: TemperatureScaling?) {
    self.sigmoids = sigmoids
    self.isotonic = isotonic
    self.temperature = temperature
  }

  static func logOdds(_ p: Double) -> Double { log(max(p, 1e-15)) - log(max(1 - p, 1e-15)) }

  static func logs(_ probabilities: [Double]) -> [Double] { probabilities.map { log(max($0, 1e-15)) } }

  /// Row-major probabilities, calibrated.
  func callAsFunction(_ probabilities: [Double], count k: Int) -> [Double] {
    if let temperature { return LogisticModel.softmax(Self.logs(probabilities).map { $0 * temperature.factor }, count: k) }
    func curve(_ label: Int, _ p: Double) -> Double {
      isotonic.isEmpty ? sigmoids[label].probability(Self.logOdds(p)) : min(max(isotonic[label].value(p), 0), 1)
    }
    let rows = probabilities.count / k
    if k == 2 {
      return (0..<rows).flatMap { row -> [Double] in
        let p = curve(0, probabilities[row * 2 + 1])
        return [1 - p, p]
      }
    }
    return LogisticModel.normalized(probabilities.indices.map { curve($0 % k, probabilities[$0]) }, count: k)
  }
}

/// A fitted ``CalibratedClassifier``.
public struct CalibratedModel: FittedClassifier, FittedWithWarnings {
  public var kind: String { CalibratedClassifier.kind }
  public let featureNames: [String]
  public let labels: [String]
  public let method: CalibrationMethod
  let members: [any FittedClassifier]
  let calibrations: [Calibration]
  public var warnings: [String] { MemberWarnings.of(members) }

  init(
    featureNames: [String], labels: [String], method: CalibrationMethod, members: [any FittedClassifier], calibrations: [Calibration]
  ) {
    self.featureNames = featureNames
    self.labels = labels
    self.method = method
    self.members = members
    self.calibrations = calibrations
  }

  public func probabilities(_ x: FeatureMatrix) throws -> [Double] {
    try checkFeatures(x)
    var sum = [Double](repeating: 0, count: x.rows * labels.count)
    for (member, calibration) in zip(members, calibrations) {
      let values = calibration(try member.probabilities(x), count: labels.count)
      for place in sum.indices { sum[place] += values[place] / Double(members.count) }
    }
    return sum
  }

  private struct State: Codable {
    var featureNames: [String], labels: [String], method: CalibrationMethod
  }

  public func archive() throws -> LearnerArchive {
    var arrays: [String: (values: [Double], shape: [Int])] = [:]
    for (place, calibration) in calibrations.enumerated() {
      switch method {
      case .sigmoid:
        arrays["sigmoids.\(place)"] = (calibration.sigmoids.flatMap { [$0.slope, $0.offset] }, [calibration.sigmoids.count, 2])
      case .isotonic:
        for (label, curve) in calibration.isotonic.enumerated() {
          arrays["isotonic.\(place).\(label)"] = (curve.scores + curve.values, [2, curve.scores.count])
        }
      case .temperature: arrays["temperature.\(place)"] = ([calibration.temperature?.factor ?? 1], [1])
      }
    }
    return try StoredParts.make(
      kind, State(featureNames: featureNames, labels: labels, method: method), arrays, parts: members.map { try $0.archive() })
  }

  public init(archive: LearnerArchive) throws {
    let parts = try StoredParts(archive, kinds: [CalibratedClassifier.kind])
    let state = try parts.settings(State.self)
    let members = try parts.classifiers(labels: state.labels)
    let curves = state.labels.count == 2 ? 1 : state.labels.count
    let calibrations = try members.indices.map { place -> Calibration in
      switch state.method {
      case .sigmoid:
        let values = try parts.doubles("sigmoids.\(place)", curves, 2)
        return Calibration(
          sigmoids: (0..<curves).map { PlattScaling(slope: values[2 * $0], offset: values[2 * $0 + 1]) }, isotonic: [], temperature: nil)
      case .isotonic:
        return Calibration(
          sigmoids: [],
          isotonic: try (0..<curves).map { label in
            let values = try parts.doubles("isotonic.\(place).\(label)", 2, -1)
            return IsotonicScaling(
              scores: Array(values.prefix(values.count / 2)), values: Array(values.suffix(values.count / 2)))
          }, temperature: nil)
      case .temperature:
        let factor = try parts.doubles("temperature.\(place)", 1)[0]
        return Calibration(sigmoids: [], isotonic: [], temperature: TemperatureScaling(factor: factor))
      }
    }
    self.init(
      featureNames: state.featureNames, labels: state.labels, method: state.method, members: members, calibrations: calibrations)
  }
}

extension StoredParts {
  /// The members of an ensemble, as they were fitted.
  func members() throws -> [any FittedLearner] {
    guard !archive.parts.isEmpty else { throw LearnerError("the archive of \(archive.kind) holds no member") }
    return try archive.parts.map { try LearnerCatalogue.fitted($0) }
  }

  /// - Throws: `LearnerError` if a member is no classifier, or knows other classes.
  func classifiers(labels: [String]) throws -> [any FittedClassifier] {
    try members().map { member in
      guard let classifier = member as? any FittedClassifier, classifier.labels == labels else {
        throw LearnerError("a member of the archive of \(archive.kind), \(member.kind), is no classifier of its classes")
      }
      return classifier
    }
  }

  func regressors() throws -> [any FittedRegressor] {
    try members().map { member in
      guard let regressor = member as? any FittedRegressor else {
        throw LearnerError("a member of the archive of \(archive.kind), \(member.kind), is no regressor")
      }
      return regressor
    }
  }
}
