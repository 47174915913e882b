import MartletCore

/// What may be asked about one sort of thing: which words name what, and how each may be compared.
///
/// The language is MLflow's: comparisons joined by AND.
///
///     metrics.loss < 0.1 AND params.`learning rate` = '0.01' AND tags.team LIKE 'r%' AND attributes.status IN ('FINISHED', 'FAILED')
package struct FilterGrammar: Sendable {
  /// The words before the dot.
  let words: [String: FilterSubject.Kind]
  /// Attributes that hold text.
  let texts: Set<String>
  /// Attributes that hold numbers.
  let numbers: Set<String>
  /// Attributes that may be compared with a list.
  let listed: Set<String>
  /// Other spellings of attributes.
  let synonyms: [String: String]
  /// What may follow `order_by`: attributes, and the kinds that may.
  let sortable: Set<String>
  let sortableKinds: Set<FilterSubject.Kind>
  /// Kinds that may be asked for with IS NULL.
  let nullable: Set<FilterSubject.Kind>
  /// Datasets' attributes.
  static let datasetAttributes: Set<String> = ["name", "digest", "context"]

  private static let tagWords: [String: FilterSubject.Kind] = ["attribute": .attribute, "tag": .tag, "tags": .tag]

  package static let runs = FilterGrammar(
    words: [
      "attribute": .attribute, "attributes": .attribute, "attr": .attribute, "run": .attribute, "metric": .metric, "metrics": .metric,
      "parameter": .parameter, "parameters": .parameter, "param": .parameter, "params": .parameter, "tag": .tag, "tags": .tag,
      "dataset": .dataset, "datasets": .dataset,
    ],
    texts: ["run_id", "run_name", "status", "artifact_uri", "user_id"], numbers: ["start_time", "end_time"], listed: ["run_id"],
    synonyms: ["created": "start_time", "Created": "start_time", "run name": "run_name", "Run name": "run_name", "Run Name": "run_name"],
    sortable: ["run_id", "run_name", "status", "artifact_uri", "user_id", "start_time", "end_time"],
    sortableKinds: [.attribute, .metric, .parameter, .tag], nullable: [.tag, .parameter])

  package static let experiments = FilterGrammar(
    words: tagWords, texts: ["name", "experiment_id"], numbers: ["creation_time", "last_update_time"], listed: ["experiment_id"],
    synonyms: [:], sortable: ["name", "experiment_id", "creation_time", "last_update_time"], sortableKinds: [.attribute], nullable: [.tag])

  package static let registeredModels = FilterGrammar(
    words: tagWords, texts: ["name"], numbers: [], listed: ["name"], synonyms: ["timestamp": "last_updated_timestamp"],
    sortable: ["name", "creation_timestamp", "last_updated_timestamp"], sortableKinds: [.attribute], nullable: [])

  package static let modelVersions = FilterGrammar(
    words: tagWords, texts: ["name", "run_id", "source_path"], numbers: ["version_number"], listed: ["name", "run_id"], synonyms: [:],
    sortable: ["name", "version_number", "creation_timestamp", "last_updated_timestamp"], sortableKinds: [.attribute], nullable: [])

  package static let loggedModels = FilterGrammar(
    words: ["attributes": .attribute, "metrics": .metric, "params": .parameter, "tags": .tag],
    texts: ["name", "model_id", "model_type", "status", "source_run_id"], numbers: ["creation_timestamp", "last_updated_timestamp"],
    listed: ["name", "model_id", "model_type", "status", "source_run_id"],
    synonyms: [
      "creation_time": "creation_timestamp", "creation_timestamp_ms": "creation_timestamp", "last_updated_time": "last_updated_timestamp",
      "last_updated_timestamp_ms": "last_updated_timestamp",
    ], sortable: ["name", "model_id", "model_type", "status", "source_run_id", "creation_timestamp", "last_updated_timestamp"],
    sortableKinds: [.attribute, .metric], nullable: [])

  package static let traces = FilterGrammar(
    words: [
      "attribute": .attribute, "attributes": .attribute, "trace": .attribute, "tag": .tag, "tags": .tag, "metadata": .parameter,
      "request_metadata": .parameter,
    ],
    texts: ["status", "name", "run_id", "request_id", "trace_id"], numbers: ["timestamp", "timestamp_ms", "execution_time_ms"],
    listed: ["status", "name", "run_id"], synonyms: ["timestamp_ms": "timestamp", "execution_time": "execution_time_ms"],
    sortable: ["timestamp", "timestamp_ms", "execution_time_ms", "status", "request_id", "trace_id"], sortableKinds: [.attribute],
    nullable: [.tag, .parameter])

  /// Reads a filter; an empty one is no condition.
  /// - Throws: `TrackingError` `.invalid` that says what is wrong and what is allowed.
  package func conditions(_ filter: String) throws(TrackingError) -> [Condition] {
    var parser = FilterParser(grammar: self, tokens: try FilterLexer.tokens(of: filter))
    return try parser.conditions()
  }

  /// Reads what results are sorted by: `metrics.loss DESC`, `name`.
  package func order(_ clauses: [String]) throws(TrackingError) -> [SortKey] {
    var found: [SortKey] = []
    for clause in clauses {
      var tokens = try FilterLexer.tokens(of: clause)
      var ascending = true
      if tokens.count > 1, let word = tokens.last?.keyword, word == "ASC" || word == "DESC" {
        ascending = word == "ASC"
        tokens.removeLast()
      }
      guard tokens.count == 1, case .name(let name, _) = tokens[0] else {
        throw TrackingError(.invalid, "'\(excerpt(clause))' is no order", expected: "a name, then ASC or DESC")
      }
      let subject = try subject(name)
      let isKnown = sortableKinds.contains(subject.kind) && (subject.kind != .attribute || sortable.contains(subject.key))
      guard isKnown else {
        throw TrackingError(
          .invalid, "results cannot be sorted by '\(excerpt(name))'", expected: sortable.sorted().joined(separator: ", "),
          remedy: NearestName.of(name, among: sortable))
      }
      guard !found.contains(where: { $0.subject == subject }) else {
        throw TrackingError(.invalid, "results cannot be sorted by '\(excerpt(name))' twice")
      }
      found.append(SortKey(subject: subject, ascending: ascending))
    }
    return found
  }

  /// What a name means.
  func subject(_ name: String) throws(TrackingError) -> FilterSubject {
    let parts = name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    var kind = FilterSubject.Kind.attribute
    var key = name
    if parts.count == 2 {
      guard let known = words[parts[0]] else {
        throw TrackingError(
          .invalid, "'\(excerpt(parts[0]))' is nothing that can be asked about",
          expected: "one of \(words.keys.sorted().joined(separator: ", "))")
      }
      (kind, key) = (known, parts[1])
    }
    guard !key.isEmpty else { throw TrackingError(.invalid, "'\(excerpt(name))' names nothing") }
    if kind == .dataset, !Self.datasetAttributes.contains(key) {
      throw TrackingError(.invalid, "a dataset has no '\(excerpt(key))'", expected: Self.datasetAttributes.sorted().joined(separator: ", "))
    }
    if kind == .attribute { key = synonyms[key] ?? key }
    return FilterSubject(kind: kind, key: key)
  }

  /// Checks that an attribute may be asked about.
  func checkAskable(_ subject: FilterSubject) throws(TrackingError) {
    guard subject.kind == .attribute, !texts.contains(subject.key), !numbers.contains(subject.key) else { return }
    let known = texts.union(numbers)
    throw TrackingError(
      .invalid, "there is no attribute '\(excerpt(subject.key))'", expected: "one of \(known.sorted().joined(separator: ", "))",
      remedy: NearestName.of(subject.key, among: known))
  }

  func isNumeric(_ subject: FilterSubject) -> Bool {
    subject.kind == .metric || (subject.kind == .attribute && numbers.contains(subject.key))
  }

  func allowsList(_ subject: FilterSubject) -> Bool {
    subject.kind == .dataset || (subject.kind == .attribute && listed.contains(subject.key))
  }
}
