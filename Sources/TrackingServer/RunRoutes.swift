import Foundation
import HTTPTypes
import MartletCore
import Tracking
import Web

extension TrackingEndpoints {
  var runRoutes: [Route] { lifeRoutes + loggingRoutes + metricRoutes }

  private var lifeRoutes: [Route] {
    [
      call(.post, "runs/create", .write, "begins a run") { store, fields in
        let run = try store.startRun(
          in: try fields.text("experiment_id").flatMap { $0.isEmpty ? nil : $0 } ?? TrackingStore.defaultExperiment,
          name: try fields.text("run_name"), user: try fields.text("user_id") ?? "", started: try fields.integer("start_time") ?? 0,
          tags: try fields.tags("tags"))
        return ["run": Documents.run(run, isNew: true)]
      },
      call(.get, "runs/get", .read, "a run with what it logged") { store, fields in
        ["run": Documents.run(try store.run(try fields.run()))]
      },
      call(.post, "runs/update", .write, "changes a run's state or name") { store, fields in
        let status = try fields.text("status").flatMap(RunStatus.init(rawValue:))
        let info = try store.updateRun(
          try fields.run(), status: status, ended: try fields.integer("end_time"), name: try fields.text("run_name"))
        return ["run_info": Documents.info(info)]
      },
      call(.post, "runs/delete", .write, "hides a run") { store, fields in
        try store.deleteRun(try fields.required("run_id"))
        return [:]
      },
      call(.post, "runs/restore", .write, "brings a run back") { store, fields in
        try store.restoreRun(try fields.required("run_id"))
        return [:]
      },
      call(.post, "runs/search", .read, "runs that meet a filter") { store, fields in
        let page = try store.searchRuns(
          in: try fields.texts("experiment_ids"), filter: try fields.text("filter") ?? "", stage: try fields.stage("run_view_type"),
          orderBy: try fields.texts("order_by"), limit: try fields.limit(1000, most: TrackingLimits.pageSize), offset: try fields.offset())
        return Documents.page("runs", page.elements.map { Documents.run($0) }, next: page.next)
      },
    ]
  }

  private var loggingRoutes: [Route] {
    [
      call(.post, "runs/log-metric", .write, "logs a value of a metric") { store, fields in
        let run = try fields.run()
        try store.log(run, metrics: [try Self.metric(fields)])
        return [:]
      },
      call(.post, "runs/log-parameter", .write, "logs a parameter") { store, fields in
        try store.log(try fields.run(), params: [TrackingTag(try fields.required("key"), try fields.text("value") ?? "")])
        return [:]
      },
      call(
        .post, "runs/log-batch", .write, "logs metrics, parameters and tags together", limit: TrackingLimits.batchBytes
      ) { store, fields in
        let run = try fields.required("run_id")
        try TrackingNames.check(run: run)
        let metrics = try fields.objects("metrics"), params = try fields.tags("params"), tags = try fields.tags("tags")
        for (what, count, most) in [
          ("metrics", metrics.count, TrackingLimits.metricsPerBatch), ("parameters", params.count, TrackingLimits.textsPerBatch),
          ("tags", tags.count, TrackingLimits.textsPerBatch),
          ("metrics, parameters and tags", metrics.count + params.count + tags.count, TrackingLimits.entitiesPerBatch),
        ] where count > most {
          throw TrackingError(.invalid, "the batch has \(count) \(what)", expected: "at most \(most)", remedy: "several requests")
        }
        try store.log(run, metrics: try metrics.map(Self.metric), params: params, tags: tags)
        return [:]
      },
      call(.post, "runs/set-tag", .write, "sets a tag of a run") { store, fields in
        try store.setTag(try fields.run(), TrackingTag(try fields.required("key"), try fields.text("value") ?? ""))
        return [:]
      },
      call(.post, "runs/delete-tag", .write, "takes a tag from a run") { store, fields in
        try store.deleteTag(try fields.required("run_id"), key: try fields.required("key"))
        return [:]
      },
      call(.post, "runs/log-inputs", .write, "says which datasets and models a run used") { store, fields in
        let run = try fields.required("run_id")
        try store.logInputs(
          run, datasets: try fields.objects("datasets").map(Self.dataset),
          models: try fields.objects("models").map { try $0.required("model_id") })
        return [:]
      },
      call(.post, "runs/outputs", .write, "says which models a run made") { store, fields in
        try store.logOutputs(
          try fields.required("run_id"),
          models: try fields.objects("models").map { (try $0.required("model_id"), try $0.integer("step") ?? 0) })
        return [:]
      },
      call(.post, "runs/log-model", .write, "notes a model of a run, as older clients do") { store, fields in
        let run = try fields.required("run_id")
        let text = try fields.required("model_json")
        guard let model = try? JSON.decode(JSONValue.self, from: Data(text.utf8), source: "model_json"), model.objectValue != nil else {
          throw TrackingError(.invalid, "'model_json' is no JSON object", expected: "{…}")
        }
        let before = try store.run(run).tags.first { $0.key == WellKnownTag.loggedModels }?.value ?? "[]"
        let models = ((try? JSON.decode([JSONValue].self, from: Data(before.utf8), source: "a tag")) ?? []) + [model]
        let value = String(decoding: try JSON.encode(models, pretty: false), as: UTF8.self)
        try store.setTag(run, TrackingTag(WellKnownTag.loggedModels, value))
        return [:]
      },
    ]
  }

  private var metricRoutes: [Route] {
    [
      call(.get, "metrics/get-history", .read, "all values of a metric of a run") { store, fields in
        let run = try fields.run(), key = try fields.required("metric_key")
        let limit = fields.value("max_results") == nil ? nil : try fields.limit(1, most: Int(Int32.max) - 1)
        let page = try store.history(of: key, run: run, limit: limit, offset: try fields.offset())
        return Documents.page("metrics", page.elements.map { Documents.metric($0) }, next: page.next)
      },
      call(.get, "metrics/get-history-bulk-interval", .read, "values of a metric of several runs, thinned out") { store, fields in
        let runs = try fields.texts("run_ids"), key = try fields.required("metric_key")
        guard (1...100).contains(runs.count) else {
          throw TrackingError(.invalid, "\(runs.count) runs cannot be asked for at once", expected: "1 to 100")
        }
        let start = try fields.integer("start_step"), end = try fields.integer("end_step")
        guard (start == nil) == (end == nil), start.flatMap({ start in end.map { start <= $0 } }) ?? true else {
          throw TrackingError(.invalid, "'start_step' and 'end_step' are no interval", expected: "both, the first not above the second")
        }
        let steps = start.flatMap { start in end.map { start...$0 } }
        let points = try store.histories(of: key, runs: runs, steps: steps, limit: try fields.limit(2500, most: 2500))
        return Documents.page("metrics", points.map { Documents.metric($0, withRun: true) }, next: nil)
      },
    ]
  }

  private static func metric(_ fields: RequestFields) throws(TrackingError) -> MetricPoint {
    let key = try fields.required("key")
    guard let value = try fields.number("value") else {
      throw TrackingError(.invalid, "the parameter 'value' is missing", expected: "a number")
    }
    guard let time = try fields.integer("timestamp") else {
      throw TrackingError(.invalid, "the parameter 'timestamp' is missing", expected: "milliseconds since 1970")
    }
    func given(_ name: String) throws(TrackingError) -> String? { try fields.text(name).flatMap { $0.isEmpty ? nil : $0 } }
    return MetricPoint(
      key, value, time: time, step: try fields.integer("step") ?? 0, model: try given("model_id"), datasetName: try given("dataset_name"),
      datasetDigest: try given("dataset_digest"))
  }

  private static func dataset(_ fields: RequestFields) throws(TrackingError) -> DatasetInput {
    guard let dataset = try fields.object("dataset") else {
      throw TrackingError(.invalid, "an input has no dataset", expected: "'dataset'")
    }
    return DatasetInput(
      name: try dataset.text("name") ?? "", digest: try dataset.text("digest") ?? "", sourceType: try dataset.text("source_type") ?? "",
      source: try dataset.text("source") ?? "", schema: try dataset.text("schema"), profile: try dataset.text("profile"),
      tags: try fields.tags("tags"))
  }
}
