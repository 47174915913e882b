import Foundation
import Learners
import MartletCore
import Tables
import Testing

/// What every learner is held to. A test calls `try LearnerContract.hold(learner, on: .classes(3))`.
enum LearnerContract {
  enum Property: CaseIterable {
    /// A weight of two equals the row given twice; a weight of zero equals leaving it out.
    case repetition
    /// The order of the rows that it is fitted on does not matter.
    case orderOfFit
    /// A row's prediction does not depend on the rows beside it.
    case subset
    /// Fitting twice gives the same model, and at any number of threads.
    case idempotence
    /// Through a folder and back: the same archive and the same predictions, bit for bit.
    case saving
    /// Shares sum to one, none is below zero.
    case probabilities
    /// Features of other names are refused, and so are rows, targets and weights that make no sense.
    case refusal
  }

  /// - Parameters:
  ///   - tolerance: how far predictions of two fits may be apart that are one in exact arithmetic.
  ///   - excluding: properties that cannot hold, as for weights where rows are drawn at random. Say why beside the call.
  static func hold(
    _ learner: any Learner, on data: ContractData, tolerance: Double = 1e-9, excluding: Set<Property> = [],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    for property in Property.allCases where !excluding.contains(property) {
      do {
        try check(property, learner, data, tolerance, sourceLocation)
      } catch {
        Issue.record("\(learner.kind): \(property): \(error)", sourceLocation: sourceLocation)
      }
    }
  }

  private static func check(
    _ property: Property, _ learner: any Learner, _ data: ContractData, _ tolerance: Double, _ place: SourceLocation
  ) throws {
    let context = FitContext(seed: 5, threads: 2)
    func fit(_ x: FeatureMatrix, _ target: Target, _ weights: [Double]? = nil, _ context: FitContext? = nil) throws -> any FittedLearner {
      try learner.fit(x, target, weights: weights, context: context ?? FitContext(seed: 5, threads: 2))
    }
    func same(_ a: [Double], _ b: [Double], _ what: String) {
      #expect(a.count == b.count, "\(learner.kind): \(what)", sourceLocation: place)
      let worst = zip(a, b).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? 0
      #expect(worst <= tolerance, "\(learner.kind): \(what): \(worst) apart", sourceLocation: place)
    }
    let all = Array(0..<data.x.rows)
    switch property {
    case .repetition:
      let weights = all.map { Double([1, 2, 0, 1, 3][$0 % 5]) }
      let repeated = all.flatMap { [Int](repeating: $0, count: Int(weights[$0])) }
      let weighted = try outcome(fit(data.x, data.target, weights, context), data.probe)
      same(weighted, try outcome(fit(data.x.taking(repeated), data.target.taking(repeated)), data.probe), "a weight is not a repetition")
      let plain = try outcome(fit(data.x, data.target), data.probe)
      same(try outcome(fit(data.x, data.target, all.map { _ in 1 }), data.probe), plain, "weights of one are not as none")
    case .orderOfFit:
      var random = KeyedRandom(seed: 3, purpose: "contract.order")
      let shuffled = all.shuffled(using: &random)
      let moved = try fit(data.x.taking(shuffled), data.target.taking(shuffled))
      same(try outcome(moved, data.probe), try outcome(fit(data.x, data.target), data.probe), "the order of rows matters")
    case .subset:
      let fitted = try fit(data.x, data.target)
      let width = try outcome(fitted, data.probe).count / data.probe.rows
      let whole = try outcome(fitted, data.probe), rows = [7, 0, 3, 3]
      let part = try outcome(fitted, data.probe.taking(rows))
      same(part, rows.flatMap { whole[$0 * width..<($0 + 1) * width] }, "other rows of a prediction matter")
      same(try outcome(fitted, data.probe.taking([4])), Array(whole[4 * width..<5 * width]), "a row alone is predicted differently")
    case .idempotence:
      let first = try fit(data.x, data.target).archive()
      // Compared outside the expectation, which would print whole archives.
      let isSame = try fit(data.x, data.target).archive() == first
      #expect(isSame, "\(learner.kind): two fits differ", sourceLocation: place)
      let isSameAlone = try fit(data.x, data.target, nil, FitContext(seed: 5, threads: 1)).archive() == first
      #expect(isSameAlone, "\(learner.kind): the number of threads matters", sourceLocation: place)
    case .saving: try checkSaving(try fit(data.x, data.target), data, place)
    case .probabilities:
      guard let fitted = try fit(data.x, data.target) as? any FittedClassifier else { return }
      let shares = try fitted.probabilities(data.probe), width = fitted.labels.count
      #expect(shares.count == data.probe.rows * width, sourceLocation: place)
      #expect(shares.allSatisfy { $0 >= 0 && $0 <= 1 + 1e-12 }, "\(learner.kind): shares outside 0 to 1", sourceLocation: place)
      for row in 0..<data.probe.rows {
        let sum = shares[row * width..<(row + 1) * width].reduce(0, +)
        #expect(abs(sum - 1) < 1e-9, "\(learner.kind): shares sum to \(sum)", sourceLocation: place)
      }
    case .refusal: try checkRefusal(learner, data, place)
    }
  }

  private static func checkSaving(_ fitted: any FittedLearner, _ data: ContractData, _ place: SourceLocation) throws {
    let archive = try fitted.archive()
    let folder = NSTemporaryDirectory() + "learner-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try archive.write(to: folder)
    let read = try LearnerArchive(folder: folder)
    let isKept = read == archive
    #expect(isKept, "\(fitted.kind): the archive changes on disk", sourceLocation: place)
    let rebuilt = try LearnerCatalogue.fitted(read)
    #expect(rebuilt.kind == fitted.kind && rebuilt.featureNames == fitted.featureNames, sourceLocation: place)
    let isRebuilt = try rebuilt.archive() == archive
    #expect(isRebuilt, "\(fitted.kind): the rebuilt learner's archive differs", sourceLocation: place)
    let before = try outcome(fitted, data.probe), after = try outcome(rebuilt, data.probe)
    let predictsTheSame = before.map(\.bitPattern) == after.map(\.bitPattern)
    #expect(predictsTheSame, "\(fitted.kind): the rebuilt learner predicts differently", sourceLocation: place)
    var damaged = archive
    damaged.arrays = [:]
    damaged.settings = .object([:])
    damaged.parts = []
    #expect(throws: (any Error).self, "\(fitted.kind): an empty archive is accepted", sourceLocation: place) {
      _ = try LearnerCatalogue.fitted(damaged)
    }
  }

  private static func checkRefusal(_ learner: any Learner, _ data: ContractData, _ place: SourceLocation) throws {
    let context = FitContext(seed: 5, threads: 1), x = data.x
    let fitted = try learner.fit(x, data.target, weights: nil, context: context)
    func refuses(_ what: String, _ body: () throws -> Void) {
      do {
        try body()
        Issue.record("\(learner.kind) accepts \(what)", sourceLocation: place)
      } catch is LearnerError {
      } catch is TableError {
      } catch {
        Issue.record("\(learner.kind) answers \(what) with \(type(of: error)): \(error)", sourceLocation: place)
      }
    }
    func renamed(_ names: [String]) throws -> FeatureMatrix {
      let columns = names.count
      let values = try data.probe.denseValues()
      let kept = (0..<data.probe.rows).flatMap { row in (0..<columns).map { values[row * x.columns + min($0, x.columns - 1)] } }
      return try FeatureMatrix(rows: data.probe.rows, names: names, values: kept)
    }
    refuses("a feature less") { _ = try outcome(fitted, renamed(Array(x.names.dropLast()))) }
    refuses("a feature more") { _ = try outcome(fitted, renamed(x.names + ["extra"])) }
    refuses("another name") { _ = try outcome(fitted, renamed(Array(x.names.dropLast()) + ["other"])) }
    refuses("moved features") { _ = try outcome(fitted, renamed(x.names.reversed())) }
    refuses("no rows") { _ = try learner.fit(x.taking([]), data.target.taking([]), weights: nil, context: context) }
    refuses("a weight too few") {
      _ = try learner.fit(x, data.target, weights: [Double](repeating: 1, count: x.rows - 1), context: context)
    }
    refuses("a negative weight") {
      _ = try learner.fit(x, data.target, weights: (0..<x.rows).map { $0 == 3 ? -1 : 1 }, context: context)
    }
    refuses("a weight that is no number") {
      _ = try learner.fit(x, data.target, weights: (0..<x.rows).map { $0 == 3 ? .nan : 1 }, context: context)
    }
    refuses("no weight at all") {
      _ = try learner.fit(x, data.target, weights: [Double](repeating: 0, count: x.rows), context: context)
    }
    guard data.isSupervised else { return }
    refuses("a target too few") {
      _ = try learner.fit(x, data.target.taking(Array(0..<x.rows - 1)), weights: nil, context: context)
    }
    switch data.target {
    case .values(var values):
      values[2] = .nan
      refuses("a target that is no number") { _ = try learner.fit(x, .values(values), weights: nil, context: context) }
    case .classes(var classes, let labels):
      let one = classes.map { _ in 0 }
      refuses("one class alone") { _ = try learner.fit(x, .classes(one, labels: labels), weights: nil, context: context) }
      classes[2] = labels.count
      refuses("a class that is none") { _ = try learner.fit(x, .classes(classes, labels: labels), weights: nil, context: context) }
    }
  }

  /// Everything that a fitted learner says of the rows, row by row.
  static func outcome(_ fitted: any FittedLearner, _ x: FeatureMatrix) throws -> [Double] {
    if let classifier = fitted as? any FittedClassifier { return try classifier.probabilities(x) }
    if let regressor = fitted as? any FittedRegressor { return try regressor.predict(x) }
    if let clusterer = fitted as? any FittedClusterer { return try clusterer.assign(x).map(Double.init) }
    if let detector = fitted as? any FittedAnomalyDetector { return try detector.anomalyScores(x) }
    throw LearnerError("\(fitted.kind) says nothing of rows")
  }
}

/// Small tables that learners are held against the contract on.
struct ContractData {
  let x: FeatureMatrix
  let target: Target
  /// Rows to predict: other ones.
  let probe: FeatureMatrix
  var isSupervised = true

  /// Groups of points around as many centres, overlapping a little.
  static func classes(_ count: Int, rows: Int = 60, columns: Int = 4) throws -> ContractData {
    let (x, probe) = try points(rows, columns, groups: count)
    return ContractData(x: x, target: .classes((0..<rows).map { $0 % count }, labels: (0..<count).map { "class \($0)" }), probe: probe)
  }

  /// A number that depends on the features smoothly.
  /// - Parameter positive: whole numbers from 0, as counts are.
  static func numbers(rows: Int = 60, columns: Int = 4, positive: Bool = false) throws -> ContractData {
    let (x, probe) = try points(rows, columns, groups: 1)
    let values = try x.denseValues()
    var random = KeyedRandom(seed: 8, purpose: "contract.noise")
    let target = (0..<rows).map { row in
      let a = values[row * columns], b = values[row * columns + 1]
      let value = 2 * a - b + sin(3 * a) + 0.2 * random.uniform()
      return positive ? max(0, (value + 4).rounded()) : value
    }
    return ContractData(x: x, target: .values(target), probe: probe)
  }

  /// For learners that look at features alone.
  static func unlabelled(rows: Int = 60, columns: Int = 4, groups: Int = 3) throws -> ContractData {
    let (x, probe) = try points(rows, columns, groups: groups)
    return ContractData(x: x, target: .values([Double](repeating: 0, count: rows)), probe: probe, isSupervised: false)
  }

  private static func points(_ rows: Int, _ columns: Int, groups: Int) throws -> (FeatureMatrix, FeatureMatrix) {
    let names = (0..<columns).map { "feature \($0)" }
    func make(_ count: Int, _ purpose: String) throws -> FeatureMatrix {
      var values: [Double] = []
      for row in 0..<count {
        var random = KeyedRandom(seed: 4, purpose: purpose, index: UInt64(row))
        for column in 0..<columns {
          let noise = (0..<4).reduce(0.0) { sum, _ in sum + random.uniform() } - 2
          values.append(Double((row % groups) * ((column + row % groups) % 3)) * 1.2 + noise)
        }
      }
      return try FeatureMatrix(rows: count, names: names, values: values)
    }
    return (try make(rows, "contract.points"), try make(20, "contract.probe"))
  }
}
