import MartletCore

/// How a server computes; every setting that is left out is the server's own.
public struct ProjectExecution: Codable, Sendable, Hashable {
  /// The most items in one call of a model; 1 joins nothing.
  public var batch: Int?
  /// Milliseconds that a request waits for others to join it while the model is free.
  public var batchDelay: Double?
  /// Copies of each model that compute at the same time.
  public var instances: Int?
  /// Threads of each copy.
  public var threads: Int?
  /// Where networks compute: `cpu`, `cuda`, `cuda:1`.
  public var device: String?
  /// Requests that wait for one model; more are refused.
  public var queue: Int?
  /// Seconds that a request may wait for its answer.
  public var timeout: Double?
  /// Seconds without an answer after which a copy is replaced.
  public var hang: Double?
  /// MiB of answers that were given before.
  public var cache: Int?
  /// MiB that the models may take together.
  public var memory: Int?
  /// Load every model of the registry when somebody asks for it.
  public var onDemand: Bool?

  /// All settings are the server's own.
  public init() {}

  private enum CodingKeys: String, CodingKey {
    case batch, instances, threads, device, queue, timeout, hang, cache, memory
    case batchDelay = "batch-delay"
    case onDemand = "on-demand"
  }

  static let shape = MappingShape([
    .optional("batch", .whole(1...4096), "The most items in one call of a model; 1 joins nothing. (default: 32)"),
    .optional(
      "batch-delay", .number(.init(from: 0, to: 10_000)),
      "Milliseconds that a request waits for others to join it while the model is free. (default: 0)"),
    .optional("instances", .whole(1...64), "Copies of each model that compute at the same time. (default: 1)"),
    .optional("threads", .whole(1...256), "Threads of each copy. (default: those of the machine)"),
    .optional("device", .text(.any), "Where networks compute: cpu, cuda or cuda:1. (default: cpu)"),
    .optional("queue", .whole(0...1_000_000), "Requests that wait for one model; more are refused with 503. (default: 256)"),
    .optional(
      "timeout", .number(.init(from: 0, to: 86_400, isAbove: true)), "Seconds that a request may wait for its answer. (default: 30)"),
    .optional(
      "hang", .number(.init(from: 0, to: 86_400, isAbove: true)),
      "Seconds without an answer after which a copy of a model is replaced. (default: 120)"),
    .optional("cache", .whole(0...1_000_000), "MiB of answers that were given before, to give again. (default: 0)"),
    .optional("memory", .whole(1...100_000_000), "MiB that the models may take; what was not asked for longest goes first."),
    .optional("on-demand", .flag, "Load every model of the registry when somebody asks for it. (default: false)"),
  ])
}

/// Several models that answer as one.
public struct ProjectEnsemble: Codable, Sendable, Hashable {
  /// How the members' answers become one.
  public enum Rule: String, Codable, Sendable, Hashable, CaseIterable { case vote, average, weighted, cascade }
  /// What happens when a member fails.
  public enum MemberFailure: String, Codable, Sendable, Hashable, CaseIterable { case fail, skip }

  /// `NAME` or `NAME@V` of models that are served.
  public var members: [String]
  public var rule: Rule
  /// One for each member, for the rule `weighted`.
  public var weights: [Double]?
  /// Below it the next member is asked, for the rule `cascade`.
  public var confidence: Double?
  public var memberFailure: MemberFailure

  private enum CodingKeys: String, CodingKey {
    case members, rule, weights, confidence
    case memberFailure = "on-failure"
  }

  static let shape = MappingShape([
    .required("members", .list(.text(.any), count: 2...32), "NAME or NAME@V of models that are served, for a cascade the cheapest first."),
    .standard(
      "rule", .word(Rule.allCases.map(\.rawValue)), "average",
      "vote counts classes, average and weighted take means, cascade asks the next member only where one is not sure."),
    .optional("weights", .list(.number(.init(from: 0)), count: 2...32), "One for each member, for the rule weighted."),
    .optional(
      "confidence", .number(.init(from: 0, to: 1, isAbove: true)),
      "Below this probability the next member is asked, for the rule cascade. (default: 0.8)"),
    .standard(
      "on-failure", .word(MemberFailure.allCases.map(\.rawValue)), "fail", "skip answers without a member that fails."),
  ])
}
