import Foundation
import MartletCore
public import NN
import Torch

/// A saved moment of a run: a folder with `weights.safetensors` (the model), `state.safetensors` (optimizer, handlers, random state) and
/// `trainer.json` (everything else).
public struct Checkpoint: Sendable {
  /// The checkpoint's own folder.
  public let path: String
  let manifest: CheckpointManifest

  static let weightsName = "weights.safetensors"
  static let stateName = "state.safetensors"
  static let manifestName = "trainer.json"
  static let lastName = "last"
  static let bestName = "best"

  /// Reads a checkpoint's folder, or the newest checkpoint in a folder of checkpoints.
  /// - Throws: `FileError` saying what is missing or damaged.
  public init(at path: String) throws {
    let candidates = [path, path + "/" + Self.lastName]
    guard let folder = candidates.first(where: { FileManager.default.fileExists(atPath: $0 + "/" + Self.manifestName) }) else {
      throw FileError(
        path: path, problem: "is no checkpoint", expected: "a folder with \(Self.manifestName), or one with '\(Self.lastName)' in it")
    }
    // The link may move on while this checkpoint is in use.
    self.path = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
    let source = self.path + "/" + Self.manifestName
    guard let data = FileManager.default.contents(atPath: source) else { throw FileError(path: source, problem: "cannot be read") }
    manifest = try JSON.decode(CheckpointManifest.self, from: data, source: source)
    guard manifest.format == CheckpointManifest.currentFormat else {
      throw FileError(
        path: source, problem: "has format \(manifest.format)", expected: "format \(CheckpointManifest.currentFormat)",
        remedy: "the version of Martlet that wrote it (\(manifest.martlet))")
    }
  }

  /// Optimizer steps done.
  public var step: Int { manifest.step }
  /// The batch that comes next.
  public var position: LoaderPosition { manifest.position }
  /// The newest value of every metric.
  public var metrics: [String: Double] { manifest.latest }
  /// The model's weights.
  public var weightsPath: String { path + "/" + Self.weightsName }

  /// Loads the weights alone.
  /// - Throws: `StateError` if they do not fit the model.
  public func loadWeights(into model: Module) throws { try model.load(from: weightsPath) }

  /// Puts a run back to the saved moment.
  /// - Parameter changes: what the run may do otherwise.
  func restore(_ run: TrainingRun, accepting changes: ResumeChanges) throws {
    guard manifest.step >= 0, manifest.epoch >= 0, manifest.position.epoch >= 0, manifest.position.batch >= 0 else {
      throw StateMismatch(
        "the checkpoint \(path) says step \(manifest.step), epoch \(manifest.position.epoch), batch \(manifest.position.batch)",
        expected: "numbers of 0 or more", remedy: "an undamaged checkpoint")
    }
    try check("seed", "\(manifest.seed)", "\(run.seed)", remedy: "Trainer(…, seed: \(manifest.seed))")
    try check("items", "\(manifest.plan.items)", "\(run.plan.items)", remedy: "the same training data")
    try check("batch size", "\(manifest.plan.batchSize)", "\(run.plan.batchSize)", remedy: "the same DataLoader settings")
    try check("order", manifest.plan.sampler, run.plan.sampler, remedy: "the same DataLoader settings")
    try check("dropLast", "\(manifest.plan.dropsLast)", "\(run.plan.dropsLast)", remedy: "the same DataLoader settings")

    let settings = manifest.settings ?? RunSettings()
    try check("accumulate", "\(settings.accumulate)", "\(run.settings.accumulate)", remedy: "the same TrainerOptions")
    try check("precision", "\(settings.precision)", "\(run.settings.precision)", remedy: "the same TrainerOptions")
    try check("averaging", Self.name(settings.averaging), Self.name(run.settings.averaging), remedy: "the same TrainerOptions")

    try check(run, accepting: changes)

    let file = try SafetensorsFile(path: path + "/" + Self.stateName)
    var averages: [String: Tensor] = [:]
    var random: Tensor?
    var optimizer: [(name: String, tensor: Tensor)] = []
    var handlers = manifest.handlers.mapValues { SavedState(values: $0) }
    for (name, tensor) in try file.all() {
      let parts = name.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
      if name == TensorNames.random {
        random = tensor
      } else if parts.count >= 2, parts[0] == TensorNames.average {
        averages[parts[1...].joined(separator: "/")] = tensor
      } else if parts.count >= 2, parts[0] == TensorNames.optimizer {
        optimizer.append((name: parts[1...].joined(separator: "/"), tensor: tensor))
      } else if parts.count == 3, parts[0] == TensorNames.handler {
        handlers[parts[1]]?.tensors.append((name: parts[2], tensor: tensor))
      }
    }
    try loadWeights(into: run.model)
    if let updates = manifest.averageUpdates, let average = run.average {
      try average.load(averages, updates: updates)
      // The file of weights holds what validation measures; training goes on with the others.
      if run.isAverageValidated { try average.exchange() }
    }
    if let scaler = run.scaler, let state = manifest.scaler { try scaler.load(state) }
    if !changes.contains(.optimizer) {
      try run.optimizer.load(SavedState(values: manifest.optimizer, tensors: optimizer))
    } else if let settings = run.description?.optimizer, let values = RunDescription.adopting(settings, in: manifest.optimizer) {
      try run.optimizer.load(SavedState(values: values, tensors: optimizer))
    }
    try run.restoreHandlers(handlers, mayDiffer: changes.contains(.handlers))
    if let random { try RandomState.restore(random.clone()) }
    run.step = manifest.step
    run.position = manifest.position
    run.epoch = manifest.epoch
    run.sums = manifest.sums
    run.latest = manifest.latest
    try run.restore(history: manifest.history)
    run.lastCheckpoint = path
    run.isResumed = true
  }

  /// Compares what the run does with what the saved one did.
  private func check(_ run: TrainingRun, accepting changes: ResumeChanges) throws {
    guard let saved = manifest.run, let now = run.description else { return }
    let differences = saved.differences(to: now, schedule: run.schedule, steps: run.totalSteps).filter { !changes.contains($0.kind) }
    guard !differences.isEmpty else { return }
    let kinds = differences.reduce(into: ResumeChanges()) { $0.formUnion($1.kind) }.union(changes)
    throw StateMismatch(
      "this run is not the one that the checkpoint \(path) was saved from: \(differences.map(\.text).joined(separator: "; "))",
      expected: "the same settings as then", remedy: "fit(…, resumingFrom: …, accepting: \(kinds.spelling)) if that is meant")
  }

  private static func name(_ averaging: Averaging?) -> String { averaging.map { "\($0)" } ?? "none" }

  private func check(_ name: String, _ saved: String, _ now: String, remedy: String) throws {
    guard saved == now else {
      throw StateMismatch(
        "the checkpoint \(path) was saved with \(name) \(saved), this run has \(now)", expected: "\(name) \(saved)", remedy: remedy)
    }
  }

  /// Writes the run's present moment into an existing, empty folder.
  static func write(_ run: TrainingRun, to folder: String, _ storage: any CheckpointStorage) throws {
    let optimizer = try run.optimizer.state()
    let handlers = try run.handlerStates()
    var tensors = [(name: TensorNames.random, tensor: try RandomState.save())]
    for (name, tensor) in optimizer.tensors { tensors.append(("\(TensorNames.optimizer)/\(name)", tensor)) }
    let state = try run.validatedState()
    if let average = run.average, average.updates > 0 {
      // The other copy: the weights that are trained where the average is validated, the average where it is not.
      let plain = run.isAverageValidated ? try run.model.membersByName() : [:]
      for (name, tensor) in average.values { tensors.append(("\(TensorNames.average)/\(name)", plain[name] ?? tensor)) }
    }
    for (handler, state) in handlers {
      for (name, tensor) in state.tensors { tensors.append(("\(TensorNames.handler)/\(handler)/\(name)", tensor)) }
    }
    let manifest = CheckpointManifest(
      step: run.step, position: run.position, epoch: run.epoch, epochs: run.epochs, seed: run.seed, plan: run.plan, sums: run.sums,
      latest: run.latest, history: run.history, optimizer: optimizer.values,
      handlers: Dictionary(handlers.map { ($0.name, $0.state.values) }, uniquingKeysWith: { first, _ in first }),
      settings: run.settings, run: run.description, scaler: try run.scaler?.state(),
      averageUpdates: run.average.flatMap { $0.updates > 0 ? $0.updates : nil })
    try storage.write(state.entries, to: folder + "/" + weightsName)
    try storage.write(tensors, to: folder + "/" + stateName)
    try storage.write(try JSON.encode(manifest), to: folder + "/" + manifestName)
  }
}

/// How tensors are called in `state.safetensors`.
private enum TensorNames {
  static let random = "random"
  static let optimizer = "optimizer"
  static let handler = "handler"
  static let average = "average"
}

/// The contents of `trainer.json`.
struct CheckpointManifest: Codable, Sendable {
  static let currentFormat = 1

  var format = CheckpointManifest.currentFormat
  var martlet = MartletVersion.current
  let step: Int
  let position: LoaderPosition
  let epoch: Int
  let epochs: Int
  let seed: UInt64
  let plan: LoaderPlan
  let sums: EpochSums
  let latest: [String: Double]
  let history: [MetricRecord]
  let optimizer: JSONValue
  let handlers: [String: JSONValue]
  /// Missing in checkpoints of versions that had none of these.
  var settings: RunSettings?
  var run: RunDescription?
  var scaler: JSONValue?
  var averageUpdates: Int?
}

extension Module {
  /// Parameters and buffers, each once, by name; persistent or not.
  func membersByName() throws(TorchError) -> [String: Tensor] {
    var members: [String: Tensor] = [:]
    for (name, parameter) in namedParameters() { members[name] = try parameter.value.detach() }
    for (name, buffer) in namedBuffers() { members[name] = try buffer.value }
    return members
  }
}
