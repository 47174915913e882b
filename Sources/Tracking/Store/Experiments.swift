import Databases

extension TrackingStore {
  /// Makes an experiment.
  /// - Parameter artifactLocation: where its files are; this store's folder unless said otherwise.
  /// - Returns: its id.
  /// - Throws: `TrackingError`: `.exists`, `.invalid`, `.busy`.
  public func createExperiment(
    _ name: String, artifactLocation: String? = nil, tags: [TrackingTag] = []
  ) throws(TrackingError) -> String {
    try TrackingNames.check(experiment: name)
    if let artifactLocation { try ArtifactFolder.check(location: artifactLocation) }
    for tag in tags { try Self.check(experimentTag: tag) }
    return try write { connection in
      if let other = try experiment("name = ?", [name], connection) { throw Self.taken(other) }
      let number = 1 + (try connection.value("SELECT MAX(id) FROM tracking_experiments", as: Int.self) ?? 0)
      let location = artifactLocation ?? "\(ArtifactFolder.scheme):/\(number)"
      try connection.execute(
        "INSERT INTO tracking_experiments (id, name, artifactLocation, stage, created, updated) VALUES (?, ?, ?, 'active', ?, ?)",
        [number, name, location, Self.now, Self.now])
      for tag in tags { try set(tag, in: "tracking_experiment_tags", "experiment", number, connection) }
      return String(number)
    }
  }

  /// The experiment of a name; made where there is none.
  /// - Throws: `TrackingError`: `.state` if it was deleted, `.invalid`, `.busy`.
  public func experiment(named name: String) throws(TrackingError) -> Experiment {
    if let found = try findExperiment(named: name) {
      guard found.stage == .active else { throw Self.deleted(found) }
      return found
    }
    do throws(TrackingError) {
      return try experiment(try createExperiment(name))
    } catch  where error.kind == .exists {
      // Somebody made it in the meantime.
      if let found = try findExperiment(named: name) { return found }
      throw error
    }
  }

  /// The experiment of a name, deleted ones included.
  public func findExperiment(named name: String) throws(TrackingError) -> Experiment? {
    try read { try experiment("name = ?", [name], $0) }
  }

  /// The experiment with an id, deleted ones included.
  /// - Throws: `TrackingError`: `.notFound`, `.invalid`.
  public func experiment(_ id: String) throws(TrackingError) -> Experiment {
    try read { try requireExperiment(id, $0) }
  }

  /// Hides an experiment and its runs; `restoreExperiment` brings them back.
  /// - Throws: `TrackingError` `.notFound` where there is no active one.
  public func deleteExperiment(_ id: String) throws(TrackingError) { try move(experiment: id, from: .active, to: .deleted) }

  /// Brings a deleted experiment and its runs back.
  /// - Throws: `TrackingError` `.notFound` where there is no deleted one.
  public func restoreExperiment(_ id: String) throws(TrackingError) { try move(experiment: id, from: .deleted, to: .active) }

  private func move(experiment id: String, from old: LifecycleStage, to new: LifecycleStage) throws(TrackingError) {
    try write { connection in
      let number = try TrackingNames.experiment(id)
      let changed = try connection.execute(
        "UPDATE tracking_experiments SET stage = ?, updated = ? WHERE id = ? AND stage = ?", [new.rawValue, Self.now, number, old.rawValue])
      guard changed > 0 else { throw TrackingError(.notFound, "there is no \(old.rawValue) experiment with the id \(excerpt(id))") }
      let deleted: Milliseconds? = new == .deleted ? Self.now : nil
      try connection.execute("UPDATE tracking_runs SET stage = ?, deleted = ? WHERE experiment = ?", [new.rawValue, deleted, number])
    }
  }

  /// Gives an experiment another name.
  /// - Throws: `TrackingError`: `.notFound`, `.state` if it was deleted, `.exists`, `.invalid`.
  public func renameExperiment(_ id: String, to name: String) throws(TrackingError) {
    try TrackingNames.check(experiment: name)
    try write { connection in
      let found = try requireExperiment(id, connection)
      guard found.stage == .active else { throw Self.deleted(found) }
      if let other = try experiment("name = ?", [name], connection), other.id != found.id { throw Self.taken(other) }
      try connection.execute(
        "UPDATE tracking_experiments SET name = ?, updated = ? WHERE id = ?", [name, Self.now, try TrackingNames.experiment(id)])
    }
  }

  /// Sets a tag of an experiment.
  /// - Throws: `TrackingError`: `.notFound`, `.invalid` also where it was deleted.
  public func setExperimentTag(_ id: String, _ tag: TrackingTag) throws(TrackingError) {
    try Self.check(experimentTag: tag)
    try write { connection in
      try requireActive(try requireExperiment(id, connection))
      try set(tag, in: "tracking_experiment_tags", "experiment", try TrackingNames.experiment(id), connection)
    }
  }

  /// Takes a tag from an experiment.
  /// - Throws: `TrackingError`: `.notFound` also where there is no such tag, `.invalid`.
  public func deleteExperimentTag(_ id: String, key: String) throws(TrackingError) {
    try write { connection in
      try requireActive(try requireExperiment(id, connection))
      let changed = try connection.execute(
        "DELETE FROM tracking_experiment_tags WHERE experiment = ? AND key = ?", [try TrackingNames.experiment(id), key])
      guard changed > 0 else { throw TrackingError(.notFound, "the experiment \(id) has no tag '\(excerpt(key))'") }
    }
  }

  /// Experiments that meet a filter, newest first unless `orderBy` says otherwise.
  /// - Throws: `TrackingError` `.invalid` that says what is wrong with the filter or the order.
  public func searchExperiments(
    filter: String = "", stage: StageFilter = .active, orderBy: [String] = [], limit: Int = 1000, offset: Int = 0
  ) throws(TrackingError) -> Page<Experiment> {
    try Self.check(limit: limit, most: TrackingLimits.pageSize)
    let grammar = FilterGrammar.experiments
    let columns = ["name": "e.name", "experiment_id": "e.id", "creation_time": "e.created", "last_update_time": "e.updated"]
    var query = SQLFilter()
    query.add("e.stage IN (\(Self.marks(stage.stages.count)))", stage.stages)
    for condition in try grammar.conditions(filter) {
      if condition.subject.kind == .tag {
        query.exists("tracking_experiment_tags", owner: "experiment", of: "e.id", condition)
      } else if condition.subject.key == "experiment_id" {
        try query.addNumber(condition, "e.id")
      } else {
        query.add(condition, column: columns[condition.subject.key] ?? "e.name", isNumber: grammar.isNumeric(condition.subject))
      }
    }
    let keys = try grammar.order(orderBy)
    var order =
      keys.isEmpty ? ["e.created DESC", "e.id ASC"] : keys.map { "\(columns[$0.subject.key] ?? "e.id") \($0.ascending ? "ASC" : "DESC")" }
    if !keys.isEmpty, !keys.contains(where: { $0.subject.key == "experiment_id" }) { order.append("e.id DESC") }
    return try read { connection in
      let rows = try connection.rows(
        """
        SELECT e.id, e.name, e.artifactLocation, e.stage, e.created, e.updated FROM tracking_experiments e
        WHERE \(query.text) ORDER BY \(order.joined(separator: ", ")) LIMIT ? OFFSET ?
        """, query.values + [limit + 1, offset])
      return Page(try experiments(rows, connection), offset: offset, limit: limit)
    }
  }

  // MARK: Rows

  func requireExperiment(_ id: String, _ connection: SQLConnection) throws -> Experiment {
    let number = try TrackingNames.experiment(id)
    guard let found = try experiment("id = ?", [number], connection) else {
      throw TrackingError(.notFound, "there is no experiment with the id \(excerpt(id))")
    }
    return found
  }

  func requireActive(_ experiment: Experiment) throws(TrackingError) {
    guard experiment.stage == .active else {
      throw TrackingError(
        .invalid, "the experiment \(experiment.id) ('\(excerpt(experiment.name))') was deleted", remedy: "restore it first")
    }
  }

  private func experiment(_ condition: String, _ values: [any SQLBindable], _ connection: SQLConnection) throws -> Experiment? {
    let rows = try connection.rows(
      "SELECT id, name, artifactLocation, stage, created, updated FROM tracking_experiments WHERE \(condition)", values)
    return try experiments(rows, connection).first
  }

  private func experiments(_ rows: [SQLRow], _ connection: SQLConnection) throws -> [Experiment] {
    let numbers = try rows.map { try $0.get(0, as: Int.self) }
    let tags = try texts("tracking_experiment_tags", owner: "experiment", of: numbers, connection)
    return try rows.map { row in
      let number = try row.get(0, as: Int.self)
      return Experiment(
        id: String(number), name: try row.get(1), artifactLocation: try row.get(2),
        stage: LifecycleStage(rawValue: try row.get(3)) ?? .active,
        created: try row.get(4), updated: try row.get(5), tags: tags["\(number)"] ?? [])
    }
  }

  private static func check(experimentTag tag: TrackingTag) throws(TrackingError) {
    try TrackingNames.check(key: tag.key, "tag")
    try TrackingNames.check(length: tag.value, TrackingLimits.experimentTagLength, "the tag '\(excerpt(tag.key))'")
  }

  private static func taken(_ other: Experiment) -> TrackingError {
    TrackingError(
      .exists, "there is an experiment '\(excerpt(other.name))' already" + (other.stage == .deleted ? "; it was deleted" : ""),
      remedy: other.stage == .deleted ? "restore it, or take another name" : "another name")
  }

  private static func deleted(_ experiment: Experiment) -> TrackingError {
    TrackingError(.state, "the experiment '\(excerpt(experiment.name))' was deleted", remedy: "restore it first")
  }

  static func check(limit: Int, most: Int) throws(TrackingError) {
    guard (1...most).contains(limit) else {
      throw TrackingError(.invalid, "\(limit) results cannot be asked for", expected: "1 to \(most)")
    }
  }
}
