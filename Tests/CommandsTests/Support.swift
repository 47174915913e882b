import Bundles
import Foundation
import MartletCore
import Project
import Registry
import Synchronization

@testable import Commands

/// What one command line did.
struct Outcome {
  let exitCode: Int32
  let output: String
  let notes: String

  /// Standard output as exactly one JSON document.
  func json() throws -> JSONValue { try JSON.decode(JSONValue.self, from: Data(output.utf8), source: "output") }

  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try JSON.decode(type, from: Data(output.utf8), source: "output") }
}

/// Runs a command line in this process.
func martlet(
  _ arguments: String..., engine: (any Engine)? = nil, registry: String? = nil, input: any CommandInput = ScriptedInput(),
  now: Date = Date(), unicode: Bool = true
) async -> Outcome {
  let output = CapturedOutput()
  let all = arguments + (registry.map { ["--registry", $0] } ?? [])
  let code = await Commands.execute(arguments: all, engine: engine, output: output, input: input, now: now, width: 100, unicode: unicode)
  return Outcome(exitCode: code, output: output.output, notes: output.notes)
}

/// A folder that goes when its owner does.
final class Folder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-commands-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ text: String) throws -> String {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
    return path + "/" + name
  }

  /// A project file that is right.
  func project(_ more: String = "") throws -> String {
    try write("martlet.yml", "name: fashion\ntask: image-classification\ndata: {dataset: fashion-mnist}\n" + more)
  }

  var registry: String { path + "/.martlet" }

  /// Registers a small version as a run would.
  @discardableResult
  func register(_ name: String = "fashion", accuracy: Double, seed: UInt64 = 1, aliases: [String] = []) throws -> ModelVersion {
    let writer = try BundleWriter(at: path + "/bundle-" + UUID().uuidString)
    try writer.add(Data("weights \(accuracy) \(seed)".utf8), as: "weights.safetensors")
    try writer.add(json: ["width": JSONValue.int(Int(seed) * 32)], as: "config.json")
    let signature = Signature(
      inputs: [TensorSpec(name: "images", dtype: .float32, shape: [nil, 1, 28, 28])],
      outputs: [TensorSpec(name: "probabilities", dtype: .float32, shape: [nil, 2])])
    var lineage = Lineage()
    lineage.seed = seed
    lineage.data = [Lineage.DataSource(role: "training", digest: String(repeating: "ab", count: 32), items: 54_000, note: "")]
    let bundle = try writer.finish(
      name: name, kind: "image-classifier", signature: signature, labels: ["boot", "shirt"], lineage: lineage,
      metrics: [
        "accuracy": MetricSummary(accuracy, lower: accuracy - 0.005, upper: accuracy + 0.005, level: 0.95, higherIsBetter: true),
        "logLoss": MetricSummary(1 - accuracy, higherIsBetter: false),
      ])
    let registry = try ModelRegistry.open(at: self.registry, create: true, options: RegistryOptions(user: "tester"))
    defer { try? registry.close() }
    return try registry.register(bundle, tags: seed == 1 ? ["first"] : [], aliases: aliases)
  }
}

/// Lines that are there already; Ctrl-C comes when the test says so.
final class ScriptedInput: CommandInput {
  let isInteractive: Bool
  private let lines: Mutex<[String]>
  private let watchers = Mutex<[AsyncStream<Void>.Continuation]>([])

  init(_ lines: [String] = [], isInteractive: Bool = false) {
    self.lines = Mutex(lines)
    self.isInteractive = isInteractive
  }

  func readLine() async -> String? { lines.withLock { $0.isEmpty ? nil : $0.removeFirst() } }

  func readAll() async throws -> String {
    lines.withLock { lines in
      defer { lines = [] }
      return lines.map { $0 + "\n" }.joined()
    }
  }

  func interrupts() -> AsyncStream<Void> {
    AsyncStream { continuation in watchers.withLock { $0.append(continuation) } }
  }

  func interrupt() { for watcher in watchers.withLock({ $0 }) { watcher.yield() } }
}

/// An engine that remembers what it was asked and answers with fixed values.
final class ScriptedEngine: Engine {
  struct Asked: Sendable {
    var run: RunRequest?
    var train: TrainRequest?
    var evaluate: EvaluateRequest?
    var predict: PredictRequest?
    var serve: ServeRequest?
    var preview: PreviewRequest?
    var stream: StreamRequest?
    var initialize: InitRequest?
    var check: DataCheckRequest?
    var profile: DataProfileRequest?
    var doctor: DoctorRequest?
    var importing: ImportRequest?
    var loading: LanguageModelRequest?
  }

  private let state = Mutex(Asked())
  let accuracy: Double
  let failure: (any Error & Sendable)?
  let interrupted: Bool
  /// Rows of a table of which only some are shown.
  let rows: Int?
  let model: LoadedLanguageModel

  init(
    accuracy: Double = 0.92, failure: (any Error & Sendable)? = nil, interrupted: Bool = false, rows: Int? = nil,
    model: LoadedLanguageModel = LoadedLanguageModel(name: "echo", version: 2)
  ) {
    self.model = model
    self.accuracy = accuracy
    self.failure = failure
    self.interrupted = interrupted
    self.rows = rows
  }

  var asked: Asked { state.withLock { $0 } }

  private var metrics: [String: MetricSummary] {
    ["accuracy": MetricSummary(accuracy, lower: accuracy - 0.01, upper: accuracy + 0.01, level: 0.95, higherIsBetter: true)]
  }

  private var training: TrainSummary {
    TrainSummary(
      run: "runs/1", epochs: 5, steps: 2110, parameters: 421_642, last: ["train/loss": 0.21], weights: nil, interrupted: interrupted,
      seconds: 75.4)
  }

  private func check() throws { if let failure { throw failure } }

  func run(_ request: RunRequest) async throws -> RunSummary {
    try check()
    state.withLock { $0.run = request }
    let gates = Gate.check(request.project.project.require, metrics: metrics)
    let isRegistered = !interrupted && gates.allSatisfy(\.passed)
    var summary = RunSummary(
      name: request.project.project.name, version: isRegistered ? 1 : nil, metrics: metrics, gates: gates, training: training,
      report: "runs/1/report.html", seconds: 80.2)
    if !request.aliases.isEmpty, !request.project.project.gates.isEmpty {
      let said = """
        [{"gate": {"subject": "metric", "name": "accuracy", "atLeast": 0.99, "usesValue": false}, "passed": false,
          "text": "accuracy is at least 0.91; at least 0.99 is required"}]
        """
      summary.aliasGates = try JSON.decode([GateVerdict].self, from: Data(said.utf8), source: "a gate")
    }
    return summary
  }

  func train(_ request: TrainRequest) async throws -> TrainSummary {
    try check()
    state.withLock { $0.train = request }
    return training
  }

  func evaluate(_ request: EvaluateRequest) async throws -> EvaluationSummary {
    try check()
    state.withLock { $0.evaluate = request }
    return EvaluationSummary(
      name: "fashion", version: 2, metrics: metrics,
      gates: Gate.check(request.project.project.require, metrics: metrics), items: 10_000, report: nil, seconds: 3)
  }

  func initialize(_ request: InitRequest) async throws -> InitSummary {
    try check()
    state.withLock { $0.initialize = request }
    return InitSummary(
      project: "martlet.yml", schema: "data-schema.json", task: "classification", rows: 7, columns: 3, remarks: ["id is left out"])
  }

  func predict(_ request: PredictRequest) async throws -> PredictionSummary {
    try check()
    state.withLock { $0.predict = request }
    let answers = request.inputs.map { input -> PredictionSummary.Answer in
      switch (input as NSString).pathExtension {
      case "txt": .init(input: input, error: "\(input): not a picture")
      case "conll": .init(input: input, text: "Ann (PER)", answer: ["tags": ["B-PER", "O"]])
      case "md": .init(input: input, labels: ["red", "blue"], probabilities: ["red": 0.9, "blue": 0.6, "green": 0.1])
      case "log": .init(input: input, labels: [], probabilities: ["red": 0.2])
      default: .init(input: input, prediction: 0, label: "boot", probabilities: ["boot": 0.75, "shirt": 0.25])
      }
    }
    var summary = PredictionSummary(model: "fashion", version: 2, predictions: answers)
    summary.rows = rows
    return summary
  }

  func serve(_ request: ServeRequest) async throws -> ServeSummary {
    try check()
    state.withLock { $0.serve = request }
    return ServeSummary(models: request.references, host: request.host, port: request.port, requests: 1, seconds: 3661)
  }

  func stream(_ request: StreamRequest) async throws -> StreamSummary {
    try check()
    state.withLock { $0.stream = request }
    return StreamSummary(model: "fashion@2", consumed: 1203, answered: 1200, dead: 2, duplicates: 1, retries: 4, lag: 0, seconds: 12)
  }

  func preview(_ request: PreviewRequest) async throws -> PreviewSummary {
    try check()
    state.withLock { $0.preview = request }
    return PreviewSummary(output: request.output, shown: request.count, classes: ["boot": 5, "shirt": 7], size: [28, 28], channels: 1)
  }

  func checkData(_ request: DataCheckRequest) async throws -> DataCheckSummary {
    try check()
    state.withLock { $0.check = request }
    let violations = [
      DataCheckSummary.Violation(
        severity: accuracy > 0.5 ? "warning" : "error", rule: "range", column: "age", expected: "0 to 120", found: "2 of 9 rows", rows: 2,
        firstRows: [3, 7], values: ["900", "-1"])
    ]
    return DataCheckSummary(
      inputs: request.inputs, schema: request.schema, updated: request.update, rows: 9, columns: 2,
      violations: request.update || accuracy == 1 ? [] : violations, notes: [], report: request.report, seconds: 0.1)
  }

  func profileData(_ request: DataProfileRequest) async throws -> DataProfileSummary {
    try check()
    state.withLock { $0.profile = request }
    return DataProfileSummary(
      inputs: request.inputs, rows: 9,
      columns: [.init(name: "age", type: "int64", missingRate: 0.25, distinct: 7, shape: [1, 2, 3], values: "1 to 9, median 4")],
      findings: [.init(severity: "important", text: "'age' knows the answer.", advice: "Leave it out.")], notes: [], report: request.report,
      profile: ["rows": 9], seconds: 1.5)
  }

  func importModel(_ request: ImportRequest) async throws -> ImportSummary {
    try check()
    state.withLock { $0.importing = request }
    return ImportSummary(
      name: request.name ?? "smollm2", version: 1, kind: "language-model", architecture: "llama", parameters: 134_515_008,
      precision: "Q4_1",
      contextLength: 8192, vocabulary: 49_152, bytes: 97_000_000, notes: ["the chat template is ChatML"], seconds: 1.5)
  }

  func loadLanguageModel(_ request: LanguageModelRequest) async throws -> LoadedLanguageModel {
    try check()
    state.withLock { $0.loading = request }
    return model
  }

  func doctor(_ request: DoctorRequest) async throws -> DoctorReport {
    try check()
    state.withLock { $0.doctor = request }
    return DoctorReport(checks: [
      .init("libtorch", .good, "2.13.0+cpu"), .init("GPU", .warning, "none"),
      .init("registry", accuracy > 0.5 ? .good : .bad, "writable", remedy: accuracy > 0.5 ? nil : "chmod u+w"),
    ])
  }
}
