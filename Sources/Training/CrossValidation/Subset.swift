import MartletCore

/// Some items of another source, under new numbers from zero. `Batch.indices` are the other source's own.
public struct Subset: BatchSource {
  /// The other source.
  public let source: any BatchSource
  /// The items that are in, in order.
  public let items: [Int]

  /// - Throws: `ArgumentError` if the source has no such item.
  public init(_ source: any BatchSource, items: [Int]) throws {
    if let wrong = items.first(where: { !(0..<source.count).contains($0) }) {
      throw ArgumentError("there is no item \(wrong)", expected: "0…\(source.count - 1)")
    }
    self.source = source
    self.items = items
  }

  public var count: Int { items.count }

  public func batch(_ indices: [Int], epoch: Int) throws -> Batch { try source.batch(indices.map { items[$0] }, epoch: epoch) }
}
