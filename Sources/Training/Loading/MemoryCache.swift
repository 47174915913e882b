public import MartletCore
import Synchronization

/// Keeps a data set's prepared items in memory, up to a number of bytes; what does not fit is prepared every time.
///
/// Items must not depend on the epoch: what is drawn anew in every epoch comes after the cache (`AugmentedDataset`). Once full it keeps what
/// it has, since in a random order every item is as likely to come next as any other.
public final class MemoryCache<Items: Dataset>: Dataset {
  /// What the items are made by.
  public let dataset: Items
  /// The bytes that items may take.
  public let limit: Int
  private let kept: Mutex<Kept>

  private struct Kept {
    var samples: [Int: Sample] = [:]
    var bytes = 0
  }

  /// - Parameter limit: bytes that items may take.
  /// - Throws: `ArgumentError` for a negative limit.
  public init(_ dataset: Items, limit: Int) throws {
    guard limit >= 0 else { throw ArgumentError("a cache of \(limit) bytes", expected: "0 or more") }
    self.dataset = dataset
    self.limit = limit
    kept = Mutex(Kept())
  }

  public var count: Int { dataset.count }

  /// Bytes taken.
  public var bytes: Int { kept.withLock { $0.bytes } }

  public func sample(at index: Int, epoch: Int) throws -> Sample {
    if let sample = kept.withLock({ $0.samples[index] }) { return sample }
    let sample = try dataset.sample(at: index, epoch: 0)
    let size = sample.input.bytes.count + sample.target.bytes.count
    kept.withLock { kept in
      guard kept.samples[index] == nil, kept.bytes + size <= limit else { return }
      kept.samples[index] = sample
      kept.bytes += size
    }
    return sample
  }
}

/// What happens to items anew in every epoch, after a cache.
public struct AugmentedDataset<Items: Dataset>: Dataset {
  private let dataset: Items
  private let seed: UInt64
  private let change: @Sendable (Sample, inout KeyedRandom) throws -> Sample

  /// - Parameters:
  ///   - seed: decides, with the epoch and the item, what the closure draws.
  ///   - change: makes the item of this epoch; draws from nothing but the generator it gets.
  public init(_ dataset: Items, seed: UInt64, _ change: @escaping @Sendable (Sample, inout KeyedRandom) throws -> Sample) {
    self.dataset = dataset
    self.seed = seed
    self.change = change
  }

  public var count: Int { dataset.count }

  public func sample(at index: Int, epoch: Int) throws -> Sample {
    var random = KeyedRandom(seed: seed, purpose: "augment \(epoch)", index: UInt64(max(0, index)))
    return try change(try dataset.sample(at: index, epoch: epoch), &random)
  }
}
