import Foundation

/// The learning rate (and, where wanted, the momentum) as a pure function of the step, so that a resumed run goes on exactly.
///
/// A schedule is applied to every parameter group's own base value. Any closure can be one; `warmup` and `then` compose them.
public struct Schedule: Sendable {
  /// A setting's value from its base value and the position.
  public typealias Curve = @Sendable (_ base: Double, _ position: SchedulePosition) -> Double

  /// For messages and logs.
  public let name: String
  private let rate: Curve
  private let momentumCurve: Curve?

  /// - Parameters:
  ///   - momentum: the momentum's (Adam's first beta's) curve; `nil` leaves it alone.
  ///   - learningRate: the learning rate's curve.
  public init(_ name: String, momentum: Curve? = nil, learningRate: @escaping Curve) {
    self.name = name
    self.rate = learningRate
    self.momentumCurve = momentum
  }

  /// The learning rate for the step at `position` of a group whose own rate is `base`.
  public func learningRate(_ base: Double, at position: SchedulePosition) -> Double { rate(base, position) }

  /// The momentum for the step at `position`, or `nil` if this schedule leaves it alone.
  public func momentum(_ base: Double, at position: SchedulePosition) -> Double? { momentumCurve?(base, position) }

  /// Sets every group of `optimizer` to its values at `position`.
  public func apply(to optimizer: some Optimizer, base: OptimizerSettings, at position: SchedulePosition) {
    optimizer.learningRates = base.learningRates.map { rate($0, position) }
    if let momentumCurve { optimizer.momenta = base.momenta.map { momentumCurve($0, position) } }
  }
}

extension Schedule {
  /// The base learning rate throughout.
  public static let constant = Schedule("constant") { base, _ in base }

  /// Multiplied by `factor` after every `period` units (PyTorch's `StepLR`).
  public static func step(every period: Int, factor: Double = 0.1, unit: ScheduleUnit = .epoch) -> Schedule {
    Schedule("step") { base, position in base * pow(factor, Double(unit.count(at: position) / max(1, period))) }
  }

  /// Multiplied by `factor` at each milestone (PyTorch's `MultiStepLR`).
  public static func multiStep(_ milestones: [Int], factor: Double = 0.1, unit: ScheduleUnit = .epoch) -> Schedule {
    Schedule("multi-step") { base, position in
      let count = unit.count(at: position)
      return base * pow(factor, Double(milestones.filter { $0 <= count }.count))
    }
  }

  /// Multiplied by `factor` every unit (PyTorch's `ExponentialLR`).
  public static func exponential(factor: Double, unit: ScheduleUnit = .epoch) -> Schedule {
    Schedule("exponential") { base, position in base * pow(factor, Double(unit.count(at: position))) }
  }

  /// Half a cosine from the base to `minimum` over the whole run (Loshchilov and Hutter: "SGDR", ICLR 2017), after a linear warm-up.
  /// - Parameters:
  ///   - minimum: the last learning rate.
  ///   - warmup: the share of all steps that climb linearly to the base rate.
  public static func cosine(minimum: Double = 0, warmup share: Double = 0) -> Schedule {
    let curve = Schedule("cosine") { base, position in
      let progress = position.totalSteps > 0 ? min(1, Double(position.step) / Double(position.totalSteps)) : 0
      return minimum + (base - minimum) * (1 + cos(Double.pi * progress)) / 2
    }
    return share > 0 ? curve.warmup(.fraction(share)) : curve
  }

  /// This schedule after a linear climb from `factor` times its first value; it sees the steps that are left as its whole run.
  public func warmup(_ length: ScheduleLength, from factor: Double = 0.01) -> Schedule {
    let rate = rate
    return Schedule("warm-up, \(name)", momentum: momentumCurve.map { Self.shifted($0, by: length) }) { base, position in
      let climb = length.steps(of: position.totalSteps)
      let rest = position.advanced(by: climb)
      guard position.step < climb else { return rate(base, rest) }
      return rate(base, rest) * (factor + (1 - factor) * Double(position.step) / Double(climb))
    }
  }

  private static func shifted(_ curve: @escaping Curve, by length: ScheduleLength) -> Curve {
    { base, position in curve(base, position.advanced(by: length.steps(of: position.totalSteps))) }
  }

  /// This schedule for `length`, then `next`, which sees the steps that are left as its whole run.
  public func then(after length: ScheduleLength, _ next: Schedule) -> Schedule {
    func split(_ first: @escaping Curve, _ second: @escaping Curve) -> Curve {
      { base, position in
        let count = length.steps(of: position.totalSteps)
        guard position.step < count else { return second(base, position.advanced(by: count)) }
        var head = position
        head.totalSteps = count
        return first(base, head)
      }
    }
    let hold: Curve = { base, _ in base }
    let hasMomentum = momentumCurve != nil || next.momentumCurve != nil
    return Schedule(
      "\(name), \(next.name)", momentum: hasMomentum ? split(momentumCurve ?? hold, next.momentumCurve ?? hold) : nil,
      learningRate: split(rate, next.rate))
  }
}

extension SchedulePosition {
  /// The position in what is left after the first `steps`.
  func advanced(by steps: Int) -> SchedulePosition {
    SchedulePosition(step: max(0, step - steps), totalSteps: max(0, totalSteps - steps), stepsPerEpoch: stepsPerEpoch)
  }
}
