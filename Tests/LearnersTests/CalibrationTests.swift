import Foundation
import Learners
import MartletCore
import Tables
import Testing

@Suite struct CalibrationTests {
  @Test func curvesEqualScikitLearn() throws {
    let entry = try #require(try ReferenceData.read("learners_ensembles.json")["calibration"])
    let scores = try entry.numbers("scores"), targets = try entry.numbers("targets"), grid = try entry.numbers("grid")
    for (name, weights) in [("plain", nil), ("weighted", try entry.numbers("weights"))] as [(String, [Double]?)] {
      let expected = try #require(entry[name])
      let sigmoid = PlattScaling(scores: scores, positives: targets.map { $0 == 1 }, weights: weights)
      #expect(abs(sigmoid.slope - (expected["a"]?.doubleValue ?? 0)) < 1e-5)
      #expect(abs(sigmoid.offset - (expected["b"]?.doubleValue ?? 0)) < 1e-5)
      let isotonic = IsotonicScaling(scores: scores, targets: targets, weights: weights)
      #expect(distance(grid.map(isotonic.value), try expected.numbers("isotonic")) < 1e-12)
    }
    let temperature = try #require(entry["temperature"])
    let own = TemperatureScaling(
      logits: try temperature.numbers("logits"), codes: try temperature.numbers("codes").map { Int($0) }, classes: 3)
    #expect(abs(own.factor - (temperature["factor"]?.doubleValue ?? 0)) < 1e-6)
  }

  /// The mean distance between what was said and what came, over ten parts of the scale.
  private func error(_ said: [Double], _ came: [Bool]) -> Double {
    (0..<10).reduce(0.0) { sum, bin in
      let rows = said.indices.filter { min(Int(said[$0] * 10), 9) == bin }
      let difference = rows.reduce(0.0) { $0 + said[$1] - (came[$1] ? 1 : 0) }
      return sum + abs(difference) / Double(said.count)
    }
  }

  @Test func calibrationMakesSureModelsHonest() throws {
    // Copies of one feature make naive Bayes far too sure.
    func rows(_ count: Int, _ purpose: String) throws -> (FeatureMatrix, Target, [Bool]) {
      var random = KeyedRandom(seed: 9, purpose: purpose)
      var values: [Double] = [], codes: [Int] = []
      for _ in 0..<count {
        let isYes = random.bernoulli(0.5)
        let noise = (0..<6).reduce(0.0) { sum, _ in sum + random.uniform() } - 3
        values += [Double](repeating: noise + (isYes ? 0.6 : -0.6), count: 4)
        codes.append(isYes ? 1 : 0)
      }
      let x = try FeatureMatrix(rows: count, names: ["a", "b", "c", "d"], values: values)
      return (x, .classes(codes, labels: ["no", "yes"]), codes.map { $0 == 1 })
    }
    let (x, target, _) = try rows(600, "train"), (test, _, came) = try rows(600, "test")
    func said(_ model: any FittedLearner) throws -> [Double] {
      let shares = try #require(try (model as? any FittedClassifier)?.probabilities(test))
      return stride(from: 1, to: shares.count, by: 2).map { shares[$0] }
    }
    let plain = try GaussianNaiveBayes().fit(x, target, weights: nil, context: FitContext())
    let before = error(try said(plain), came)
    #expect(before > 0.1)
    for method in CalibrationMethod.allCases {
      let model = try CalibratedClassifier(GaussianNaiveBayes(), method: method).fit(x, target, weights: nil, context: FitContext())
      #expect(error(try said(model), came) < 0.6 * before, "\(method)")
    }
    let (more, moreTarget, _) = try rows(300, "calibrate")
    let prefit = try CalibratedClassifier.calibrate(
      try #require(plain as? any FittedClassifier), method: .sigmoid, on: more, moreTarget)
    #expect(error(try said(prefit), came) < 0.6 * before)
  }

  @Test func thresholdsServeTheirGoals() throws {
    let (x, target, codes) = try ReferenceData.classes("cancer_scaled")
    func fitted(_ goal: ThresholdGoal, floor: Double = 0.9, costs: [[Double]]? = nil) throws -> TunedModel {
      let learner = TunedThreshold(LogisticRegression(c: 0.01), goal: goal, floor: floor, costs: costs, folds: 3)
      return try #require(learner.fit(x, target, weights: nil, context: FitContext(seed: 2)) as? TunedModel)
    }
    let recall = try fitted(.precisionAtRecall, floor: 0.99)
    let said = try recall.decide(x)
    let hits = codes.indices.filter { codes[$0] == 1 && said[$0] == 1 }.count
    #expect(Double(hits) / Double(codes.filter { $0 == 1 }.count) > 0.97)
    #expect((recall.achieved ?? 0) > 0.7)
    // Missing a "1" is dear, so more are called.
    let dear = try fitted(.cost, costs: [[0, 1], [50, 0]]), cheap = try fitted(.cost, costs: [[0, 50], [1, 0]])
    let dearThreshold = try #require(dear.threshold), cheapThreshold = try #require(cheap.threshold)
    #expect(dearThreshold < cheapThreshold)
    #expect(try dear.classes(x).reduce(0, +) > cheap.classes(x).reduce(0, +))
    let f1 = try fitted(.f1)
    #expect((f1.achieved ?? 0) > 0.9)
    #expect(throws: LearnerError.self) { _ = try fitted(.cost) }
  }
}
