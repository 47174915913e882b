import Foundation
import MartletCore

/// Some of the items: a fold, a class, the part that is labelled.
public struct SubsetSampler: Sampler {
  /// The items that are visited.
  public let items: [Int]
  /// Decides the order together with the epoch; `nil` keeps the order of `items`.
  public let seed: UInt64?
  public let name: String

  /// - Parameters:
  ///   - items: visited once each per epoch; one that is listed twice is visited twice.
  ///   - seed: shuffles them anew in every epoch; `nil` keeps their order.
  /// - Throws: `ArgumentError` for no items or a negative one.
  public init(_ items: [Int], shuffledBy seed: UInt64? = nil) throws {
    guard let smallest = items.min() else { throw ArgumentError("a subset of no items", expected: "one item or more") }
    guard smallest >= 0 else { throw ArgumentError("item \(smallest) in a subset", expected: "0 or more") }
    self.items = items
    self.seed = seed
    let identity = Digest.short(of: items)
    name = "\(items.count) items (\(identity))" + (seed.map { ", shuffled by seed \($0)" } ?? "")
  }

  public func length(of count: Int) -> Int { items.count }

  public func validate(items count: Int) throws {
    guard let largest = items.max(), largest >= count else { return }
    throw ArgumentError("the subset has item \(largest)", expected: "0…\(count - 1), the source's items")
  }

  public func order(of count: Int, epoch: Int) -> [Int] {
    guard let seed else { return items }
    var random = KeyedRandom(seed: seed, purpose: "subset", index: UInt64(epoch))
    return items.shuffled(using: &random)
  }
}

extension Digest {
  /// Eight digits that tell one list of plain values from another, for names in checkpoints.
  static func short<Element>(of values: [Element]) -> String {
    String(values.withUnsafeBytes { sha256(Data($0)) }.prefix(8))
  }
}
