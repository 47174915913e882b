/// What a run is doing.
public enum RunStatus: String, Sendable, Hashable, Codable, CaseIterable {
  case running = "RUNNING"
  case scheduled = "SCHEDULED"
  case finished = "FINISHED"
  case failed = "FAILED"
  case killed = "KILLED"
}

/// A metric's value at one moment.
public struct MetricPoint: Sendable, Hashable, Codable {
  /// What was measured: `"validation/loss"`.
  public let key: String
  /// NaN is kept; infinities become the largest numbers of their sign.
  public let value: Double
  /// When it was measured.
  public let time: Milliseconds
  /// The step of training, an epoch or whatever is counted.
  public let step: Int64
  /// The logged model that it was measured on.
  public let model: String?
  /// The dataset's name that it was measured on.
  public let datasetName: String?
  /// The dataset's digest that it was measured on.
  public let datasetDigest: String?
  /// The run that measured it, where metrics of several runs are together.
  public let run: String?

  /// Makes a point.
  public init(
    _ key: String, _ value: Double, time: Milliseconds, step: Int64 = 0, model: String? = nil, datasetName: String? = nil,
    datasetDigest: String? = nil, run: String? = nil
  ) {
    self.key = key
    self.value = value
    self.time = time
    self.step = step
    self.model = model
    self.datasetName = datasetName
    self.datasetDigest = datasetDigest
    self.run = run
  }

  /// What the database keeps: it has neither NaN nor infinities.
  var stored: Double {
    value.isNaN ? 0 : min(max(value, -Double.greatestFiniteMagnitude), Double.greatestFiniteMagnitude)
  }

  static func restored(_ value: Double, isNaN: Bool) -> Double { isNaN ? .nan : value }

  /// Later than another point of the same metric: by step, then time, then value.
  func isLater(than other: MetricPoint) -> Bool { (step, time, stored) > (other.step, other.time, other.stored) }
}

/// A dataset that a run used.
public struct DatasetInput: Sendable, Hashable, Codable {
  /// What it is called.
  public let name: String
  /// What tells one content from another.
  public let digest: String
  /// What sort of place it came from: `"http"`, `"local"`.
  public let sourceType: String
  /// Where it came from, as JSON.
  public let source: String
  /// Its columns, as JSON.
  public let schema: String?
  /// Its size, as JSON.
  public let profile: String?
  /// What the run used it for.
  public let tags: [TrackingTag]

  /// Makes an input.
  public init(
    name: String, digest: String, sourceType: String, source: String, schema: String? = nil, profile: String? = nil,
    tags: [TrackingTag] = []
  ) {
    self.name = name
    self.digest = digest
    self.sourceType = sourceType
    self.source = source
    self.schema = schema
    self.profile = profile
    self.tags = tags
  }
}

/// A logged model that a run made, at a step.
public struct ModelOutput: Sendable, Hashable, Codable {
  /// The logged model.
  public let model: String
  /// The step of training at which it was made.
  public let step: Int64
}

/// Who ran what, when, and where its files are.
public struct RunInfo: Sendable, Hashable, Codable {
  /// 32 hexadecimal digits.
  public let id: String
  /// The experiment that it belongs to.
  public let experiment: String
  /// For people; need not be unique.
  public let name: String
  /// Who ran it.
  public let user: String
  /// What it is doing.
  public let status: RunStatus
  /// When it began.
  public let started: Milliseconds?
  /// When it ended.
  public let ended: Milliseconds?
  /// Where its files are: `mlflow-artifacts:/3/…/artifacts`.
  public let artifacts: String
  /// Whether it was deleted.
  public let stage: LifecycleStage
}

/// A run with what it logged.
public struct TrackedRun: Sendable, Hashable, Codable {
  /// Who ran what, when.
  public let info: RunInfo
  /// The latest value of each metric, by name.
  public let metrics: [MetricPoint]
  /// Parameters by name; they never change.
  public let params: [TrackingTag]
  /// Tags by name.
  public let tags: [TrackingTag]
  /// Datasets that it used.
  public let datasets: [DatasetInput]
  /// Logged models that it used.
  public let modelInputs: [String]
  /// Logged models that it made.
  public let modelOutputs: [ModelOutput]
}

/// Tags that have a meaning to MLflow's clients.
package enum WellKnownTag {
  package static let runName = "mlflow.runName"
  package static let parentRun = "mlflow.parentRunId"
  package static let user = "mlflow.user"
  package static let note = "mlflow.note.content"
  package static let loggedModels = "mlflow.log-model.history"
  package static let modelVersions = "mlflow.modelVersions"
  package static let datasetContext = "mlflow.data.context"
  package static let isPrompt = "mlflow.prompt.is_prompt"
}
