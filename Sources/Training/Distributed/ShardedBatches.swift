import MartletCore
public import Torch

/// One process's part of every batch: the batches are those of one process, and each is shared out among the processes by position.
///
/// ```swift
/// let loader = try DataLoader(ShardedBatches(source, over: group), batchSize: 64, shuffle: true, seed: 1)   // 64 items of all together
/// ```
/// Order, batch size and position mean the same at any number of processes, so that a checkpoint goes on with any other number. Where a
/// batch does not share out evenly, the parts differ by one item and `Batch.wholeCount` lets the trainer weigh them; a part without items
/// gets one that counts for nothing.
public struct ShardedBatches: BatchSource {
  private let source: any BatchSource
  private let rank: Int
  private let size: Int

  /// - Parameters:
  ///   - source: makes batches of any items.
  ///   - rank: this process's number, from zero.
  ///   - size: the number of processes.
  /// - Throws: `ArgumentError` for a rank that is not below the number of processes.
  public init(_ source: some BatchSource, rank: Int, of size: Int) throws {
    guard size >= 1, (0..<size).contains(rank) else {
      throw ArgumentError("rank \(rank) of \(size) processes", expected: "one process or more, and a rank below their number")
    }
    self.source = source
    self.rank = rank
    self.size = size
  }

  /// This process's part; all of it without a group.
  public init(_ source: some BatchSource, over group: ProcessGroup?) {
    self.source = source
    rank = group?.rank ?? 0
    size = group?.size ?? 1
  }

  public var count: Int { source.count }

  public func batch(_ indices: [Int], epoch: Int) throws -> Batch {
    guard size > 1 else { return try source.batch(indices, epoch: epoch) }
    let part = indices[(indices.count * rank / size)..<(indices.count * (rank + 1) / size)]
    var batch = try source.batch(part.isEmpty ? Array(indices.prefix(1)) : Array(part), epoch: epoch)
    if part.isEmpty { batch.indices = [] }
    batch.wholeCount = indices.count
    return batch
  }
}
