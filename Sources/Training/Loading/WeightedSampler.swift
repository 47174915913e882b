import Foundation
import MartletCore

/// Items drawn by weight: the rare ones more often, the doubtful ones less often.
public struct WeightedSampler: Sampler {
  /// How often each item comes, relative to the others; 0 for never.
  public let weights: [Double]
  /// Draws per epoch.
  public let visits: Int
  /// Whether an item may be drawn twice in one epoch.
  public let replaces: Bool
  /// Together with the epoch it decides what is drawn.
  public let seed: UInt64
  public let name: String
  private let sums: [Double]

  /// - Parameters:
  ///   - weights: one per item, 0 or more; they need not sum to one.
  ///   - visits: draws per epoch; as many as there are items if `nil`.
  ///   - replacing: draw every time from all items (like PyTorch's `WeightedRandomSampler`). Without it each item comes at most once, and
  ///     the weights decide which come early (Efraimidis and Spirakis, 2006).
  ///   - seed: together with the epoch decides what is drawn.
  /// - Throws: `ArgumentError` for a weight that is negative or not finite, for no positive weight, and for more visits than items of
  ///   positive weight without replacement.
  public init(_ weights: [Double], visits: Int? = nil, replacing: Bool = true, seed: UInt64) throws {
    for (item, weight) in weights.enumerated() where !(weight.isFinite && weight >= 0) {
      throw ArgumentError("the weight of item \(item) is \(weight)", expected: "a finite number of 0 or more")
    }
    let positive = weights.count { $0 > 0 }
    guard positive > 0 else { throw ArgumentError("no item has a weight above 0", expected: "one or more") }
    let draws = visits ?? (replacing ? weights.count : positive)
    guard draws >= 1 else { throw ArgumentError("\(draws) draws per epoch", expected: "1 or more") }
    guard replacing || draws <= positive else {
      throw ArgumentError(
        "\(draws) draws without replacement from \(positive) items of positive weight", expected: "\(positive) draws or fewer",
        remedy: "replacing: true")
    }
    self.weights = weights
    self.visits = draws
    self.replaces = replacing
    self.seed = seed
    name = "weighted (\(Digest.short(of: weights))) by seed \(seed), \(draws) draws \(replacing ? "with" : "without") replacement"
    var sum = 0.0
    sums = weights.map { weight in
      sum += weight
      return sum
    }
  }

  public func length(of count: Int) -> Int { visits }

  public func validate(items: Int) throws {
    guard items == weights.count else {
      throw ArgumentError("\(weights.count) weights for \(items) items", expected: "one weight per item")
    }
  }

  public func order(of count: Int, epoch: Int) -> [Int] {
    var random = KeyedRandom(seed: seed, purpose: "weighted", index: UInt64(epoch))
    return replaces ? drawReplacing(&random) : drawOnce(&random)
  }

  private func drawReplacing(_ random: inout KeyedRandom) -> [Int] {
    let total = sums.last ?? 0
    return (0..<visits).map { _ in
      // The first item whose sum exceeds the target: items of weight 0 add nothing and are never it.
      let target = random.uniform() * total
      var low = 0
      var high = sums.count - 1
      while low < high {
        let middle = (low + high) / 2
        if sums[middle] > target { high = middle } else { low = middle + 1 }
      }
      // Rounding at the very end may lead past the last item that can be drawn.
      while weights[low] == 0 { low -= 1 }
      return low
    }
  }

  private func drawOnce(_ random: inout KeyedRandom) -> [Int] {
    var keys: [(key: Double, item: Int)] = []
    keys.reserveCapacity(weights.count)
    for (item, weight) in weights.enumerated() {
      // Drawn for every item, so that one weight does not move the others' numbers.
      let number = 1 - random.uniform()
      if weight > 0 { keys.append((-log(number) / weight, item)) }
    }
    keys.sort { ($0.key, $0.item) < ($1.key, $1.item) }
    return keys.prefix(visits).map(\.item)
  }
}
