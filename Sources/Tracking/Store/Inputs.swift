import Databases

extension TrackingStore {
  /// Says which datasets and logged models a run used. The same again changes nothing.
  /// - Throws: `TrackingError`: `.notFound`, `.invalid`.
  public func logInputs(_ id: String, datasets: [DatasetInput] = [], models: [String] = []) throws(TrackingError) {
    guard datasets.count <= TrackingLimits.datasetsPerRequest else {
      throw TrackingError(
        .invalid, "\(datasets.count) datasets are too many for one request", expected: "at most \(TrackingLimits.datasetsPerRequest)")
    }
    for dataset in datasets { try Self.check(dataset) }
    try write { connection in
      let info = try requireInfo(id, connection)
      try requireActive(info)
      for dataset in datasets { try add(dataset, to: info, connection) }
      for model in models {
        try connection.execute(
          "INSERT INTO tracking_run_models (run, model, isOutput, step) VALUES (?, ?, 0, 0) ON CONFLICT DO NOTHING", [id, model])
      }
    }
  }

  /// Says which logged models a run made.
  /// - Throws: `TrackingError`: `.notFound`, `.invalid` where the run was deleted.
  public func logOutputs(_ id: String, models: [(model: String, step: Int64)]) throws(TrackingError) {
    try write { connection in
      try requireActive(try requireInfo(id, connection))
      for output in models {
        try connection.execute(
          "INSERT INTO tracking_run_models (run, model, isOutput, step) VALUES (?, ?, 1, ?) ON CONFLICT DO NOTHING",
          [id, output.model, output.step])
      }
    }
  }

  private func add(_ dataset: DatasetInput, to run: RunInfo, _ connection: SQLConnection) throws {
    let experiment = try TrackingNames.experiment(run.experiment)
    try connection.execute(
      """
      INSERT INTO tracking_datasets (experiment, name, digest, sourceType, source, columnsText, profile) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (experiment, name, digest) DO NOTHING
      """, [experiment, dataset.name, dataset.digest, dataset.sourceType, dataset.source, dataset.schema, dataset.profile])
    let number = try connection.value(
      "SELECT id FROM tracking_datasets WHERE experiment = ? AND name = ? AND digest = ?", [experiment, dataset.name, dataset.digest],
      as: Int.self)
    guard let number else { throw TrackingError(.io, "the dataset '\(excerpt(dataset.name))' cannot be stored") }
    let isNew =
      try connection.execute("INSERT INTO tracking_inputs (run, dataset) VALUES (?, ?) ON CONFLICT DO NOTHING", [run.id, number]) > 0
    guard isNew else { return }
    for tag in dataset.tags {
      try connection.execute(
        "INSERT INTO tracking_input_tags (run, dataset, key, value) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [run.id, number, tag.key, tag.value])
    }
  }

  func datasetInputs(of runs: [String], _ connection: SQLConnection) throws -> [String: [DatasetInput]] {
    var tags: [String: [TrackingTag]] = [:]
    var found: [String: [DatasetInput]] = [:]
    for portion in Self.portions(runs) {
      let marks = Self.marks(portion.count)
      try connection.forEach(
        "SELECT run, dataset, key, value FROM tracking_input_tags WHERE run IN (\(marks)) ORDER BY run, dataset, key", portion
      ) { row in
        tags["\(try row.get(0, as: String.self))/\(try row.get(1, as: Int.self))", default: []].append(
          TrackingTag(try row.get(2), try row.get(3)))
      }
      try connection.forEach(
        """
        SELECT i.run, i.dataset, d.name, d.digest, d.sourceType, d.source, d.columnsText, d.profile
        FROM tracking_inputs i JOIN tracking_datasets d ON d.id = i.dataset WHERE i.run IN (\(marks)) ORDER BY i.run, i.dataset
        """, portion
      ) { row in
        let run = try row.get(0, as: String.self)
        found[run, default: []].append(
          DatasetInput(
            name: try row.get(2), digest: try row.get(3), sourceType: try row.get(4), source: try row.get(5), schema: try row.get(6),
            profile: try row.get(7), tags: tags["\(run)/\(try row.get(1, as: Int.self))"] ?? []))
      }
    }
    return found
  }

  private static func check(_ dataset: DatasetInput) throws(TrackingError) {
    try TrackingNames.check(length: dataset.name, TrackingLimits.datasetNameLength, "the dataset's name")
    try TrackingNames.check(length: dataset.digest, TrackingLimits.datasetDigestLength, "the dataset's digest")
    try TrackingNames.check(length: dataset.sourceType, TrackingLimits.datasetNameLength, "the dataset's source type")
    try TrackingNames.check(length: dataset.source, TrackingLimits.datasetSourceLength, "the dataset's source")
    try TrackingNames.check(length: dataset.schema ?? "", TrackingLimits.datasetSchemaLength, "the dataset's schema")
    try TrackingNames.check(length: dataset.profile ?? "", TrackingLimits.datasetProfileLength, "the dataset's profile")
    for tag in dataset.tags {
      try TrackingNames.check(length: tag.key, TrackingLimits.inputTagKeyLength, "the name of a dataset's tag")
      try TrackingNames.check(length: tag.value, TrackingLimits.inputTagValueLength, "a dataset's tag")
    }
  }
}
