public import MartletCore
public import Torch

/// What one training step works on.
public struct Batch: Sendable {
  /// The model's input, the first dimension counting items.
  public var inputs: Tensor
  /// What the model should say, the first dimension counting items.
  public var targets: Tensor
  /// Each item's index in the data.
  public var indices: [Int]
  /// Further tensors by name: weights of items, targets of further heads.
  public var extras: [String: Tensor]
  /// The items of the batch of which this is one process's part; `nil` where it is whole.
  public var wholeCount: Int?

  /// A batch of tensors that share their first dimension.
  public init(inputs: Tensor, targets: Tensor, indices: [Int], extras: [String: Tensor] = [:]) {
    self.inputs = inputs
    self.targets = targets
    self.indices = indices
    self.extras = extras
  }

  /// The number of items.
  public var count: Int { indices.count }
}

/// Makes whole batches. It is called on the loader's worker threads, several at a time.
///
/// A batch may depend on nothing but the indices, the epoch and what the source holds, so that it is the same whoever makes it.
public protocol BatchSource: Sendable {
  /// The number of items.
  var count: Int { get }

  /// The batch of the given items.
  /// - Throws: anything; the consumer gets it as `LoaderError` with the item named.
  func batch(_ indices: [Int], epoch: Int) throws -> Batch
}

/// One item in main memory.
public struct Sample: Sendable {
  /// The model's input for this item, without a batch dimension.
  public var input: HostArray
  /// What the model should say, without a batch dimension.
  public var target: HostArray

  /// An item.
  public init(input: HostArray, target: HostArray) {
    self.input = input
    self.target = target
  }
}

/// Items that can be had one by one, in any order, from several threads at once.
public protocol Dataset: Sendable {
  /// The number of items.
  var count: Int { get }

  /// One item. Augmentation draws from `KeyedRandom` keyed by the epoch and the index, so that it repeats at any number of workers.
  func sample(at index: Int, epoch: Int) throws -> Sample
}

/// Something in the data that cannot be loaded.
public struct LoaderError: MartletError {
  /// The items that were asked for; one where it is known which.
  public let items: [Int]
  /// What went wrong.
  public let underlying: any Error

  /// An error about the given items.
  public init(items: [Int], underlying: any Error) {
    self.items = items
    self.underlying = underlying
  }

  public var problem: String {
    let place =
      items.count == 1
      ? "item \(items[0])" : "one of the items \(items.prefix(4).map(String.init).joined(separator: ", "))\(items.count > 4 ? " …" : "")"
    return "\(place) cannot be loaded: \((underlying as? any MartletError)?.problem ?? "\(underlying)")"
  }
  public var expected: String? { (underlying as? any MartletError)?.expected }
  public var remedy: String? { (underlying as? any MartletError)?.remedy ?? "mend or remove the item" }
}
