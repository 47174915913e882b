import MartletCore

/// Batches of items of like length, so that little of a batch is padding: sentences, recordings, time series.
///
/// Items are put into buckets by length once; within a bucket they are shuffled and cut into batches in every epoch, then the batches of
/// all buckets are shuffled. The number of batches is the same in every epoch.
public struct BucketedBatches: BatchSampler {
  /// What limits a batch.
  public enum Limit: Sendable, Hashable {
    /// At most this many items.
    case items(Int)
    /// At most this many tokens, padding included: items times the longest length of the bucket.
    case tokens(Int)
  }

  /// Each item's length.
  public let lengths: [Int]
  /// What limits a batch.
  public let limit: Limit
  /// Decides the order together with the epoch; `nil` goes from short to long, in order.
  public let seed: UInt64?
  /// A bucket's last, smaller batch is left out.
  public let dropsLast: Bool
  public let name: String
  private let buckets: [Bucket]

  private struct Bucket {
    var items: [Int]
    var batch: Int
  }

  /// - Parameters:
  ///   - lengths: one per item, 0 or more.
  ///   - limit: items or tokens of a batch.
  ///   - buckets: how many buckets of about equally many items.
  ///   - seed: shuffles anew in every epoch; `nil` goes from short to long.
  ///   - dropLast: leave out each bucket's last, smaller batch.
  /// - Throws: `ArgumentError` for settings out of range and for an item that is longer than a whole batch may be.
  public init(lengths: [Int], limit: Limit, buckets count: Int = 16, seed: UInt64?, dropLast: Bool = false) throws {
    guard !lengths.isEmpty else { throw ArgumentError("no lengths to put into buckets", expected: "one per item") }
    guard count >= 1 else { throw ArgumentError("\(count) buckets", expected: "1 or more") }
    if let (item, length) = lengths.enumerated().first(where: { $0.element < 0 }) {
      throw ArgumentError("the length of item \(item) is \(length)", expected: "0 or more")
    }
    let sorted = lengths.indices.sorted { (lengths[$0], $0) < (lengths[$1], $1) }
    let share = Swift.max(1, (sorted.count + count - 1) / count)
    var buckets: [Bucket] = []
    for start in stride(from: 0, to: sorted.count, by: share) {
      let items = Array(sorted[start..<Swift.min(sorted.count, start + share)])
      let longest = Swift.max(1, items.last.map { lengths[$0] } ?? 1)
      buckets.append(Bucket(items: items, batch: try Self.batch(limit, longest: longest, item: items.last ?? 0)))
    }
    self.lengths = lengths
    self.limit = limit
    self.seed = seed
    dropsLast = dropLast
    self.buckets = buckets
    let order = seed.map { "by seed \($0)" } ?? "from short to long"
    name = "\(buckets.count) buckets (\(Digest.short(of: lengths))) of \(limit), \(order)"
  }

  private static func batch(_ limit: Limit, longest: Int, item: Int) throws -> Int {
    switch limit {
    case .items(let count):
      guard count >= 1 else { throw ArgumentError("the batch size is \(count)", expected: "1 or more") }
      return count
    case .tokens(let budget):
      guard budget >= longest else {
        throw ArgumentError(
          "item \(item) has length \(longest), a batch may have \(budget) tokens", expected: "a limit of \(longest) or more",
          remedy: "a larger limit, or shorten long items")
      }
      return budget / longest
    }
  }

  public var largestBatch: Int { buckets.map { Swift.min($0.batch, $0.items.count) }.max() ?? 0 }

  public func validate(items: Int) throws {
    guard items == lengths.count else { throw ArgumentError("\(lengths.count) lengths for \(items) items", expected: "one per item") }
  }

  public func size(of items: Int) -> (batches: Int, visits: Int) {
    buckets.reduce(into: (0, 0)) { sum, bucket in
      let full = bucket.items.count / bucket.batch
      let rest = bucket.items.count % bucket.batch
      sum.0 += full + (rest > 0 && !dropsLast ? 1 : 0)
      sum.1 += dropsLast ? full * bucket.batch : bucket.items.count
    }
  }

  public func batches(of items: Int, epoch: Int) -> EpochBatches {
    var random = seed.map { KeyedRandom(seed: $0, purpose: "buckets", index: UInt64(epoch)) }
    var batches: [[Int]] = []
    for bucket in buckets {
      let order = random == nil ? bucket.items : shuffled(bucket.items, &random)
      for start in stride(from: 0, to: order.count, by: bucket.batch) {
        let batch = Array(order[start..<Swift.min(order.count, start + bucket.batch)])
        if batch.count == bucket.batch || !dropsLast { batches.append(batch) }
      }
    }
    return EpochBatches(random == nil ? batches : shuffled(batches, &random))
  }

  private func shuffled<Element>(_ list: [Element], _ random: inout KeyedRandom?) -> [Element] {
    guard var generator = random else { return list }
    defer { random = generator }
    return list.shuffled(using: &generator)
  }
}
