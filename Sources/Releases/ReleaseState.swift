public import Foundation

/// Where a release stands: everything that a server needs to go on after it was killed.
public struct ReleaseState: Sendable, Hashable, Codable {
  /// What a release is doing.
  public enum Phase: String, Sendable, Hashable, Codable, CaseIterable {
    /// The candidate is being loaded, checked and warmed.
    case preparing
    /// A step takes its time.
    case running
    /// The step goes on, and the release waits for a person.
    case holding
    /// Everything goes to the candidate, the alias is moved, the baseline is let go.
    case promoting
    /// The candidate has taken over.
    case promoted
    /// Everything goes to the baseline, the candidate is let go.
    case rollingBack
    /// The baseline has everything again.
    case rolledBack

    /// Nothing more will happen.
    public var isOver: Bool { self == .promoted || self == .rolledBack }
  }

  /// One thing that happened.
  public struct Event: Sendable, Hashable, Codable {
    /// When.
    public let time: Date
    /// Who or what did it: a user's name, or `martlet`.
    public let actor: String
    /// What, in one sentence.
    public let text: String
  }

  /// A name that no other release has.
  public let id: String
  /// What was asked for.
  public let plan: ReleasePlan
  /// When it began.
  public let started: Date
  /// What it is doing.
  public internal(set) var phase: Phase = .preparing
  /// The step, from 0.
  public internal(set) var step = 0
  /// When the step began.
  public internal(set) var stepStarted: Date
  /// A person holds it there, whatever the gates say.
  public internal(set) var isPaused = false
  /// Who has agreed to the end of this step.
  public internal(set) var approvals: Set<String> = []
  /// How often the gates of this step have been looked at with new samples, and how many samples there were the last time.
  public internal(set) var looks = 0
  public internal(set) var samplesAtLook = 0
  /// What the gates said last.
  public internal(set) var results: [GateResult] = []
  /// The alias has been moved to the candidate, or is about to be.
  public internal(set) var hasMovedAlias = false
  /// Why it was rolled back or is on hold.
  public internal(set) var reason: String?
  /// What happened, oldest first; the last 1,000.
  public internal(set) var events: [Event] = []

  /// A release that is about to begin.
  /// - Throws: `ReleaseError` `.badPlan`.
  public init(
    _ plan: ReleasePlan, id: String = UUID().uuidString.lowercased(), by actor: String, at now: Date = Date()
  ) throws(ReleaseError) {
    try plan.validate()
    self.id = id
    self.plan = plan
    started = now
    stepStarted = now
    note(now, actor, "release of \(plan.model) from version \(plan.baseline) to \(plan.candidate) in \(plan.steps.count) steps")
  }

  /// A server has begun to carry it out.
  public var isTakenUp: Bool { phase != .preparing || events.dropFirst().contains { $0.actor == Self.itself } }

  mutating func note(_ now: Date, _ actor: String, _ text: String) {
    events.append(Event(time: now, actor: actor, text: text))
    if events.count > 1000 { events.removeFirst(events.count - 1000) }
  }

  /// The share of the traffic that the candidate gets in this phase.
  public var share: Double {
    switch phase {
    case .preparing, .rollingBack, .rolledBack: 0
    case .running, .holding: plan.steps[min(step, plan.steps.count - 1)].share
    case .promoting, .promoted: 1
    }
  }

  /// Requests go to the candidate as well.
  public var isShadowing: Bool {
    (phase == .running || phase == .holding) && plan.steps[min(step, plan.steps.count - 1)].shadow
  }

  /// How its traffic is split in this phase.
  public var split: TrafficSplit {
    TrafficSplit(baseline: plan.baseline, candidate: plan.candidate, share: share, isShadowing: isShadowing, salt: id)
  }
}
