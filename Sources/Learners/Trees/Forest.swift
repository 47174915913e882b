import Foundation
import MartletCore
import Tables

/// Growing many trees.
struct Forest: Sendable {
  let rules: TreeRules
  let trees: Int
  let bootstrap: Bool
  let sampleShare: Double?
  let outOfBag: Bool
  let quantiles: Bool
  let classWeights: ClassWeights?
  let bins: Int?

  static func standardFeatures(_ target: Target) -> FeaturesPerSplit {
    if case .classes = target { .sqrt } else { .all }
  }

  func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    try check(target)
    let rows = try TrainingRows(rules.kind, x, target, weights: weights, [.missing, .categories])
    let grove = try Grove(rows, rules, classWeights: classWeights, bins: bins, exactUpTo: 2000, threads: context.threads)
    let draws = Draws(seed: context.seed, purpose: rules.kind, rows: grove.rows, count: sampleCount(grove.rows), replace: bootstrap)
    let grown = try Parallel.map(trees, threads: context.threads) { tree in
      try Task.checkCancellation()
      let key = KeyedRandom(seed: context.seed, purpose: rules.kind + ".tree", index: UInt64(tree)).first
      return try grove.grow(drawsRows ? draws.weights(tree, grove.weights) : grove.weights, key: key)
    }
    let set = TreeSet(grown, width: grove.width)
    let values = outOfBag || quantiles ? try rows.features.denseValues() : []
    let judged = outOfBag ? judge(set, grove, draws, values, columns: rows.columns, threads: context.threads) : nil
    if let present = grove.classes {
      return TreeClassifier(
        kind: rules.kind, featureNames: grove.names, labels: grove.labels, present: present, trees: set, outOfBag: judged)
    }
    let samples =
      quantiles
      ? LeafSamples(
        targets: grove.targets, weights: grove.weights, leaves: set.leaves(values, rows: grove.rows, columns: rows.columns), trees: set)
      : nil
    return TreeRegressor(kind: rules.kind, featureNames: grove.names, trees: set, samples: samples, outOfBag: judged)
  }

  private var drawsRows: Bool { bootstrap || sampleShare != nil }

  private func sampleCount(_ rows: Int) -> Int { sampleShare.map { max(1, Int((Double(rows) * $0).rounded())) } ?? rows }

  private func check(_ target: Target) throws {
    try SettingRange.check(trees >= 1 && trees <= 1_000_000, rules.kind, "trees", trees, "1 to 1,000,000")
    if let share = sampleShare { try SettingRange.check(share > 0 && share <= 1, rules.kind, "sample-share", share, "above 0, at most 1") }
    guard !outOfBag || drawsRows else {
      throw LearnerError("\(rules.kind): out-of-bag was asked for, and every tree sees all rows", remedy: "set bootstrap: true")
    }
    if quantiles, case .classes = target { throw LearnerError("\(rules.kind): quantiles was asked for a target of classes") }
  }

  /// What the trees say of rows that they did not draw.
  private func judge(_ set: TreeSet, _ grove: Grove, _ draws: Draws, _ values: [Double], columns: Int, threads: Int) -> OutOfBag {
    let width = set.width, rows = grove.rows, leaves = set.leaves(values, rows: rows, columns: columns)
    var sums = [Double](repeating: 0, count: rows * width), seen = [Int](repeating: 0, count: rows)
    for tree in 0..<set.count {
      let drawn = draws.counts(tree), first = Int(set.leafStarts[tree])
      for row in 0..<rows where drawn[row] == 0 {
        seen[row] += 1
        let leaf = first + Int(leaves[row * set.count + tree])
        for place in 0..<width { sums[row * width + place] += set.values[leaf * width + place] }
      }
    }
    for row in 0..<rows {
      for place in 0..<width { sums[row * width + place] = seen[row] == 0 ? .nan : sums[row * width + place] / Double(seen[row]) }
    }
    let judged = (0..<rows).filter { seen[$0] > 0 }
    return OutOfBag(score: score(grove, sums, judged), unseenRows: rows - judged.count, predictions: sums)
  }

  private func score(_ grove: Grove, _ predictions: [Double], _ rows: [Int]) -> Double {
    let weight = rows.reduce(0.0) { $0 + grove.weights[$1] }
    guard weight > 0 else { return .nan }
    if grove.classes != nil {
      let width = grove.width
      let right = rows.reduce(0.0) { sum, row in
        let shares = predictions[row * width..<(row + 1) * width]
        let best = shares.indices.max { (shares[$0], $1) < (shares[$1], $0) } ?? 0
        return sum + (best - row * width == grove.codes[row] ? grove.weights[row] : 0)
      }
      return right / weight
    }
    let mean = rows.reduce(0.0) { $0 + grove.weights[$1] * grove.targets[$1] } / weight
    var off = 0.0, spread = 0.0
    for row in rows {
      off += grove.weights[row] * (grove.targets[row] - predictions[row]) * (grove.targets[row] - predictions[row])
      spread += grove.weights[row] * (grove.targets[row] - mean) * (grove.targets[row] - mean)
    }
    return spread > 0 ? 1 - off / spread : 0
  }
}

/// Which rows each tree learns from.
struct Draws: Sendable {
  let seed: UInt64
  let purpose: String
  let rows: Int
  let count: Int
  let replace: Bool

  /// How often a tree drew each row.
  func counts(_ tree: Int) -> [Int32] {
    var random = KeyedRandom(seed: seed, purpose: purpose + ".rows", index: UInt64(tree))
    var counts = [Int32](repeating: 0, count: rows)
    counts.withUnsafeMutableBufferPointer { counts in
      if replace {
        for _ in 0..<count { counts[random.below(rows)] += 1 }
      } else {
        // Floyd's way of drawing without replacement.
        for last in (rows - min(count, rows))..<rows {
          let place = random.below(last + 1)
          counts[counts[place] == 0 ? place : last] += 1
        }
      }
    }
    return counts
  }

  func weights(_ tree: Int, _ own: [Double]) -> [Double] { zip(counts(tree), own).map { Double($0) * $1 } }
}

extension KeyedRandom {
  /// Uniform in 0 ..< bound: the high half of a product, whose bias is below 2⁻³² for the sizes that are drawn from.
  mutating func below(_ bound: Int) -> Int { Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high) }
}
