import MartletCore

/// Every class equally often, whatever its share of the data.
///
/// A rare class's items come several times per epoch, each as often as the others of its class (one more or less); of a frequent class a
/// part comes, another part in the next epoch.
public struct BalancedSampler: Sampler {
  /// Draws per epoch.
  public let visits: Int
  /// Together with the epoch it decides the order.
  public let seed: UInt64
  public let name: String
  private let classes: [[Int]]
  private let items: Int

  /// - Parameters:
  ///   - labels: each item's class.
  ///   - visits: draws per epoch; as many as there are items if `nil`.
  ///   - seed: together with the epoch decides the order.
  /// - Throws: `ArgumentError` for no items or no visits.
  public init(_ labels: [Int], visits: Int? = nil, seed: UInt64) throws {
    guard !labels.isEmpty else { throw ArgumentError("no labels to balance", expected: "one per item") }
    let draws = visits ?? labels.count
    guard draws >= 1 else { throw ArgumentError("\(draws) draws per epoch", expected: "1 or more") }
    var byLabel: [Int: [Int]] = [:]
    for (item, label) in labels.enumerated() { byLabel[label, default: []].append(item) }
    classes = byLabel.sorted { $0.key < $1.key }.map(\.value)
    items = labels.count
    self.visits = draws
    self.seed = seed
    name = "\(draws) draws balanced over \(classes.count) classes (\(Digest.short(of: labels))) by seed \(seed)"
  }

  public func length(of count: Int) -> Int { visits }

  public func validate(items count: Int) throws {
    guard items == count else { throw ArgumentError("\(items) labels for \(count) items", expected: "one label per item") }
  }

  public func order(of count: Int, epoch: Int) -> [Int] {
    var random = KeyedRandom(seed: seed, purpose: "balanced", index: UInt64(epoch))
    var order: [Int] = []
    order.reserveCapacity(visits)
    // What does not divide evenly goes to other classes in every epoch.
    let ranks = Array(classes.indices).shuffled(using: &random)
    for (rank, number) in ranks.enumerated() {
      let share = visits / classes.count + (rank < visits % classes.count ? 1 : 0)
      var left = share
      while left > 0 {
        let round = classes[number].shuffled(using: &random).prefix(left)
        order += round
        left -= round.count
      }
    }
    order.shuffle(using: &random)
    return order
  }
}
