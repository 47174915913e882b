import Foundation
import MartletCore

extension Schedule {
  /// The base learning rate throughout.
  public static let constant = Schedule("constant") { base, _ in base }

  /// `factor` times the base learning rate for `length`, then all of it (PyTorch's `ConstantLR`).
  public static func constant(factor: Double, for length: ScheduleLength) -> Schedule {
    checked("constant", range("factor", factor, 0...1) + lengths([length])) { base, position in
      position.step < length.steps(in: position) ? base * factor : base
    }
  }

  /// Multiplied by `factor` after every `period` units (PyTorch's `StepLR`).
  public static func step(every period: Int, factor: Double = 0.1, unit: ScheduleUnit = .epoch) -> Schedule {
    checked("step", atLeastOne("every", period) + range("factor", factor, 0...Double.greatestFiniteMagnitude)) { base, position in
      base * pow(factor, Double(unit.count(at: position) / max(1, period)))
    }
  }

  /// Multiplied by `factor` at each milestone (PyTorch's `MultiStepLR`).
  public static func multiStep(_ milestones: [Int], factor: Double = 0.1, unit: ScheduleUnit = .epoch) -> Schedule {
    checked("multi-step", range("factor", factor, 0...Double.greatestFiniteMagnitude)) { base, position in
      let count = unit.count(at: position)
      return base * pow(factor, Double(milestones.filter { $0 <= count }.count))
    }
  }

  /// Multiplied by `factor` every unit (PyTorch's `ExponentialLR`).
  public static func exponential(factor: Double, unit: ScheduleUnit = .epoch) -> Schedule {
    checked("exponential", range("factor", factor, 0...Double.greatestFiniteMagnitude)) { base, position in
      base * pow(factor, Double(unit.count(at: position)))
    }
  }

  /// A straight line from `start` to `end` times the base learning rate over `length`, then level (PyTorch's `LinearLR`).
  public static func linear(from start: Double = 1, to end: Double = 0, over length: ScheduleLength = .fraction(1)) -> Schedule {
    checked("linear", range("from", start, 0...Double.greatestFiniteMagnitude) + lengths([length])) { base, position in
      base * (start + (end - start) * share(of: length, at: position))
    }
  }

  /// Down to `minimum` along `(1 - t)` to the power `power` over `length`, then level (PyTorch's `PolynomialLR`, whose minimum is 0).
  public static func polynomial(power: Double = 1, minimum: Double = 0, over length: ScheduleLength = .fraction(1)) -> Schedule {
    checked("polynomial", range("power", power, 0...Double.greatestFiniteMagnitude) + lengths([length])) { base, position in
      minimum + (base - minimum) * pow(1 - share(of: length, at: position), power)
    }
  }

  /// Up along a straight line for `warmup`, then falling with the inverse square root of the step (Vaswani et al.: "Attention is all
  /// you need", 2017); the base learning rate is the highest.
  public static func inverseSquareRoot(warmup: ScheduleLength) -> Schedule {
    checked("inverse square root", lengths([warmup])) { base, position in
      let climb = Double(max(1, warmup.steps(in: position)))
      let step = Double(position.step + 1)
      return base * min(step / climb, (climb / step).squareRoot())
    }
  }

  /// Half a cosine from the base to `minimum` over the whole run (Loshchilov and Hutter: "SGDR", ICLR 2017), after a linear warm-up.
  /// - Parameters:
  ///   - minimum: the last learning rate.
  ///   - warmup: the share of all steps that climb linearly to the base rate.
  public static func cosine(minimum: Double = 0, warmup share: Double = 0) -> Schedule {
    let curve = checked("cosine", range("warmup", share, 0...1)) { base, position in
      minimum + (base - minimum) * (1 + cos(Double.pi * position.progress)) / 2
    }
    return share > 0 ? curve.warmup(.fraction(share)) : curve
  }

  /// Half a cosine down to `minimum` in `period` units, half a cosine up in the next `period`, and so on (PyTorch's
  /// `CosineAnnealingLR`).
  public static func cosineAnnealing(period: Int, minimum: Double = 0, unit: ScheduleUnit = .epoch) -> Schedule {
    checked("cosine annealing", atLeastOne("period", period)) { base, position in
      minimum + (base - minimum) * (1 + cos(Double.pi * Double(unit.count(at: position)) / Double(max(1, period)))) / 2
    }
  }

  /// Half a cosine down to `minimum`, again and again, each `factor` times as long as the one before (Loshchilov and Hutter: "SGDR",
  /// ICLR 2017; PyTorch's `CosineAnnealingWarmRestarts`). Counted in epochs it moves at every step, as the paper does.
  /// - Parameter first: the length of the first descent, in units.
  public static func cosineWithRestarts(first: Int, factor: Int = 1, minimum: Double = 0, unit: ScheduleUnit = .epoch) -> Schedule {
    checked("cosine with restarts", atLeastOne("first", first) + atLeastOne("factor", factor)) { base, position in
      var time = unit.time(at: position)
      var length = Double(max(1, first))
      if factor <= 1 { time = time.truncatingRemainder(dividingBy: length) }
      while time >= length {
        time -= length
        length *= Double(factor)
      }
      return minimum + (base - minimum) * (1 + cos(Double.pi * time / length)) / 2
    }
  }
}

extension Schedule {
  /// A curve of the step alone whose settings were looked at.
  static func checked(_ name: String, _ mistakes: [ArgumentError], _ curve: @escaping Curve) -> Schedule {
    Schedule(name, rate: { base, position, _ in curve(base, position) }, mistakes: mistakes)
  }

  static func range(_ name: String, _ value: Double, _ range: ClosedRange<Double>) -> [ArgumentError] {
    guard !range.contains(value) else { return [] }
    let isOpen = range.upperBound == .greatestFiniteMagnitude
    let expected = isOpen ? "\(range.lowerBound) or more" : "\(range.lowerBound)…\(range.upperBound)"
    return [ArgumentError("the schedule's \(name) is \(value)", expected: expected)]
  }

  static func atLeastOne(_ name: String, _ value: Int) -> [ArgumentError] {
    value >= 1 ? [] : [ArgumentError("the schedule's \(name) is \(value)", expected: "1 or more")]
  }

  static func lengths(_ lengths: [ScheduleLength]) -> [ArgumentError] {
    lengths.compactMap(\.mistake).map { ArgumentError("the schedule has \($0)", expected: "0 or more, and a share of 1 at most") }
  }

  /// The share of `length` that is done, 0 to 1.
  private static func share(of length: ScheduleLength, at position: SchedulePosition) -> Double {
    let steps = length.steps(in: position)
    return steps > 0 ? min(1, Double(position.step) / Double(steps)) : 1
  }
}
