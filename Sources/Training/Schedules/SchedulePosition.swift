/// Where a run stands, as schedules see it. All counts start at zero.
public struct SchedulePosition: Sendable, Hashable {
  /// Optimizer steps done before this one.
  public var step: Int
  /// Optimizer steps of the whole run.
  public var totalSteps: Int
  /// Optimizer steps of one epoch.
  public var stepsPerEpoch: Int
  /// The parameter group whose setting is asked for.
  public var group: Int

  /// The epoch that `step` belongs to.
  public var epoch: Int { stepsPerEpoch > 0 ? step / stepsPerEpoch : 0 }

  /// The share of the run that is done, 0 to 1; 0 where the run's length is not known.
  public var progress: Double { totalSteps > 0 ? min(1, Double(step) / Double(totalSteps)) : 0 }

  /// Steps count from zero; a run without a known length gives `totalSteps` 0.
  public init(step: Int, totalSteps: Int = 0, stepsPerEpoch: Int = 0, group: Int = 0) {
    self.step = step
    self.totalSteps = totalSteps
    self.stepsPerEpoch = stepsPerEpoch
    self.group = group
  }

  /// The position in what is left after the first `steps`.
  func advanced(by steps: Int) -> SchedulePosition {
    SchedulePosition(
      step: max(0, step - steps), totalSteps: max(0, totalSteps - steps), stepsPerEpoch: stepsPerEpoch, group: group)
  }

  /// The position as a part of the run with `count` steps sees it.
  func limited(to count: Int) -> SchedulePosition {
    SchedulePosition(step: step, totalSteps: count, stepsPerEpoch: stepsPerEpoch, group: group)
  }
}

/// What a schedule counts in.
public enum ScheduleUnit: String, Sendable, Hashable, Codable {
  /// Optimizer steps.
  case step
  /// Passes over the training data.
  case epoch

  /// Whole units that are done.
  func count(at position: SchedulePosition) -> Int { self == .step ? position.step : position.epoch }

  /// Units that are done, with the part of the epoch that is.
  func time(at position: SchedulePosition) -> Double {
    switch self {
    case .step: Double(position.step)
    case .epoch: position.stepsPerEpoch > 0 ? Double(position.step) / Double(position.stepsPerEpoch) : 0
    }
  }
}

/// A length given in steps, in epochs or as a share of the run.
public enum ScheduleLength: Sendable, Hashable {
  /// A number of optimizer steps.
  case steps(Int)
  /// A number of passes over the training data.
  case epochs(Int)
  /// A share of all steps, 0 to 1.
  case fraction(Double)

  /// The length in optimizer steps of the run that `position` belongs to, never negative.
  public func steps(in position: SchedulePosition) -> Int {
    switch self {
    case .steps(let count): max(0, count)
    case .epochs(let count): max(0, count * position.stepsPerEpoch)
    case .fraction(let share): max(0, Int((share * Double(position.totalSteps)).rounded()))
    }
  }

  /// What is wrong with it, in words.
  var mistake: String? {
    switch self {
    case .steps(let count): count >= 0 ? nil : "a length of \(count) steps"
    case .epochs(let count): count >= 0 ? nil : "a length of \(count) epochs"
    case .fraction(let share): (0...1).contains(share) ? nil : "a length of \(share) times the run"
    }
  }
}
