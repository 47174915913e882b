import Charts
import Foundation
import MartletCore
import Testing

@testable import Evaluation

struct EvaluationTests {
  static func sample(rows: Int = 400, classes: Int = 4, seed: UInt64 = 1) throws -> ClassificationEvaluation {
    let (probabilities, truth) = Simulated.rows(rows, classes: classes, seed: seed)
    var accumulator = try ClassificationAccumulator(labels: (0..<classes).map { "class \($0)" })
    try accumulator.add(probabilities: probabilities, truth: truth)
    return try accumulator.evaluation(intervals: IntervalOptions(resamples: 100))
  }

  @Test func holdsEveryMetricWithAnInterval() throws {
    let evaluation = try Self.sample(classes: 6)
    let expected = [
      "accuracy", "balanced_accuracy", "precision_macro", "recall_macro", "f1_macro", "f1_micro", "f1_weighted", "auc_ovr_macro",
      "auc_ovo_macro", "average_precision_macro", "log_loss", "brier", "ece", "mce", "top_3", "top_5", "matthews_correlation",
      "cohen_kappa",
    ]
    for name in expected { #expect(evaluation.metrics[name] != nil, "\(name)") }
    for (name, estimate) in evaluation.metrics {
      #expect(MetricInfo.named(name) != nil, "\(name) is not in the catalogue")
      #expect(estimate.lower <= estimate.value && estimate.value <= estimate.upper, "\(name)")
      #expect(estimate.lower < estimate.upper, "\(name)")
      #expect(estimate.level == 0.95)
    }
    #expect(evaluation.metrics["f1_micro"]?.value == evaluation.metrics["accuracy"]?.value)
    #expect(evaluation.perClass.count == 6)
    #expect(evaluation.rocCurves.count == 6)
    #expect(evaluation.notes.isEmpty)
  }

  @Test func metricsAreThoseOfMetrics() throws {
    let (probabilities, truth) = Simulated.rows(300, classes: 3, seed: 2)
    var accumulator = try ClassificationAccumulator(labels: ["a", "b", "c"])
    try accumulator.add(probabilities: probabilities, truth: truth)
    let metrics = try accumulator.evaluation(intervals: IntervalOptions(resamples: 50)).metrics
    let predicted = try Metrics.predictions(probabilities, classes: 3)
    var values = [
      "accuracy": try Metrics.accuracy(truth: truth, predicted: predicted),
      "f1_macro": try Metrics.f1(truth: truth, predicted: predicted, classes: 3, average: .macro),
    ]
    values["log_loss"] = try Metrics.logLoss(truth: truth, probabilities: probabilities, classes: 3)
    values["brier"] = try Metrics.brier(truth: truth, probabilities: probabilities, classes: 3)
    values["auc_ovr_macro"] = try Metrics.auc(truth: truth, probabilities: probabilities, classes: 3, average: .oneVersusRestMacro)
    values["auc_ovo_macro"] = try Metrics.auc(truth: truth, probabilities: probabilities, classes: 3, average: .oneVersusOneMacro)
    var averagePrecision = 0.0
    for label in 0..<3 {
      let column = truth.indices.map { probabilities[$0 * 3 + label] }
      averagePrecision += try Metrics.averagePrecision(truth.map { $0 == label }, column) / 3
    }
    values["average_precision_macro"] = averagePrecision
    for (name, value) in values { #expect(abs((metrics[name]?.value ?? .nan) - value) < 1e-12, "\(name)") }
    let calibration = try Metrics.calibration(
      confidences: truth.indices.map { probabilities[$0 * 3 + predicted[$0]] }, isRight: zip(truth, predicted).map { $0 == $1 })
    #expect(abs((metrics["ece"]?.value ?? .nan) - calibration.expectedError) < 1e-12)
    #expect(abs((metrics["mce"]?.value ?? .nan) - calibration.maximumError) < 1e-12)
  }

  @Test func twoClassesHaveTheSecondsCurves() throws {
    let (probabilities, truth) = Simulated.rows(200, classes: 2, seed: 5)
    var accumulator = try ClassificationAccumulator(labels: ["no", "yes"])
    try accumulator.add(probabilities: probabilities, truth: truth)
    let metrics = try accumulator.evaluation(intervals: IntervalOptions(resamples: 50)).metrics
    let second = truth.indices.map { probabilities[2 * $0 + 1] }, isPositive = truth.map { $0 == 1 }
    #expect(metrics["auc"]?.value == (try Metrics.auc(isPositive, second)))
    let precision = try #require(metrics["average_precision"])
    #expect(abs(precision.value - (try Metrics.averagePrecision(isPositive, second))) < 1e-12)
    #expect(precision.lower < precision.value && precision.value < precision.upper)
  }

  @Test func decisionsMoveWhatIsCounted() throws {
    let (probabilities, truth) = Simulated.rows(200, classes: 2, seed: 6)
    var accumulator = try ClassificationAccumulator(labels: ["no", "yes"])
    try accumulator.add(probabilities: probabilities, truth: truth)
    let few = IntervalOptions(resamples: 50)
    let decisions = truth.indices.map { probabilities[2 * $0 + 1] > 0.2 ? 1 : 0 }
    let plain = try accumulator.evaluation(intervals: few), moved = try accumulator.evaluation(intervals: few, decisions: decisions)
    #expect(moved.confusion == (try ConfusionMatrix(truth: truth, predicted: decisions, classes: 2)))
    #expect(moved.metrics["accuracy"]?.value == (try Metrics.accuracy(truth: truth, predicted: decisions)))
    #expect((moved.metrics["recall"]?.value ?? 0) > (plain.metrics["recall"]?.value ?? 1))
    for name in ["auc", "log_loss", "ece", "average_precision"] { #expect(moved.metrics[name] == plain.metrics[name], "\(name)") }
    #expect(moved.outcomes?.predicted == decisions)
    #expect(moved.notes.count == 1 && plain.notes.isEmpty)
    #expect { try accumulator.evaluation(decisions: [1]) } throws: { ($0 as? MetricError)?.kind == .lengthMismatch }
    #expect { try accumulator.evaluation(decisions: decisions.map { $0 + 1 }) } throws: { ($0 as? MetricError)?.row != nil }
    var sums = try ClassificationSums(labels: ["no", "yes"])
    try sums.add(probabilities: probabilities, truth: truth, decisions: decisions)
    #expect(try sums.confusion() == moved.confusion)
    for name in ["log_loss", "brier"] {
      let exact = try #require(moved.metrics[name]), streamed = try #require(try sums.metrics(options: few)[name])
      #expect(abs(exact.value - streamed.value) < 1e-12)
      // The bootstrap of fifty resamples and the normal interval agree roughly.
      #expect(abs(streamed.margin / exact.margin - 1) < 0.4, "\(name) \(streamed) \(exact)")
    }
  }

  /// Batches of any size, merged from any number of workers in order, give the same evaluation as one batch.
  @Test func batchesMerge() throws {
    let (probabilities, truth) = Simulated.rows(101, classes: 3, seed: 3)
    let labels = ["a", "b", "c"]
    var whole = try ClassificationAccumulator(labels: labels)
    try whole.add(probabilities: probabilities, truth: truth)
    var first = try ClassificationAccumulator(labels: labels)
    var second = first
    for row in 0..<101 {
      let values = Array(probabilities[(row * 3)..<(row * 3 + 3)])
      if row < 40 {
        try first.add(probabilities: values, truth: [truth[row]])
      } else {
        try second.add(probabilities: HostArray(values.map { Double($0) }, shape: [1, 3]), truth: [truth[row]])
      }
    }
    try first.merge(second)
    let options = IntervalOptions(resamples: 50)
    #expect(try first.evaluation(intervals: options) == whole.evaluation(intervals: options))
    #expect(first.rows == 101)
  }

  @Test func weightsOfLaterBatchesCount() throws {
    var accumulator = try ClassificationAccumulator(labels: ["a", "b"])
    try accumulator.add(probabilities: [0.9, 0.1, 0.2, 0.8], truth: [0, 0])
    try accumulator.add(probabilities: [0.3, 0.7], truth: [1], weights: [2])
    let evaluation = try accumulator.evaluation(intervals: IntervalOptions(resamples: 50))
    #expect(evaluation.metrics["accuracy"]?.value == 0.75)
    #expect(evaluation.confusion.total == 4)
  }

  @Test func badBatchesAreRefusedWhole() throws {
    var accumulator = try ClassificationAccumulator(labels: ["a", "b"])
    try accumulator.add(probabilities: [0.9, 0.1], truth: [0])
    func failure(_ probabilities: [Float], _ truth: [Int]) -> MetricError? {
      do {
        try accumulator.add(probabilities: probabilities, truth: truth)
        return nil
      } catch { return error }
    }
    #expect(failure([0.5, 0.5, .nan, 1], [0, 1])?.kind == .notANumber)
    #expect(failure([0.5, 0.5, 2, 3], [0, 1])?.row == 2)
    #expect(failure([0.5, 0.5], [7])?.problem == "label 7 of row 1 is out of range")
    #expect(failure([0.5], [0])?.kind == .lengthMismatch)
    #expect(accumulator.rows == 1)
    #expect(throws: MetricError.self) { try accumulator.add(probabilities: HostArray([1, 2] as [Int64], shape: [1, 2]), truth: [0]) }
  }

  @Test func oneClassOnlyIsSaidAndNotFatal() throws {
    var accumulator = try ClassificationAccumulator(labels: ["a", "b"])
    try accumulator.add(probabilities: [0.9, 0.1, 0.8, 0.2], truth: [0, 0])
    let evaluation = try accumulator.evaluation(intervals: IntervalOptions(resamples: 50))
    #expect(evaluation.metrics["auc"] == nil)
    #expect(evaluation.metrics["accuracy"]?.value == 1)
    #expect(evaluation.notes.count == 2)
    #expect(evaluation.notes[0].contains("'b'"))
    _ = try JSON.encode(evaluation)
  }

  @Test func jsonRoundTrip() throws {
    let evaluation = try Self.sample()
    let data = try JSON.encode(evaluation)
    let back = try JSON.decode(ClassificationEvaluation.self, from: data, source: "evaluation")
    #expect(back == evaluation)
    #expect(back.outcomes?.digest == evaluation.outcomes?.digest)
    let small = try JSON.encode(evaluation.withoutOutcomes())
    #expect(small.count < data.count)
    let value = try JSON.decode(JSONValue.self, from: small, source: "evaluation")
    #expect(value["metrics"]?["accuracy"]?["method"] == "wilson")
  }

  @Test func worstMistakesComeFirst() throws {
    let evaluation = try Self.sample()
    let losses = evaluation.worstMistakes.map(\.loss)
    #expect(losses == losses.sorted(by: >))
    #expect(evaluation.worstMistakes.allSatisfy { $0.truth != $0.predicted && $0.confidence >= $0.truthProbability })
    #expect(evaluation.worstMistakes.count == 24)
    let top = evaluation.topConfusions(3)
    #expect(top.count == 3)
    #expect(top[0].count >= top[1].count)
    #expect(evaluation.confusion[truth: top[0].truth, predicted: top[0].predicted] == top[0].count)
  }

  struct Oracle: Classifier {
    let labels = ["even", "odd"]
    let outputName: String
    let signature = Signature(
      inputs: [TensorSpec(name: "x", dtype: .float32, shape: [nil])],
      outputs: [TensorSpec(name: "probabilities", dtype: .float32, shape: [nil, 2])])

    func predict(_ inputs: [String: HostArray]) async throws -> [String: HostArray] {
      let values = try inputs["x"]?.values(as: Float.self) ?? []
      let rows = values.flatMap { value -> [Float] in Int(value) % 2 == 0 ? [0.9, 0.1] : [0.2, 0.8] }
      return [outputName: try HostArray(rows, shape: [values.count, 2])]
    }
  }

  @Test func evaluatesAClassifierOverBatches() async throws {
    let batches = AsyncStream<EvaluationBatch> { continuation in
      for start in 0..<5 {
        let numbers = (0..<10).map { start * 10 + $0 }
        if let x = try? HostArray(numbers.map { Float($0) }) {
          continuation.yield(EvaluationBatch(inputs: ["x": x], truth: numbers.map { $0 == 7 ? 0 : $0 % 2 }))
        }
      }
      continuation.finish()
    }
    var seen: [Int] = []
    let evaluation = try await ClassificationEvaluation.evaluate(
      Oracle(outputName: "probabilities"), on: batches, modelBytes: 1234, parameterCount: 56, progress: { seen.append($0) })
    #expect(evaluation.metrics["accuracy"]?.value == 0.98)
    #expect(evaluation.worstMistakes.map(\.row) == [7])
    #expect(seen == [10, 20, 30, 40, 50])
    #expect(evaluation.costs.modelBytes == 1234)
    #expect((evaluation.costs.peakMemoryBytes ?? 0) > 1 << 20)
    #expect((evaluation.costs.millisecondsPerItem99 ?? -1) >= (evaluation.costs.millisecondsPerItemMedian ?? 0))
  }

  @Test func aClassifierWithoutProbabilitiesIsNamed() async throws {
    let batches = AsyncStream<EvaluationBatch> { continuation in
      if let x = try? HostArray([1] as [Float]) { continuation.yield(EvaluationBatch(inputs: ["x": x], truth: [1])) }
      continuation.finish()
    }
    await #expect(throws: ArgumentError.self) {
      _ = try await ClassificationEvaluation.evaluate(Oracle(outputName: "logits"), on: batches)
    }
  }

  @Test func costsByQuantile() {
    let costs = EvaluationCosts(batches: [(10, 0.01), (10, 0.02), (0, 5), (80, 0.04)])
    #expect(abs((costs.millisecondsPerItemMedian ?? 0) - 0.5) < 1e-12)
    #expect(abs((costs.millisecondsPerItem99 ?? 0) - 2) < 1e-12)
    #expect(abs((costs.itemsPerSecond ?? 0) - 100 / 0.07) < 1e-9)
  }
}
