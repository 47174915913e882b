import Databases

extension TrackingStore {
  /// Begins a run.
  /// - Parameters:
  ///   - name: for people; made up where it is not given.
  ///   - started: now unless said otherwise.
  ///   - parent: the run that it is a part of.
  /// - Returns: the run.
  /// - Throws: `TrackingError`: `.notFound`, `.invalid` also where the experiment was deleted, `.busy`.
  public func startRun(
    in experiment: String, name: String? = nil, user: String = "", started: Milliseconds? = TrackingStore.now, tags: [TrackingTag] = [],
    parent: String? = nil
  ) throws(TrackingError) -> TrackedRun {
    var tags = tags
    if let parent { tags.append(TrackingTag(WellKnownTag.parentRun, parent)) }
    let tagged = tags.last { $0.key == WellKnownTag.runName }?.value
    if let name, let tagged, name != tagged, !name.isEmpty {
      throw TrackingError(.invalid, "the run is named '\(excerpt(name))' and by its tag '\(excerpt(tagged))'", expected: "one name")
    }
    let chosen = [name, tagged].compactMap { $0 }.first { !$0.isEmpty } ?? Self.inventedName()
    if tagged == nil { tags.append(TrackingTag(WellKnownTag.runName, chosen)) }
    for tag in tags { try Self.check(runTag: tag) }
    let shown = TrackingNames.cut(chosen, TrackingLimits.keyLength)
    return try write { connection in
      let owner = try requireExperiment(experiment, connection)
      try requireActive(owner)
      let id = Self.newID()
      try connection.execute(
        """
        INSERT INTO tracking_runs (id, experiment, name, userName, status, started, ended, artifacts, stage, deleted)
        VALUES (?, ?, ?, ?, 'RUNNING', ?, NULL, ?, 'active', NULL)
        """,
        [
          id, try TrackingNames.experiment(experiment), shown, TrackingNames.cut(user, 256), started,
          ArtifactFolder.join(owner.artifactLocation, id + "/artifacts"),
        ])
      for tag in tags { try set(Self.kept(tag), in: "tracking_tags", "run", id, connection) }
      return try requireRun(id, connection)
    }
  }

  /// A run, deleted ones included.
  /// - Throws: `TrackingError` `.notFound`.
  public func run(_ id: String) throws(TrackingError) -> TrackedRun { try read { try requireRun(id, $0) } }

  /// Changes a run's state; what is `nil` stays.
  /// - Returns: the run's new state.
  /// - Throws: `TrackingError`: `.notFound`, `.invalid` where it was deleted.
  @discardableResult
  public func updateRun(
    _ id: String, status: RunStatus? = nil, ended: Milliseconds? = nil, name: String? = nil
  ) throws(TrackingError) -> RunInfo {
    try write { connection in
      try requireActive(try requireInfo(id, connection))
      if let status { try connection.execute("UPDATE tracking_runs SET status = ? WHERE id = ?", [status.rawValue, id]) }
      if let ended { try connection.execute("UPDATE tracking_runs SET ended = ? WHERE id = ?", [ended, id]) }
      if let name, !name.isEmpty { try rename(id, name, connection) }
      return try requireInfo(id, connection)
    }
  }

  /// Ends a run.
  /// - Throws: `TrackingError`: `.notFound`, `.invalid` where it was deleted.
  public func finishRun(_ id: String, _ status: RunStatus = .finished) throws(TrackingError) {
    try updateRun(id, status: status, ended: Self.now)
  }

  private func rename(_ id: String, _ name: String, _ connection: SQLConnection) throws {
    let kept = TrackingNames.cut(name, TrackingLimits.keyLength)
    try connection.execute("UPDATE tracking_runs SET name = ? WHERE id = ?", [kept, id])
    try set(Self.kept(TrackingTag(WellKnownTag.runName, name)), in: "tracking_tags", "run", id, connection)
  }

  /// Hides a run; `restoreRun` brings it back.
  /// - Throws: `TrackingError` `.notFound`.
  public func deleteRun(_ id: String) throws(TrackingError) { try move(run: id, to: .deleted) }

  /// Brings a deleted run back.
  /// - Throws: `TrackingError` `.notFound`.
  public func restoreRun(_ id: String) throws(TrackingError) { try move(run: id, to: .active) }

  private func move(run id: String, to stage: LifecycleStage) throws(TrackingError) {
    let deleted: Milliseconds? = stage == .deleted ? Self.now : nil
    try write { connection in
      _ = try requireInfo(id, connection)
      try connection.execute("UPDATE tracking_runs SET stage = ?, deleted = ? WHERE id = ?", [stage.rawValue, deleted, id])
    }
  }

  /// Logs metrics, parameters and tags in one step.
  ///
  /// Logging the same again changes nothing, so that a client that got no answer may send it again.
  /// - Throws: `TrackingError`: `.notFound`, `.invalid` for names and numbers that cannot be kept, and for a parameter that has another
  ///   value already. Nothing is logged then.
  public func log(
    _ id: String, metrics: [MetricPoint] = [], params: [TrackingTag] = [], tags: [TrackingTag] = []
  ) throws(TrackingError) {
    for point in metrics { try Self.check(point) }
    var seen: Set<String> = []
    for param in params {
      try TrackingNames.check(key: param.key, "parameter")
      guard seen.insert(param.key).inserted else {
        throw TrackingError(.invalid, "the parameter '\(excerpt(param.key))' is there twice", expected: "one value for each parameter")
      }
    }
    for tag in tags { try Self.check(runTag: tag) }
    try write { connection in
      let info = try requireInfo(id, connection)
      try requireActive(info)
      try add(params: params, to: id, connection)
      try add(metrics, to: id, connection)
      try add(modelMetrics: metrics.filter { $0.model != nil }, of: info, connection)
      for tag in tags { try add(tag, to: id, connection) }
    }
  }

  /// Sets a tag of a run; `mlflow.runName` names the run.
  /// - Throws: `TrackingError`: `.notFound`, `.invalid`.
  public func setTag(_ id: String, _ tag: TrackingTag) throws(TrackingError) { try log(id, tags: [tag]) }

  /// Takes a tag from a run.
  /// - Throws: `TrackingError`: `.notFound` also where it has no such tag, `.invalid` where the run was deleted.
  public func deleteTag(_ id: String, key: String) throws(TrackingError) {
    try write { connection in
      try requireActive(try requireInfo(id, connection))
      let changed = try connection.execute("DELETE FROM tracking_tags WHERE run = ? AND key = ?", [id, key])
      guard changed > 0 else { throw TrackingError(.notFound, "the run \(id) has no tag '\(excerpt(key))'") }
    }
  }

  private func add(_ tag: TrackingTag, to id: String, _ connection: SQLConnection) throws {
    if tag.key == WellKnownTag.runName, !tag.value.isEmpty { return try rename(id, tag.value, connection) }
    try set(Self.kept(tag), in: "tracking_tags", "run", id, connection)
  }

  private func add(params: [TrackingTag], to id: String, _ connection: SQLConnection) throws {
    guard !params.isEmpty else { return }
    let old = try connection.rows(
      "SELECT key, value FROM tracking_params WHERE run = ? AND key IN (\(Self.marks(params.count)))", [id] + params.map(\.key))
    let known = Dictionary(
      try old.map { (try $0.get(0, as: String.self), try $0.get(1, as: String.self)) }, uniquingKeysWith: { first, _ in first })
    for param in params {
      let value = TrackingNames.cut(param.value, TrackingLimits.paramLength)
      if let before = known[param.key] {
        guard before == value else {
          throw TrackingError(
            .invalid,
            "the parameter '\(excerpt(param.key))' of run \(id) is '\(excerpt(before))' already and cannot become '\(excerpt(value))'",
            remedy: "a run of its own for each set of parameters")
        }
      } else {
        try connection.execute("INSERT INTO tracking_params (run, key, value) VALUES (?, ?, ?)", [id, param.key, value])
      }
    }
  }

  // MARK: Rows

  static let runColumns = "r.id, r.experiment, r.name, r.userName, r.status, r.started, r.ended, r.artifacts, r.stage"

  static func info(_ row: SQLRow) throws -> RunInfo {
    RunInfo(
      id: try row.get(0), experiment: String(try row.get(1, as: Int.self)), name: try row.get(2), user: try row.get(3),
      status: RunStatus(rawValue: try row.get(4)) ?? .running, started: try row.get(5), ended: try row.get(6), artifacts: try row.get(7),
      stage: LifecycleStage(rawValue: try row.get(8)) ?? .active)
  }

  func requireInfo(_ id: String, _ connection: SQLConnection) throws -> RunInfo {
    guard let row = try connection.row("SELECT \(Self.runColumns) FROM tracking_runs r WHERE r.id = ?", [id]) else {
      throw TrackingError(.notFound, "there is no run with the id \(excerpt(id))")
    }
    return try Self.info(row)
  }

  func requireRun(_ id: String, _ connection: SQLConnection) throws -> TrackedRun {
    guard let found = try runs([try requireInfo(id, connection)], connection).first else {
      throw TrackingError(.notFound, "there is no run with the id \(excerpt(id))")
    }
    return found
  }

  func requireActive(_ run: RunInfo) throws(TrackingError) {
    guard run.stage == .active else { throw TrackingError(.invalid, "the run \(run.id) was deleted", remedy: "restore it first") }
  }

  /// Runs with all that they logged, in a fixed number of statements.
  func runs(_ infos: [RunInfo], _ connection: SQLConnection) throws -> [TrackedRun] {
    let ids = infos.map(\.id)
    let tags = try texts("tracking_tags", owner: "run", of: ids, connection)
    let params = try texts("tracking_params", owner: "run", of: ids, connection)
    var metrics: [String: [MetricPoint]] = [:]
    var models: [String: [(id: String, isOutput: Bool, step: Int64)]] = [:]
    for portion in Self.portions(ids) {
      let marks = Self.marks(portion.count)
      try connection.forEach(
        "SELECT run, key, value, isNaN, time, step FROM tracking_latest WHERE run IN (\(marks)) ORDER BY run, key", portion
      ) { row in
        let value = MetricPoint.restored(try row.get(2), isNaN: try row.get(3))
        metrics[try row.get(0), default: []].append(MetricPoint(try row.get(1), value, time: try row.get(4), step: try row.get(5)))
      }
      try connection.forEach(
        "SELECT run, model, isOutput, step FROM tracking_run_models WHERE run IN (\(marks)) ORDER BY run, step, model", portion
      ) { row in models[try row.get(0), default: []].append((try row.get(1), try row.get(2), try row.get(3))) }
    }
    let datasets = try datasetInputs(of: ids, connection)
    return infos.map { info in
      TrackedRun(
        info: info, metrics: metrics[info.id] ?? [], params: params[info.id] ?? [], tags: tags[info.id] ?? [],
        datasets: datasets[info.id] ?? [], modelInputs: models[info.id]?.filter { !$0.isOutput }.map(\.id) ?? [],
        modelOutputs: models[info.id]?.filter(\.isOutput).map { ModelOutput(model: $0.id, step: $0.step) } ?? [])
    }
  }

  // MARK: Checks

  private static func check(runTag tag: TrackingTag) throws(TrackingError) { try TrackingNames.check(key: tag.key, "tag") }

  private static func kept(_ tag: TrackingTag) -> TrackingTag {
    TrackingTag(tag.key, TrackingNames.cut(tag.value, TrackingLimits.tagLength))
  }

  private static func inventedName() -> String {
    let words = [
      "amber", "brisk", "calm", "dapper", "eager", "fleet", "gentle", "hardy", "ivory", "jolly", "keen", "lucid", "merry", "noble",
    ]
    let birds = ["crane", "dove", "egret", "finch", "gull", "heron", "ibis", "jay", "kite", "lark", "martlet", "owl", "swift", "wren"]
    return "\(words.randomElement() ?? "amber")-\(birds.randomElement() ?? "martlet")-\(Int.random(in: 100...999))"
  }
}
