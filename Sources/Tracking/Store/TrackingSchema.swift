import Databases

/// The tables of experiments, runs and what belongs to them.
enum TrackingSchema {
  /// Marks a file as a Martlet tracking database ("MTRK").
  static let current = SQLSchema(component: "tracking", applicationID: 0x4D54_524B, steps: [SQLMigration(first)])

  /// Times are milliseconds since 1970. A metric's NaN is value 0 with isNaN 1.
  private static let first = """
    CREATE TABLE tracking_experiments (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      artifactLocation TEXT NOT NULL,
      stage TEXT NOT NULL,
      created INTEGER NOT NULL,
      updated INTEGER NOT NULL
    );
    CREATE TABLE tracking_experiment_tags (
      experiment INTEGER NOT NULL REFERENCES tracking_experiments(id) ON DELETE CASCADE,
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (experiment, key)
    );
    CREATE TABLE tracking_runs (
      id TEXT PRIMARY KEY,
      experiment INTEGER NOT NULL REFERENCES tracking_experiments(id) ON DELETE CASCADE,
      name TEXT NOT NULL,
      userName TEXT NOT NULL,
      status TEXT NOT NULL,
      started INTEGER,
      ended INTEGER,
      artifacts TEXT NOT NULL,
      stage TEXT NOT NULL,
      deleted INTEGER
    );
    CREATE INDEX tracking_runs_by_experiment ON tracking_runs(experiment, started);
    CREATE TABLE tracking_params (
      run TEXT NOT NULL REFERENCES tracking_runs(id) ON DELETE CASCADE,
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (run, key)
    );
    CREATE TABLE tracking_tags (
      run TEXT NOT NULL REFERENCES tracking_runs(id) ON DELETE CASCADE,
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (run, key)
    );
    CREATE INDEX tracking_tags_by_key ON tracking_tags(key, value);
    CREATE TABLE tracking_metrics (
      run TEXT NOT NULL REFERENCES tracking_runs(id) ON DELETE CASCADE,
      key TEXT NOT NULL,
      time INTEGER NOT NULL,
      step INTEGER NOT NULL,
      value REAL NOT NULL,
      isNaN INTEGER NOT NULL,
      PRIMARY KEY (run, key, time, step, value, isNaN)
    ) WITHOUT ROWID;
    CREATE TABLE tracking_latest (
      run TEXT NOT NULL REFERENCES tracking_runs(id) ON DELETE CASCADE,
      key TEXT NOT NULL,
      time INTEGER NOT NULL,
      step INTEGER NOT NULL,
      value REAL NOT NULL,
      isNaN INTEGER NOT NULL,
      PRIMARY KEY (run, key)
    ) WITHOUT ROWID;
    CREATE INDEX tracking_latest_by_key ON tracking_latest(key, value);
    CREATE TABLE tracking_datasets (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      experiment INTEGER NOT NULL REFERENCES tracking_experiments(id) ON DELETE CASCADE,
      name TEXT NOT NULL,
      digest TEXT NOT NULL,
      sourceType TEXT NOT NULL,
      source TEXT NOT NULL,
      columnsText TEXT,
      profile TEXT,
      UNIQUE (experiment, name, digest)
    );
    CREATE TABLE tracking_inputs (
      run TEXT NOT NULL REFERENCES tracking_runs(id) ON DELETE CASCADE,
      dataset INTEGER NOT NULL REFERENCES tracking_datasets(id) ON DELETE CASCADE,
      PRIMARY KEY (run, dataset)
    );
    CREATE INDEX tracking_inputs_by_dataset ON tracking_inputs(dataset);
    CREATE TABLE tracking_input_tags (
      run TEXT NOT NULL REFERENCES tracking_runs(id) ON DELETE CASCADE,
      dataset INTEGER NOT NULL REFERENCES tracking_datasets(id) ON DELETE CASCADE,
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (run, dataset, key)
    );
    CREATE TABLE tracking_run_models (
      run TEXT NOT NULL REFERENCES tracking_runs(id) ON DELETE CASCADE,
      model TEXT NOT NULL,
      isOutput INTEGER NOT NULL,
      step INTEGER NOT NULL,
      PRIMARY KEY (run, model, isOutput, step)
    );
    CREATE TABLE tracking_models (
      id TEXT PRIMARY KEY,
      experiment INTEGER NOT NULL REFERENCES tracking_experiments(id) ON DELETE CASCADE,
      name TEXT NOT NULL,
      artifacts TEXT NOT NULL,
      created INTEGER NOT NULL,
      updated INTEGER NOT NULL,
      type TEXT NOT NULL,
      status TEXT NOT NULL,
      sourceRun TEXT,
      stage TEXT NOT NULL
    );
    CREATE INDEX tracking_models_by_experiment ON tracking_models(experiment, created);
    CREATE TABLE tracking_model_params (
      model TEXT NOT NULL REFERENCES tracking_models(id) ON DELETE CASCADE,
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (model, key)
    );
    CREATE TABLE tracking_model_tags (
      model TEXT NOT NULL REFERENCES tracking_models(id) ON DELETE CASCADE,
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (model, key)
    );
    CREATE TABLE tracking_model_metrics (
      model TEXT NOT NULL REFERENCES tracking_models(id) ON DELETE CASCADE,
      key TEXT NOT NULL,
      time INTEGER NOT NULL,
      step INTEGER NOT NULL,
      run TEXT NOT NULL,
      value REAL NOT NULL,
      isNaN INTEGER NOT NULL,
      datasetName TEXT,
      datasetDigest TEXT,
      PRIMARY KEY (model, key, time, step, run)
    );
    CREATE TABLE tracking_registered_models (
      name TEXT PRIMARY KEY,
      model TEXT NOT NULL UNIQUE,
      created INTEGER NOT NULL,
      updated INTEGER NOT NULL,
      description TEXT
    );
    CREATE TABLE tracking_registered_tags (
      model TEXT NOT NULL,
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (model, key)
    );
    CREATE TABLE tracking_versions (
      model TEXT NOT NULL,
      number INTEGER NOT NULL,
      source TEXT NOT NULL,
      storage TEXT NOT NULL,
      run TEXT NOT NULL,
      runLink TEXT NOT NULL,
      loggedModel TEXT NOT NULL,
      currentStage TEXT NOT NULL,
      updated INTEGER NOT NULL,
      PRIMARY KEY (model, number)
    );
    CREATE TABLE tracking_version_tags (
      model TEXT NOT NULL,
      number INTEGER NOT NULL,
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (model, number, key)
    );
    CREATE TABLE tracking_alias_spellings (
      model TEXT NOT NULL,
      alias TEXT NOT NULL,
      spelling TEXT NOT NULL,
      PRIMARY KEY (model, alias)
    );
    CREATE TABLE tracking_traces (
      id TEXT PRIMARY KEY,
      experiment INTEGER NOT NULL REFERENCES tracking_experiments(id) ON DELETE CASCADE,
      time INTEGER NOT NULL,
      duration INTEGER NOT NULL,
      state TEXT NOT NULL,
      document TEXT NOT NULL
    );
    CREATE INDEX tracking_traces_by_experiment ON tracking_traces(experiment, time);
    CREATE TABLE tracking_trace_tags (
      trace TEXT NOT NULL REFERENCES tracking_traces(id) ON DELETE CASCADE,
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (trace, key)
    );
    CREATE TABLE tracking_spans (
      trace TEXT NOT NULL,
      span TEXT NOT NULL,
      begun INTEGER NOT NULL,
      document TEXT NOT NULL,
      PRIMARY KEY (trace, span)
    );
    """
}
