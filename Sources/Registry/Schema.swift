import Databases

/// The registry's tables, and the steps from each version of them to the next.
enum Schema {
  /// Steps that have been released are never edited.
  static let current = SQLSchema(component: "registry", applicationID: 0x4D52_544C, steps: [SQLMigration(first), SQLMigration(team)])

  private static let first = """
    CREATE TABLE models (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      nextNumber INTEGER NOT NULL DEFAULT 1
    );
    CREATE TABLE versions (
      id INTEGER PRIMARY KEY,
      modelID INTEGER NOT NULL REFERENCES models(id),
      number INTEGER NOT NULL,
      kind TEXT NOT NULL,
      digest TEXT NOT NULL,
      manifestSize INTEGER NOT NULL,
      size INTEGER NOT NULL,
      created REAL NOT NULL,
      registered REAL NOT NULL,
      "user" TEXT NOT NULL,
      note TEXT NOT NULL,
      parent TEXT,
      UNIQUE (modelID, number)
    );
    CREATE INDEX versionsByDigest ON versions(digest);
    CREATE TABLE files (
      versionID INTEGER NOT NULL REFERENCES versions(id) ON DELETE CASCADE,
      path TEXT NOT NULL,
      digest TEXT NOT NULL,
      size INTEGER NOT NULL,
      PRIMARY KEY (versionID, path)
    ) WITHOUT ROWID;
    CREATE INDEX filesByDigest ON files(digest);
    CREATE TABLE metrics (
      versionID INTEGER NOT NULL REFERENCES versions(id) ON DELETE CASCADE,
      name TEXT NOT NULL,
      value REAL,
      lower REAL,
      upper REAL,
      level REAL,
      higherIsBetter INTEGER,
      PRIMARY KEY (versionID, name)
    ) WITHOUT ROWID;
    CREATE TABLE tags (
      versionID INTEGER NOT NULL REFERENCES versions(id) ON DELETE CASCADE,
      tag TEXT NOT NULL,
      PRIMARY KEY (versionID, tag)
    ) WITHOUT ROWID;
    CREATE TABLE aliases (
      modelID INTEGER NOT NULL REFERENCES models(id),
      alias TEXT NOT NULL,
      versionID INTEGER NOT NULL REFERENCES versions(id),
      PRIMARY KEY (modelID, alias)
    ) WITHOUT ROWID;
    CREATE INDEX aliasesByVersion ON aliases(versionID);
    CREATE TABLE events (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      time REAL NOT NULL,
      "user" TEXT NOT NULL,
      action TEXT NOT NULL,
      name TEXT NOT NULL,
      version INTEGER,
      alias TEXT,
      fromVersion INTEGER,
      toVersion INTEGER,
      note TEXT NOT NULL
    );
    CREATE INDEX eventsByName ON events(name, alias);
    """

  /// What a team needs: a chained log, approvals, keys, rules, webhooks, and indexes for a hundred thousand versions.
  private static let team = """
    ALTER TABLE events ADD COLUMN previous TEXT;
    ALTER TABLE events ADD COLUMN hash TEXT;
    CREATE INDEX metricsByName ON metrics(name, value);
    CREATE INDEX tagsByTag ON tags(tag);
    CREATE INDEX versionsByRegistered ON versions(registered);
    CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE dataKeys (id TEXT PRIMARY KEY, keyID TEXT NOT NULL, wrapped TEXT NOT NULL, created REAL NOT NULL);
    CREATE TABLE signatures (
      digest TEXT NOT NULL,
      keyID TEXT NOT NULL,
      signature TEXT NOT NULL,
      time REAL NOT NULL,
      "user" TEXT NOT NULL,
      PRIMARY KEY (digest, keyID)
    );
    CREATE TABLE rules (
      modelID INTEGER NOT NULL REFERENCES models(id),
      alias TEXT NOT NULL,
      approvals INTEGER NOT NULL,
      gates TEXT,
      PRIMARY KEY (modelID, alias)
    );
    CREATE TABLE requests (
      id INTEGER PRIMARY KEY,
      modelID INTEGER NOT NULL REFERENCES models(id),
      alias TEXT NOT NULL,
      versionID INTEGER NOT NULL REFERENCES versions(id) ON DELETE CASCADE,
      "user" TEXT NOT NULL,
      time REAL NOT NULL,
      note TEXT NOT NULL,
      state TEXT NOT NULL
    );
    CREATE INDEX requestsByState ON requests(state, modelID);
    CREATE INDEX requestsByVersion ON requests(versionID);
    CREATE TABLE approvals (
      requestID INTEGER NOT NULL REFERENCES requests(id) ON DELETE CASCADE,
      "user" TEXT NOT NULL,
      time REAL NOT NULL,
      note TEXT NOT NULL,
      PRIMARY KEY (requestID, "user")
    );
    CREATE TABLE retention (modelID INTEGER NOT NULL REFERENCES models(id), rules TEXT NOT NULL, PRIMARY KEY (modelID));
    CREATE TABLE webhooks (
      id INTEGER PRIMARY KEY,
      url TEXT NOT NULL,
      secret TEXT NOT NULL,
      actions TEXT NOT NULL,
      name TEXT,
      created REAL NOT NULL,
      "user" TEXT NOT NULL
    );
    CREATE TABLE outbox (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      webhookID INTEGER NOT NULL REFERENCES webhooks(id) ON DELETE CASCADE,
      delivery TEXT NOT NULL,
      body TEXT NOT NULL,
      attempts INTEGER NOT NULL,
      due REAL NOT NULL,
      state TEXT NOT NULL,
      answer TEXT NOT NULL
    );
    CREATE INDEX outboxByState ON outbox(state, due);
    """
}
