import MartletCore
import Testing

@testable import Evaluation

/// Values against scikit-learn 1.9.1, from `Tools/fixtures_evaluation_ranking.py`.
struct RankingTests {
  let document: JSONValue

  init() throws { document = try Fixture.read("ranking") }

  @Test func gains() throws {
    let cases = try #require(document["queries"]?.arrayValue)
    #expect(cases.count == 6)
    var values = 0
    for one in cases {
      let relevance = one["relevance"]?.doubles ?? [], scores = one["scores"]?.doubles ?? []
      for value in one["values"]?.list ?? [] {
        let k = value["k"]?.intValue, ignore = value["ignore"]?.boolValue ?? false
        let dcg = try Metrics.dcg(relevance: relevance, scores: scores, k: k, ignoresTies: ignore)
        let ndcg = try Metrics.ndcg(relevance: relevance, scores: scores, k: k, ignoresTies: ignore)
        #expect(Fixture.agree(dcg, Fixture.number(value["dcg"])) && Fixture.agree(ndcg, Fixture.number(value["ndcg"])), "\(one) \(value)")
        values += 1
      }
      if let ap = one["ap"] {
        #expect(Fixture.agree(try Metrics.averagePrecision(relevance: relevance, scores: scores), Fixture.number(ap)))
      }
    }
    #expect(values == 36)
  }

  @Test func placesOfRelevantItems() throws {
    let relevance = [0.0, 1, 0, 1, 1], scores = [0.9, 0.8, 0.7, 0.6, 0.5]
    #expect(try Metrics.reciprocalRank(relevance: relevance, scores: scores) == 0.5)
    #expect(try Metrics.reciprocalRank(relevance: relevance, scores: scores, k: 1) == 0)
    #expect(try Metrics.precision(at: 4, relevance: relevance, scores: scores) == 0.5)
    #expect(try Metrics.recall(at: 2, relevance: relevance, scores: scores) == 1.0 / 3)
    #expect(abs(try Metrics.averagePrecision(relevance: relevance, scores: scores, k: 2) - 0.25) < 1e-15)
    let evaluation = try RankingEvaluation(relevance: [relevance, [0, 0]], scores: [scores, [1, 2]], k: 3)
    #expect(evaluation.withoutRelevant == 1)
    #expect(evaluation.metrics["hit_rate"]?.value == 0.5)
    #expect(evaluation.metrics["mean_reciprocal_rank"]?.value == 0.25)
    for name in evaluation.metrics.keys { #expect(MetricInfo.named(name) != nil) }
    #expect { try Metrics.ndcg(relevance: [1, -1], scores: [1, 2]) } throws: { ($0 as? MetricError)?.row == 1 }
  }

  @Test func multilabel() throws {
    let cases = try #require(document["multilabel"]?.arrayValue)
    var compared = 0
    for one in cases {
      let labels = try #require(one["labels"]?.intValue)
      let truth = one["truth"]?.bools ?? [], scores = one["scores"]?.doubles ?? []
      for value in one["values"]?.list ?? [] {
        let weights = value["weighted"]?.boolValue == true ? one["weights"]?.doubles : nil
        let outcomes = try MultilabelOutcomes(truth: truth, predicted: one["predicted"]?.bools ?? [], labels: labels, weights: weights)
        func check(_ mine: Double, _ reference: JSONValue?, _ what: String) {
          compared += 1
          #expect(Fixture.agree(mine, Fixture.number(reference)), "\(what) \(labels) labels, \(value): \(mine)")
        }
        let asked = Fixture.number(value["zero"])
        let zero: ZeroDivision = asked.isNaN ? .notANumber : asked == 1 ? .one : .zero
        if let average = MultilabelAverage(rawValue: value["average"]?.stringValue ?? "") {
          if let prf = value["prf"]?.list {
            let scores = try outcomes.scores(average, beta: Fixture.number(value["beta"]), zeroDivision: zero)
            check(scores.precision, prf[0], "precision")
            check(scores.recall, prf[1], "recall")
            check(scores.fScore, prf[2], "f")
          } else {
            check(outcomes.jaccard(average, zeroDivision: zero), value["jaccard"], "jaccard")
          }
        } else {
          check(outcomes.hammingLoss, value["hamming"], "hamming")
          check(outcomes.subsetAccuracy, value["subset"], "subset")
          check(try Metrics.coverageError(truth, scores, labels: labels, weights: weights), value["coverage"], "coverage")
          check(try Metrics.labelRankingLoss(truth, scores, labels: labels, weights: weights), value["loss"], "loss")
          check(try Metrics.labelRankingAveragePrecision(truth, scores, labels: labels, weights: weights), value["lrap"], "lrap")
        }
      }
    }
    #expect(compared == 5 * 2 * (4 * (3 * 2 * 3 + 2) + 5))
  }

  /// The matrices that scikit-learn's `multilabel_confusion_matrix` and `pair_confusion_matrix` give.
  @Test func matricesOfLabelsAndOfPairs() throws {
    let outcomes = try MultilabelOutcomes(
      truth: [true, false, true, false, true, false, true, true, false],
      predicted: [true, false, false, false, true, true, false, true, false], labels: 3, weights: [1, 2, 0.5])
    #expect(try outcomes.confusions().map(\.counts) == [[2, 0, 0.5, 1], [1, 0, 0, 2.5], [0.5, 2, 1, 0]])
    let small = try Contingency(truth: [0, 0, 1, 2], predicted: [0, 0, 1, 1]).pairs
    #expect(small == (together: 2, onlyPredicted: 2, onlyTrue: 0, apart: 8))
    let large = try Contingency(truth: [0, 0, 1, 1, 2, 2, 2], predicted: [0, 1, 1, 1, 2, 0, 2]).pairs
    #expect(large == (together: 4, onlyPredicted: 6, onlyTrue: 6, apart: 26))
  }

  @Test func multilabelIntervals() throws {
    var random = KeyedRandom(seed: 1, purpose: "test")
    let truth = (0..<600).map { _ in random.bernoulli(0.4) }
    let outcomes = try MultilabelOutcomes(truth: truth, predicted: truth.map { random.bernoulli(0.9) ? $0 : !$0 }, labels: 3)
    let estimates = try outcomes.estimates(options: IntervalOptions(resamples: 100))
    #expect(estimates["f1_micro"]?.value == (try outcomes.scores(.micro).fScore))
    for (name, one) in estimates { #expect(one.lower < one.value && one.value < one.upper, "\(name)") }
    #expect { try MultilabelOutcomes(truth: [true, false, true], predicted: [true, false, true], labels: 2) } throws: {
      ($0 as? MetricError)?.kind == .lengthMismatch
    }
  }

  @Test func agreementOfGroupings() throws {
    let cases = try #require(document["clusterings"]?.arrayValue)
    #expect(cases.count == 7)
    for one in cases {
      let table = try Contingency(truth: one["truth"]?.ints ?? [], predicted: one["predicted"]?.ints ?? [])
      let values: [(String, Double)] = [
        ("rand", table.rand), ("adjusted_rand", table.adjustedRand), ("adjusted_mutual_information", table.adjustedMutualInformation),
        ("normalised_mutual_information", table.normalisedMutualInformation), ("mutual_information", table.mutualInformation),
        ("homogeneity", table.homogeneity), ("completeness", table.completeness), ("v_measure", table.vMeasure()),
        ("v_measure_2", table.vMeasure(beta: 2)), ("fowlkes_mallows", table.fowlkesMallows),
      ]
      for (name, value) in values { #expect(Fixture.agree(value, Fixture.number(one[name])), "\(name) \(value) \(one[name] ?? nil)") }
    }
  }

  @Test func clustersOfPoints() throws {
    let cases = try #require(document["points"]?.arrayValue)
    #expect(cases.count == 3)
    for one in cases {
      let points = one["points"]?.doubles ?? [], labels = one["labels"]?.ints ?? [], columns = try #require(one["columns"]?.intValue)
      let each = try Metrics.silhouettes(points: points, columns: columns, labels: labels)
      for (value, reference) in zip(each, one["samples"]?.doubles ?? []) { #expect(Fixture.agree(value, reference)) }
      #expect(
        Fixture.agree(try Metrics.silhouette(points: points, columns: columns, labels: labels), Fixture.number(one["silhouette"])))
      #expect(
        Fixture.agree(
          try Metrics.calinskiHarabasz(points: points, columns: columns, labels: labels), Fixture.number(one["calinski_harabasz"])))
      #expect(
        Fixture.agree(try Metrics.daviesBouldin(points: points, columns: columns, labels: labels), Fixture.number(one["davies_bouldin"])))
      let evaluation = try ClusteringEvaluation(
        points: points, columns: columns, labels: labels, truth: labels, intervals: IntervalOptions(resamples: 50))
      #expect(evaluation.metrics["adjusted_rand"]?.value == 1)
      #expect(evaluation.metrics["silhouette"]?.value == (try Metrics.silhouette(points: points, columns: columns, labels: labels)))
      #expect(evaluation.sizes.reduce(0, +) == labels.count)
      for (name, estimate) in evaluation.metrics {
        #expect(MetricInfo.named(name) != nil && estimate.lower <= estimate.value && estimate.value <= estimate.upper, "\(name)")
      }
      #expect(evaluation.sections.count == 2)
    }
    #expect { try Metrics.silhouettes(points: [1, 2], columns: 1, labels: [0, 0]) } throws: { "\($0)".contains("one cluster") }
    #expect(try ClusteringEvaluation(points: [1, 2], columns: 1, labels: [0, 0]).metrics.isEmpty)
  }

  @Test func furtherClassification() throws {
    let cases = try #require(document["classification"]?.arrayValue)
    #expect(cases.count == 4)
    for one in cases {
      let classes = try #require(one["classes"]?.intValue)
      let truth = one["truth"]?.ints ?? [], predicted = one["predicted"]?.ints ?? [], p = one["p"]?.doubles ?? []
      let logits = one["logits"]?.doubles ?? []
      let isPositive = truth.map { $0 == 1 }, second = truth.indices.map { p[$0 * classes + 1] }
      for value in one["values"]?.list ?? [] {
        let w = value["weighted"]?.boolValue == true ? one["weights"]?.doubles : nil
        let matrix = try ConfusionMatrix(truth: truth, predicted: predicted, classes: classes, weights: w)
        func check(_ mine: Double, _ reference: JSONValue?, _ what: String) {
          #expect(Fixture.agree(mine, Fixture.number(reference)), "\(what) of \(classes) classes: \(mine), \(reference ?? nil)")
        }
        check(try Metrics.zeroOneLoss(truth: truth, predicted: predicted, weights: w), value["zero_one"], "0-1")
        check(try Metrics.d2LogLoss(truth: truth, probabilities: p, classes: classes, weights: w), value["d2_log"], "d2 log")
        check(try Metrics.d2Brier(truth: truth, probabilities: p, classes: classes, weights: w), value["d2_brier"], "d2 brier")
        for (average, name) in [(Average.micro, "micro"), (.macro, "macro"), (.weighted, "weighted")] {
          check(try matrix.jaccard(average), value["jaccard_\(name)"], "jaccard \(name)")
        }
        guard classes == 2 else {
          check(try Metrics.hingeLoss(truth: truth, scores: logits, classes: classes, weights: w), value["hinge"], "hinge")
          continue
        }
        let decisions = truth.indices.map { logits[2 * $0 + 1] }
        check(try Metrics.hingeLoss(isPositive, scores: decisions, weights: w), value["hinge"], "hinge")
        check(try matrix.jaccard(.binary(positive: 1)), value["jaccard_binary"], "jaccard binary")
        let ratios = try matrix.likelihoodRatios()
        check(ratios.positive, value["ratios"]?.list[0], "LR+")
        check(ratios.negative, value["ratios"]?.list[1], "LR-")
        let curve = try Metrics.detCurve(isPositive, second, weights: w)
        #expect(curve.thresholds == value["det"]?.list[2].doubles)
        for (mine, reference) in zip(curve.falsePositiveRates, value["det"]?.list[0].doubles ?? []) {
          #expect(Fixture.agree(mine, reference))
        }
        for (mine, reference) in zip(curve.falseNegativeRates, value["det"]?.list[1].doubles ?? []) {
          #expect(Fixture.agree(mine, reference))
        }
        for (limit, reference) in zip([0.1, 0.33, 0.9, 1.0], value["partial"]?.list ?? []) {
          check(try Metrics.partialAUC(isPositive, second, maximumFalsePositiveRate: limit, weights: w), reference, "partial \(limit)")
        }
      }
    }
  }

  @Test func calibrationOfEveryClass() throws {
    let (probabilities, truth) = Simulated.rows(3000, classes: 3, seed: 2)
    let p = probabilities.map { Double($0) }
    let honest = try Metrics.classwiseCalibrationError(truth: truth, probabilities: p, classes: 3)
    let quantile = try Metrics.classwiseCalibrationError(truth: truth, probabilities: p, classes: 3, strategy: .quantile)
    let swapped = truth.map { ($0 + 1) % 3 }
    #expect(honest < 0.03 && quantile < 0.03)
    #expect(try Metrics.classwiseCalibrationError(truth: swapped, probabilities: p, classes: 3) > 0.1)
  }

  @Test func anomalies() throws {
    var random = KeyedRandom(seed: 1, purpose: "test")
    let truth = (0..<500).map { $0 % 50 == 0 }
    let scores = truth.map { Simulated.normal(&random) + ($0 ? 3 : 0) }
    let evaluation = try AnomalyEvaluation(scores: scores, threshold: 2, truth: truth, intervals: IntervalOptions(resamples: 50))
    #expect(evaluation.anomalies == 10)
    #expect(evaluation.metrics["auc"]?.value == (try Metrics.auc(truth, scores)))
    #expect(evaluation.metrics["alarm_rate"]?.value == Double(scores.count { $0 > 2 }) / 500)
    #expect(evaluation.histogram.counts.reduce(0, +) == 490)
    for name in evaluation.metrics.keys { #expect(MetricInfo.named(name) != nil, "\(name)") }
    #expect(try JSON.decode(AnomalyEvaluation.self, from: JSON.encode(evaluation), source: "memory") == evaluation)
    let blind = try AnomalyEvaluation(scores: scores, threshold: 2)
    #expect(blind.metrics.keys.sorted() == ["alarm_rate"])
    #expect(blind.sections.count == 3)
  }
}
