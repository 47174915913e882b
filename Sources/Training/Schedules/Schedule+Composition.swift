import MartletCore

extension Schedule {
  /// This schedule after a linear climb from `factor` times its first value; it sees the steps that are left as its whole run.
  public func warmup(_ length: ScheduleLength, from factor: Double = 0.01) -> Schedule {
    let rate = rate
    func shifted(_ rule: @escaping Rule) -> Rule {
      { base, position, plateaus in rule(base, position.advanced(by: length.steps(in: position)), plateaus) }
    }
    return Schedule(
      "warm-up, \(name)", plateaus: plateaus,
      rate: { base, position, plateaus in
        let climb = length.steps(in: position)
        let rest = position.advanced(by: climb)
        guard position.step < climb else { return rate(base, rest, plateaus) }
        return rate(base, rest, plateaus) * (factor + (1 - factor) * Double(position.step) / Double(climb))
      }, momentum: momentumRule.map(shifted), weightDecay: weightDecayRule.map(shifted),
      mistakes: mistakes + Self.lengths([length]) + Self.range("warm-up's first factor", factor, 0...1))
  }

  /// This schedule for `length`, then `next`, which sees the steps that are left as its whole run (PyTorch's `SequentialLR`). A plateau
  /// among them watches its metric from the run's beginning.
  public func then(after length: ScheduleLength, _ next: Schedule) -> Schedule {
    combined("\(name), \(next.name)", with: next, mistakes: Self.lengths([length])) { first, second in
      { base, position, plateaus in
        let count = length.steps(in: position)
        return position.step < count
          ? first(base, position.limited(to: count), plateaus) : second(base, position.advanced(by: count), plateaus)
      }
    }
  }

  /// One schedule after the other, each for its length, and `last` to the end (PyTorch's `SequentialLR`). A length given as a share is a
  /// share of what the parts before have left.
  public static func sequence(_ parts: [(schedule: Schedule, length: ScheduleLength)], last: Schedule) -> Schedule {
    parts.reversed().reduce(last) { rest, part in part.schedule.then(after: part.length, rest) }
  }

  /// The value of this schedule as the base of another: what multiplies, multiplies together (PyTorch's `ChainedScheduler`).
  public func chained(_ next: Schedule) -> Schedule {
    combined("\(name) and \(next.name)", with: next) { first, second in
      { base, position, plateaus in second(first(base, position, plateaus), position, plateaus) }
    }
  }

  /// A schedule of its own for every parameter group; the last one also for all groups beyond.
  public static func perGroup(_ schedules: [Schedule]) -> Schedule {
    guard let first = schedules.first else {
      return checked("per group", [ArgumentError("a schedule per group without schedules", expected: "one or more")]) { base, _ in base }
    }
    // Group by group: those from `number` on follow the schedule of that number.
    let whole = schedules.dropFirst().enumerated().reduce(first) { before, entry in
      before.combined(before.name, with: entry.element) { first, second in
        { base, position, plateaus in (position.group <= entry.offset ? first : second)(base, position, plateaus) }
      }
    }
    return whole.renamed("per group: " + schedules.map(\.name).joined(separator: "; "))
  }

  /// The momentum (Adam's first beta) follows the learning-rate curve of another schedule, from the groups' own momenta on.
  public func withMomentum(_ schedule: Schedule) -> Schedule {
    let (rule, count) = (schedule.rate, plateaus.count)
    return Schedule(
      name, plateaus: plateaus + schedule.plateaus, rate: rate,
      momentum: { base, position, plateaus in rule(base, position, plateaus.dropFirst(count)) }, weightDecay: weightDecayRule,
      mistakes: mistakes + schedule.mistakes)
  }

  /// The weight decay follows the learning-rate curve of another schedule, from the groups' own weight decays on.
  public func withWeightDecay(_ schedule: Schedule) -> Schedule {
    let (rule, count) = (schedule.rate, plateaus.count)
    return Schedule(
      name, plateaus: plateaus + schedule.plateaus, rate: rate, momentum: momentumRule,
      weightDecay: { base, position, plateaus in rule(base, position, plateaus.dropFirst(count)) },
      mistakes: mistakes + schedule.mistakes)
  }

  private func renamed(_ name: String) -> Schedule {
    Schedule(name, plateaus: plateaus, rate: rate, momentum: momentumRule, weightDecay: weightDecayRule, mistakes: mistakes)
  }

  /// Two schedules as one; each sees its own plateaus.
  private func combined(
    _ name: String, with next: Schedule, mistakes more: [ArgumentError] = [],
    _ combine: (_ first: @escaping Rule, _ second: @escaping Rule) -> Rule
  ) -> Schedule {
    let count = plateaus.count
    func joined(_ first: @escaping Rule, _ second: @escaping Rule) -> Rule {
      combine({ first($0, $1, $2.prefix(count)) }, { second($0, $1, $2.dropFirst(count)) })
    }
    let hold: Rule = { base, _, _ in base }
    func either(_ first: Rule?, _ second: Rule?) -> Rule? {
      first == nil && second == nil ? nil : joined(first ?? hold, second ?? hold)
    }
    return Schedule(
      name, plateaus: plateaus + next.plateaus, rate: joined(rate, next.rate), momentum: either(momentumRule, next.momentumRule),
      weightDecay: either(weightDecayRule, next.weightDecayRule), mistakes: mistakes + next.mistakes + more)
  }
}
