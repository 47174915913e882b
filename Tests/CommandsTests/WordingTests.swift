import Bundles
import Foundation
import Testing

@testable import Commands

@Suite struct WordingTests {
  @Test func ages() {
    let now = Date(timeIntervalSince1970: 1_800_000_000)
    let ages: [(TimeInterval, String)] = [
      (-5, "just now"), (3, "just now"), (45, "45 seconds ago"), (60, "1 minute ago"), (7200, "2 hours ago"), (86_400 * 3, "3 days ago"),
      (86_400 * 40, "2026-12-06"),
    ]
    for (age, text) in ages { #expect(Wording.ago(now.addingTimeInterval(-age), now: now) == text) }
  }

  @Test func gates() {
    let metrics = [
      "accuracy": MetricSummary(0.9, higherIsBetter: true), "logLoss": MetricSummary(0.3, higherIsBetter: false), "odd": MetricSummary(1),
      "broken": MetricSummary(.nan, higherIsBetter: true),
    ]
    func passed(_ name: String, _ value: Double) -> Bool { Gate.check([name: value], metrics: metrics).allSatisfy(\.passed) }
    #expect(passed("accuracy", 0.9) && !passed("accuracy", 0.91))
    #expect(passed("logLoss", 0.3) && !passed("logLoss", 0.29))
    #expect(!passed("odd", 0) && !passed("broken", 0) && !passed("missing", 0))
    #expect(Gate.check(["missing": 0.5], metrics: metrics).first?.text == "missing was not measured; at least 0.5 is required")
    #expect(Gate.check(["logLoss": 0.25], metrics: metrics).first?.text == "logLoss is 0.3; at most 0.25 is required")
    #expect(Gate.check([:], metrics: metrics).isEmpty)
  }
}
