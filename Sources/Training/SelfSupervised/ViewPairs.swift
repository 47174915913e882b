public import MartletCore
public import Torch

/// Two views of every item, for learning without labels: `Batch.inputs` is the first, `Batch.extras["view"]` the second.
///
/// What makes a view is the caller's: crops, flips, noise. It draws from the key alone, so that views do not depend on the workers.
public struct ViewPairs: BatchSource {
  static let second = "view"

  /// What a view's random numbers are keyed by.
  public struct Key: Sendable {
    let seed: UInt64
    /// The pass over the data.
    public let epoch: Int
    /// 0 for the first view, 1 for the second.
    public let view: Int
    /// The items.
    public let items: [Int]

    /// The numbers of the item at a place in the batch.
    public func random(at place: Int) -> KeyedRandom {
      KeyedRandom(seed: seed, purpose: "view.\(view).\(epoch)", index: UInt64(items[place]))
    }
  }

  private let source: any BatchSource
  private let seed: UInt64
  private let view: @Sendable (Tensor, Key) throws -> Tensor

  /// - Parameters:
  ///   - source: its targets are kept and not looked at.
  ///   - view: makes one view of a batch's inputs; called twice.
  public init(_ source: any BatchSource, seed: UInt64, view: @escaping @Sendable (_ inputs: Tensor, _ key: Key) throws -> Tensor) {
    self.source = source
    self.seed = seed
    self.view = view
  }

  public var count: Int { source.count }

  public func batch(_ indices: [Int], epoch: Int) throws -> Batch {
    var batch = try source.batch(indices, epoch: epoch)
    let inputs = batch.inputs
    batch.inputs = try view(inputs, Key(seed: seed, epoch: epoch, view: 0, items: indices))
    batch.extras[Self.second] = try view(inputs, Key(seed: seed, epoch: epoch, view: 1, items: indices))
    return batch
  }
}
