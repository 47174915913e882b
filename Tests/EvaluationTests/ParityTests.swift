import Foundation
import MartletCore
import Testing

@testable import Evaluation

/// Every value against scikit-learn 1.9.1, from `Tools/fixtures_evaluation.py`.
struct ParityTests {
  struct DataSet {
    let classes: Int
    let truth: [Int]
    let predicted: [Int]
    let p: [Double]
    let weights: [Double]
  }

  let document: JSONValue
  let data: [String: DataSet]

  init() throws {
    document = try Fixture.read("metrics")
    var data: [String: DataSet] = [:]
    for set in try #require(document["data"]?.arrayValue) {
      func doubles(_ key: String) throws -> [Double] { try #require(set[key]?.arrayValue).map { try #require($0.doubleValue) } }
      let name = try #require(set["name"]?.stringValue)
      data[name] = DataSet(
        classes: try #require(set["classes"]?.intValue), truth: try doubles("truth").map { Int($0) },
        predicted: try doubles("predicted").map { Int($0) }, p: try doubles("p"), weights: try doubles("weights"))
    }
    self.data = data
  }

  static func number(_ value: JSONValue?) -> Double {
    switch value?.stringValue {
    case "NaN": .nan
    case "Infinity": .infinity
    case "-Infinity": -.infinity
    default: value?.doubleValue ?? .nan
    }
  }

  static func agree(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool {
    a == b || (a.isNaN && b.isNaN) || abs(a - b) <= tolerance * max(1, abs(b))
  }

  /// How many cases there are of each function: a fixture that lost some would pass otherwise.
  @Test func counts() throws {
    let cases = try #require(document["cases"]?.arrayValue)
    let byFunction = Dictionary(grouping: cases) { $0["function"]?.stringValue ?? "" }.mapValues(\.count)
    #expect(byFunction["prf", default: 0] >= 700)
    #expect(byFunction["perClass", default: 0] >= 80)
    #expect(byFunction["aucMulti", default: 0] >= 40)
    #expect(cases.count >= 1300)
  }

  @Test func everyCase() throws {
    let cases = try #require(document["cases"]?.arrayValue)
    for one in cases {
      let function = try #require(one["function"]?.stringValue)
      let name = try #require(one["data"]?.stringValue)
      let set = try #require(data[name])
      let weights = one["weighted"]?.boolValue == true ? set.weights : nil
      let arguments = try #require(one["arguments"])
      let expected = try #require(one["value"]?.arrayValue).map(Self.number)
      let values = try compute(function, set, weights, arguments)
      let tolerance = function == "confusion" ? 0 : 1e-12
      #expect(values.count == expected.count, "\(function) \(one["data"] ?? nil) \(arguments)")
      for (value, reference) in zip(values, expected) where !Self.agree(value, reference, tolerance) {
        Issue.record("\(function) of \(one["data"] ?? nil), \(arguments), weighted \(weights != nil): \(value) is not \(reference)")
      }
    }
  }

  private func compute(_ function: String, _ set: DataSet, _ weights: [Double]?, _ arguments: JSONValue) throws -> [Double] {
    let matrix = try ConfusionMatrix(truth: set.truth, predicted: set.predicted, classes: set.classes, weights: weights)
    let zero: ZeroDivision =
      switch Self.number(arguments["zero"]) {
      case 0: .zero
      case 1: .one
      default: .notANumber
      }
    let isPositive = set.truth.map { $0 == 1 }
    let second = stride(from: 1, to: set.p.count, by: 2).map { set.p[$0] }
    switch function {
    case "confusion": return matrix.counts
    case "normalised":
      let by: [String: ConfusionMatrix.Normalisation] = ["true": .truth, "pred": .predicted, "all": .all]
      return matrix.normalised(by: try #require(by[arguments["by"]?.stringValue ?? ""])).flatMap { $0 }
    case "accuracy": return [try Metrics.accuracy(truth: set.truth, predicted: set.predicted, weights: weights)]
    case "balanced": return [matrix.balancedAccuracy(adjusted: arguments["adjusted"]?.boolValue ?? false)]
    case "kappa":
      let kinds: [String: ConfusionMatrix.KappaWeights] = ["none": .none, "linear": .linear, "quadratic": .quadratic]
      return [matrix.cohenKappa(weights: try #require(kinds[arguments["weights"]?.stringValue ?? ""]))]
    case "mcc": return [matrix.matthewsCorrelation]
    case "prf":
      let averages: [String: Average] = ["micro": .micro, "macro": .macro, "weighted": .weighted]
      let scores = try matrix.scores(
        try #require(averages[arguments["average"]?.stringValue ?? ""]), beta: Self.number(arguments["beta"]),
        labels: arguments["all"]?.boolValue == true ? Array(0..<set.classes) : nil, zeroDivision: zero)
      return [scores.precision, scores.recall, scores.fScore]
    case "perClass":
      let each = try matrix.scoresPerClass(beta: Self.number(arguments["beta"]), zeroDivision: zero)
      return each.map(\.precision) + each.map(\.recall) + each.map(\.fScore) + each.map(\.support)
    case "binary":
      let scores = try matrix.scores(.binary(positive: 1))
      return [scores.precision, scores.recall, scores.fScore]
    case "auc":
      if arguments["scores"]?.stringValue == "float" { return [try Metrics.auc(isPositive, second.map { Float($0) }, weights: weights)] }
      return [try Metrics.auc(isPositive, second, weights: weights)]
    case "ap":
      if arguments["scores"]?.stringValue == "float" {
        return [try Metrics.averagePrecision(isPositive, second.map { Float($0) }, weights: weights)]
      }
      return [try Metrics.averagePrecision(isPositive, second, weights: weights)]
    case "roc":
      let curve = try Metrics.rocCurve(isPositive, second, weights: weights, dropsCollinear: arguments["drop"]?.boolValue ?? true)
      return curve.falsePositiveRates + curve.truePositiveRates + curve.thresholds
    case "pr":
      let curve = try Metrics.precisionRecallCurve(isPositive, second, weights: weights)
      return curve.precisions + curve.recalls + curve.thresholds
    case "calibration":
      let bins = try Metrics.calibration(
        confidences: second, isRight: isPositive, bins: try #require(arguments["bins"]?.intValue),
        strategy: arguments["strategy"]?.stringValue == "quantile" ? .quantile : .uniform
      ).bins.filter { $0.count > 0 }
      return bins.map(\.accuracy) + bins.map(\.confidence)
    default: return try computeProbabilistic(function, set, weights, arguments)
    }
  }

  private func computeProbabilistic(_ function: String, _ set: DataSet, _ weights: [Double]?, _ arguments: JSONValue) throws -> [Double] {
    let truth = set.truth, p = set.p, classes = set.classes
    switch function {
    case "aucMulti":
      let averages: [String: AUCAverage] = [
        "ovr macro": .oneVersusRestMacro, "ovr weighted": .oneVersusRestWeighted, "ovr micro": .oneVersusRestMicro,
        "ovo macro": .oneVersusOneMacro, "ovo weighted": .oneVersusOneWeighted,
      ]
      let name = "\(arguments["multi"]?.stringValue ?? "") \(arguments["average"]?.stringValue ?? "")"
      return [
        try Metrics.auc(truth: truth, probabilities: p, classes: classes, average: try #require(averages[name]), weights: weights)
      ]
    case "apClass":
      let label = try #require(arguments["label"]?.intValue)
      let column = truth.indices.map { p[$0 * classes + label] }
      return [try Metrics.averagePrecision(truth.map { $0 == label }, column, weights: weights)]
    case "logLoss": return [try Metrics.logLoss(truth: truth, probabilities: p, classes: classes, weights: weights)]
    case "brier": return [try Metrics.brier(truth: truth, probabilities: p, classes: classes, weights: weights, halved: false)]
    case "brierBinary": return [try Metrics.brier(truth: truth, probabilities: p, classes: classes, weights: weights)]
    case "topK":
      let k = try #require(arguments["k"]?.intValue)
      return [try Metrics.topK(k, truth: truth, probabilities: p, classes: classes, weights: weights)]
    case "ece", "mce":
      let confidences = truth.indices.map { p[$0 * classes + set.predicted[$0]] }
      let isRight = zip(truth, set.predicted).map { $0 == $1 }
      let bins = try Metrics.calibration(confidences: confidences, isRight: isRight, weights: weights)
      return [function == "ece" ? bins.expectedError : bins.maximumError]
    default:
      Issue.record("the fixture asks for '\(function)', which this test does not know")
      return []
    }
  }

  @Test func predictionsAreTheFirstOfTheHighest() throws {
    for set in data.values { #expect(try Metrics.predictions(set.p, classes: set.classes) == set.predicted) }
  }

  @Test func regression() throws {
    let cases = try #require(document["regression"]?.arrayValue)
    #expect(cases.count == 6)
    for one in cases {
      func doubles(_ key: String) -> [Double]? { one[key]?.arrayValue?.map(Self.number) }
      let errors = try Metrics.regression(
        truth: try #require(doubles("truth")), predicted: try #require(doubles("predicted")), weights: doubles("weights"))
      let pairs = [
        (errors.meanSquared, "mse"), (errors.meanAbsolute, "mae"), (errors.rootMeanSquared, "rmse"), (errors.medianAbsolute, "medae"),
        (errors.maximum, "max"),
      ]
      for (value, name) in pairs { #expect(Self.agree(value, Self.number(one[name]), 1e-12), "\(name)") }
      if let r2 = one["r2"]?.doubleValue { #expect(Self.agree(errors.r2, r2, 1e-12)) }
    }
  }
}
