import Foundation

/// How one-cycle moves between its corners.
public enum Anneal: String, Sendable, Hashable, Codable {
  /// Along half a cosine.
  case cosine
  /// Along a straight line.
  case linear

  func value(from start: Double, to end: Double, _ progress: Double) -> Double {
    switch self {
    case .cosine: end + (start - end) / 2 * (1 + cos(Double.pi * progress))
    case .linear: start + (end - start) * progress
    }
  }
}

/// The corners that momentum moves between while the learning rate cycles.
public struct MomentumCycle: Sendable, Hashable, Codable {
  /// While the learning rate is highest.
  public var low: Double
  /// At both ends.
  public var high: Double

  /// PyTorch's corners.
  public init(low: Double = 0.85, high: Double = 0.95) {
    self.low = low
    self.high = high
  }
}

extension Schedule {
  /// Up from a small learning rate to the base rate and down to a tiny one (Smith and Topin: "Super-convergence", 2018), equal to
  /// PyTorch's `OneCycleLR` whose `max_lr` is the group's base rate.
  /// - Parameters:
  ///   - rise: the share of the run that climbs.
  ///   - divisor: the first rate is the base divided by this.
  ///   - finalDivisor: the last rate is the first one divided by this.
  ///   - momentum: the momentum's opposite cycle; `nil` leaves momentum alone.
  ///   - threePhase: come down as slowly as up, then fall to the last rate.
  public static func oneCycle(
    rise: Double = 0.3, divisor: Double = 25, finalDivisor: Double = 1e4, anneal: Anneal = .cosine, momentum: MomentumCycle? = nil,
    threePhase: Bool = false
  ) -> Schedule {
    let shape = OneCycle(rise: rise, threePhase: threePhase, anneal: anneal)
    var momentumCurve: Curve?
    if let momentum {
      let corners = [momentum.high, momentum.low, momentum.high, momentum.high]
      momentumCurve = { _, position in shape.value(corners, at: position) }
    }
    let curve: Curve = { base, position in
      let first = base / divisor
      let corners = threePhase ? [first, base, first, first / finalDivisor] : [first, base, first / finalDivisor]
      return shape.value(corners, at: position)
    }
    return Schedule(
      "one-cycle", rate: rule(curve), momentum: momentumCurve.map(rule),
      mistakes: range("rise", rise, 0...1) + range("divisor", divisor, 1...Double.greatestFiniteMagnitude))
  }
}

/// The ends of one-cycle's phases, and where a step lies between them.
private struct OneCycle: Sendable {
  let rise: Double
  let threePhase: Bool
  let anneal: Anneal

  func value(_ corners: [Double], at position: SchedulePosition) -> Double {
    let total = Double(position.totalSteps)
    let ends = threePhase ? [rise * total - 1, 2 * rise * total - 2, total - 1] : [rise * total - 1, total - 1]
    let step = Double(position.step)
    var start = 0.0
    for (phase, end) in ends.enumerated() {
      if step <= end || phase == ends.count - 1 {
        let progress = end > start ? min(1, max(0, (step - start) / (end - start))) : 1
        return anneal.value(from: corners[phase], to: corners[phase + 1], progress)
      }
      start = end
    }
    return corners[corners.count - 1]
  }
}
