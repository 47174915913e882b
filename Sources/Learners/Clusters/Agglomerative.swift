import MartletCore
public import Tables

/// Groups that grow by joining the two nearest, again and again (nearest-neighbour chains: Murtagh 1983).
public struct Agglomerative: Learner {
  public static let kind = "agglomerative"

  /// What the distance of two groups is.
  public enum Linkage: String, Sendable, Codable, CaseIterable {
    /// By how much joining them raises the squares within (Ward 1963).
    case ward
    /// Of the farthest rows.
    case complete
    /// The mean of all pairs.
    case average
    /// Of the nearest rows.
    case single
  }

  public var clusters: Int
  public var linkage: Linkage

  public init(clusters: Int = 2, linkage: Linkage = .ward) {
    self.clusters = clusters
    self.linkage = linkage
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    try SettingRange.check(clusters > 0, Self.kind, "clusters", clusters, "1 or more")
    let rows = try TrainingRows(Self.kind, x, nil, weights: weights)
    let n = rows.rows, p = rows.columns
    guard n >= clusters else {
      throw LearnerError("agglomerative was asked for \(clusters) clusters of \(n) rows", expected: "at most a cluster a row")
    }
    guard n <= 20_000 else {
      throw LearnerError(
        "agglomerative compares all pairs of \(n) rows", expected: "20,000 rows or fewer", remedy: "use kmeans, or a sample of the rows")
    }
    let values = rows.x.spread()
    let merges = try merges(values, rows.weights, p)
    // The first joins in the order of their height make the wanted number of groups.
    var parent = Array(0..<n)
    func root(_ row: Int) -> Int {
      var row = row
      while parent[row] != row {
        parent[row] = parent[parent[row]]
        row = parent[row]
      }
      return row
    }
    for merge in merges.sorted(by: { ($0.height, $0.order) < ($1.height, $1.order) }).prefix(n - clusters) {
      parent[root(merge.a)] = root(merge.b)
    }
    var sums: [Int: [Double]] = [:], totals: [Int: Double] = [:]
    for row in 0..<n {
      let group = root(row)
      var sum = sums[group] ?? [Double](repeating: 0, count: p)
      for column in 0..<p { sum[column] += rows.weights[row] * values[row * p + column] }
      sums[group] = sum
      totals[group, default: 0] += rows.weights[row]
    }
    let centres = sums.map { group, sum in sum.map { $0 / (totals[group] ?? 1) } }.sorted { $0.lexicographicallyPrecedes($1) }
    return AgglomerativeModel(featureNames: rows.names, centres: centres.flatMap { $0 }, clusterCount: centres.count)
  }

  private struct Merge {
    var a: Int
    var b: Int
    var height: Double
    var order: Int
  }

  /// Follows nearest neighbours until two are each other's, and joins them.
  private func merges(_ values: [Double], _ weights: [Double], _ p: Int) throws -> [Merge] {
    let n = weights.count
    var sizes = weights
    var distances = [Double](repeating: 0, count: n * (n - 1) / 2)
    func place(_ a: Int, _ b: Int) -> Int {
      let (a, b) = (min(a, b), max(a, b))
      return a * (2 * n - a - 1) / 2 + b - a - 1
    }
    values.withUnsafeBufferPointer { values in
      for a in 0..<n {
        for b in a + 1..<max(n, a + 1) {
          let squared = Lloyd.squared(values, a * p, values, b * p, p)
          distances[place(a, b)] = linkage == .ward ? 2 * sizes[a] * sizes[b] / (sizes[a] + sizes[b]) * squared : squared.squareRoot()
        }
      }
    }
    var active = Array(0..<n), chain: [Int] = [], found: [Merge] = []
    while active.count > 1 {
      if found.count % 256 == 0 { try Task.checkCancellation() }
      if chain.isEmpty { chain.append(active[0]) }
      let top = chain[chain.count - 1], before = chain.count > 1 ? chain[chain.count - 2] : -1
      // Of equals the one that the chain came from, so that it ends.
      var nearest = before, distance = before >= 0 ? distances[place(top, before)] : Double.infinity
      for other in active where other != top && distances[place(top, other)] < distance {
        nearest = other
        distance = distances[place(top, other)]
      }
      guard nearest == before else {
        chain.append(nearest)
        continue
      }
      chain.removeLast(2)
      let (kept, gone) = (min(top, before), max(top, before))
      found.append(Merge(a: kept, b: gone, height: distance, order: found.count))
      active.removeAll { $0 == gone }
      for other in active where other != kept {
        let (a, b) = (distances[place(kept, other)], distances[place(gone, other)])
        let joined: Double
        switch linkage {
        case .single: joined = min(a, b)
        case .complete: joined = max(a, b)
        case .average: joined = (sizes[kept] * a + sizes[gone] * b) / (sizes[kept] + sizes[gone])
        case .ward:
          let size = sizes[other]
          joined =
            ((sizes[kept] + size) * a + (sizes[gone] + size) * b - size * distance) / (sizes[kept] + sizes[gone] + size)
        }
        distances[place(kept, other)] = joined
      }
      sizes[kept] += sizes[gone]
    }
    return found
  }
}

/// A fitted ``Agglomerative``. A new row belongs to the group with the nearest mean.
public struct AgglomerativeModel: FittedClusterer {
  public var kind: String { Agglomerative.kind }
  public let featureNames: [String]
  /// Row-major, `[clusters, features]`.
  public let centres: [Double]
  public let clusterCount: Int

  public func assign(_ x: FeatureMatrix) throws -> [Int] {
    try FeatureCheck.prediction(x, featureNames, kind)
    return try Lloyd.nearest(x.denseValues(), centres, columns: featureNames.count).centres
  }

  private struct State: Codable { var featureNames: [String] }

  public func archive() throws -> LearnerArchive {
    try StoredParts.make(kind, State(featureNames: featureNames), ["centres": (centres, [clusterCount, featureNames.count])])
  }

  init(featureNames: [String], centres: [Double], clusterCount: Int) {
    self.featureNames = featureNames
    self.centres = centres
    self.clusterCount = clusterCount
  }

  public init(archive: LearnerArchive) throws {
    let parts = try StoredParts(archive, kinds: [Agglomerative.kind])
    let names = try parts.settings(State.self).featureNames
    let centres = try parts.doubles("centres", -1, names.count)
    guard !centres.isEmpty else { throw LearnerError("the archive of agglomerative has no cluster") }
    self.init(featureNames: names, centres: centres, clusterCount: centres.count / max(names.count, 1))
  }
}
