import Databases

extension TrackingStore {
  /// Makes a logged model, whose files are uploaded afterwards.
  /// - Throws: `TrackingError`: `.notFound`, `.invalid`.
  public func createLoggedModel(
    in experiment: String, name: String? = nil, type: String = "", sourceRun: String? = nil, params: [TrackingTag] = [],
    tags: [TrackingTag] = []
  ) throws(TrackingError) -> LoggedModel {
    if let name { try TrackingNames.check(loggedModel: name) }
    return try write { connection in
      let owner = try requireExperiment(experiment, connection)
      try requireActive(owner)
      let id = "m-" + Self.newID()
      try connection.execute(
        """
        INSERT INTO tracking_models (id, experiment, name, artifacts, created, updated, type, status, sourceRun, stage)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'active')
        """,
        [
          id, try TrackingNames.experiment(experiment), name ?? "model-" + id.suffix(8),
          ArtifactFolder.join(owner.artifactLocation, "models/\(id)/artifacts"), Self.now, Self.now, TrackingNames.cut(type, 500),
          LoggedModelStatus.pending.rawValue, sourceRun,
        ])
      try add(params: params, toModel: id, connection)
      for tag in tags { try setModel(tag: tag, id, connection) }
      return try requireModel(id, connection)
    }
  }

  /// A logged model.
  /// - Throws: `TrackingError` `.notFound`; also for a deleted one.
  public func loggedModel(_ id: String) throws(TrackingError) -> LoggedModel { try read { try requireModel(id, $0) } }

  /// Says what became of a model's files.
  /// - Throws: `TrackingError` `.notFound`.
  public func finishLoggedModel(_ id: String, _ status: LoggedModelStatus) throws(TrackingError) -> LoggedModel {
    try write { connection in
      try connection.execute(
        "UPDATE tracking_models SET status = ?, updated = ? WHERE id = ? AND stage = 'active'", [status.rawValue, Self.now, id])
      return try requireModel(id, connection)
    }
  }

  /// Hides a logged model. Its files stay.
  /// - Throws: `TrackingError` `.notFound`.
  public func deleteLoggedModel(_ id: String) throws(TrackingError) {
    try write { connection in
      _ = try requireModel(id, connection)
      try connection.execute("UPDATE tracking_models SET stage = 'deleted', updated = ? WHERE id = ?", [Self.now, id])
    }
  }

  /// Sets tags of a logged model.
  /// - Throws: `TrackingError`: `.notFound`, `.invalid`.
  public func setLoggedModelTags(_ id: String, _ tags: [TrackingTag]) throws(TrackingError) {
    try write { connection in
      _ = try requireModel(id, connection)
      for tag in tags { try setModel(tag: tag, id, connection) }
      try connection.execute("UPDATE tracking_models SET updated = ? WHERE id = ?", [Self.now, id])
    }
  }

  /// Takes a tag from a logged model.
  /// - Throws: `TrackingError` `.notFound`; also where it has no such tag.
  public func deleteLoggedModelTag(_ id: String, key: String) throws(TrackingError) {
    try write { connection in
      _ = try requireModel(id, connection)
      let changed = try connection.execute("DELETE FROM tracking_model_tags WHERE model = ? AND key = ?", [id, key])
      guard changed > 0 else { throw TrackingError(.notFound, "the logged model \(id) has no tag '\(excerpt(key))'") }
    }
  }

  /// Adds parameters to a logged model. The same again changes nothing.
  /// - Throws: `TrackingError`: `.notFound`, `.invalid` for a parameter that has another value already.
  public func logLoggedModelParams(_ id: String, _ params: [TrackingTag]) throws(TrackingError) {
    try write { connection in
      _ = try requireModel(id, connection)
      try add(params: params, toModel: id, connection)
    }
  }

  private func add(params: [TrackingTag], toModel id: String, _ connection: SQLConnection) throws {
    for param in params {
      try TrackingNames.check(length: param.key, TrackingLimits.keyLength, "the name of a parameter")
      let value = TrackingNames.cut(param.value, TrackingLimits.paramLength)
      try connection.execute(
        "INSERT INTO tracking_model_params (model, key, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", [id, param.key, value])
      let kept = try connection.value(
        "SELECT value FROM tracking_model_params WHERE model = ? AND key = ?", [id, param.key], as: String.self)
      guard kept == value else {
        throw TrackingError(.invalid, "the parameter '\(excerpt(param.key))' of the logged model \(id) has another value already")
      }
    }
  }

  private func setModel(tag: TrackingTag, _ id: String, _ connection: SQLConnection) throws {
    try TrackingNames.check(length: tag.key, TrackingLimits.keyLength, "the name of a tag")
    let kept = TrackingTag(tag.key, TrackingNames.cut(tag.value, TrackingLimits.modelTagLength))
    try set(kept, in: "tracking_model_tags", "model", id, connection)
  }

  // MARK: Searching

  private static let modelAttributes = [
    "name": "m.name", "model_id": "m.id", "model_type": "m.type", "status": "m.status", "source_run_id": "m.sourceRun",
    "creation_timestamp": "m.created", "last_updated_timestamp": "m.updated",
  ]

  /// Logged models of some experiments that meet a filter, the newest first unless `orderBy` says otherwise.
  /// - Throws: `TrackingError` `.invalid` that says what is wrong with the filter or the order.
  package func searchLoggedModels(
    in experiments: [String], filter: String = "", datasets: [DatasetFilter] = [], orderBy: [LoggedModelOrder] = [], limit: Int = 50,
    offset: Int = 0
  ) throws(TrackingError) -> Page<LoggedModel> {
    try Self.check(limit: limit, most: TrackingLimits.pageSize)
    var numbers: [Int] = []
    for experiment in experiments { numbers.append(try TrackingNames.experiment(experiment)) }
    var query = SQLFilter()
    query.add("m.stage = 'active'")
    query.add(numbers.isEmpty ? "1 = 0" : "m.experiment IN (\(Self.marks(numbers.count)))", numbers)
    var dataset = SQLFilter()
    for filter in datasets {
      dataset.add(
        filter.digest == nil ? "t.datasetName = ?" : "(t.datasetName = ? AND t.datasetDigest = ?)",
        [filter.name] + (filter.digest.map { [$0] } ?? []))
    }
    let onDatasets = datasets.isEmpty ? "" : " AND (\(dataset.parts.joined(separator: " OR ")))"
    let conditions = try FilterGrammar.loggedModels.conditions(filter)
    for condition in conditions { Self.add(condition, to: &query, onDatasets, dataset.values) }
    if !datasets.isEmpty, !conditions.contains(where: { $0.subject.kind == .metric }) {
      query.add("EXISTS (SELECT 1 FROM tracking_model_metrics t WHERE t.model = m.id\(onDatasets))", dataset.values)
    }
    let order = try Self.order(orderBy)
    return try read { connection in
      let rows = try connection.rows(
        """
        SELECT \(Self.modelColumns) FROM tracking_models m
        WHERE \(query.text) ORDER BY \(order.clauses.joined(separator: ", ")) LIMIT ? OFFSET ?
        """, query.values + order.values + [limit + 1, offset])
      return Page(try models(rows, connection), offset: offset, limit: limit)
    }
  }

  private static func add(
    _ condition: Condition, to query: inout SQLFilter, _ onDatasets: String, _ datasetValues: [(any SQLBindable)?]
  ) {
    switch condition.subject.kind {
    case .metric:
      let found = SQLFilter.comparison(condition, "t.value")
      query.add(
        "EXISTS (SELECT 1 FROM tracking_model_metrics t WHERE t.model = m.id AND t.key = ? AND \(found.text) AND t.isNaN = 0\(onDatasets))",
        [condition.subject.key] + found.values + datasetValues)
    case .parameter: query.exists("tracking_model_params", owner: "model", of: "m.id", condition)
    case .tag: query.exists("tracking_model_tags", owner: "model", of: "m.id", condition)
    case .attribute, .dataset:
      let column = modelAttributes[condition.subject.key] ?? "m.id"
      query.add(spelled(condition), column: column, isNumber: FilterGrammar.loggedModels.isNumeric(condition.subject))
    }
  }

  /// `status = 'READY'` for what is kept as LOGGED_MODEL_READY.
  private static func spelled(_ condition: Condition) -> Condition {
    guard condition.subject.key == "status" else { return condition }
    func full(_ text: String) -> String { LoggedModelStatus.allCases.first { $0.word == text }?.rawValue ?? text }
    let value: Condition.Value =
      switch condition.value {
      case .text(let text): .text(full(text))
      case .texts(let texts): .texts(texts.map(full))
      default: condition.value
      }
    return Condition(subject: condition.subject, comparator: condition.comparator, value: value)
  }

  private static func order(_ keys: [LoggedModelOrder]) throws(TrackingError) -> (clauses: [String], values: [(any SQLBindable)?]) {
    var clauses: [String] = [], values: [(any SQLBindable)?] = []
    for key in keys {
      guard key.datasetDigest == nil || key.datasetName != nil else {
        throw TrackingError(.invalid, "the order names a dataset's digest without its name", expected: "dataset_name, too")
      }
      let subject = try FilterGrammar.loggedModels.subject(key.field)
      let direction = key.ascending ? "ASC" : "DESC"
      switch subject.kind {
      case .attribute:
        guard let column = modelAttributes[subject.key] else {
          throw TrackingError(
            .invalid, "logged models cannot be sorted by '\(excerpt(key.field))'",
            expected: modelAttributes.keys.sorted().joined(separator: ", "))
        }
        clauses += ["CASE WHEN \(column) IS NULL THEN 1 ELSE 0 END", "\(column) \(direction)"]
      case .metric:
        // The newest value of each model.
        var inner = "t.model = m.id AND t.key = ?"
        var found: [(any SQLBindable)?] = [subject.key]
        if let name = key.datasetName {
          inner += " AND t.datasetName = ?"
          found.append(name)
        }
        if let digest = key.datasetDigest {
          inner += " AND t.datasetDigest = ?"
          found.append(digest)
        }
        let value = "(SELECT t.value FROM tracking_model_metrics t WHERE \(inner) ORDER BY t.time DESC, t.step DESC, t.run LIMIT 1)"
        clauses += ["CASE WHEN \(value) IS NULL THEN 1 ELSE 0 END", "\(value) \(direction)"]
        values += found + found
      default:
        throw TrackingError(.invalid, "logged models cannot be sorted by '\(excerpt(key.field))'", expected: "metrics.NAME or an attribute")
      }
    }
    let named = keys.map { (try? FilterGrammar.loggedModels.subject($0.field).key) ?? "" }
    if !named.contains("creation_timestamp") { clauses.append("m.created DESC") }
    if !named.contains("model_id") { clauses.append("m.id ASC") }
    return (clauses, values)
  }

  // MARK: Rows

  private static let modelColumns = "m.id, m.experiment, m.name, m.artifacts, m.created, m.updated, m.type, m.status, m.sourceRun"

  func requireModel(_ id: String, _ connection: SQLConnection) throws -> LoggedModel {
    let rows = try connection.rows("SELECT \(Self.modelColumns) FROM tracking_models m WHERE m.id = ? AND m.stage = 'active'", [id])
    guard let found = try models(rows, connection).first else {
      throw TrackingError(.notFound, "there is no logged model with the id \(excerpt(id))")
    }
    return found
  }

  private func models(_ rows: [SQLRow], _ connection: SQLConnection) throws -> [LoggedModel] {
    let ids = try rows.map { try $0.get(0, as: String.self) }
    let tags = try texts("tracking_model_tags", owner: "model", of: ids, connection)
    let params = try texts("tracking_model_params", owner: "model", of: ids, connection)
    var metrics: [String: [MetricPoint]] = [:]
    for portion in Self.portions(ids) {
      try connection.forEach(
        """
        SELECT model, key, value, isNaN, time, step, run, datasetName, datasetDigest FROM tracking_model_metrics
        WHERE model IN (\(Self.marks(portion.count))) ORDER BY model, key, time, step
        """, portion
      ) { row in
        let model = try row.get(0, as: String.self)
        metrics[model, default: []].append(
          MetricPoint(
            try row.get(1), MetricPoint.restored(try row.get(2), isNaN: try row.get(3)), time: try row.get(4), step: try row.get(5),
            model: model, datasetName: try row.get(7), datasetDigest: try row.get(8), run: try row.get(6)))
      }
    }
    return try rows.map { row in
      let id = try row.get(0, as: String.self)
      return LoggedModel(
        id: id, experiment: String(try row.get(1, as: Int.self)), name: try row.get(2), artifacts: try row.get(3), created: try row.get(4),
        updated: try row.get(5), type: try row.get(6), status: LoggedModelStatus(rawValue: try row.get(7)) ?? .pending,
        sourceRun: try row.get(8), tags: tags[id] ?? [], params: params[id] ?? [], metrics: metrics[id] ?? [])
    }
  }
}
