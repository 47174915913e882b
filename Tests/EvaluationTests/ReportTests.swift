import Charts
import Foundation
import MartletCore
import Testing

@testable import Evaluation

struct ReportTests {
  @Test func terminalTextIsPlainWhenAsked() throws {
    let evaluation = try EvaluationTests.sample()
    let text = evaluation.terminalText(width: 80, unicode: false)
    #expect(text.unicodeScalars.allSatisfy { $0.isASCII })
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    #expect(text.contains("Accuracy"))
    #expect(evaluation.terminalText(unicode: true).contains("─"))
  }

  @Test func reportHoldsItsParts() throws {
    var evaluation = try EvaluationTests.sample()
    evaluation.costs = EvaluationCosts(
      millisecondsPerItemMedian: 0.4, millisecondsPerItem99: 1.2, peakMemoryBytes: 300 << 20, modelBytes: 1_700_000, parameterCount: 421_642
    )
    let png = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 1, 2, 3])
    let report = ClassificationReport(
      title: "fashion 1", evaluation: evaluation,
      history: ["train/loss": [1, 0.5], "validation/loss": [1.1, 0.7], "validation/accuracy": [0.5, 0.7]],
      lineage: [ReportFact("seed", "42")], thumbnails: [evaluation.worstMistakes[0].row: png])
    let html = try report.report.html(library: "window.vegaEmbed=function(){}")
    for part in [
      "421,642 parameters", "400 µs", "How it learned", "Worst mistakes", "data:image/png;base64,", "Confusion matrix", "no picture",
    ] {
      #expect(html.contains(part), "\(part)")
    }
    #expect(report.report.sections.flatMap(\.blocks).count > 8)
  }

  @Test func labelsCannotBecomeScripts() throws {
    let bad = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
    var accumulator = try ClassificationAccumulator(labels: [bad, "b"])
    try accumulator.add(probabilities: [0.9, 0.1, 0.8, 0.2, 0.3, 0.7], truth: [0, 1, 1])
    let evaluation = try accumulator.evaluation(intervals: IntervalOptions(resamples: 50))
    let report = ClassificationReport(
      title: bad, subtitle: bad, evaluation: evaluation, history: [bad + "/loss": [1]], lineage: [ReportFact(bad, bad)], footer: bad)
    let html = try report.report.html(library: "var library;")
    #expect(!html.contains("alert(1)</script>"))
    #expect(!html.contains("<img"))
    #expect(html.components(separatedBy: "</script>").count == 4)
  }

  @Test func withoutTheLibraryThereAreTables() throws {
    let evaluation = try EvaluationTests.sample()
    let html = try ClassificationReport(title: "m", evaluation: evaluation).report.html(library: nil)
    #expect(html.contains("charts appear as tables"))
    #expect(!html.contains("<script"))
    #expect(html.contains("mean confidence"))
  }
}
