public import Bundles
public import MartletCore
public import Registry

/// The document of `martlet run --json`.
public struct RunSummary: Codable, Sendable, Hashable {
  /// The model's name.
  public var name: String
  /// The new version, or `nil` where nothing was registered.
  public var version: Int?
  /// On the test part, by name.
  public var metrics: [String: MetricSummary]
  /// The project's requirements, each with its answer.
  public var gates: [Gate]
  /// How training went.
  public var training: TrainSummary
  /// The HTML report.
  public var report: String?
  /// From the first byte read to the version registered.
  public var seconds: Double
  /// The models that were compared, in the project's order; `nil` where there was no choice.
  public var candidates: [CandidateSummary]?
  /// What the project's gates said about the aliases that were asked for: one that did not pass, and there are none; `nil` where nobody
  /// asked.
  public var aliasGates: [GateVerdict]?

  /// A finished run.
  public init(
    name: String, version: Int?, metrics: [String: MetricSummary], gates: [Gate], training: TrainSummary, report: String?, seconds: Double
  ) {
    self.name = name
    self.version = version
    self.metrics = metrics
    self.gates = gates
    self.training = training
    self.report = report
    self.seconds = seconds
  }
}

/// One of several models that were compared with each other.
public struct CandidateSummary: Codable, Sendable, Hashable {
  public var name: String
  /// The metric that decides, its mean over the folds; `nil` where the model could not learn.
  public var score: Double?
  /// The score's interval.
  public var lower: Double?
  public var upper: Double?
  /// All metrics, their means over the folds.
  public var metrics: [String: Double]
  /// How likely so large a difference from the best would be by chance, corrected for the number of models.
  public var pValue: Double?
  public var isBest: Bool
  /// Why it could not learn.
  public var problem: String?
  public var seconds: Double

  /// A model in comparison.
  public init(
    name: String, score: Double?, lower: Double?, upper: Double?, metrics: [String: Double], pValue: Double?, isBest: Bool,
    problem: String?, seconds: Double
  ) {
    self.name = name
    self.score = score
    // JSON knows no endless intervals.
    self.lower = lower.flatMap { $0.isFinite ? $0 : nil }
    self.upper = upper.flatMap { $0.isFinite ? $0 : nil }
    self.metrics = metrics
    self.pValue = pValue
    self.isBest = isBest
    self.problem = problem
    self.seconds = seconds
  }
}

/// The document of `martlet train --json`.
public struct TrainSummary: Codable, Sendable, Hashable {
  /// The run's folder: give it to `--resume`.
  public var run: String
  /// Epochs that are done.
  public var epochs: Int
  /// Steps that are done.
  public var steps: Int
  /// Trainable numbers of the network.
  public var parameters: Int
  /// The last values by name, such as `train/loss` and `validation/accuracy`.
  public var last: [String: Double]
  /// The SHA-256 of the weights file.
  public var weights: String?
  /// Early stopping ended it.
  public var stoppedEarly: Bool
  /// Ctrl-C ended it; the run can go on.
  public var interrupted: Bool
  /// Training alone, this time.
  public var seconds: Double

  /// A training that ended in one way or another.
  public init(
    run: String, epochs: Int, steps: Int, parameters: Int, last: [String: Double], weights: String?, stoppedEarly: Bool = false,
    interrupted: Bool = false, seconds: Double
  ) {
    self.run = run
    self.epochs = epochs
    self.steps = steps
    self.parameters = parameters
    self.last = last
    self.weights = weights
    self.stoppedEarly = stoppedEarly
    self.interrupted = interrupted
    self.seconds = seconds
  }
}

/// The document of `martlet evaluate --json`.
public struct EvaluationSummary: Codable, Sendable, Hashable {
  /// The model's name.
  public var name: String
  /// The version that was judged.
  public var version: Int
  /// By name.
  public var metrics: [String: MetricSummary]
  /// The project's requirements, each with its answer.
  public var gates: [Gate]
  /// How many pictures judged.
  public var items: Int
  /// The HTML report.
  public var report: String?
  public var seconds: Double

  /// A finished evaluation.
  public init(
    name: String, version: Int, metrics: [String: MetricSummary], gates: [Gate], items: Int, report: String?, seconds: Double
  ) {
    self.name = name
    self.version = version
    self.metrics = metrics
    self.gates = gates
    self.items = items
    self.report = report
    self.seconds = seconds
  }
}

/// The document of `martlet predict --json`.
public struct PredictionSummary: Codable, Sendable, Hashable {
  /// The answer for one input.
  public struct Answer: Codable, Sendable, Hashable {
    /// The input as it was given.
    public var input: String
    /// The class's number.
    public var prediction: Int?
    /// The class's name.
    public var label: String?
    /// The names of the classes that hold, of models that tell several of one input.
    public var labels: [String]?
    /// By the class's name; as many as were asked for. `nil` for models that tell no classes.
    public var probabilities: [String: Double]?
    /// What is neither a class nor a number, in words: tagged words, a translation, a vector's beginning, the answers of several heads.
    public var text: String?
    /// The same whole, as the server gives it.
    public var answer: JSONValue?
    /// The number that was predicted: of a regression, a cluster, or a score.
    public var value: Double?
    /// Why there is no answer.
    public var error: String?

    /// An answer.
    public init(input: String, prediction: Int, label: String, probabilities: [String: Double]) {
      self.input = input
      self.prediction = prediction
      self.label = label
      self.probabilities = probabilities
    }

    /// Several classes of one input, or none.
    public init(input: String, labels: [String], probabilities: [String: Double]) {
      self.input = input
      self.labels = labels
      self.probabilities = probabilities
    }

    /// A number as an answer, with a word where there is one.
    public init(input: String, value: Double, label: String? = nil) {
      self.input = input
      self.value = value
      self.label = label
    }

    /// An answer of another kind.
    public init(input: String, text: String, answer: JSONValue) {
      self.input = input
      self.text = text
      self.answer = answer
    }

    /// An input that could not be read.
    public init(input: String, error: String) {
      self.input = input
      self.error = error
    }
  }

  /// How a job stands that can go on after it was killed.
  public struct Job: Codable, Sendable, Hashable {
    /// Its folder.
    public var checkpoint: String
    /// All rows are done; otherwise the same command goes on.
    public var isFinished: Bool
    /// Rows without an answer.
    public var failed: Int
    /// The file that says which and why.
    public var failures: String?
    /// Parts done.
    public var parts: Int
    /// Rows that earlier processes did.
    public var resumed: Int

    /// How a job stands.
    public init(checkpoint: String, isFinished: Bool, failed: Int, failures: String?, parts: Int, resumed: Int) {
      self.checkpoint = checkpoint
      self.isFinished = isFinished
      self.failed = failed
      self.failures = failures
      self.parts = parts
      self.resumed = resumed
    }
  }

  /// The model's name.
  public var model: String
  /// The version that answered.
  public var version: Int
  /// In the order of the inputs; empty where they went into a file.
  public var predictions: [Answer]
  /// The file that was written, how many rows it has, and how long that took.
  /// Without a file, how many rows there are where fewer are shown.
  public var output: String?
  public var rows: Int?
  /// How many of them are unlike what the model learnt from: beyond a range, of an unknown category, with gaps where there were none.
  public var unusualRows: Int?
  public var seconds: Double?
  /// How the job stands, where it is one.
  public var job: Job?

  /// The answers of one version.
  public init(model: String, version: Int, predictions: [Answer]) {
    self.model = model
    self.version = version
    self.predictions = predictions
  }
}

/// The document of `martlet serve --json`, printed when the server has stopped.
public struct ServeSummary: Codable, Sendable, Hashable {
  /// `name@3` and so on.
  public var models: [String]
  public var host: String
  /// The port that was listened on.
  public var port: Int
  /// Requests that were answered.
  public var requests: Int
  public var seconds: Double

  /// A server that has stopped.
  public init(models: [String], host: String, port: Int, requests: Int, seconds: Double) {
    self.models = models
    self.host = host
    self.port = port
    self.requests = requests
    self.seconds = seconds
  }
}

/// The document of `martlet data preview --json`.
public struct PreviewSummary: Codable, Sendable, Hashable {
  /// The PNG file.
  public var output: String
  /// How many pictures are on it.
  public var shown: Int
  /// Pictures of the part, by class.
  public var classes: [String: Int]
  /// Height and width of the network's input.
  public var size: [Int]
  public var channels: Int

  /// A contact sheet.
  public init(output: String, shown: Int, classes: [String: Int], size: [Int], channels: Int) {
    self.output = output
    self.shown = shown
    self.classes = classes
    self.size = size
    self.channels = channels
  }
}

/// The document of `martlet init --json`.
public struct InitSummary: Codable, Sendable, Hashable {
  /// The project file.
  public var project: String
  /// The schema that new data are held against; `nil` for texts, which have none.
  public var schema: String?
  public var task: String
  public var rows: Int
  public var columns: Int
  /// What was noticed about the data, and what the project does about it.
  public var remarks: [String]

  /// A new project.
  public init(project: String, schema: String?, task: String, rows: Int, columns: Int, remarks: [String]) {
    self.project = project
    self.schema = schema
    self.task = task
    self.rows = rows
    self.columns = columns
    self.remarks = remarks
  }
}

/// The document of `martlet doctor --json`.
public struct DoctorReport: Codable, Sendable, Hashable {
  /// One thing that was looked at.
  public struct Check: Codable, Sendable, Hashable {
    /// How it is.
    public enum State: String, Codable, Sendable, Hashable { case good, warning, bad }

    /// What was looked at: `libtorch`.
    public var name: String
    public var state: State
    /// What was found: `2.13.0+cpu`.
    public var found: String
    /// How to mend it.
    public var remedy: String?

    /// One line of the report.
    public init(_ name: String, _ state: State, _ found: String, remedy: String? = nil) {
      self.name = name
      self.state = state
      self.found = found
      self.remedy = remedy
    }
  }

  /// In the order of importance.
  public var checks: [Check]
  /// Nothing is `bad`.
  public var isHealthy: Bool { !checks.contains { $0.state == .bad } }

  /// What was found.
  public init(checks: [Check]) { self.checks = checks }
}
