import Foundation
import MartletCore

/// How `Trainer.findLearningRate` goes through the learning rates.
public struct LearningRateSweep: Sendable, Hashable {
  /// The first learning rate.
  public var first: Double
  /// The last learning rate, if the loss does not blow up before.
  public var last: Double
  /// Steps from the first to the last.
  public var steps: Int
  /// The weight of the past in the smoothed loss, 0 for none.
  public var smoothing: Double
  /// The sweep ends when the smoothed loss is this many times its best value.
  public var divergence: Double

  /// A sweep; the usual numbers of Smith's test.
  public init(from first: Double = 1e-6, to last: Double = 1, steps: Int = 100, smoothing: Double = 0.9, divergence: Double = 4) {
    self.first = first
    self.last = last
    self.steps = steps
    self.smoothing = smoothing
    self.divergence = divergence
  }

  func validate() throws {
    guard first > 0, last > first, last.isFinite else {
      throw ArgumentError("a sweep from \(first) to \(last)", expected: "two finite learning rates above 0, the smaller one first")
    }
    guard steps >= 3 else { throw ArgumentError("a sweep of \(steps) steps", expected: "3 or more") }
    guard (0..<1).contains(smoothing) else { throw ArgumentError("a smoothing of \(smoothing)", expected: "0 or more and below 1") }
    guard divergence > 1 else { throw ArgumentError("a divergence of \(divergence)", expected: "more than 1") }
  }

  /// The learning rate of a step: every step multiplies it by the same factor.
  func rate(at step: Int) -> Double { first * pow(last / first, Double(step) / Double(steps - 1)) }
}
