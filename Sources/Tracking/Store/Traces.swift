import Databases
import Foundation
package import MartletCore

/// One step of a trace.
package struct TraceSpan: Sendable, Hashable {
  package let trace: String
  package let span: String
  /// Nanoseconds since 1970.
  package let begun: Int64
  /// As OpenTelemetry's JSON has it, with MLflow's spelling of names.
  package let document: JSONValue

  package init(trace: String, span: String, begun: Int64, document: JSONValue) {
    self.trace = trace
    self.span = span
    self.begun = begun
    self.document = document
  }
}

/// What a client says about a whole trace.
package struct TraceInfo: Sendable, Hashable {
  package let id: String
  package let experiment: String
  package let time: Milliseconds
  package let duration: Milliseconds
  package let state: String
  package let tags: [TrackingTag]
  package let metadata: [TrackingTag]
  /// Everything else that the client sent, to be given back as it came.
  package let document: JSONValue

  package init(
    id: String, experiment: String, time: Milliseconds, duration: Milliseconds, state: String, tags: [TrackingTag], metadata: [TrackingTag],
    document: JSONValue
  ) {
    self.id = id
    self.experiment = experiment
    self.time = time
    self.duration = duration
    self.state = state
    self.tags = tags
    self.metadata = metadata
    self.document = document
  }
}

/// Traces of calls to language models and the like: kept and given back, so that tracing does not stop who works with MLflow's clients.
extension TrackingStore {
  /// Keeps what is known of a trace, in the place of what was known before.
  /// - Returns: the trace with the tags that this server adds.
  /// - Throws: `TrackingError`: `.notFound` for the experiment, `.invalid`.
  package func saveTrace(_ info: TraceInfo) throws(TrackingError) -> TraceInfo {
    try TrackingNames.check(run: info.id)
    return try write { connection in
      let experiment = try requireExperiment(info.experiment, connection)
      try requireActive(experiment)
      let kept: JSONValue = [
        "document": info.document,
        "metadata": .object(Dictionary(info.metadata.map { ($0.key, .string($0.value)) }, uniquingKeysWith: { $1 })),
      ]
      let text = String(decoding: try JSON.encode(kept, pretty: false), as: UTF8.self)
      try connection.execute(
        """
        INSERT INTO tracking_traces (id, experiment, time, duration, state, document) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET experiment = excluded.experiment, time = excluded.time, duration = excluded.duration,
          state = excluded.state, document = excluded.document
        """,
        [info.id, try TrackingNames.experiment(info.experiment), info.time, info.duration, TrackingNames.cut(info.state, 50), text])
      var tags = info.tags
      tags.append(
        TrackingTag("mlflow.artifactLocation", ArtifactFolder.join(experiment.artifactLocation, "traces/\(info.id)/artifacts")))
      tags.append(TrackingTag("mlflow.trace.spansLocation", "TRACKING_STORE"))
      for tag in tags { try setTrace(tag: tag, info.id, connection) }
      return try requireTrace(info.id, connection)
    }
  }

  /// A trace.
  /// - Throws: `TrackingError` `.notFound`.
  package func trace(_ id: String) throws(TrackingError) -> TraceInfo { try read { try requireTrace(id, $0) } }

  /// The steps of a trace, the first one first.
  package func spans(of id: String) throws(TrackingError) -> [JSONValue] {
    try read { connection in
      try connection.values("SELECT document FROM tracking_spans WHERE trace = ? ORDER BY begun, span", [id], as: String.self)
        .map { try JSON.decode(JSONValue.self, from: Data($0.utf8), source: "a span") }
    }
  }

  /// Keeps steps of traces. The same again changes nothing.
  package func saveSpans(_ spans: [TraceSpan]) throws(TrackingError) {
    for span in spans { try TrackingNames.check(run: span.trace) }
    try write { connection in
      for span in spans {
        let text = String(decoding: try JSON.encode(span.document, pretty: false), as: UTF8.self).replacing("\\u0000", with: "\\ufffd")
        try connection.execute(
          """
          INSERT INTO tracking_spans (trace, span, begun, document) VALUES (?, ?, ?, ?)
          ON CONFLICT (trace, span) DO UPDATE SET begun = excluded.begun, document = excluded.document
          """, [span.trace, span.span, span.begun, text])
      }
    }
  }

  /// Traces of some experiments that meet a filter, the newest first unless `orderBy` says otherwise.
  /// - Throws: `TrackingError` `.invalid`.
  package func searchTraces(
    in experiments: [String], filter: String = "", orderBy: [String] = [], limit: Int = 100, offset: Int = 0
  ) throws(TrackingError) -> Page<TraceInfo> {
    try Self.check(limit: limit, most: TrackingLimits.pageSize)
    var numbers: [Int] = []
    for experiment in experiments { numbers.append(try TrackingNames.experiment(experiment)) }
    let columns = [
      "status": "x.state", "request_id": "x.id", "trace_id": "x.id", "timestamp": "x.time", "execution_time_ms": "x.duration",
    ]
    var query = SQLFilter()
    query.add(numbers.isEmpty ? "1 = 0" : "x.experiment IN (\(Self.marks(numbers.count)))", numbers)
    for condition in try FilterGrammar.traces.conditions(filter) {
      switch (condition.subject.kind, condition.subject.key) {
      case (.tag, _): query.exists("tracking_trace_tags", owner: "trace", of: "x.id", condition)
      case (.attribute, "name"):
        let named = Condition(
          subject: FilterSubject(kind: .tag, key: "mlflow.traceName"), comparator: condition.comparator, value: condition.value)
        query.exists("tracking_trace_tags", owner: "trace", of: "x.id", named)
      case (.attribute, let key) where columns[key] != nil:
        query.add(condition, column: columns[key] ?? "x.id", isNumber: FilterGrammar.traces.isNumeric(condition.subject))
      default: throw TrackingError(.unsupported, "traces cannot be searched by '\(excerpt(condition.subject.key))' here")
      }
    }
    let keys = try FilterGrammar.traces.order(orderBy)
    var order = keys.map { "\(columns[$0.subject.key] ?? "x.time") \($0.ascending ? "ASC" : "DESC")" }
    if order.isEmpty { order = ["x.time DESC"] }
    return try read { connection in
      let ids = try connection.values(
        "SELECT x.id FROM tracking_traces x WHERE \(query.text) ORDER BY \(order.joined(separator: ", ")), x.id LIMIT ? OFFSET ?",
        query.values + [limit + 1, offset], as: String.self)
      let page = Page(ids, offset: offset, limit: limit)
      return Page(try page.elements.map { try requireTrace($0, connection) }, next: page.next)
    }
  }

  /// Sets a tag of a trace.
  /// - Throws: `TrackingError`: `.notFound`, `.invalid`.
  package func setTraceTag(_ id: String, _ tag: TrackingTag) throws(TrackingError) {
    try write { connection in
      _ = try requireTrace(id, connection)
      try setTrace(tag: tag, id, connection)
    }
  }

  /// Takes a tag from a trace.
  /// - Throws: `TrackingError` `.notFound`; also where it has no such tag.
  package func deleteTraceTag(_ id: String, key: String) throws(TrackingError) {
    try write { connection in
      let changed = try connection.execute("DELETE FROM tracking_trace_tags WHERE trace = ? AND key = ?", [id, key])
      guard changed > 0 else { throw TrackingError(.notFound, "the trace \(excerpt(id)) has no tag '\(excerpt(key))'") }
    }
  }

  /// Deletes traces of an experiment: those that are named, or the oldest ones.
  /// - Returns: how many.
  package func deleteTraces(
    in experiment: String, ids: [String] = [], until time: Milliseconds? = nil, most: Int? = nil
  ) throws(TrackingError) -> Int {
    try write { connection in
      let number = try TrackingNames.experiment(experiment)
      let wanted: [String]
      if let time {
        wanted = try connection.values(
          "SELECT id FROM tracking_traces WHERE experiment = ? AND time <= ? ORDER BY time, id LIMIT ?", [number, time, most ?? 100_000],
          as: String.self)
      } else {
        wanted = ids
      }
      var count = 0
      for id in wanted {
        guard try connection.execute("DELETE FROM tracking_traces WHERE experiment = ? AND id = ?", [number, id]) > 0 else { continue }
        try connection.execute("DELETE FROM tracking_spans WHERE trace = ?", [id])
        count += 1
      }
      return count
    }
  }

  private func setTrace(tag: TrackingTag, _ id: String, _ connection: SQLConnection) throws {
    try TrackingNames.check(length: tag.key, TrackingLimits.keyLength, "the name of a tag")
    let kept = TrackingTag(tag.key, TrackingNames.cut(tag.value, TrackingLimits.tagLength))
    try set(kept, in: "tracking_trace_tags", "trace", id, connection)
  }

  private func requireTrace(_ id: String, _ connection: SQLConnection) throws -> TraceInfo {
    guard let row = try connection.row("SELECT experiment, time, duration, state, document FROM tracking_traces WHERE id = ?", [id]) else {
      throw TrackingError(.notFound, "there is no trace with the id \(excerpt(id))")
    }
    let kept = try JSON.decode(JSONValue.self, from: Data(try row.get(4, as: String.self).utf8), source: "a trace")
    let metadata = kept["metadata"]?.objectValue ?? [:]
    return TraceInfo(
      id: id, experiment: String(try row.get(0, as: Int.self)), time: try row.get(1), duration: try row.get(2), state: try row.get(3),
      tags: try texts("tracking_trace_tags", owner: "trace", of: [id], connection)[id] ?? [],
      metadata: metadata.map { TrackingTag($0.key, $0.value.stringValue ?? "") }.sorted { $0.key < $1.key },
      document: kept["document"] ?? .null)
  }
}
