import MartletCore
import Testing

@testable import Releases

@Suite struct ExactIntervalTests {
  /// R's binom.test and the textbook's table.
  @Test(arguments: [
    (0, 10, 0.0, 0.3084971), (5, 10, 0.1870860, 0.8129140), (10, 10, 0.6915029, 1.0), (1, 100, 0.0002531, 0.0544594),
    (50, 1000, 0.0373354, 0.0653905),
  ])
  func `shares have Clopper and Pearson's ends`(hits: Int, count: Int, lower: Double, upper: Double) {
    let interval = ExactIntervals.share(hits, of: count, error: 0.05)
    #expect(abs(interval.lowerBound - lower) < 1e-6 && abs(interval.upperBound - upper) < 1e-6, "\(interval)")
  }

  @Test func `nothing seen says nothing`() {
    #expect(ExactIntervals.share(0, of: 0, error: 0.05) == 0...1)
    #expect(ExactIntervals.percentile(0.9, of: LatencySketch(), error: 0.05) == (nil, nil))
  }

  @Test func `intervals of a percentile hold the truth as often as they say`() {
    // The 90th percentile of the uniform distribution from 0 to 1 s is 0.9 s.
    var random = KeyedRandom(seed: 3, purpose: "percentile")
    var held = 0, open = 0
    for _ in 0..<400 {
      var sketch = LatencySketch()
      for _ in 0..<120 { sketch.record(Double.random(in: 0...1, using: &random)) }
      let ends = ExactIntervals.percentile(0.9, of: sketch, error: 0.05)
      if ends.upper == nil { open += 1 }
      if (ends.lower ?? 0) <= 0.9 * 1.01, (ends.upper ?? 9) >= 0.9 / 1.01 { held += 1 }
    }
    // 95 % of 400 is 380; three standard deviations below are 367.
    #expect(held >= 367, "\(held) of 400")
    #expect(open == 0)
  }

  @Test func `few samples leave the upper end open`() {
    var sketch = LatencySketch()
    for _ in 0..<20 { sketch.record(0.1) }
    // Twenty durations say nothing about the slowest hundredth.
    #expect(ExactIntervals.percentile(0.99, of: sketch, error: 0.05).upper == nil)
  }
}

@Suite struct LatencySketchTests {
  @Test func `percentiles are right to 1 percent`() {
    var sketch = LatencySketch()
    for index in 1...10_000 { sketch.record(Double(index) / 10_000) }
    for share in [0.01, 0.1, 0.5, 0.9, 0.99, 0.999] {
      let value = sketch.percentile(share) ?? 0
      #expect(abs(value / share - 1) < 0.0102, "\(share): \(value)")
    }
  }

  @Test func `odd durations are counted and break nothing`() {
    var sketch = LatencySketch()
    for seconds in [0, -1, .nan, .infinity, -.infinity, 1e300, 1e-300] { sketch.record(seconds) }
    #expect(sketch.count == 7)
    #expect(sketch.percentile(0) != nil && sketch.percentile(1) != nil)
  }

  @Test func `what was seen since an earlier state`() {
    var sketch = LatencySketch()
    for _ in 0..<50 { sketch.record(0.001) }
    let before = sketch
    for _ in 0..<30 { sketch.record(1) }
    let since = sketch.since(before)
    #expect(since.count == 30)
    #expect(abs((since.percentile(0.1) ?? 0) - 1) < 0.02)
  }
}

@Suite struct GateVerdictTests {
  private static func figures(errors: Int = 0, of requests: Int = 1000, baselineErrors: Int = 0, seconds: Double = 0.01) -> ReleaseFigures {
    var result = ReleaseFigures()
    for (index, keyPath) in [\ReleaseFigures.candidate, \.baseline].enumerated() {
      result[keyPath: keyPath].requests = requests
      result[keyPath: keyPath].failures = index == 0 ? errors : baselineErrors
      for _ in 0..<requests { result[keyPath: keyPath].latency.record(index == 0 ? seconds : 0.01) }
    }
    return result
  }

  @Test(arguments: [
    (0, 10, GateVerdict.inconclusive), (0, 1000, .pass), (30, 1000, .fail), (9, 1000, .inconclusive), (10, 10, .fail),
    (1, 10, .inconclusive),
  ])
  func `an error rate of at most 1 percent`(errors: Int, of requests: Int, verdict: GateVerdict) {
    let result = ReleaseGate.errorRate(atMost: 0.01).judge(Self.figures(errors: errors, of: requests), error: 0.05)
    #expect(result.verdict == verdict, "\(result.sentence)")
  }

  @Test func `against the baseline`() {
    let gate = ReleaseGate.errorIncrease(atMost: 0.02)
    #expect(gate.judge(Self.figures(errors: 50, baselineErrors: 55), error: 0.05).verdict == .inconclusive)
    #expect(gate.judge(Self.figures(errors: 500, of: 10_000, baselineErrors: 550), error: 0.05).verdict == .pass)
    #expect(gate.judge(Self.figures(errors: 150, baselineErrors: 50), error: 0.05).verdict == .fail)
  }

  @Test func `latency absolute and as a ratio`() {
    let slow = Self.figures(seconds: 0.03), same = Self.figures(seconds: 0.0101)
    #expect(ReleaseGate.latency(percentile: 0.95, secondsAtMost: 0.02).judge(slow, error: 0.05).verdict == .fail)
    #expect(ReleaseGate.latency(percentile: 0.95, secondsAtMost: 0.05).judge(slow, error: 0.05).verdict == .pass)
    #expect(ReleaseGate.latency(percentile: 0.95, ratioAtMost: 1.2).judge(slow, error: 0.05).verdict == .fail)
    #expect(ReleaseGate.latency(percentile: 0.95, ratioAtMost: 1.2).judge(same, error: 0.05).verdict == .pass)
    #expect(ReleaseGate.latency(percentile: 0.99, secondsAtMost: 1).judge(Self.figures(of: 50), error: 0.05).verdict == .inconclusive)
  }

  @Test func `agreement, truths and people`() {
    var figures = ReleaseFigures()
    for gate in [ReleaseGate.agreement(atLeast: 0.9), .quality(atLeast: 0.9), .verdicts(atLeast: 0.9)] {
      #expect(gate.judge(figures, error: 0.05).verdict == .inconclusive)
    }
    (figures.compared, figures.agreed) = (500, 480)
    (figures.candidate.labelled, figures.candidate.correct) = (500, 300)
    (figures.candidate.judged, figures.candidate.good) = (10, 9)
    #expect(ReleaseGate.agreement(atLeast: 0.9).judge(figures, error: 0.05).verdict == .pass)
    #expect(ReleaseGate.quality(atLeast: 0.9).judge(figures, error: 0.05).verdict == .fail)
    #expect(ReleaseGate.verdicts(atLeast: 0.9).judge(figures, error: 0.05).verdict == .inconclusive)
    (figures.baseline.labelled, figures.baseline.correct) = (500, 450)
    #expect(ReleaseGate.qualityDrop(atMost: 0.05).judge(figures, error: 0.05).verdict == .fail)
  }

  @Test func `the stability index of counts`() {
    // Without the half answers: (0.5 − 0.4) ln(0.5 / 0.4) + (0.5 − 0.6) ln(0.5 / 0.6) = 0.0405465.
    let index = StabilityIndex(["a": 500_000, "b": 500_000], ["a": 400_000, "b": 600_000])
    #expect(abs((index.value ?? 0) - 0.0405465) < 1e-5)
    #expect(StabilityIndex([:], ["a": 1]).value == nil)
    #expect(StabilityIndex(["a": 3], ["b": 3]).value ?? .infinity < .infinity)
  }

  @Test func `drift that chance explains is no failure`() {
    var random = KeyedRandom(seed: 5, purpose: "drift")
    var failures = 0
    for _ in 0..<300 {
      var figures = ReleaseFigures()
      for _ in 0..<60 { figures.baseline.answers["\(Int.random(in: 0..<10, using: &random))", default: 0] += 1 }
      for _ in 0..<60 { figures.candidate.answers["\(Int.random(in: 0..<10, using: &random))", default: 0] += 1 }
      // The index itself is above 0.1 most of the time here: 9 · (1/60 + 1/60) = 0.3 by chance alone.
      if ReleaseGate.drift(atMost: 0.1).judge(figures, error: 0.05).verdict == .fail { failures += 1 }
    }
    #expect(failures <= 15, "\(failures) of 300")
    var figures = ReleaseFigures()
    figures.baseline.answers = ["a": 900, "b": 100]
    figures.candidate.answers = ["a": 500, "b": 500]
    #expect(ReleaseGate.drift(atMost: 0.1).judge(figures, error: 0.05).verdict == .fail)
    figures.candidate.answers = ["a": 8990, "b": 1010]
    figures.baseline.answers = ["a": 9000, "b": 1000]
    #expect(ReleaseGate.drift(atMost: 0.1).judge(figures, error: 0.05).verdict == .pass)
  }

  @Test func `drift of the inputs is that of the input that is farthest from its training rows`() throws {
    let gate = try ReleaseGate("input-drift <= 0.2")
    func judge(_ inputs: [InputCounts]) -> GateResult {
      var figures = ReleaseFigures()
      figures.inputs = inputs
      return gate.judge(figures, error: 0.05)
    }
    let tenths = [Int](repeating: 1000, count: 10), two = [7000, 3000, 0]
    let same = InputCounts("age", learned: tenths, seen: [Int](repeating: 100, count: 10))
    let moved = InputCounts("plan", learned: two, seen: [200, 500, 300])
    #expect(judge([same]).verdict == .pass)
    let bad = judge([same, moved])
    #expect(bad.verdict == .fail && bad.note?.contains("'plan'") == true && bad.samples == 1000)
    #expect(bad.sentence.hasSuffix("fail, at most 0.2 ('plan' is farthest from its training rows)"))
    // A handful of rows says nothing; nor does an input that no row brought, which is named.
    let few = InputCounts("age", learned: tenths, seen: [2, 1, 0, 0, 1, 0, 0, 0, 1, 0])
    #expect(judge([few]).verdict == .inconclusive)
    #expect(judge([InputCounts("age", learned: tenths)]).verdict == .inconclusive)
    let absent = judge([same, InputCounts("plan", learned: two)])
    #expect(absent.verdict == .pass && absent.note?.hasSuffix("without a value in every row: 'plan'") == true)
    // What has no profile is not measured, and says so.
    let nothing = judge([])
    #expect(nothing.verdict == .inconclusive && nothing.value == nil && nothing.sentence.contains("not measured"))
  }

  @Test func `inputs that come as the training rows did fail as seldom as they may`() {
    var random = KeyedRandom(seed: 6, purpose: "inputs")
    var failures = 0
    for _ in 0..<200 {
      var figures = ReleaseFigures()
      figures.inputs = (0..<8).map { place in
        var seen = [Int](repeating: 0, count: 10)
        for _ in 0..<80 { seen[Int.random(in: 0..<10, using: &random)] += 1 }
        return InputCounts("x\(place)", learned: [Int](repeating: 500, count: 10), seen: seen)
      }
      if ReleaseGate.inputDrift(atMost: 0.1).judge(figures, error: 0.05).verdict == .fail { failures += 1 }
    }
    #expect(failures <= 10, "\(failures) of 200")
  }

  @Test func `inputs are counted while somebody asks, and those of earlier steps are taken off`() {
    let tally = InputTally([InputCounts("a", learned: [5, 5]), InputCounts("b", learned: [1])])
    #expect(!tally.isCounting)
    tally.isCounting = true
    tally.add([[1, 2], [3]])
    var before = ReleaseFigures(), after = ReleaseFigures()
    before.inputs = tally.inputs
    // What does not fit is left out.
    tally.add([[1, 0, 9], [], [4]])
    after.inputs = tally.inputs
    #expect(after.inputs.map(\.seen) == [[2, 2], [3]] && after.since(before).inputs.map(\.seen) == [[1, 0], [0]])
    #expect(after.since(ReleaseFigures()).inputs == after.inputs)
  }
}

@Suite struct TrafficSplitTests {
  private func split(_ share: Double, salt: String = "r1") -> TrafficSplit {
    TrafficSplit(baseline: "3", candidate: "4", share: share, isShadowing: false, salt: salt)
  }

  @Test func `shares come out as asked`() {
    for share in [0, 0.01, 0.05, 0.5, 0.99, 1] {
      let hits = (0..<20_000).count { split(share).version(for: "user-\($0)") == "4" }
      let spread = 4 * (share * (1 - share) * 20_000).squareRoot()
      #expect(abs(Double(hits) - share * 20_000) <= spread + 1e-9, "\(share): \(hits)")
    }
  }

  @Test func `who has met the candidate stays with it while its share grows`() {
    for key in (0..<2000).map({ "u\($0)" }) where split(0.1).version(for: key) == "4" {
      #expect(split(0.3).version(for: key) == "4")
    }
  }

  @Test func `another release deals people out anew`() {
    let first = Set((0..<5000).filter { split(0.1).version(for: "u\($0)") == "4" })
    let second = Set((0..<5000).filter { split(0.1, salt: "r2").version(for: "u\($0)") == "4" })
    // Independent tenths share a hundredth of all.
    #expect((20...90).contains(first.intersection(second).count), "\(first.intersection(second).count)")
  }
}

@Suite struct GateTextTests {
  @Test func `gates are read as people write them`() throws {
    #expect(try ReleaseGate("p99 <= 0.5") == .latency(percentile: 0.99, secondsAtMost: 0.5))
    #expect(try ReleaseGate("p99.9-ratio<=1.2") == .latencyRatio(percentile: 0.9990000000000001, atMost: 1.2))
    #expect(try ReleaseGate(" Errors<= 1% ") == .errorRate(atMost: 0.01))
    #expect(try ReleaseGate("agreement>=0.95") == .agreement(atLeast: 0.95))
    for text in ReleaseGate.vocabulary { #expect(throws: Never.self) { try ReleaseGate(text) } }
  }

  @Test(arguments: [
    "", "errors", "errors < 0.1", "errors <= x", "errors <= 0.1 <= 0.2", "errors >= 0.1", "agreement <= 0.5", "p <= 1", "p99x <= 1",
    "px99 <= 1", "p0 <= 1", "p100 <= 1", "errors <= 200%", "speed <= 1", "errors <= nan", "drift <= 0", "p99 <= -1", "p1e9 <= 1",
  ])
  func `what is no gate is refused with the words there are`(text: String) {
    let error = #expect(throws: ReleaseError.self) { try ReleaseGate(text) }
    #expect(error?.kind == .badPlan && error?.expected != nil, "\(text)")
  }
}
