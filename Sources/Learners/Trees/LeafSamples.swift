import MartletCore

/// The training rows in each leaf of a forest, for quantiles.
struct LeafSamples: Sendable {
  /// A training row.
  let targets: [Double]
  let weights: [Double]
  /// Training rows by leaf over all trees, with where each leaf's begin.
  private let members: [Int32]
  private let starts: [Int64]
  /// Training rows in the order of their targets.
  private let order: [Int32]

  /// - Parameter leaves: row-major `[rows, trees]`.
  init(targets: [Double], weights: [Double], leaves: [Int32], trees: TreeSet) {
    self.targets = targets
    self.weights = weights
    var counts = [Int64](repeating: 0, count: trees.leafCount + 1)
    let count = trees.count
    for row in targets.indices {
      for tree in 0..<count { counts[Int(trees.leafStarts[tree]) + Int(leaves[row * count + tree]) + 1] += 1 }
    }
    for leaf in 1..<counts.count { counts[leaf] += counts[leaf - 1] }
    var next = counts, members = [Int32](repeating: 0, count: targets.count * count)
    for row in targets.indices {
      for tree in 0..<count {
        let leaf = Int(trees.leafStarts[tree]) + Int(leaves[row * count + tree])
        members[Int(next[leaf])] = Int32(row)
        next[leaf] += 1
      }
    }
    self.members = members
    starts = counts
    order = Self.order(targets)
  }

  private static func order(_ targets: [Double]) -> [Int32] {
    targets.indices.sorted { (targets[$0], $0) < (targets[$1], $1) }.map(Int32.init)
  }

  /// - Parameter leaves: row-major `[rows, trees]`.
  func quantiles(_ leaves: [Int32], rows: Int, trees: TreeSet, _ levels: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: rows * levels.count)
    var shares = [Double](repeating: 0, count: targets.count)
    for row in 0..<rows {
      for place in shares.indices { shares[place] = 0 }
      for tree in 0..<trees.count {
        let leaf = Int(trees.leafStarts[tree]) + Int(leaves[row * trees.count + tree])
        let range = Int(starts[leaf])..<Int(starts[leaf + 1])
        let total = range.reduce(0.0) { $0 + weights[Int(members[$1])] }
        guard total > 0 else { continue }
        for place in range { shares[Int(members[place])] += weights[Int(members[place])] / total }
      }
      let sum = shares.reduce(0, +)
      for (place, level) in levels.enumerated() {
        var below = 0.0
        var value = targets[Int(order[order.count - 1])]
        for sample in order where shares[Int(sample)] > 0 {
          below += shares[Int(sample)]
          value = targets[Int(sample)]
          if below >= level * sum * (1 - 1e-12) { break }
        }
        result[row * levels.count + place] = value
      }
    }
    return result
  }

  func add(to arrays: inout [String: HostArray]) throws {
    arrays["sampleTargets"] = try HostArray(targets)
    arrays["sampleWeights"] = try HostArray(weights)
    arrays["sampleMembers"] = try HostArray(members)
    arrays["sampleStarts"] = try HostArray(starts)
  }

  /// `nil` if the archive holds none.
  /// - Throws: `LearnerError` if its arrays do not fit the trees.
  init?(_ archive: LearnerArchive, trees: TreeSet) throws {
    guard let targets = archive.arrays["sampleTargets"] else { return nil }
    guard let weights = archive.arrays["sampleWeights"], let members = archive.arrays["sampleMembers"],
      let starts = archive.arrays["sampleStarts"]
    else { throw LearnerError("the archive of \(archive.kind) lacks some of the samples of its leaves") }
    self.targets = try targets.values(as: Double.self)
    self.weights = try weights.values(as: Double.self)
    self.members = try members.values(as: Int32.self)
    self.starts = try starts.values(as: Int64.self)
    order = Self.order(self.targets)
    guard !self.targets.isEmpty, self.weights.count == self.targets.count, self.starts.count == trees.leafCount + 1, self.starts.first == 0,
      self.starts.last == Int64(self.members.count), zip(self.starts, self.starts.dropFirst()).allSatisfy(<=),
      self.members.allSatisfy({ $0 >= 0 && Int($0) < self.order.count })
    else { throw LearnerError("the archive of \(archive.kind) holds samples that do not fit its leaves") }
  }
}
