import MartletCore

/// What makes a run what it is beside data, model and seed. A checkpoint keeps it, so that one that goes on otherwise is noticed.
struct RunDescription: Codable, Sendable, Equatable {
  /// Name and settings; `nil` for an objective of the user's own, which cannot say.
  var loss: String?
  var schedule: ScheduleDescription
  /// Kind and settings as they were before the schedule changed them.
  var optimizer: JSONValue
  /// Settings by name of those handlers that have a say in what the run leads to.
  var handlers: [String: JSONValue]
  var options: [String: String]

  /// A difference, said in words.
  struct Difference {
    let kind: ResumeChanges
    let text: String
  }

  /// What `now` does otherwise.
  /// - Parameters:
  ///   - schedule: that of the run that goes on.
  ///   - steps: how many it will have in all.
  func differences(to now: RunDescription, schedule current: Schedule, steps: Int) -> [Difference] {
    var found: [Difference] = []
    if let loss, let other = now.loss, loss != other {
      found.append(Difference(kind: .loss, text: "the loss was \(loss) and is \(other) now"))
    }
    if let text = schedule.difference(to: now.schedule, current, steps: steps) { found.append(Difference(kind: .schedule, text: text)) }
    found += Self.differences(optimizer, now.optimizer, "the optimizer's").map { Difference(kind: .optimizer, text: $0) }
    for name in Set(handlers.keys).union(now.handlers.keys).sorted() {
      switch (handlers[name], now.handlers[name]) {
      case (_?, nil): found.append(Difference(kind: .handlers, text: "the handler '\(name)' was there and is not now"))
      case (nil, _?): found.append(Difference(kind: .handlers, text: "the handler '\(name)' was not there and is now"))
      case (let saved?, let other?):
        found += Self.differences(saved, other, "the handler '\(name)':").map { Difference(kind: .handlers, text: $0) }
      default: break
      }
    }
    for name in options.keys.sorted() {
      guard let saved = options[name], let other = now.options[name], saved != other else { continue }
      found.append(Difference(kind: .options, text: "\(name) was \(saved) and is \(other) now"))
    }
    return found
  }

  /// The first few places where two documents differ.
  private static func differences(_ saved: JSONValue, _ now: JSONValue, _ place: String) -> [String] {
    if let a = saved.doubleValue, let b = now.doubleValue { return a == b ? [] : ["\(place) was \(text(saved)) and is \(text(now)) now"] }
    switch (saved, now) {
    case (.object(let a), .object(let b)):
      return Set(a.keys).union(b.keys).sorted().flatMap { differences(a[$0] ?? .null, b[$0] ?? .null, joined(place, $0)) }
    case (.array(let a), .array(let b)):
      guard a.count == b.count else { return ["\(place) were \(a.count) and are \(b.count) now"] }
      return zip(a, b).enumerated().flatMap { index, pair in
        differences(pair.0, pair.1, a.count == 1 ? place : "\(place) \(index + 1)")
      }
    default: return saved == now ? [] : ["\(place) was \(text(saved)) and is \(text(now)) now"]
    }
  }

  private static func joined(_ place: String, _ key: String) -> String {
    // "settings" and the like say nothing to a reader.
    ["settings", "base"].contains(key) ? place : "\(place) \(key)"
  }

  private static func text(_ value: JSONValue) -> String {
    switch value {
    case .null: "none"
    case .string(let text): text
    default: (try? JSON.encode(value, pretty: false)).map { String(decoding: $0, as: UTF8.self) } ?? "?"
    }
  }
}

/// A schedule's name and its curves at some steps: two schedules are the same where they give the same.
struct ScheduleDescription: Codable, Sendable, Equatable {
  var name: String
  var plateaus: [Plateau]
  var groups: Int
  var totalSteps: Int
  var stepsPerEpoch: Int
  /// Where the curves were looked at.
  var steps: [Int]
  /// Learning rate, momentum and weight decay of each group at each step, for settings of 1.
  var values: [[JSONValue]]

  init(_ schedule: Schedule, groups: Int, totalSteps: Int, stepsPerEpoch: Int) {
    name = schedule.name
    plateaus = schedule.plateaus
    self.groups = groups
    self.totalSteps = totalSteps
    self.stepsPerEpoch = stepsPerEpoch
    let last = max(0, totalSteps - 1)
    steps = Array(Set((0...16).map { $0 * last / 16 })).sorted()
    values = []
    values = steps.map { Self.values(schedule, groups, SchedulePosition(step: $0, totalSteps: totalSteps, stepsPerEpoch: stepsPerEpoch)) }
  }

  private static func values(_ schedule: Schedule, _ groups: Int, _ position: SchedulePosition) -> [JSONValue] {
    var position = position
    return (0..<max(1, groups)).flatMap { group in
      position.group = group
      return [schedule.learningRate(1, at: position), schedule.momentum(1, at: position), schedule.weightDecay(1, at: position)]
        .map { value in value.flatMap { $0.isFinite ? .double($0) : nil } ?? JSONValue.null }
    }
  }

  /// - Parameter steps: of the run that goes on; a curve that ends earlier is not asked for more.
  func difference(to now: ScheduleDescription, _ schedule: Schedule, steps limit: Int) -> String? {
    guard groups == now.groups else { return nil }
    guard plateaus == now.plateaus else {
      return "the schedule '\(name)' waited for \(Self.text(plateaus)), '\(now.name)' waits for \(Self.text(now.plateaus))"
    }
    for (step, saved) in zip(steps, values) where step < limit {
      let other = Self.values(schedule, groups, SchedulePosition(step: step, totalSteps: totalSteps, stepsPerEpoch: stepsPerEpoch))
      guard let place = saved.indices.first(where: { $0 < other.count && saved[$0].doubleValue != other[$0].doubleValue }) else { continue }
      let what = ["learning rate", "momentum", "weight decay"][place % 3]
      func share(_ value: JSONValue) -> String { value.doubleValue.map { "\($0) of its own" } ?? "as it is" }
      return "the schedule was '\(name)' and is '\(schedule.name)' now: the \(what) at step \(step) was \(share(saved[place])) and is "
        + share(other[place])
    }
    return nil
  }

  private static func text(_ plateaus: [Plateau]) -> String {
    plateaus.isEmpty
      ? "nothing" : plateaus.map { "\($0.metric) (\($0.goal), factor \($0.factor), patience \($0.patience))" }.joined(separator: ", ")
  }
}

extension RunDescription {
  /// The part of an optimizer's state that says what it is, without what it has done.
  static func settings(of values: JSONValue) -> JSONValue {
    guard let members = values.objectValue else { return .null }
    var result: [String: JSONValue] = [:]
    for name in ["kind", "settings"] { result[name] = members[name] }
    result["base"] = members["base"].map(settings)
    result["parts"] = members["parts"]?.arrayValue.map { .array($0.map(settings)) }
    return .object(result)
  }

  /// The saved state with the settings of another one of the same kind, `nil` if the kinds differ.
  static func adopting(_ settings: JSONValue, in values: JSONValue) -> JSONValue? {
    guard var members = values.objectValue, let own = settings.objectValue, members["kind"] == own["kind"] else { return nil }
    if let new = own["settings"] { members["settings"] = new }
    if let new = own["base"], let old = members["base"] {
      guard let base = adopting(new, in: old) else { return nil }
      members["base"] = base
    }
    if let new = own["parts"]?.arrayValue, let old = members["parts"]?.arrayValue {
      let parts = zip(new, old).compactMap { adopting($0, in: $1) }
      guard parts.count == new.count, new.count == old.count else { return nil }
      members["parts"] = .array(parts)
    }
    return .object(members)
  }
}
