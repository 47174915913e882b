import Foundation

/// Counts of durations in bins that grow by 2 %, from a microsecond to an hour: percentiles to 1 %, in a few kilobytes.
public struct LatencySketch: Sendable, Hashable, Codable {
  private static let growth = 1.02
  private static let smallest = 1e-6
  private static let last = Int((log(3600 / smallest) / log(growth)).rounded(.up))
  /// By bin; bins without a duration are not there.
  private var bins: [Int: Int] = [:]
  /// How many durations there are.
  public private(set) var count = 0

  /// A sketch of nothing.
  public init() {}

  /// Adds one duration in seconds. What is no duration (negative, not a number) counts as the shortest.
  public mutating func record(_ seconds: Double) {
    bins[Self.bin(seconds), default: 0] += 1
    count += 1
  }

  private static func bin(_ seconds: Double) -> Int {
    guard seconds > smallest else { return 0 }
    guard seconds < 3600 else { return last }
    return min(last, Int(log(seconds / smallest) / log(growth)))
  }

  /// The middle of the bin that holds the duration of this rank, from 0; `nil` where there are not so many.
  func value(rank: Int) -> Double? {
    guard rank >= 0, rank < count else { return nil }
    var passed = 0
    for bin in bins.keys.sorted() {
      passed += bins[bin] ?? 0
      if rank < passed { return Self.smallest * pow(Self.growth, Double(bin) + 0.5) }
    }
    return nil
  }

  /// The duration below which this share lies; `nil` without durations.
  public func percentile(_ share: Double) -> Double? { value(rank: min(count - 1, Int(share * Double(count)))) }

  /// What was recorded since an earlier state of the same sketch.
  func since(_ earlier: LatencySketch) -> LatencySketch {
    var result = LatencySketch()
    for (bin, number) in bins {
      let more = number - (earlier.bins[bin] ?? 0)
      if more > 0 {
        result.bins[bin] = more
        result.count += more
      }
    }
    return result
  }

  /// Both together.
  mutating func merge(_ other: LatencySketch) {
    bins.merge(other.bins, uniquingKeysWith: +)
    count += other.count
  }
}
