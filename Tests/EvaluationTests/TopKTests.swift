import Testing

@testable import Evaluation

@Suite struct TopKTests {
  @Test func anyKCanBeAskedFor() throws {
    var accumulator = try ClassificationAccumulator(labels: (0..<10).map(String.init))
    // Row r gives its true class, 0, the place r: r classes are more probable.
    for row in 0..<8 {
      var probabilities = (1..<10).map { $0 <= row ? Float(0.1) + Float($0) * 0.001 : Float(0.01) }
      probabilities.insert(0.05, at: 0)
      let total = probabilities.reduce(0, +)
      try accumulator.add(probabilities: probabilities.map { $0 / total }, truth: [0])
    }
    let evaluation = try accumulator.evaluation(topK: [1, 2, 7, 10, 50])
    #expect(evaluation.metrics["top_2"]?.value == 0.25)
    #expect(evaluation.metrics["top_7"]?.value == 0.875)
    // As many answers as classes are always right: nothing to report.
    #expect(evaluation.metrics["top_10"] == nil && evaluation.metrics["top_50"] == nil)
    #expect(evaluation.metrics["top_1"]?.value == evaluation.metrics["accuracy"]?.value)
  }

  @Test func everyKHasAName() {
    #expect(MetricInfo.named("top_7")?.title == "Top-7 accuracy" && MetricInfo.named("top_7")?.higherIsBetter == true)
    #expect(MetricInfo.named("top_0") == nil && MetricInfo.named("top_x") == nil)
    #expect(MetricInfo.of(["top_10", "top_7", "accuracy", "log_loss"]).map(\.name) == ["accuracy", "log_loss", "top_7", "top_10"])
  }
}
