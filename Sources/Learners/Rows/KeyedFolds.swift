import MartletCore

/// Divisions of training rows for fits inside a fit, shuffled by the seed alone.
enum KeyedFolds {
  /// - Parameter classes: a class a row, to give every fold its share of each.
  /// - Returns: ascending rows of each fold; every row is in one.
  /// - Throws: `LearnerError` if there are fewer rows than folds, or fewer than two folds.
  static func make(count: Int, folds: Int, seed: UInt64, kind: String, classes: [Int]? = nil) throws -> [[Int]] {
    guard folds >= 2, folds <= count else {
      throw LearnerError("\(kind) was asked for \(folds) folds of \(count) rows", expected: "2 to \(count)")
    }
    var groups = [Array(0..<count)]
    if let classes {
      groups = [[Int]](repeating: [], count: (classes.max() ?? 0) + 1)
      for (row, code) in classes.enumerated() { groups[code].append(row) }
    }
    var random = KeyedRandom(seed: seed, purpose: "folds")
    var parts = [[Int]](repeating: [], count: folds)
    // One running place over all groups keeps the sizes within one of each other, too.
    var place = 0
    for group in groups {
      for row in group.shuffled(using: &random) {
        parts[place % folds].append(row)
        place += 1
      }
    }
    return parts.map { $0.sorted() }
  }
}
