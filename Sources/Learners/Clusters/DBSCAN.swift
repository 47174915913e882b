import MartletCore
public import Tables

/// Groups as regions where rows lie close (Ester and others 1996). A row near no such region is noise.
public struct DBSCAN: Learner {
  public static let kind = "dbscan"

  /// Rows within this distance are neighbours.
  public var radius: Double
  /// A row with neighbours of this weight in all, itself included, is a core of a region.
  public var minNeighbours: Double

  public init(radius: Double = 0.5, minNeighbours: Double = 5) {
    self.radius = radius
    self.minNeighbours = minNeighbours
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    try SettingRange.check(radius > 0 && radius.isFinite, Self.kind, "radius", radius, "above 0")
    try SettingRange.check(minNeighbours > 0, Self.kind, "minNeighbours", minNeighbours, "above 0")
    let rows = try TrainingRows(Self.kind, x, nil, weights: weights)
    let values = rows.x.spread(), p = rows.columns, n = rows.rows, limit = radius * radius
    let near = try Parallel.map(n, threads: context.threads) { row -> [Int32] in
      values.withUnsafeBufferPointer { values in
        var found: [Int32] = []
        for other in 0..<n where Lloyd.squared(values, row * p, values, other * p, p) <= limit { found.append(Int32(other)) }
        return found
      }
    }
    try Task.checkCancellation()
    let isCore = near.map { $0.reduce(0.0) { $0 + rows.weights[Int($1)] } >= minNeighbours }
    var label = [Int](repeating: -1, count: n), count = 0
    for row in 0..<n where isCore[row] && label[row] < 0 {
      label[row] = count
      var open = [row]
      while let next = open.popLast() {
        for other in near[next] where isCore[Int(other)] && label[Int(other)] < 0 {
          label[Int(other)] = count
          open.append(Int(other))
        }
      }
      count += 1
    }
    // An order of cores and regions that does not depend on how the rows lay.
    let cores = (0..<n).filter { isCore[$0] }.sorted {
      values[$0 * p..<($0 + 1) * p].lexicographicallyPrecedes(values[$1 * p..<($1 + 1) * p])
    }
    var numbers: [Int: Int] = [:]
    for core in cores where numbers[label[core]] == nil { numbers[label[core]] = numbers.count }
    return DBSCANModel(
      featureNames: rows.names, radius: radius, cores: cores.flatMap { values[$0 * p..<($0 + 1) * p] },
      groups: cores.map { numbers[label[$0]] ?? 0 }, clusterCount: count,
      warnings: count == 0 ? ["dbscan found no region: raise radius, or lower minNeighbours"] : [])
  }
}

/// A fitted ``DBSCAN``. A row belongs to the region of the nearest core within the radius.
public struct DBSCANModel: FittedClusterer, FittedWithWarnings {
  public var kind: String { DBSCAN.kind }
  public let featureNames: [String]
  let radius: Double
  /// Row-major, `[cores, features]`.
  let cores: [Double]
  let groups: [Int]
  public let clusterCount: Int
  public let warnings: [String]

  /// - Returns: the region of each row, -1 for noise.
  public func assign(_ x: FeatureMatrix) throws -> [Int] {
    try FeatureCheck.prediction(x, featureNames, kind)
    guard !groups.isEmpty else { return [Int](repeating: -1, count: x.rows) }
    let nearest = try Lloyd.nearest(x.denseValues(), cores, columns: featureNames.count)
    return zip(nearest.centres, nearest.distances).map { core, distance in distance <= radius * radius ? groups[core] : -1 }
  }

  private struct State: Codable { var featureNames: [String], radius: Double, groups: [Int], clusterCount: Int, warnings: [String] }

  public func archive() throws -> LearnerArchive {
    try StoredParts.make(
      kind, State(featureNames: featureNames, radius: radius, groups: groups, clusterCount: clusterCount, warnings: warnings),
      ["cores": (cores, [groups.count, featureNames.count])])
  }

  init(featureNames: [String], radius: Double, cores: [Double], groups: [Int], clusterCount: Int, warnings: [String]) {
    self.featureNames = featureNames
    self.radius = radius
    self.cores = cores
    self.groups = groups
    self.clusterCount = clusterCount
    self.warnings = warnings
  }

  public init(archive: LearnerArchive) throws {
    let parts = try StoredParts(archive, kinds: [DBSCAN.kind])
    let state = try parts.settings(State.self)
    // Every region has a core, so that there are no more of them than cores.
    guard (0...state.groups.count).contains(state.clusterCount), state.groups.allSatisfy((0..<state.clusterCount).contains) else {
      throw LearnerError("the archive of dbscan names regions that it does not have")
    }
    self.init(
      featureNames: state.featureNames, radius: state.radius,
      cores: try parts.doubles("cores", state.groups.count, state.featureNames.count), groups: state.groups,
      clusterCount: state.clusterCount, warnings: state.warnings)
  }
}
