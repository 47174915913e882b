import MartletCore

/// Lowers the learning rate when a metric has stopped to improve; equal to PyTorch's `ReduceLROnPlateau`.
///
/// A value with the few numbers that it remembers; `Schedule.plateau` makes a schedule of it.
public struct Plateau: Sendable, Hashable, Codable {
  /// By how much a value must beat the best one.
  public enum Threshold: Sendable, Hashable, Codable {
    /// By this share of the best value.
    case relative(Double)
    /// By this.
    case absolute(Double)
  }

  /// The metric that is watched: `validation/loss` …
  public let metric: String
  /// Which way it improves.
  public let goal: Goal
  /// What the learning rate is multiplied by.
  public let factor: Double
  /// Values without improvement that are still fine.
  public let patience: Int
  /// By how much a value must beat the best one.
  public let threshold: Threshold
  /// Values after a reduction that do not count as bad.
  public let cooldown: Int
  /// The learning rate is never lowered below.
  public let minimum: Double
  /// Smaller reductions are left out.
  public let smallestChange: Double

  /// The best value so far.
  public private(set) var best: Double?
  /// How often the learning rate was lowered.
  public private(set) var reductions = 0
  private var bad = 0
  private var cooling = 0

  /// PyTorch's defaults.
  public init(
    _ metric: String = "validation/loss", _ goal: Goal = .minimum, factor: Double = 0.1, patience: Int = 10,
    threshold: Threshold = .relative(1e-4), cooldown: Int = 0, minimum: Double = 0, smallestChange: Double = 1e-8
  ) {
    self.metric = metric
    self.goal = goal
    self.factor = factor
    self.patience = patience
    self.threshold = threshold
    self.cooldown = cooldown
    self.minimum = minimum
    self.smallestChange = smallestChange
  }

  /// Takes the newest value into account. NaN counts as bad.
  public mutating func observe(_ value: Double) {
    if beatsBest(value) {
      best = value
      bad = 0
    } else {
      bad += 1
    }
    if cooling > 0 {
      cooling -= 1
      bad = 0
    }
    if bad > patience {
      reductions += 1
      cooling = cooldown
      bad = 0
    }
  }

  /// The value now of a setting that began as `base`.
  public func value(_ base: Double) -> Double {
    var value = base
    for _ in 0..<reductions {
      let next = max(value * factor, minimum)
      guard value - next > smallestChange else { break }
      value = next
    }
    return value
  }

  private func beatsBest(_ value: Double) -> Bool {
    let best = best ?? (goal == .minimum ? Double.infinity : -Double.infinity)
    return switch (goal, threshold) {
    case (.minimum, .relative(let share)): value < best * (1 - share)
    case (.minimum, .absolute(let margin)): value < best - margin
    case (.maximum, .relative(let share)): value > best * (1 + share)
    case (.maximum, .absolute(let margin)): value > best + margin
    }
  }

  /// Settings that make no sense.
  var mistakes: [ArgumentError] {
    var found: [ArgumentError] = []
    if !(0..<1).contains(factor) { found.append(ArgumentError("the plateau's factor is \(factor)", expected: "0 or more and below 1")) }
    if patience < 0 { found.append(ArgumentError("the plateau's patience is \(patience)", expected: "0 or more")) }
    if cooldown < 0 { found.append(ArgumentError("the plateau's cooldown is \(cooldown)", expected: "0 or more")) }
    if !(minimum >= 0) { found.append(ArgumentError("the plateau's minimum is \(minimum)", expected: "0 or more")) }
    return found
  }
}

extension Schedule {
  /// The base learning rate, lowered whenever a metric has stopped to improve (PyTorch's `ReduceLROnPlateau`).
  /// - Parameters:
  ///   - metric: measured at the end of every epoch: `validation/loss`, `validation/accuracy`, `train/loss` …
  ///   - goal: which way it improves.
  ///   - factor: what the learning rate is multiplied by.
  ///   - patience: epochs without improvement that are still fine.
  ///   - threshold: by how much a value must beat the best one.
  ///   - cooldown: epochs after a reduction that do not count as bad.
  ///   - minimum: the learning rate is never lowered below.
  public static func plateau(
    _ metric: String = "validation/loss", _ goal: Goal = .minimum, factor: Double = 0.1, patience: Int = 10,
    threshold: Plateau.Threshold = .relative(1e-4), cooldown: Int = 0, minimum: Double = 0
  ) -> Schedule {
    .plateau(
      Plateau(
        metric, goal, factor: factor, patience: patience, threshold: threshold, cooldown: cooldown, minimum: minimum))
  }

  /// The base learning rate as the plateau lowers it.
  public static func plateau(_ plateau: Plateau) -> Schedule {
    Schedule(
      "plateau of \(plateau.metric)", plateaus: [plateau], rate: { base, _, plateaus in plateaus.first?.value(base) ?? base },
      mistakes: plateau.mistakes)
  }
}
