import Bundles
import Foundation
import Testing

@testable import Commands

@Suite struct WordingTests {
  @Test func numbers() {
    #expect(NumberText.short(0.92134) == "0.9213")
    #expect(NumberText.short(12.34567) == "12.346")
    #expect(NumberText.short(1340) == "1340")
    #expect(NumberText.short(-0.00012345) == "-0.0001234" || NumberText.short(-0.00012345) == "-0.0001235")
    #expect(NumberText.short(.nan) == "NaN")
    #expect(NumberText.short(-.infinity) == "-infinity")
    #expect(NumberText.short(1e300) == "1e+300")
  }

  @Test func sizesAndTimes() {
    #expect(
      [0, 1, 999, 1000, 1_234_567, 99_960, 999_600_000].map(NumberText.bytes) == [
        "0 bytes", "1 byte", "999 bytes", "1.0 kB", "1.2 MB", "100 kB", "1.0 GB",
      ])
    #expect([0.04, 9.96, 59, 61, 3661, .nan].map(NumberText.duration) == ["0.0 s", "10.0 s", "59 s", "1 min 1 s", "1 h 1 min", "?"])
    let now = Date(timeIntervalSince1970: 1_800_000_000)
    let ages: [(TimeInterval, String)] = [
      (-5, "just now"), (3, "just now"), (45, "45 seconds ago"), (60, "1 minute ago"), (7200, "2 hours ago"), (86_400 * 3, "3 days ago"),
      (86_400 * 40, "2026-12-06"),
    ]
    for (age, text) in ages { #expect(NumberText.ago(now.addingTimeInterval(-age), now: now) == text) }
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
