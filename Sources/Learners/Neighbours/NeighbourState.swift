import MartletCore
import Tables

/// What fitted neighbours keep: the training rows.
struct NeighbourState: Sendable {
  let settings: Neighbours
  let names: [String]
  let weights: [Double]
  let seed: UInt64
  let rows: NeighbourRows
  /// Rows to fetch so that their weights add up to the wanted number of neighbours.
  private let fetched: Int

  init(settings: Neighbours, names: [String], points: [Double], weights: [Double], seed: UInt64) throws {
    self.settings = settings
    self.names = names
    self.weights = weights
    self.seed = seed
    rows = try NeighbourRows(
      points, count: weights.count, columns: names.count, metric: settings.metric, power: settings.power,
      graph: settings.search == .approximate ? (settings.links, settings.construction, settings.effort, seed) : nil)
    let wanted = (Double(settings.neighbours) / (weights.min() ?? 1)).rounded(.up)
    fetched = wanted < Double(weights.count) ? max(1, Int(wanted)) : weights.count
  }

  /// Calls the body with the neighbours of each row and how much each counts; nobody where none is within the radius.
  func forEachRow(_ x: FeatureMatrix, _ body: (Int, [(row: Int, share: Double)]) -> Void) throws {
    try FeatureNames.check(x.names, fitted: names, kind: Neighbours.kind)
    try FeatureCheck.values(x, Neighbours.kind, .categories)
    let queries = try x.denseValues()
    if let radius = settings.radius {
      for row in 0..<x.rows {
        let distances = rows.distances(queries, row: row)
        let near = distances.indices.filter { distances[$0] <= radius }
        body(row, shares(near.map { ($0, distances[$0], weights[$0]) }))
      }
      return
    }
    let found = try rows.nearest(queries, rows: x.rows, k: fetched, threads: Parallel.defaultThreads)
    for row in 0..<x.rows {
      var left = Double(settings.neighbours), near: [(Int, Double, Double)] = []
      for place in row * fetched..<(row + 1) * fetched where left > 0 && found.distances[place] < .infinity {
        let index = Int(found.indices[place]), weight = min(weights[index], left)
        near.append((index, found.distances[place], weight))
        left -= weight
      }
      body(row, shares(near))
    }
  }

  private func shares(_ near: [(row: Int, distance: Double, weight: Double)]) -> [(row: Int, share: Double)] {
    guard settings.voting == .distance else { return near.map { ($0.row, $0.weight) } }
    if near.contains(where: { $0.distance == 0 }) { return near.filter { $0.distance == 0 }.map { ($0.row, $0.weight) } }
    return near.map { ($0.row, $0.weight / $0.distance) }
  }

  /// The share of the true nearest neighbours that the search finds, on up to 200 of the training rows; 1 where it is exact.
  func recall(threads: Int = Parallel.defaultThreads) throws -> Double {
    guard settings.search == .approximate else { return 1 }
    let exact = try NeighbourRows(
      rows.points, count: rows.count, columns: rows.columns, metric: settings.metric, power: settings.power)
    var random = KeyedRandom(seed: seed, purpose: "neighbours.recall")
    let probes = Array(Array(0..<rows.count).shuffled(using: &random).prefix(200))
    let queries = probes.flatMap { rows.points[$0 * rows.columns..<($0 + 1) * rows.columns] }
    let k = min(settings.neighbours, rows.count)
    let truth = try exact.nearest(queries, rows: probes.count, k: k, threads: threads).indices
    let found = try rows.nearest(queries, rows: probes.count, k: k, threads: threads).indices
    let hits = probes.indices.reduce(0) { sum, place in
      sum + Set(truth[place * k..<(place + 1) * k]).intersection(found[place * k..<(place + 1) * k]).count
    }
    return Double(hits) / Double(probes.count * k)
  }

  struct Settings: Codable {
    var learner: Neighbours, featureNames: [String], seed: UInt64, labels: [String]?, present: [Int]?
  }

  func archive(_ targets: [Double], labels: [String]?, present: [Int]?) throws -> LearnerArchive {
    try StoredParts.make(
      Neighbours.kind, Settings(learner: settings, featureNames: names, seed: seed, labels: labels, present: present),
      [
        "points": (rows.points, [rows.count, rows.columns]), "weights": (weights, [weights.count]), "targets": (targets, [targets.count]),
      ])
  }

  /// - Returns: the state, and a target a row.
  static func restore(_ archive: LearnerArchive) throws -> (state: NeighbourState, targets: [Double], settings: Settings) {
    let parts = try StoredParts(archive, kinds: [Neighbours.kind])
    let settings = try parts.settings(Settings.self)
    try settings.learner.check()
    let points = try parts.doubles("points", -1, settings.featureNames.count)
    let count = settings.featureNames.isEmpty ? 0 : points.count / settings.featureNames.count
    guard count > 0 else { throw LearnerError("the archive of neighbours holds no rows") }
    let weights = try parts.doubles("weights", count)
    guard weights.allSatisfy({ $0 > 0 && $0.isFinite }), points.allSatisfy(\.isFinite) else {
      throw LearnerError("the archive of neighbours holds rows that no fit makes")
    }
    let state = try NeighbourState(
      settings: settings.learner, names: settings.featureNames, points: points, weights: weights, seed: settings.seed)
    return (state, try parts.doubles("targets", count), settings)
  }
}
