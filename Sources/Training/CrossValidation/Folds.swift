import MartletCore

/// Which items train and which validate, fold by fold.
public struct Folds: Sendable, Hashable {
  /// One division of the items.
  public struct Fold: Sendable, Hashable {
    /// Its number, from zero.
    public let index: Int
    /// The items to train on, in ascending order.
    public let training: [Int]
    /// The items to validate on, in ascending order.
    public let validation: [Int]
    /// A seed of the fold's own.
    public let seed: UInt64
  }

  /// The folds; every item validates exactly once.
  public let folds: [Fold]

  /// - Parameter parts: which part each item is in.
  private init(parts: [Int], count: Int, seed: UInt64) {
    var members = [[Int]](repeating: [], count: count)
    for (item, part) in parts.enumerated() { members[part].append(item) }
    folds = (0..<count).map { fold in
      var random = KeyedRandom(seed: seed, purpose: "fold", index: UInt64(fold))
      return Fold(
        index: fold, training: parts.indices.filter { parts[$0] != fold }, validation: members[fold], seed: random.next())
    }
  }

  private static func check(_ count: Int, of items: Int, _ what: String) throws(ArgumentError) {
    guard count >= 2, count <= items else {
      throw ArgumentError("\(count) folds of \(items) \(what)", expected: items < 2 ? "two \(what) or more" : "2…\(items) folds")
    }
  }

  /// Parts whose sizes differ by one at most, shuffled by the seed.
  /// - Throws: `ArgumentError` for fewer than two folds, or more folds than items.
  public static func plain(_ count: Int, of items: Int, seed: UInt64 = 0) throws -> Folds {
    try check(count, of: items, "items")
    var random = KeyedRandom(seed: seed, purpose: "folds")
    var order = Array(0..<items)
    order.shuffle(using: &random)
    var parts = [Int](repeating: 0, count: items)
    for (place, item) in order.enumerated() { parts[item] = place % count }
    return Folds(parts: parts, count: count, seed: seed)
  }

  /// Parts in which every class has the same share: its counts differ by one at most.
  /// - Throws: `ArgumentError` if a class has fewer items than there are folds.
  public static func stratified(_ count: Int, labels: [Int], seed: UInt64 = 0) throws -> Folds {
    try check(count, of: labels.count, "items")
    let classes = Dictionary(grouping: labels.indices) { labels[$0] }
    var parts = [Int](repeating: 0, count: labels.count)
    var next = 0
    for (label, items) in classes.sorted(by: { $0.key < $1.key }) {
      guard items.count >= count else {
        throw ArgumentError(
          "class \(label) has \(items.count) items, fewer than the \(count) folds", remedy: "\(items.count) folds or .plain(…)")
      }
      var random = KeyedRandom(seed: seed, purpose: "folds.class", index: UInt64(bitPattern: Int64(label)))
      // Going on where the last class ended keeps the parts' sizes equal, too.
      for item in items.shuffled(using: &random) {
        parts[item] = next % count
        next += 1
      }
    }
    return Folds(parts: parts, count: count, seed: seed)
  }

  /// Parts that never tear a group apart (a patient, a writer, a film), as even as that allows: the largest group first, into the
  /// smallest part, as scikit-learn's `GroupKFold` does. Nothing is drawn by chance.
  /// - Throws: `ArgumentError` if there are fewer groups than folds.
  public static func grouped(_ count: Int, by groups: [Int], seed: UInt64 = 0) throws -> Folds {
    let members = Dictionary(grouping: groups.indices) { groups[$0] }
    try check(count, of: members.count, "groups")
    var sizes = [Int](repeating: 0, count: count)
    var parts = [Int](repeating: 0, count: groups.count)
    for (_, items) in members.sorted(by: { ($0.value.count, $0.key) > ($1.value.count, $1.key) }) {
      let lightest = sizes.indices.min { sizes[$0] < sizes[$1] } ?? 0
      sizes[lightest] += items.count
      for item in items { parts[item] = lightest }
    }
    return Folds(parts: parts, count: count, seed: seed)
  }
}
