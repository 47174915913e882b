import MartletCore

/// The order in which items are visited.
public protocol Sampler: Sendable {
  /// For checkpoints: two samplers of one name and one seed give one order.
  var name: String { get }

  /// The number of visits per epoch for `count` items.
  func length(of count: Int) -> Int

  /// Refuses a source with this number of items.
  /// - Throws: `ArgumentError` saying what the sampler was made for.
  func validate(items: Int) throws

  /// The items of one epoch in order; depends on nothing but the arguments and the sampler's own settings.
  func order(of count: Int, epoch: Int) -> [Int]
}

extension Sampler {
  public func length(of count: Int) -> Int { count }
  public func validate(items: Int) throws {}
}

/// First to last.
public struct SequentialSampler: Sampler {
  /// A sampler without settings.
  public init() {}
  public var name: String { "sequential" }
  public func order(of count: Int, epoch: Int) -> [Int] { Array(0..<count) }
}

/// Every item once per epoch in an order of the epoch's own.
public struct ShuffledSampler: Sampler {
  /// Together with the epoch it decides the order.
  public let seed: UInt64

  /// A sampler keyed by `seed` and the epoch.
  public init(seed: UInt64) { self.seed = seed }
  public var name: String { "shuffled by seed \(seed)" }

  public func order(of count: Int, epoch: Int) -> [Int] {
    var random = KeyedRandom(seed: seed, purpose: "shuffle", index: UInt64(epoch))
    var order = Array(0..<count)
    order.shuffle(using: &random)
    return order
  }
}
