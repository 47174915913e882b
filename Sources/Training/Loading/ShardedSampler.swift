import MartletCore

/// One process's part of an order that all processes share: every `count`-th item, beginning with the `rank`-th.
///
/// The order itself is the same everywhere, since it depends on the base's seed and the epoch alone. Batch `n` of all shards together
/// therefore holds the items of batch `n` of one process whose batches are `count` times as large, and a run's position means the same
/// at any number of processes. Like PyTorch's `DistributedSampler`.
public struct ShardedSampler: Sampler {
  /// What happens to items that are left when all shards have equally many.
  public enum Remainder: String, Sendable, Hashable, Codable {
    /// The first items are visited once more, so that every item is seen.
    case padded
    /// They are left out of this epoch.
    case dropped
  }

  /// The order that is shared out.
  public let base: any Sampler
  /// This process's number, from zero.
  public let rank: Int
  /// The number of processes.
  public let count: Int
  /// What happens to items that do not share out evenly.
  public let remainder: Remainder

  /// - Parameters:
  ///   - base: the order that is shared out; the same in every process.
  ///   - rank: this process's number, from zero.
  ///   - count: the number of processes.
  /// - Throws: `ArgumentError` for a rank outside `0..<count`.
  public init(_ base: any Sampler, rank: Int, of count: Int, remainder: Remainder = .padded) throws {
    guard count >= 1, (0..<count).contains(rank) else {
      throw ArgumentError("rank \(rank) of \(count) processes", expected: "one process or more, and a rank below their number")
    }
    self.base = base
    self.rank = rank
    self.count = count
    self.remainder = remainder
  }

  /// The base's name: the order is the same at any number of processes, and so a checkpoint fits.
  public var name: String { base.name }

  public func length(of items: Int) -> Int {
    let all = base.length(of: items)
    return remainder == .padded ? (all + count - 1) / count : all / count
  }

  public func validate(items: Int) throws { try base.validate(items: items) }

  public func order(of items: Int, epoch: Int) -> [Int] {
    let order = base.order(of: items, epoch: epoch)
    return (0..<length(of: items)).map { order[($0 * count + rank) % order.count] }
  }
}
