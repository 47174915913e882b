import Databases

extension TrackingStore {
  static func check(_ point: MetricPoint) throws(TrackingError) {
    try TrackingNames.check(key: point.key, "metric")
    guard point.time >= 0 else {
      throw TrackingError(.invalid, "the metric '\(excerpt(point.key))' has the time \(point.time)", expected: "milliseconds since 1970")
    }
  }

  /// Adds points to a run's history, and moves the latest values.
  func add(_ points: [MetricPoint], to run: String, _ connection: SQLConnection) throws {
    var latest: [String: MetricPoint] = [:]
    // Ten rows a statement: far below what databases take in values, and most of the gain.
    for start in stride(from: 0, to: points.count, by: 10) {
      let portion = points[start..<min(start + 10, points.count)]
      var values: [(any SQLBindable)?] = []
      for point in portion {
        values += [run, point.key, point.time, point.step, point.stored, point.value.isNaN]
        if latest[point.key].map({ point.isLater(than: $0) }) ?? true { latest[point.key] = point }
      }
      let marks = Array(repeating: "(?, ?, ?, ?, ?, ?)", count: portion.count).joined(separator: ", ")
      try connection.execute(
        "INSERT INTO tracking_metrics (run, key, time, step, value, isNaN) VALUES \(marks) ON CONFLICT DO NOTHING", values)
    }
    for point in latest.values.sorted(by: { $0.key < $1.key }) {
      try connection.execute(
        """
        INSERT INTO tracking_latest (run, key, time, step, value, isNaN) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (run, key) DO UPDATE SET time = excluded.time, step = excluded.step, value = excluded.value, isNaN = excluded.isNaN
        WHERE (excluded.step, excluded.time, excluded.value) > (tracking_latest.step, tracking_latest.time, tracking_latest.value)
        """, [run, point.key, point.time, point.step, point.stored, point.value.isNaN])
    }
  }

  /// All values of a metric of a run, by time.
  /// - Throws: `TrackingError`: `.notFound` for the run, `.invalid`.
  public func history(
    of key: String, run id: String, limit: Int? = nil, offset: Int = 0
  ) throws(TrackingError) -> Page<MetricPoint> {
    if let limit { try Self.check(limit: limit, most: .max - 1) }
    return try read { connection in
      _ = try requireInfo(id, connection)
      let bound = limit.map { min($0, Int(Int32.max)) } ?? Int(Int32.max)
      let rows = try connection.rows(
        """
        SELECT key, value, isNaN, time, step FROM tracking_metrics WHERE run = ? AND key = ?
        ORDER BY time, step, value LIMIT ? OFFSET ?
        """, [id, key, bound + 1, offset])
      return Page(try rows.map { try Self.point($0) }, offset: offset, limit: bound)
    }
  }

  /// Values of a metric of several runs between two steps, thinned out to `limit` a run: the first of each of so many equal parts, the last
  /// value in the place of the last of them.
  /// - Throws: `TrackingError` `.invalid`.
  package func histories(
    of key: String, runs: [String], steps: ClosedRange<Int64>? = nil, limit: Int
  ) throws(TrackingError) -> [MetricPoint] {
    try read { connection in
      let range = steps.map { " AND step >= \($0.lowerBound) AND step <= \($0.upperBound)" } ?? ""
      var points: [MetricPoint] = []
      for run in runs.sorted() {
        let count = try connection.value(
          "SELECT COUNT(*) FROM tracking_metrics WHERE run = ? AND key = ?\(range)", [run, key], as: Int.self)
        let wanted = Self.sample(count ?? 0, limit)
        var place = 0
        try connection.forEach(
          "SELECT key, value, isNaN, time, step FROM tracking_metrics WHERE run = ? AND key = ?\(range) ORDER BY step, time, value, isNaN",
          [run, key]
        ) { row in
          if wanted.contains(place) { points.append(try Self.point(row, run: run)) }
          place += 1
        }
      }
      return points
    }
  }

  /// Places of at most `limit` of so many values, as NTILE deals them out.
  static func sample(_ count: Int, _ limit: Int) -> Set<Int> {
    let limit = max(1, limit)
    guard count > limit else { return Set(0..<count) }
    let (size, larger) = (count / limit, count % limit)
    var places = (0..<limit).map { $0 * size + min($0, larger) }
    if places.last != count - 1 { places[limit - 1] = count - 1 }
    return Set(places)
  }

  private static func point(_ row: SQLRow, run: String? = nil) throws -> MetricPoint {
    MetricPoint(
      try row.get(0), MetricPoint.restored(try row.get(1), isNaN: try row.get(2)), time: try row.get(3), step: try row.get(4), run: run)
  }

  /// Metrics that were measured on logged models.
  func add(modelMetrics points: [MetricPoint], of run: RunInfo, _ connection: SQLConnection) throws {
    for point in points {
      guard let model = point.model else { continue }
      guard try connection.row("SELECT 1 FROM tracking_models WHERE id = ?", [model]) != nil else {
        throw TrackingError(.notFound, "there is no logged model with the id \(excerpt(model))")
      }
      try connection.execute(
        """
        INSERT INTO tracking_model_metrics (model, key, time, step, run, value, isNaN, datasetName, datasetDigest)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """,
        [model, point.key, point.time, point.step, run.id, point.stored, point.value.isNaN, point.datasetName, point.datasetDigest])
    }
  }
}
