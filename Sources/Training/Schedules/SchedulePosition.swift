/// Where a run stands, as schedules see it. All counts start at zero.
public struct SchedulePosition: Sendable, Hashable {
  /// Optimizer steps done before this one.
  public var step: Int
  /// Optimizer steps of the whole run.
  public var totalSteps: Int
  /// Optimizer steps of one epoch.
  public var stepsPerEpoch: Int

  /// The epoch that `step` belongs to.
  public var epoch: Int { stepsPerEpoch > 0 ? step / stepsPerEpoch : 0 }

  /// Steps count from zero; a run without a known length gives `totalSteps` 0.
  public init(step: Int, totalSteps: Int = 0, stepsPerEpoch: Int = 0) {
    self.step = step
    self.totalSteps = totalSteps
    self.stepsPerEpoch = stepsPerEpoch
  }
}

/// What a schedule counts in.
public enum ScheduleUnit: String, Sendable, Hashable, Codable {
  /// Optimizer steps.
  case step
  /// Passes over the training data.
  case epoch

  func count(at position: SchedulePosition) -> Int { self == .step ? position.step : position.epoch }
}

/// A length given in steps or as a share of the run.
public enum ScheduleLength: Sendable, Hashable {
  /// A number of optimizer steps.
  case steps(Int)
  /// A share of all steps, 0 to 1.
  case fraction(Double)

  /// The length in steps, never negative.
  public func steps(of total: Int) -> Int {
    switch self {
    case .steps(let count): max(0, count)
    case .fraction(let share): max(0, Int((share * Double(total)).rounded()))
    }
  }
}
