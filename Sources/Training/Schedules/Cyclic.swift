import Foundation
import MartletCore

/// How the height of a cyclic schedule's triangles changes.
public enum CycleShape: Sendable, Hashable, Codable {
  /// All equally high.
  case triangular
  /// Each half as high as the one before.
  case halving
  /// Multiplied by this at every step.
  case exponential(Double)

  func height(cycle: Double, step: Double) -> Double {
    switch self {
    case .triangular: 1
    case .halving: 1 / pow(2, cycle - 1)
    case .exponential(let factor): pow(factor, step)
    }
  }
}

extension Schedule {
  /// Up and down along straight lines between `lowest` times the base learning rate and all of it (Smith: "Cyclical Learning Rates for
  /// Training Neural Networks", WACV 2017), equal to PyTorch's `CyclicLR` whose `max_lr` is the group's base rate.
  /// - Parameters:
  ///   - lowest: the low learning rate's share of the base.
  ///   - up: steps that climb.
  ///   - down: steps that fall; as many as climb if `nil`.
  ///   - shape: how the height changes from cycle to cycle.
  ///   - momentum: the momentum's opposite cycle; `nil` leaves momentum alone.
  public static func cyclic(
    lowest: Double = 0.1, up: Int, down: Int? = nil, shape: CycleShape = .triangular, momentum: MomentumCycle? = nil
  ) -> Schedule {
    let rise = Double(max(1, up)), fall = Double(max(1, down ?? up))
    // How far up between low and high, times the height.
    let level: @Sendable (SchedulePosition) -> Double = { position in
      let step = Double(position.step), total = rise + fall, ratio = rise / (rise + fall)
      let cycle = (1 + step / total).rounded(.down)
      let x = 1 + step / total - cycle
      return (x <= ratio ? x / ratio : (x - 1) / (ratio - 1)) * shape.height(cycle: cycle, step: step)
    }
    var momentumRule: Rule?
    if let momentum { momentumRule = { _, position, _ in momentum.high - (momentum.high - momentum.low) * level(position) } }
    return Schedule(
      "cyclic",
      rate: { base, position, _ in
        let low = base * lowest
        return low + (base - low) * level(position)
      }, momentum: momentumRule,
      mistakes: range("lowest", lowest, 0...1) + atLeastOne("up", up) + atLeastOne("down", down ?? up))
  }
}
