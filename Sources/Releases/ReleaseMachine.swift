public import Foundation

/// How a release goes from one state to the next: no clock, no file and no server of its own, so that every path can be tested.
extension ReleaseState {
  /// What a person can tell a release.
  public enum Order: String, Sendable, Hashable, Codable, CaseIterable {
    /// Stay in this step, whatever the gates say; a gate that fails still rolls back.
    case pause
    /// Go on after a pause or a hold; the step begins anew.
    case resume
    /// Agree to the end of this step.
    case approve
    /// Let the candidate take over now, whatever the gates say.
    case promote
    /// Send everything back to the baseline now.
    case rollback
  }

  /// Carries out what a person said.
  /// - Throws: `ReleaseError` `.wrongPhase` where it does not fit.
  public mutating func obey(_ order: Order, by actor: String, reason: String = "", at now: Date) throws(ReleaseError) {
    guard phase == .running || phase == .holding || (phase == .preparing && order == .rollback) else {
      throw ReleaseError(
        .wrongPhase, "the release of \(plan.model) is \(phase.words) and cannot be told to \(order.rawValue)",
        expected: "a release that runs or holds")
    }
    let because = reason.isEmpty ? "" : ": \(reason)"
    switch order {
    case .pause:
      isPaused = true
      note(now, actor, "paused\(because)")
    case .resume:
      isPaused = false
      if phase == .holding {
        phase = .running
        beginStep(at: now)
      }
      self.reason = nil
      note(now, actor, "goes on\(because)")
    case .approve:
      approvals.insert(actor)
      note(now, actor, "agreed to step \(step + 1)\(because)")
    case .promote:
      note(now, actor, "promoted by hand in step \(step + 1)\(because)")
      enter(.promoting, reason: "promoted by \(actor)\(because)")
    case .rollback:
      note(now, actor, "rolled back by hand\(because)")
      enter(.rollingBack, reason: "rolled back by \(actor)\(because)")
    }
  }

  /// The candidate is loaded and warm.
  mutating func prepared(at now: Date) {
    guard phase == .preparing else { return }
    phase = .running
    step = 0
    beginStep(at: now)
    note(now, ReleaseState.itself, "\(plan.model)@\(plan.candidate) is loaded and warm; step 1 begins: \(wordsOfStep)")
  }

  /// The candidate cannot be loaded, or a later effect failed for good.
  mutating func failed(_ problem: String, at now: Date) {
    guard !phase.isOver else { return }
    note(now, ReleaseState.itself, problem)
    enter(.rollingBack, reason: problem)
  }

  /// The effects of `.promoting` or `.rollingBack` are done.
  mutating func finished(at now: Date) {
    switch phase {
    case .promoting:
      phase = .promoted
      note(now, ReleaseState.itself, "\(plan.model)@\(plan.candidate) has taken over")
    case .rollingBack:
      phase = .rolledBack
      note(now, ReleaseState.itself, "\(plan.model)@\(plan.baseline) answers everything again")
    default: break
    }
  }

  /// Looks at the gates and the time.
  /// - Parameter figures: what was seen since the step began.
  mutating func look(at figures: ReleaseFigures, now: Date) {
    guard phase == .running || phase == .holding else { return }
    let step = plan.steps[self.step]
    let samples = figures.candidate.requests + figures.compared + figures.candidate.labelled + figures.candidate.judged
    // Looking again and again at the same limit would find a false alarm sooner or later. So a look is counted only when a tenth more has
    // been seen, and look k has the part 6 / (π k)² of the error that the step may make: together they make no more than it.
    let elapsed = now.timeIntervalSince(stepStarted)
    let mustDecide = elapsed >= step.seconds && figures.candidate.requests >= step.requests
    if samples > samplesAtLook + samplesAtLook / 10 || (mustDecide && samples > samplesAtLook) {
      looks += 1
      samplesAtLook = samples
      let error = (1 - plan.level) * 6 / (Double.pi * Double.pi * Double(looks * looks))
      results = gates(in: step).map { $0.judge(figures, error: error) }
    }
    if let bad = results.first(where: { $0.verdict == .fail }) {
      note(now, ReleaseState.itself, bad.sentence)
      return enter(.rollingBack, reason: bad.sentence)
    }
    guard phase == .running, !isPaused, elapsed >= step.seconds else { return }
    let waiting = missing(in: step, figures)
    if waiting.isEmpty { return advance(at: now) }
    guard elapsed >= step.seconds + plan.patience else { return }
    // Only a person can end waiting for a person.
    if waiting.allSatisfy(\.isApproval) { return }
    let text = "step \(self.step + 1) is inconclusive after \(Int(elapsed)) s: " + waiting.map(\.text).joined(separator: "; ")
    note(now, ReleaseState.itself, text)
    switch plan.undecided {
    case .hold:
      phase = .holding
      reason = text
    case .rollback: enter(.rollingBack, reason: text)
    }
  }

  static let itself = "martlet"

  /// Agreement can only be seen where both versions answer.
  private func gates(in step: ReleasePlan.Step) -> [ReleaseGate] {
    plan.gates.filter {
      if case .agreement = $0 { return step.shadow }
      return true
    }
  }

  private func missing(in step: ReleasePlan.Step, _ figures: ReleaseFigures) -> [(text: String, isApproval: Bool)] {
    var missing: [(text: String, isApproval: Bool)] = []
    let seen = figures.candidate.requests
    if seen < step.requests { missing.append(("\(seen) of \(step.requests) requests", false)) }
    let judged = Dictionary(results.map { ($0.gate, $0) }, uniquingKeysWith: { first, _ in first })
    for gate in gates(in: step) {
      guard let result = judged[gate] else {
        missing.append(("\(gate.name): nothing seen", false))
        continue
      }
      if result.verdict != .pass { missing.append((result.sentence, false)) }
    }
    if step.needsApproval, approvals.isEmpty { missing.append(("nobody has agreed yet", true)) }
    return missing
  }

  private mutating func advance(at now: Date) {
    let passed = results.map(\.sentence).joined(separator: "; ")
    note(now, ReleaseState.itself, "step \(step + 1) passed" + (passed.isEmpty ? "" : ": \(passed)"))
    guard step + 1 < plan.steps.count else { return enter(.promoting, reason: nil) }
    step += 1
    beginStep(at: now)
    note(now, ReleaseState.itself, "step \(step + 1) begins: \(wordsOfStep)")
  }

  /// A step begins, or begins anew because what was seen is lost or forgotten.
  mutating func beginStep(at now: Date) {
    stepStarted = now
    approvals = []
    looks = 0
    samplesAtLook = 0
    results = []
  }

  private mutating func enter(_ phase: Phase, reason: String?) {
    self.phase = phase
    isPaused = false
    self.reason = reason
  }

  private var wordsOfStep: String {
    let step = plan.steps[self.step]
    let share = String(format: "%g", step.share * 100)
    return step.share == 0 ? "shadow only" : "\(share) % of the traffic" + (step.shadow ? " and shadow" : "")
  }
}

extension ReleaseState.Phase {
  /// For sentences: "rolled back".
  public var words: String {
    switch self {
    case .preparing: "being prepared"
    case .running: "running"
    case .holding: "on hold"
    case .promoting: "being promoted"
    case .promoted: "promoted"
    case .rollingBack: "being rolled back"
    case .rolledBack: "rolled back"
    }
  }
}
