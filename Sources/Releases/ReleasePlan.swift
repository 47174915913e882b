/// How the traffic of a model moves from one version to another.
///
/// ```swift
/// var plan = ReleasePlan(model: "fashion", baseline: "3", candidate: "4")
/// plan.gates = [.errorRate(atMost: 0.01), .latency(percentile: 0.99, ratioAtMost: 1.2), .agreement(atLeast: 0.9)]
/// ```
///
/// The candidate is loaded and warmed, goes through the steps, and takes over after the last one, whatever that one's share was. A gate that
/// fails sends everything back to the baseline at once.
public struct ReleasePlan: Sendable, Hashable, Codable {
  /// A share of the traffic, and what must hold before the next one.
  public struct Step: Sendable, Hashable, Codable {
    /// The share of requests that the candidate answers, from 0 to 1.
    public var share: Double
    /// Requests that the baseline answers go to the candidate, too; its answers are compared and thrown away.
    public var shadow: Bool
    /// Seconds that the step lasts at least.
    public var seconds: Double
    /// Requests that the candidate must have answered or shadowed in this step.
    public var requests: Int
    /// A person must agree before the step ends.
    public var needsApproval: Bool

    /// Makes a step; a step without a share is a shadow.
    public init(share: Double, shadow: Bool? = nil, seconds: Double = 60, requests: Int = 100, needsApproval: Bool = false) {
      self.share = share
      self.shadow = shadow ?? (share == 0)
      self.seconds = seconds
      self.requests = requests
      self.needsApproval = needsApproval
    }
  }

  /// What happens when a step's time and patience are over and a gate still has too few samples.
  public enum Undecided: String, Sendable, Hashable, Codable, CaseIterable {
    /// The release stays where it is until a person says what to do.
    case hold
    /// Back to the baseline.
    case rollback
  }

  /// The model's name.
  public var model: String
  /// The version that answers now.
  public var baseline: String
  /// The version that shall answer.
  public var candidate: String
  /// From the first share to the last.
  public var steps: [Step]
  /// What must hold in every step.
  public var gates: [ReleaseGate]
  /// The confidence of every gate's verdict over a whole step, however often it is looked at.
  public var level: Double
  /// Seconds beyond a step's own that a gate may take to decide.
  public var patience: Double
  /// What happens after that.
  public var undecided: Undecided
  /// The alias that is moved to the candidate at the end, in the registry.
  public var alias: String?

  /// A shadow, then 5 %, 25 % and 50 % of the traffic, at least a minute and a hundred requests each.
  public init(
    model: String, baseline: String, candidate: String,
    steps: [Step] = [Step(share: 0), Step(share: 0.05), Step(share: 0.25), Step(share: 0.5)],
    gates: [ReleaseGate] = [.errorRate(atMost: 0.01)], level: Double = 0.95, patience: Double = 600, undecided: Undecided = .hold,
    alias: String? = nil
  ) {
    self.model = model
    self.baseline = baseline
    self.candidate = candidate
    self.steps = steps
    self.gates = gates
    self.level = level
    self.patience = patience
    self.undecided = undecided
    self.alias = alias
  }

  /// - Throws: `ReleaseError` `.badPlan` that names the value that cannot be.
  public func validate() throws(ReleaseError) {
    func require(_ condition: Bool, _ problem: String, _ expected: String) throws(ReleaseError) {
      guard condition else { throw ReleaseError(.badPlan, problem, expected: expected) }
    }
    try require(!model.isEmpty, "the release names no model", "a model's name")
    try require(baseline != candidate, "the release goes from \(model)@\(baseline) to itself", "two versions")
    try require(!steps.isEmpty, "the release has no steps", "at least one, such as 5 % for a minute")
    var share = -1.0
    for (index, step) in steps.enumerated() {
      let name = "step \(index + 1)"
      try require((0...1).contains(step.share), "\(name) has the share \(step.share)", "0 to 1")
      try require(step.share >= share, "\(name) has the share \(step.share) after \(share)", "shares that do not fall")
      try require(step.share > 0 || step.shadow, "\(name) sends the candidate nothing", "a share above 0, or a shadow")
      try require(step.seconds >= 0 && step.seconds.isFinite, "\(name) lasts \(step.seconds) s", "0 s or more")
      try require(step.requests >= 0, "\(name) wants \(step.requests) requests", "0 or more")
      share = step.share
    }
    try require(level > 0.5 && level < 1, "the level is \(level)", "above 0.5 and below 1, such as 0.95")
    try require(patience >= 0 && patience.isFinite, "the patience is \(patience) s", "0 s or more")
    for gate in gates {
      if case .agreement = gate {
        let hasShadow = steps.contains { $0.shadow }
        try require(hasShadow, "the gate on agreement needs both versions' answers, and no step is a shadow", "a step with shadow")
      }
      try gate.validate()
    }
  }
}
