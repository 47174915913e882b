import Foundation
public import MartletCore
import NN
import Torch

/// Makes language models: from folders as Hugging Face has them, or new ones from a configuration.
public enum LanguageModels {
  /// The values of `model_type` that are known.
  public static var types: [String] { LanguageArchitecture.allCases.map(\.rawValue) }

  /// Loads a model: `config.json` and `model.safetensors` (in one file or several, or `pytorch_model.bin`), with `modules.json` of
  /// sentence-transformers where it is there.
  /// - Parameters:
  ///   - folder: holds the files.
  ///   - task: what the model is asked to do. If `nil`, what it was made for: an embedding where there is a `modules.json`, else what
  ///     `architectures` in the configuration says. A head that the files lack is made new; it is an error where no task was named.
  ///   - settings: keys of `config.json` with other values, such as `["attention_probs_dropout_prob": 0]`.
  ///   - dtype: the type of the weights; half-precision files are converted.
  /// - Returns: the model, in evaluation mode; ``LanguageModel/loading`` says what was new.
  /// - Throws: `ModelError` for types and settings that are not known and weights that do not fit, by name; `FileError` for damaged files.
  public static func load(
    folder: String, task: LanguageTask? = nil, settings: [String: JSONValue] = [:], dtype: DType = .float32
  ) throws -> LanguageModel {
    let sentence = try SentenceFolder(folder)
    let reader = try configuration(ConfigurationReader(path: sentence.body + "/config.json"), settings)
    let architecture = try LanguageArchitecture(reader)
    let usual: LanguageTask? =
      try sentence.isThere ? LanguageTask.embedding(sentence.settings) : task == nil ? self.task(reader) : nil
    var wanted = task ?? usual ?? .hiddenStates
    // Asked for an embedding of the usual kind the folder says which one that is.
    if wanted == .embedding(), sentence.isThere { wanted = .embedding(sentence.settings) }
    let dense = if case .embedding = wanted { sentence.dense } else { [(layer: EmbeddingHead.Dense, folder: String)]() }
    let (body, head) = try architecture.parts(reader, wanted, dense: dense.map(\.layer))
    let model = LanguageModel(architecture, wanted, reader.values, body: body, head: head)
    try initialize(model, body: false)
    let (weights, path) = try LanguageWeights.read(folder: sentence.body)
    var aside = StateDictionary()
    for (index, entry) in dense.enumerated() {
      for (name, tensor) in try LanguageWeights.read(folder: entry.folder).state.entries { aside["dense.\(index).\(name)"] = tensor }
    }
    model.loading = try LanguageWeights.load(weights, into: model, needsHead: task == nil, source: path, aside: aside)
    if dtype != .float32 { try model.to(dtype) }
    model.eval()
    return model
  }

  /// A model with new weights, to be trained from scratch: normal with the configuration's deviation, as in transformers.
  /// - Parameters:
  ///   - configuration: what `config.json` would say; `model_type` at least.
  ///   - task: what the model is asked to do.
  /// - Throws: `ModelError` for types and settings that are not known, `TorchError` if a parameter cannot be made.
  public static func make(_ configuration: JSONValue, task: LanguageTask) throws -> LanguageModel {
    let reader = try ConfigurationReader(configuration, source: "the configuration")
    let architecture = try LanguageArchitecture(reader)
    let (body, head) = try architecture.parts(reader, task, dense: [])
    let model = LanguageModel(architecture, task, configuration, body: body, head: head)
    try initialize(model, body: true)
    return model
  }

  /// A new head on a model's body.
  static func head(_ task: LanguageTask, on base: LanguageModel) throws -> LanguageModel {
    let reader = try ConfigurationReader(base.configuration, source: "the configuration")
    let (_, head) = try base.architecture.parts(reader, task, dense: [])
    let model = LanguageModel(base.architecture, task, base.configuration, body: base.body, head: head)
    try initialize(model, body: false)
    return model
  }

  private static func configuration(
    _ reader: ConfigurationReader, _ settings: [String: JSONValue]
  ) throws(ModelError) -> ConfigurationReader {
    guard !settings.isEmpty, let values = reader.values.objectValue else { return reader }
    return try ConfigurationReader(.object(values.merging(settings) { _, new in new }), source: reader.source)
  }

  /// What the configuration says the model was made for.
  private static func task(_ reader: ConfigurationReader) throws(ModelError) -> LanguageTask {
    let count = try reader.int("num_labels", 2)
    let labels = reader.value("id2label")?.objectValue?.count ?? count
    guard let name = try reader.strings("architectures")?.first else { return .hiddenStates }
    guard let task = LanguageTask(architecture: name, labels: labels) else {
      throw ModelError("\(reader.source): the architecture '\(name)' is not known", remedy: "name the task")
    }
    return task
  }

  /// Gives tables and maps normal values, vectors that are added zeros.
  private static func initialize(_ model: LanguageModel, body: Bool) throws {
    let key = ["initializer_range", "init_std", "initializer_factor"].first { model.configuration[$0] != nil } ?? ""
    let deviation = key == "initializer_factor" ? 0.02 : model.configuration[key]?.doubleValue ?? 0.02
    let bodies = Set(body ? [] : model.body.parameters().map(ObjectIdentifier.init))
    for (name, parameter) in model.namedParameters() where !bodies.contains(ObjectIdentifier(parameter)) {
      if parameter.shape.count >= 2 {
        try parameter.initialize(.normal(std: deviation))
      } else if name.hasSuffix("bias") {
        try parameter.initialize(.zeros)
      }
    }
    guard body, let padding = model.body.padding, model.architecture != .t5, model.architecture != .mt5 else { return }
    try withoutGrad { try model.body.tokenTable.weight.value.detach().select(dim: 0, index: padding).fill_(0) }
  }
}

extension LanguageModel {
  /// Writes `config.json` and `model.safetensors`, which ``LanguageModels/load(folder:task:settings:dtype:)`` and transformers read.
  ///
  /// Adapters are left out; merge them first, or save them on their own.
  /// - Throws: what the disk says.
  public func save(to folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var values = configuration.objectValue ?? [:]
    values["architectures"] = .array([.string(architecture.className + task.architecture(of: architecture))])
    if let count = task.labels {
      let names = labels
      values["id2label"] = .object(Dictionary(uniqueKeysWithValues: names.enumerated().map { ("\($0)", .string($1)) }))
      values["label2id"] = .object(Dictionary(names.enumerated().map { ($1, .int($0)) }, uniquingKeysWith: { first, _ in first }))
      values["num_labels"] = .int(count)
    }
    var ties = Set<String>()
    let bodyPrefix = prefix.isEmpty ? "" : prefix + "."
    for tie in architecture.bodyTies + head.ties {
      let (name, same) = (full(tie.name, bodyPrefix), full(tie.same, bodyPrefix))
      if let first = try state()[name], let second = try state()[same], try first.equal(second) { ties.insert(name) }
    }
    let entries = try state().entries.filter { !ties.contains($0.name) && !$0.name.contains(".lora_") }
    try AtomicFile.write(JSON.encode(JSONValue.object(values)), to: folder + "/config.json")
    try Safetensors.write(
      entries.map { (name: $0.name, tensor: try $0.tensor.contiguous()) }, metadata: ["format": "pt"], to: folder + "/model.safetensors")
  }

  private func full(_ name: String, _ bodyPrefix: String) -> String { name.hasPrefix(".") ? bodyPrefix + name.dropFirst() : name }
}
