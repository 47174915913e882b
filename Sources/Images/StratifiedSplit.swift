public import MartletCore

/// A split into training and validation that keeps the classes' proportions: a pure function of the labels, the part and the seed.
public struct StratifiedSplit: Sendable, Hashable {
  /// Positions of the training items, ascending.
  public let training: [Int]
  /// Positions of the validation items, ascending.
  public let validation: [Int]

  /// Takes round(n × part) items for validation altogether, shared among the classes by largest remainder. Every class with two items or
  /// more is on both sides where the part allows it; a class with one item stays in training.
  /// - Throws: `ArgumentError` if `part` is not in 0..<1 or nothing is left to train on.
  public init(labels: [Int], validation part: Double, seed: UInt64) throws(ArgumentError) {
    guard part >= 0, part < 1 else { throw ArgumentError("a validation part of \(part)", expected: "0 or more, below 1") }
    let groups = Dictionary(grouping: labels.indices, by: { labels[$0] }).sorted { $0.key < $1.key }
    let wanted = Int((Double(labels.count) * part).rounded())
    // The floor of each class's share, then one more for the largest remainders.
    var taken = groups.map { min(Int(Double($0.value.count) * part), max($0.value.count - 1, 0)) }
    let remainders = groups.enumerated().map { Double($0.element.value.count) * part - Double(taken[$0.offset]) }
    let order = remainders.indices.sorted { (remainders[$1], $0) < (remainders[$0], $1) }
    for group in order where taken.reduce(0, +) < wanted && taken[group] < groups[group].value.count - 1 { taken[group] += 1 }
    if part > 0 {
      for group in groups.indices where taken[group] == 0 && groups[group].value.count > 1 { taken[group] = 1 }
    }
    var training: [Int] = []
    var validation: [Int] = []
    for (group, count) in zip(groups, taken) {
      var items = group.value
      var random = KeyedRandom(seed: seed, purpose: "split", index: UInt64(bitPattern: Int64(group.key)))
      random.shuffle(&items)
      validation += items.prefix(count)
      training += items.dropFirst(count)
    }
    self.training = training.sorted()
    self.validation = validation.sorted()
  }
}
