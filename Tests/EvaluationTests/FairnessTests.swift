import MartletCore
import Testing

@testable import Evaluation

struct FairnessTests {
  struct DataSet {
    let a: GroupFeature
    let b: GroupFeature
    let truth: [Bool]
    let predicted: [Bool]
    let weights: [Double]
  }

  static func data(_ document: JSONValue) -> [DataSet] {
    (document["data"]?.list ?? []).map { set in
      func feature(_ name: String) -> GroupFeature { GroupFeature(name, values: (set[name]?.ints ?? []).map { "\(name)\($0)" }) }
      return DataSet(
        a: feature("a"), b: feature("b"), truth: set["truth"]?.bools ?? [], predicted: set["predicted"]?.bools ?? [],
        weights: set["weights"]?.doubles ?? [])
    }
  }

  /// Every frame against fairlearn 0.15.0, from `Tools/fixtures_evaluation_fairness.py`.
  @Test func framesEqualFairlearn() throws {
    let document = try Fixture.read("fairness")
    let data = Self.data(document)
    let frames = try #require(document["frames"]?.arrayValue)
    #expect(frames.count == 24)
    var compared = 0
    for one in frames {
      let set = data[try #require(one["data"]?.intValue)], kind = one["kind"]?.stringValue ?? ""
      let measures = try (one["measures"]?.list ?? []).map { try #require(GroupMeasure(rawValue: $0.stringValue ?? "")) }
      let frame = try FairnessFrame(
        truth: set.truth, predicted: set.predicted, features: kind == "both" ? [set.a, set.b] : [set.a],
        controls: kind == "control" ? [set.b] : [], weights: one["weighted"]?.boolValue == true ? set.weights : nil, measures: measures,
        options: IntervalOptions(resamples: 20))
      func check(_ value: Double?, _ expected: Double, _ what: String) {
        compared += 1
        #expect(Fixture.agree(value ?? 1e9, expected, 1e-12), "\(kind) \(what): \(value ?? 1e9), \(expected)")
      }
      for (key, values) in zip(one["keys"]?.list ?? [], one["groups"]?.list ?? []) {
        let names = key.list.map { $0.stringValue ?? "" }
        let group = frame.groups.first { $0.control + $0.values == names }
        for (measure, value) in zip(measures, values.doubles) {
          check(group?.metrics[measure.rawValue]?.value, value, "\(names) \(measure)")
        }
      }
      let levels = frame.overall.count
      for level in 0..<levels {
        for (index, measure) in measures.enumerated() {
          func reference(_ name: String) -> Double { Fixture.number(one[name]?.list[level].list[index]) }
          let disparity = try #require(frame.disparity(measure.rawValue, control: frame.overall[level].control))
          check(frame.overall[level].metrics[measure.rawValue]?.value, reference("overall"), "overall \(measure)")
          check(disparity.minimum, reference("minimum"), "minimum \(measure)")
          check(disparity.maximum, reference("maximum"), "maximum \(measure)")
          check(disparity.difference.value, reference("difference"), "difference \(measure)")
          check(disparity.differenceToOverall.value, reference("differenceToOverall"), "difference to overall \(measure)")
          check(disparity.ratio.value, reference("ratio"), "ratio \(measure)")
          check(disparity.ratioToOverall.value, reference("ratioToOverall"), "ratio to overall \(measure)")
        }
      }
    }
    #expect(compared > 2000)
  }

  @Test func criteriaEqualFairlearn() throws {
    let document = try Fixture.read("fairness")
    let data = Self.data(document)
    for one in try #require(document["criteria"]?.arrayValue) {
      let set = data[try #require(one["data"]?.intValue)]
      let weights = one["weighted"]?.boolValue == true ? set.weights : nil
      let evaluation = try FairnessEvaluation(
        truth: set.truth, predicted: set.predicted, features: [set.a], weights: weights, options: IntervalOptions(resamples: 20))
      let values = try #require(one["values"]?.objectValue)
      #expect(values.count == 12)
      let measures: [String: [GroupMeasure]] = [
        "demographic_parity": [.selectionRate], "equalized_odds": [.truePositiveRate, .falsePositiveRate],
        "equal_opportunity": [.truePositiveRate],
      ]
      for (key, expected) in values {
        let parts = key.split(separator: " ").map(String.init)
        let method = try #require(DisparityMethod(rawValue: parts[1]))
        let isRatio = parts[0].hasSuffix("ratio")
        let which = try #require(measures[String(parts[0].dropLast(isRatio ? 6 : 11))])
        let value =
          isRatio ? evaluation.frame.ratio(which, method: method) : evaluation.frame.difference(which, method: method)
        #expect(Fixture.agree(value.value, Fixture.number(expected), 1e-12), "\(key)")
        if method == .betweenGroups {
          #expect(evaluation.criteria.first { $0.name == parts[0] }?.value == value, "\(key)")
        }
      }
    }
  }

  @Test func verdictsFollowTheInterval() throws {
    // Group b is selected half as often, beyond doubt; groups c and d equally often.
    let rows = 4000
    var random = KeyedRandom(seed: 4, purpose: "test")
    let a = (0..<rows).map { $0 % 2 == 0 ? "a" : "b" }, c = (0..<rows).map { _ in random.bernoulli(0.5) ? "c" : "d" }
    let truth = (0..<rows).map { _ in random.bernoulli(0.5) }
    let predicted = a.map { random.bernoulli($0 == "a" ? 0.6 : 0.3) }
    func criterion(_ values: [String]) throws -> FairnessEvaluation.Criterion? {
      try FairnessEvaluation(truth: truth, predicted: predicted, features: [GroupFeature("x", values: values)]).criteria
        .first { $0.name == "demographic_parity_ratio" }
    }
    #expect(try criterion(a)?.verdict == .missed)
    #expect(try criterion(c)?.verdict == .met)
  }

  @Test func calibrationWithinGroups() throws {
    let (probabilities, truth) = Simulated.rows(2000, classes: 2, seed: 3)
    let scores = truth.indices.map { Double(probabilities[2 * $0 + 1]) }
    // Group b's probabilities are pushed up.
    let groups = truth.indices.map { $0 % 2 == 0 ? "a" : "b" }
    let told = truth.indices.map { groups[$0] == "b" ? min(1, scores[$0] + 0.2) : scores[$0] }
    let evaluation = try FairnessEvaluation(
      truth: truth.map { $0 == 1 }, predicted: told.map { $0 > 0.5 }, scores: told, features: [GroupFeature("g", values: groups)],
      options: IntervalOptions(resamples: 100))
    #expect(evaluation.calibration.count == 2)
    #expect(evaluation.calibration[0].error.value < 0.05)
    #expect(evaluation.calibration[1].error.value > 0.1)
    #expect(try JSON.decode(FairnessEvaluation.self, from: JSON.encode(evaluation), source: "memory").criteria == evaluation.criteria)
    #expect(!evaluation.sections.isEmpty)
  }

  @Test func numbersByGroup() throws {
    let groups = GroupFeature("g", values: ["x", "x", "y", "y", nil])
    let frame = try FairnessFrame(
      truth: [1, 2, 3, 4, 5], predicted: [2, 2, 3, 6, 5], features: [groups], options: IntervalOptions(resamples: 20))
    #expect(frame.groups.map(\.rows) == [2, 2, 1])
    #expect(frame.groups[2].values == ["(missing)"])
    #expect(frame.groups[1].metrics["mae"]?.value == 1)
    #expect(frame.disparity("mae")?.difference.value == 1)
  }

  @Test func whatDoesNotFitIsNamed() {
    let feature = GroupFeature("age", values: ["a"])
    #expect { try FairnessFrame(truth: [true, false], predicted: [true, false], features: [feature]) } throws: { "\($0)".contains("'age'") }
    #expect { try FairnessFrame(truth: [true], predicted: [true], features: []) } throws: { ($0 as? MetricError)?.kind == .badArgument }
  }
}
