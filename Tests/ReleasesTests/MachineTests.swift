import Foundation
import MartletCore
import Testing

@testable import Releases

private let start = Date(timeIntervalSince1970: 1_000_000)

/// Figures of a candidate that fails this share of its requests.
private func figures(_ requests: Int, errors: Int = 0, compared: Int = 0, agreed: Int = 0) -> ReleaseFigures {
  var result = ReleaseFigures()
  result.candidate.requests = requests
  result.candidate.failures = errors
  result.baseline.requests = requests
  result.compared = compared
  result.agreed = agreed
  return result
}

private func plan(_ change: (inout ReleasePlan) -> Void = { _ in }) -> ReleasePlan {
  var plan = ReleasePlan(model: "m", baseline: "1", candidate: "2", steps: [.init(share: 0.1), .init(share: 0.35), .init(share: 0.7)])
  change(&plan)
  return plan
}

private func running(_ change: (inout ReleasePlan) -> Void = { _ in }) throws -> ReleaseState {
  var state = try ReleaseState(plan(change), by: "ann", at: start)
  state.prepared(at: start)
  return state
}

@Suite struct ReleaseMachineTests {
  @Test func `a good candidate goes through all steps and takes over, whatever the last share`() throws {
    var state = try running()
    var now = start
    var shares: [Double] = []
    while state.phase == .running {
      if shares.last != state.share { shares.append(state.share) }
      now += 30
      state.look(at: figures(Int(now.timeIntervalSince(state.stepStarted)) * 20), now: now)
    }
    #expect(shares == [0.1, 0.35, 0.7])
    #expect(state.phase == .promoting && state.share == 1)
    state.finished(at: now)
    #expect(state.phase == .promoted && state.phase.isOver)
    #expect(now.timeIntervalSince(start) == 180)
  }

  @Test func `a broken candidate is sent back at the first look that can know`() throws {
    var state = try running()
    state.look(at: figures(20, errors: 1), now: start + 1)
    #expect(state.phase == .running && state.results.map(\.verdict) == [.inconclusive], "one of twenty may be chance at one in a hundred")
    state.look(at: figures(30, errors: 5), now: start + 2)
    #expect(state.phase == .rollingBack)
    #expect(state.reason?.contains("error rate") == true)
    #expect(state.share == 0)
  }

  @Test func `too few samples are inconclusive: hold, or back`() throws {
    for undecided in ReleasePlan.Undecided.allCases {
      var state = try running { plan in
        plan.undecided = undecided
        plan.patience = 120
      }
      state.look(at: figures(150), now: start + 60)
      #expect(state.phase == .running)
      #expect(state.results.map(\.verdict) == [.inconclusive])
      state.look(at: figures(150), now: start + 181)
      #expect(state.phase == (undecided == .hold ? .holding : .rollingBack))
      #expect(state.reason?.contains("inconclusive") == true)
      guard undecided == .hold else { continue }
      #expect(state.share == 0.1, "the traffic stays as it is")
      try state.obey(.resume, by: "ann", at: start + 200)
      #expect(state.phase == .running && state.stepStarted == start + 200)
    }
  }

  @Test func `a step waits for its requests and its seconds`() throws {
    var state = try running { $0.gates = [] }
    state.look(at: figures(5000), now: start + 59)
    #expect(state.step == 0)
    state.look(at: figures(99), now: start + 61)
    #expect(state.step == 0)
    state.look(at: figures(100), now: start + 61)
    #expect(state.step == 1 && state.stepStarted == start + 61)
  }

  @Test func `a step that needs a person waits for one, without end`() throws {
    var state = try running { $0.steps[0].needsApproval = true }
    state.look(at: figures(2000), now: start + 100_000)
    #expect(state.step == 0 && state.phase == .running)
    try state.obey(.approve, by: "bob", at: start + 100_001)
    state.look(at: figures(2001), now: start + 100_002)
    #expect(state.step == 1)
    #expect(state.approvals.isEmpty, "the next step needs its own")
  }

  @Test func `a pause keeps the step but not a failure`() throws {
    var state = try running()
    try state.obey(.pause, by: "ann", at: start)
    state.look(at: figures(5000), now: start + 500)
    #expect(state.step == 0)
    state.look(at: figures(6000, errors: 600), now: start + 501)
    #expect(state.phase == .rollingBack)
  }

  @Test func `people can promote and roll back by hand, and only while it runs`() throws {
    var promoted = try running()
    try promoted.obey(.promote, by: "ann", reason: "seen enough", at: start)
    #expect(promoted.phase == .promoting)
    #expect(throws: ReleaseError.self) { try promoted.obey(.rollback, by: "ann", at: start) }
    var back = try running()
    try back.obey(.rollback, by: "ann", at: start)
    #expect(back.phase == .rollingBack)
    back.finished(at: start)
    for order in ReleaseState.Order.allCases { #expect(throws: ReleaseError.self) { try back.obey(order, by: "ann", at: start) } }
  }

  @Test func `agreement is asked for in steps with a shadow only`() throws {
    var state = try running { plan in
      plan.steps = [.init(share: 0), .init(share: 0.5)]
      plan.gates = [.agreement(atLeast: 0.9)]
    }
    #expect(state.isShadowing)
    state.look(at: figures(1000, compared: 1000, agreed: 990), now: start + 60)
    #expect(state.step == 1)
    state.look(at: figures(1000), now: start + 130)
    #expect(state.phase == .promoting)
  }

  /// The promise of `level`: looked at every second, a candidate that is exactly as bad as the limit allows is sent back wrongly, or let
  /// through, in at most 5 % of the steps (here at most 3 standard deviations above, of 300).
  @Test func `looking often raises no false alarms`() throws {
    var random = KeyedRandom(seed: 11, purpose: "alarms")
    var failed = 0
    for _ in 0..<300 {
      var state = try running { $0.gates = [.errorRate(atMost: 0.05)] }
      var requests = 0, errors = 0
      for second in 1...50 where state.phase == .running {
        for _ in 0..<20 {
          requests += 1
          if Double.random(in: 0..<1, using: &random) < 0.05 { errors += 1 }
        }
        state.look(at: figures(requests, errors: errors), now: start + Double(second))
      }
      if state.phase == .rollingBack { failed += 1 }
    }
    #expect(failed <= 15 + 12, "\(failed) of 300")
  }

  @Test func `plans that cannot be are refused with the value`() throws {
    let bad: [(String, (inout ReleasePlan) -> Void)] = [
      ("itself", { $0.candidate = "1" }), ("no steps", { $0.steps = [] }), ("1.5", { $0.steps[0].share = 1.5 }),
      ("after 0.35", { $0.steps[2].share = 0.2 }), ("nothing", { $0.steps[0] = .init(share: 0, shadow: false) }),
      ("level is 1.0", { $0.level = 1 }), ("-3.0", { $0.steps[1].seconds = -3 }),
      ("percentile 1.0", { $0.gates = [.latency(percentile: 1, secondsAtMost: 1)] }),
      ("limit 2.0", { $0.gates = [.errorRate(atMost: 2)] }), ("agreement", { $0.gates = [.agreement(atLeast: 0.5)] }),
      ("nan", { $0.patience = .nan }),
    ]
    for (words, change) in bad {
      let error = #expect(throws: ReleaseError.self) { try ReleaseState(plan(change), by: "ann") }
      #expect(error?.kind == .badPlan && error?.problem.contains(words) == true, "\(words): \(error?.problem ?? "")")
    }
  }
}
