import Foundation

/// Counts what a fuzz test tries. `MARTLET_FUZZ=50` tries fifty times as much, and prints what came of it.
public struct FuzzRun {
  /// How much more is tried than usual.
  public static let times = max(1, ProcessInfo.processInfo.environment["MARTLET_FUZZ"].flatMap { Int($0) } ?? 1)

  private let reader: String
  /// Inputs that were tried, and those among them that were refused.
  public private(set) var inputs = 0, refused = 0
  private var slowest = Duration.zero

  public init(_ reader: String) { self.reader = reader }

  /// Tries one input.
  /// - Parameter body: says whether it was accepted.
  public mutating func attempt(_ body: () throws -> Bool) rethrows {
    let start = ContinuousClock.now
    let isAccepted = try body()
    slowest = max(slowest, ContinuousClock.now - start)
    inputs += 1
    if !isAccepted { refused += 1 }
  }

  /// Prints the figures where more than usual was asked for.
  public func tell() {
    guard Self.times > 1 else { return }
    let milliseconds = (slowest / .milliseconds(1) * 100).rounded() / 100
    print("fuzz \(reader): \(inputs) inputs, \(refused) refused, slowest \(milliseconds) ms")
  }
}
