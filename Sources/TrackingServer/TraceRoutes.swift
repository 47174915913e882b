import Foundation
import HTTPTypes
import MartletCore
import NIOCore
import Tracking
import Web

extension TrackingEndpoints {
  var traceRoutes: [Route] {
    [
      call(.post, "traces", .write, "keeps what is known of a trace", api: "3.0") { store, fields in
        guard let info = try fields.object("trace")?.object("trace_info") else {
          throw TrackingError(.invalid, "the trace is missing", expected: "'trace' with 'trace_info'")
        }
        return ["trace": ["trace_info": Self.document(try store.saveTrace(try Self.info(info)))]]
      },
      call(.post, "traces/search", .read, "traces that meet a filter", api: "3.0") { store, fields in
        var experiments: [String] = []
        for location in try fields.objects("locations") {
          if let id = try location.object("mlflow_experiment")?.text("experiment_id") { experiments.append(id) }
        }
        let page = try store.searchTraces(
          in: experiments, filter: try fields.text("filter") ?? "", orderBy: try fields.texts("order_by"),
          limit: try fields.limit(100, most: TrackingLimits.pageSize), offset: try fields.offset())
        return Documents.page("traces", page.elements.map(Self.document), next: page.next)
      },
      call(.get, "traces/get", .read, "a trace with its steps", api: "3.0") { store, fields in
        ["trace": try Self.whole(try fields.required("trace_id"), store)]
      },
      call(.get, "traces/batchGet", .read, "traces with their steps", api: "3.0") { store, fields in
        let ids = try fields.texts("trace_ids").prefix(1000)
        return Documents.page("traces", try ids.compactMap { try Self.wholeIfThere($0, store) }, next: nil)
      },
      call(.get, "traces/{trace_id}", .read, "what is known of a trace", api: "3.0") { store, fields in
        ["trace": ["trace_info": Self.document(try store.trace(try fields.required("trace_id")))]]
      },
      call(.post, "traces/delete-traces", .write, "deletes traces") { store, fields in try Self.delete(store, fields) },
      call(.post, "traces/delete-traces", .write, "deletes traces", api: "3.0") { store, fields in try Self.delete(store, fields) },
    ] + tagRoutes(api: "2.0") + tagRoutes(api: "3.0") + [spanRoute]
  }

  private func tagRoutes(api: String) -> [Route] {
    [
      call(.patch, "traces/{trace_id}/tags", .write, "sets a tag of a trace", api: api) { store, fields in
        try store.setTraceTag(try fields.required("trace_id"), TrackingTag(try fields.required("key"), try fields.text("value") ?? ""))
        return [:]
      },
      call(.delete, "traces/{trace_id}/tags", .write, "takes a tag from a trace", api: api) { store, fields in
        try store.deleteTraceTag(try fields.required("trace_id"), key: try fields.required("key"))
        return [:]
      },
    ]
  }

  private static func delete(_ store: TrackingStore, _ fields: RequestFields) throws -> JSONValue {
    let ids = try fields.texts("request_ids") + fields.texts("trace_ids")
    let count = try store.deleteTraces(
      in: try fields.required("experiment_id"), ids: ids, until: try fields.integer("max_timestamp_millis"),
      most: try fields.integer("max_traces").map { Int(min(max(0, $0), 100_000)) })
    return ["traces_deleted": .int(count)]
  }

  private static func wholeIfThere(_ id: String, _ store: TrackingStore) throws -> JSONValue? {
    do { return try whole(id, store) } catch {
      guard error.kind == .notFound else { throw error }
      return nil
    }
  }

  private static func whole(_ id: String, _ store: TrackingStore) throws(TrackingError) -> JSONValue {
    let info = try store.trace(id)
    let spans = try store.spans(of: id)
    var members: [String: JSONValue] = ["trace_info": document(info)]
    if !spans.isEmpty { members["spans"] = .array(spans) }
    return .object(members)
  }

  // MARK: What is known of a trace

  private static func info(_ fields: RequestFields) throws(TrackingError) -> TraceInfo {
    guard let experiment = try fields.object("trace_location")?.object("mlflow_experiment")?.text("experiment_id") else {
      throw TrackingError(.invalid, "the trace is in no experiment", expected: "'trace_location' with 'mlflow_experiment'")
    }
    let time = try fields.text("request_time") ?? ""
    func texts(_ name: String) -> [TrackingTag] {
      (fields.value(name)?.objectValue ?? [:]).map { TrackingTag($0.key, $0.value.stringValue ?? "") }.sorted { $0.key < $1.key }
    }
    var rest: [String: JSONValue] = [:]
    for name in ["request_time", "execution_duration", "request_preview", "response_preview", "client_request_id", "assessments"] {
      rest[name] = fields.value(name)
    }
    return TraceInfo(
      id: try fields.required("trace_id"), experiment: experiment, time: Self.milliseconds(time) ?? TrackingStore.now,
      duration: Self.duration(try fields.text("execution_duration") ?? ""), state: try fields.text("state") ?? "STATE_UNSPECIFIED",
      tags: texts("tags"), metadata: texts("trace_metadata") + [TrackingTag("mlflow.trace.infoFinalized", "true")], document: .object(rest))
  }

  static func document(_ info: TraceInfo) -> JSONValue {
    var members = info.document.objectValue ?? [:]
    members["trace_id"] = .string(info.id)
    members["trace_location"] = ["type": "MLFLOW_EXPERIMENT", "mlflow_experiment": ["experiment_id": .string(info.experiment)]]
    members["state"] = .string(info.state)
    func object(_ tags: [TrackingTag]) -> JSONValue {
      .object(Dictionary(tags.map { ($0.key, .string($0.value)) }, uniquingKeysWith: { _, last in last }))
    }
    if !info.tags.isEmpty { members["tags"] = object(info.tags) }
    if !info.metadata.isEmpty { members["trace_metadata"] = object(info.metadata) }
    return .object(members)
  }

  /// `2026-11-22T01:50:54.123Z`
  private static func milliseconds(_ text: String) -> Milliseconds? {
    let formatter = ISO8601DateFormatter()
    formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
    if let date = formatter.date(from: text) { return Milliseconds(date.timeIntervalSince1970 * 1000) }
    formatter.formatOptions = [.withInternetDateTime]
    return formatter.date(from: text).map { Milliseconds($0.timeIntervalSince1970 * 1000) }
  }

  /// `0.074s`
  private static func duration(_ text: String) -> Milliseconds {
    guard text.hasSuffix("s"), let seconds = Double(text.dropLast()), seconds.isFinite, abs(seconds) < 1e12 else { return 0 }
    return Milliseconds(seconds * 1000)
  }

  // MARK: Steps

  /// OpenTelemetry's spans in protobuf, as its exporters send them.
  private var spanRoute: Route {
    Route(.post, "/v1/traces", .write, "keeps steps of traces, as OpenTelemetry's exporters send them") { [store] exchange in
      try await Self.answering(exchange) {
        let body = try await exchange.body()
        let bytes = Array(body.readableBytesView)
        try await Self.blocking { try store.saveSpans(try SpanReader.spans(bytes)) }
        var reply = Reply([])
        reply.contentType = "application/x-protobuf"
        return reply
      }
    }
  }
}
