import Databases

extension TrackingStore {
  /// Runs of some experiments that meet a filter, the newest first unless `orderBy` says otherwise.
  ///
  /// - Parameters:
  ///   - filter: `metrics.loss < 0.1 AND params.depth = '3' AND tags.team LIKE 'r%' AND status = 'FINISHED'`
  ///   - orderBy: `["metrics.loss DESC", "start_time"]`; runs that lack the value come last.
  /// - Throws: `TrackingError` `.invalid` that says what is wrong with the filter or the order.
  public func searchRuns(
    in experiments: [String], filter: String = "", stage: StageFilter = .active, orderBy: [String] = [], limit: Int = 1000, offset: Int = 0
  ) throws(TrackingError) -> Page<TrackedRun> {
    try Self.check(limit: limit, most: TrackingLimits.pageSize)
    var numbers: [Int] = []
    for experiment in experiments { numbers.append(try TrackingNames.experiment(experiment)) }
    guard numbers.count <= 1000 else {
      throw TrackingError(.invalid, "\(numbers.count) experiments cannot be searched at once", expected: "at most 1000")
    }
    var query = SQLFilter()
    query.add("r.stage IN (\(Self.marks(stage.stages.count)))", stage.stages)
    query.add(numbers.isEmpty ? "1 = 0" : "r.experiment IN (\(Self.marks(numbers.count)))", numbers)
    for condition in try FilterGrammar.runs.conditions(filter) { Self.add(condition, to: &query) }
    let order = try Self.order(try FilterGrammar.runs.order(orderBy))
    return try read { connection in
      let rows = try connection.rows(
        """
        SELECT \(Self.runColumns) FROM tracking_runs r \(order.joins.joined(separator: " "))
        WHERE \(query.text) ORDER BY \(order.clauses.joined(separator: ", ")) LIMIT ? OFFSET ?
        """, order.values + query.values + [limit + 1, offset])
      let page = Page(try rows.map { try Self.info($0) }, offset: offset, limit: limit)
      return Page(try runs(page.elements, connection), next: page.next)
    }
  }

  private static let attributeColumns = [
    "run_id": "r.id", "run_name": "r.name", "status": "r.status", "artifact_uri": "r.artifacts", "user_id": "r.userName",
    "start_time": "r.started", "end_time": "r.ended",
  ]

  private static func add(_ condition: Condition, to query: inout SQLFilter) {
    switch condition.subject.kind {
    case .attribute:
      let column = attributeColumns[condition.subject.key] ?? "r.id"
      query.add(condition, column: column, isNumber: FilterGrammar.runs.isNumeric(condition.subject))
    case .metric: query.exists("tracking_latest", owner: "run", of: "r.id", condition)
    case .parameter: query.exists("tracking_params", owner: "run", of: "r.id", condition)
    case .tag: query.exists("tracking_tags", owner: "run", of: "r.id", condition)
    case .dataset:
      if condition.subject.key == "context" {
        let found = SQLFilter.comparison(condition, "t.value")
        query.add(
          "EXISTS (SELECT 1 FROM tracking_input_tags t WHERE t.run = r.id AND t.key = ? AND \(found.text))",
          [WellKnownTag.datasetContext] + found.values)
      } else {
        let found = SQLFilter.comparison(condition, condition.subject.key == "digest" ? "d.digest" : "d.name")
        query.add(
          """
          EXISTS (SELECT 1 FROM tracking_inputs i JOIN tracking_datasets d ON d.id = i.dataset WHERE i.run = r.id AND \(found.text))
          """, found.values)
      }
    }
  }

  /// Joins and clauses of ORDER BY. Missing values come last, NaN before them.
  private static func order(_ keys: [SortKey]) throws(TrackingError) -> (joins: [String], clauses: [String], values: [(any SQLBindable)?]) {
    var joins: [String] = [], clauses: [String] = [], values: [(any SQLBindable)?] = []
    for (index, key) in keys.enumerated() {
      let direction = key.ascending ? "ASC" : "DESC"
      if key.subject.kind == .attribute {
        let column = attributeColumns[key.subject.key] ?? "r.id"
        clauses += ["CASE WHEN \(column) IS NULL THEN 1 ELSE 0 END", "\(column) \(direction)"]
        continue
      }
      let table = key.subject.kind == .metric ? "tracking_latest" : key.subject.kind == .tag ? "tracking_tags" : "tracking_params"
      joins.append("LEFT JOIN \(table) o\(index) ON o\(index).run = r.id AND o\(index).key = ?")
      values.append(key.subject.key)
      let isNaN = key.subject.kind == .metric ? "WHEN o\(index).isNaN = 1 THEN 1 " : ""
      clauses += ["CASE \(isNaN)WHEN o\(index).value IS NULL THEN 2 ELSE 0 END", "o\(index).value \(direction)"]
    }
    if !keys.contains(where: { $0.subject == FilterSubject(kind: .attribute, key: "start_time") }) { clauses.append("r.started DESC") }
    clauses.append("r.id")
    return (joins, clauses, values)
  }
}

extension Page {
  init(_ elements: [Element], next: Int?) {
    self.elements = elements
    self.next = next
  }
}
