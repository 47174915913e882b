public import Charts
import MartletCore

/// What groups that nobody named are worth: by the points themselves, and by the truth where it is known.
public struct ClusteringEvaluation: Codable, Sendable, Hashable {
  /// How many rows were evaluated.
  public let rows: Int
  /// The rows of each cluster.
  public let sizes: [Int]
  /// Metrics by name: `silhouette`, `davies_bouldin`, and with a truth `adjusted_rand` ….
  public let metrics: [String: Estimate]
  /// The mean silhouette of each cluster; empty where there are fewer than two.
  public let clusterSilhouettes: [Double]
  /// What is not defined on this data, and why.
  public let notes: [String]
  /// How the intervals were computed.
  public let intervals: IntervalOptions

  /// Measures clusters.
  /// - Parameters:
  ///   - points: row-major, `[rows, columns]`, scaled as they were for the clustering.
  ///   - labels: the cluster of every row, 0 ..< count; below 0 for rows in no cluster, which are left out.
  ///   - truth: the true group of every row, where it is known.
  ///   - sample: silhouettes, whose cost is the square of the rows, are taken of at most so many rows, drawn by chance.
  /// - Throws: `MetricError` on no rows, different lengths and numbers that are not finite.
  public init(
    points: [Double], columns: Int, labels: [Int], truth: [Int]? = nil, sample: Int = 5000, intervals: IntervalOptions = IntervalOptions()
  ) throws(MetricError) {
    try intervals.check()
    try Check.rows(labels.count, truth?.count, "true groups")
    guard columns > 0, points.count == labels.count * columns else {
      throw MetricError(
        .lengthMismatch, "there are \(points.count) numbers for \(labels.count) rows of \(columns)", expected: "\(labels.count * columns)")
    }
    rows = labels.count
    self.intervals = intervals
    let used = labels.indices.filter { labels[$0] >= 0 }
    let count = (labels.max() ?? -1) + 1
    var sizes = [Int](repeating: 0, count: max(0, count))
    for row in used { sizes[labels[row]] += 1 }
    self.sizes = sizes
    var metrics: [String: Estimate] = [:], notes: [String] = []
    if used.count < labels.count { notes.append("\(labels.count - used.count) rows are in no cluster and are left out.") }
    var silhouettes: [Double] = []
    let occurring = sizes.count { $0 > 0 }
    if occurring >= 2, occurring < used.count {
      var random = KeyedRandom(seed: intervals.seed, purpose: "silhouette sample")
      let drawn = used.count <= sample ? used : Array(used.shuffled(using: &random).prefix(sample)).sorted()
      if drawn.count < used.count { notes.append("Silhouettes are those of \(drawn.count) rows drawn by chance.") }
      func rows(_ chosen: [Int]) -> [Double] { chosen.flatMap { points[($0 * columns)..<(($0 + 1) * columns)] } }
      let some = rows(drawn), own = drawn.map { labels[$0] }
      if Set(own).count >= 2, Set(own).count < own.count {
        let each = try Metrics.silhouettes(points: some, columns: columns, labels: own)
        metrics["silhouette"] = Bootstrap.mean(each, weights: nil, options: intervals)
        silhouettes = sizes.indices.map { cluster in
          let members = own.indices.filter { own[$0] == cluster }
          return members.isEmpty ? .nan : members.reduce(0) { $0 + each[$1] } / Double(members.count)
        }
      }
      let all = rows(used), clusters = used.map { labels[$0] }
      // Resamples of rows, of which a few thousand are enough for the spread.
      for (name, metric) in [("calinski_harabasz", Metrics.calinskiHarabasz), ("davies_bouldin", Metrics.daviesBouldin)] {
        let value = try metric(all, columns, clusters)
        var draws: [Double] = []
        for resample in 0..<min(intervals.resamples, 200) {
          var random = KeyedRandom(seed: intervals.seed, purpose: "cluster bootstrap", index: UInt64(resample))
          let chosen = drawn.indices.map { _ in drawn[Int(random.next(upperBound: UInt64(drawn.count)))] }
          if let draw = try? metric(rows(chosen), columns, chosen.map { labels[$0] }) { draws.append(draw) }
        }
        // The index of more rows is larger in proportion: the spread is that of its share.
        let centre = draws.isEmpty ? 1 : draws.reduce(0, +) / Double(draws.count)
        let scaled = centre != 0 ? draws.map { $0 / centre * value } : draws
        metrics[name] = Intervals.percentiles(scaled, value: value, level: intervals.level)
      }
    } else {
      notes.append("There are fewer than two clusters, or as many as rows: how far they lie apart is not defined.")
    }
    if let truth, !used.isEmpty {
      let table = try Contingency(truth: used.map { truth[$0] }, predicted: used.map { labels[$0] })
      metrics.merge(table.estimates(intervals)) { _, new in new }
    }
    self.metrics = metrics
    self.notes = notes
    clusterSilhouettes = silhouettes
  }

  /// The metrics as a table.
  public var metricTable: TextTable { TextTable.metrics(metrics, level: intervals.level) }

  /// The clusters as rows.
  public var clusterTable: TextTable {
    TextTable(
      columns: [.number("cluster"), .number("rows"), .number("silhouette")],
      rows: sizes.enumerated().map { index, size in
        let value = clusterSilhouettes.indices.contains(index) ? clusterSilhouettes[index] : .nan
        return [String(index), NumberText.grouped(size), value.isNaN ? "–" : ClassificationEvaluation.text(value)]
      })
  }

  /// The sections of a report.
  public var sections: [HTMLReport.Section] {
    let bars = sizes.enumerated().map { BarChart.Bar("cluster \($0.offset)", Double($0.element)) }
    return [
      .init(
        "Clusters", note: "\(NumberText.grouped(rows)) rows in \(sizes.count) clusters.",
        notes.map { .notice($0) } + [
          .charts([BarChart(title: "Rows of each cluster", valueTitle: "rows", bars: bars)]), .table(clusterTable),
        ]),
      .init("All metrics", note: "", [.table(metricTable)]),
    ]
  }
}

extension Contingency {
  /// Agreement with the truth, with intervals from resamples of the counts.
  func estimates(_ options: IntervalOptions) -> [String: Estimate] {
    var measures: [(String, (Contingency) -> Double)] = [
      ("adjusted_rand", \.adjustedRand), ("homogeneity", \.homogeneity), ("completeness", \.completeness), ("v_measure", { $0.vMeasure() }),
      ("normalised_mutual_information", \.normalisedMutualInformation), ("fowlkes_mallows", \.fowlkesMallows),
    ]
    let whole = self
    // The expectation over chance groupings hardly moves between resamples, and is dear: it is computed once.
    let adjusted = adjustedMutualInformation, plain = normalisedMutualInformation
    let expected = plain < 1 ? (plain - adjusted) / (1 - adjusted) : 0
    measures.append(
      (
        "adjusted_mutual_information",
        { $0 == whole || expected >= 1 ? adjusted : ($0.normalisedMutualInformation - expected) / (1 - expected) }
      ))
    var draws = [[Double]](repeating: [], count: measures.count)
    for resample in 0..<options.resamples {
      var sampler = PoissonSampler(KeyedRandom(seed: options.seed, purpose: "contingency bootstrap", index: UInt64(resample)))
      let drawn = Contingency(counts: counts.map { $0 > 0 ? sampler.next(mean: $0) : 0 }, classes: classes, clusters: clusters)
      if drawn.counts.allSatisfy({ $0 == 0 }) { continue }
      for (index, measure) in measures.enumerated() { draws[index].append(measure.1(drawn)) }
    }
    return Dictionary(
      uniqueKeysWithValues: measures.enumerated().map { index, measure in
        (measure.0, Intervals.percentiles(draws[index], value: measure.1(self), level: options.level))
      })
  }
}
