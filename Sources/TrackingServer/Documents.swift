import MartletCore
import Tracking

/// Things as JSON, with MLflow's names. Lists without elements are left out, as protobuf's JSON does.
enum Documents {
  typealias Members = [String: JSONValue]

  private static func list<Element>(_ elements: [Element], _ make: (Element) -> JSONValue) -> JSONValue? {
    elements.isEmpty ? nil : .array(elements.map(make))
  }

  static func page(_ name: String, _ elements: [JSONValue], next: Int?) -> JSONValue {
    var members = Members()
    members[name] = elements.isEmpty ? nil : .array(elements)
    members["next_page_token"] = next.map { .string(PageToken.text($0)) }
    return .object(members)
  }

  static func tag(_ tag: TrackingTag) -> JSONValue { ["key": .string(tag.key), "value": .string(tag.value)] }

  static func number(_ value: Double) -> JSONValue {
    value.isNaN ? "NaN" : value.isInfinite ? (value > 0 ? "Infinity" : "-Infinity") : .double(value)
  }

  static func experiment(_ experiment: Experiment) -> JSONValue {
    var members: Members = [
      "experiment_id": .string(experiment.id), "name": .string(experiment.name), "artifact_location": .string(experiment.artifactLocation),
      "lifecycle_stage": .string(experiment.stage.rawValue), "creation_time": .int(Int(experiment.created)),
      "last_update_time": .int(Int(experiment.updated)), "workspace": "default",
    ]
    members["tags"] = list(experiment.tags, tag)
    return .object(members)
  }

  static func info(_ info: RunInfo) -> JSONValue {
    var members: Members = [
      "run_id": .string(info.id), "run_uuid": .string(info.id), "run_name": .string(info.name), "experiment_id": .string(info.experiment),
      "user_id": .string(info.user), "status": .string(info.status.rawValue), "artifact_uri": .string(info.artifacts),
      "lifecycle_stage": .string(info.stage.rawValue),
    ]
    members["start_time"] = info.started.map { .int(Int($0)) }
    members["end_time"] = info.ended.map { .int(Int($0)) }
    return .object(members)
  }

  /// - Parameter isNew: a run that was just made has no outputs, not even an empty list of them.
  static func run(_ run: TrackedRun, isNew: Bool = false) -> JSONValue {
    var data = Members(), inputs = Members(), outputs = Members()
    data["metrics"] = list(run.metrics) { metric($0) }
    data["params"] = list(run.params, tag)
    data["tags"] = list(run.tags, tag)
    inputs["dataset_inputs"] = list(run.datasets, dataset)
    inputs["model_inputs"] = list(run.modelInputs) { ["model_id": .string($0)] }
    outputs["model_outputs"] = list(run.modelOutputs) { ["model_id": .string($0.model), "step": .int(Int($0.step))] }
    var members: Members = ["info": info(run.info), "data": .object(data), "inputs": .object(inputs)]
    if !isNew { members["outputs"] = .object(outputs) }
    return .object(members)
  }

  static func metric(_ point: MetricPoint, withRun: Bool = false) -> JSONValue {
    var members: Members = [
      "key": .string(point.key), "value": number(point.value), "timestamp": .int(Int(point.time)), "step": .int(Int(point.step)),
    ]
    members["model_id"] = point.model.map { .string($0) }
    members["dataset_name"] = point.datasetName.map { .string($0) }
    members["dataset_digest"] = point.datasetDigest.map { .string($0) }
    members["run_id"] = withRun ? point.run.map { .string($0) } : nil
    return .object(members)
  }

  private static func dataset(_ input: DatasetInput) -> JSONValue {
    var dataset: Members = [
      "name": .string(input.name), "digest": .string(input.digest), "source_type": .string(input.sourceType),
      "source": .string(input.source),
    ]
    dataset["schema"] = input.schema.map { .string($0) }
    dataset["profile"] = input.profile.map { .string($0) }
    var members: Members = ["dataset": .object(dataset)]
    members["tags"] = list(input.tags, tag)
    return .object(members)
  }

  static func loggedModel(_ model: LoggedModel) -> JSONValue {
    var info: Members = [
      "model_id": .string(model.id), "experiment_id": .string(model.experiment), "name": .string(model.name),
      "creation_timestamp_ms": .int(Int(model.created)), "last_updated_timestamp_ms": .int(Int(model.updated)),
      "artifact_uri": .string(model.artifacts), "status": .string(model.status.rawValue), "model_type": .string(model.type),
      "source_run_id": .string(model.sourceRun ?? ""),
    ]
    info["tags"] = list(model.tags, tag)
    var data = Members()
    data["params"] = list(model.params, tag)
    data["metrics"] = list(model.metrics) { metric($0, withRun: true) }
    return ["info": .object(info), "data": .object(data)]
  }

  static func registeredModel(_ model: RegisteredModel) -> JSONValue {
    var members: Members = [
      "name": .string(model.name), "creation_timestamp": .int(Int(model.created)), "last_updated_timestamp": .int(Int(model.updated)),
    ]
    members["description"] = model.description.flatMap { $0.isEmpty ? nil : .string($0) }
    members["tags"] = list(model.tags, tag)
    members["aliases"] = list(model.aliases) { ["alias": .string($0.alias), "version": .string(String($0.number))] }
    members["latest_versions"] = list(model.latest) { version($0, withAliases: false) }
    return .object(members)
  }

  static func version(_ version: RegisteredVersion, withAliases: Bool = true) -> JSONValue {
    var members: Members = [
      "name": .string(version.name), "version": .string(String(version.number)), "creation_timestamp": .int(Int(version.created)),
      "last_updated_timestamp": .int(Int(version.updated)), "current_stage": .string(version.stage.rawValue),
      "description": .string(version.description), "source": .string(version.source), "run_id": .string(version.run), "status": "READY",
      "run_link": .string(version.runLink),
    ]
    members["user_id"] = version.user.map { .string($0) }
    members["tags"] = list(version.tags, tag)
    members["aliases"] = withAliases ? list(version.aliases) { .string($0) } : nil
    members["model_metrics"] = list(version.metrics.sorted { $0.key < $1.key }) {
      ["key": .string($0.key), "value": number($0.value), "timestamp": .int(Int(version.created)), "step": 0]
    }
    return .object(members)
  }

  static func file(_ entry: ArtifactEntry, below folder: String = "") -> JSONValue {
    var members: Members = ["path": .string(folder.isEmpty ? entry.name : folder + "/" + entry.name), "is_dir": .bool(entry.isFolder)]
    members["file_size"] = entry.isFolder || entry.size == 0 ? nil : .int(entry.size)
    return .object(members)
  }
}
