import Foundation
import MartletCore
public import NN
import Torch

extension Module {
  /// Freezes everything and puts a low-rank adapter beside the linear layers that the settings name.
  ///
  /// ```swift
  /// try model.addLoRA(LoRASettings(rank: 8, targets: ["query", "value"], trained: ["classifier"]))
  /// ```
  /// - Returns: the paths of the layers that got one.
  /// - Throws: `ModelError` for settings that no layer fits or a layer that has an adapter already; the module is then as it was.
  @discardableResult
  public final func addLoRA(_ settings: LoRASettings) throws -> [String] {
    try settings.validate()
    let layers = namedModules().compactMap { path, module in (module as? any AdaptableLayer).map { (path: path, layer: $0) } }
    func isTrained(_ path: String) -> Bool { settings.trained.contains { path == $0 || path.hasPrefix($0 + ".") } }
    let chosen = layers.filter { path, _ in
      !isTrained(path) && (settings.targets == ["all-linear"] ? !Self.isHead(path) : settings.covers(path))
    }
    guard !chosen.isEmpty else {
      throw ModelError(
        "no linear layer is called \(settings.targets.joined(separator: " or "))",
        expected: Set(layers.map { $0.path.split(separator: ".").last.map(String.init) ?? "" }).sorted().joined(separator: ", "))
    }
    if let taken = chosen.first(where: { $0.layer.adapter != nil }) {
      throw ModelError("'\(taken.path)' has an adapter already", remedy: "removeAdapters()")
    }
    let known = Set(namedModules().map(\.path))
    if let unknown = settings.trained.first(where: { !known.contains($0) }) {
      throw ModelError(
        "there is no part '\(unknown)' to be trained", expected: "a path", remedy: NearestName.of(unknown, among: known).map { "'\($0)'" })
    }
    let adapters = try chosen.map { try LoRA(settings, for: $0.layer) }
    freeze()
    for (entry, adapter) in zip(chosen, adapters) {
      adapter.setTraining(isTraining)
      entry.layer.adapter = adapter
    }
    for (name, parameter) in namedParameters() where isTrained(name) { parameter.requiresGrad = true }
    return chosen.map(\.path)
  }

  /// The layers that have a low-rank adapter, with their paths.
  public final var adapted: [(path: String, layer: any AdaptableLayer, adapter: LoRA)] {
    namedModules().compactMap { path, module in
      guard let layer = module as? any AdaptableLayer, let adapter = layer.adapter as? LoRA else { return nil }
      return (path, layer, adapter)
    }
  }

  /// Adds the adapters' shares to the weights: the model then costs no more than one without adapters.
  /// - Throws: `ModelError` where weights were rounded.
  public final func mergeAdapters() throws {
    for (_, layer, adapter) in adapted { try adapter.merge(into: layer) }
  }

  /// Undoes ``mergeAdapters()``: the weights are, bit by bit, what they were.
  public final func unmergeAdapters() throws {
    for (_, layer, adapter) in adapted { try adapter.unmerge(from: layer) }
  }

  /// Takes the adapters off. What was merged stays in the weights; everything learns again.
  public final func removeAdapters() {
    for (_, layer, _) in adapted { layer.adapter = nil }
    unfreeze()
  }

  /// Writes `adapter_config.json` and `adapter_model.safetensors`, as PEFT reads them: the adapters and what else was trained, no more.
  /// - Throws: `ModelError` where there are no adapters; what the disk says.
  public final func saveAdapters(to folder: String) throws {
    guard let settings = adapted.first?.adapter.settings else { throw ModelError("there are no adapters to save", remedy: "addLoRA") }
    var entries: [(name: String, tensor: Tensor)] = []
    for (name, tensor) in try state().entries
    where name.contains(".lora_") || settings.trained.contains(where: { name.hasPrefix($0 + ".") }) {
      entries.append((LoRAFile.prefix + name, try tensor.contiguous()))
    }
    let isTransposed = adapted.contains { $0.layer.hasTransposedWeight }
    let task = (self as? LanguageModel).flatMap { LoRAFile.task($0.task) }
    let values = try LoRAFile.values(settings, targets: adapted.map(\.path), isTransposed: isTransposed, task: task)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try AtomicFile.write(JSON.encode(values), to: folder + "/adapter_config.json")
    try Safetensors.write(entries, metadata: ["format": "pt"], to: folder + "/adapter_model.safetensors")
  }

  /// Puts the adapters of a folder on the model, as ``saveAdapters(to:)`` or PEFT wrote them; on a ``LanguageModel`` the prefixes of PEFT's
  /// prefix tuning, too.
  /// - Parameter quantization: how the resting weights are kept beside low-rank adapters.
  /// - Throws: `ModelError` for settings that are not known and names that do not fit.
  public final func loadAdapters(from folder: String, quantization: WeightQuantization? = nil) throws {
    let reader = try ConfigurationReader(path: folder + "/adapter_config.json")
    if let model = self as? LanguageModel, try reader.string("peft_type") == PrefixFile.kind {
      guard quantization == nil else { throw ModelError("\(reader.source): prefixes beside rounded weights", expected: "whole weights") }
      return try model.loadPrefixes(reader, from: folder)
    }
    var settings = try LoRAFile.settings(reader)
    settings.quantization = quantization
    // PEFT names every head that there could be.
    let parts = Set(namedModules().map(\.path))
    settings.trained = settings.trained.filter(parts.contains)
    let path = folder + "/adapter_model.safetensors"
    let file = try SafetensorsFile(path: path)
    let state = StateDictionary(
      try file.all().map { ($0.name.hasPrefix(LoRAFile.prefix) ? String($0.name.dropFirst(LoRAFile.prefix.count)) : $0.name, $0.tensor) })
    try addLoRA(settings)
    let wanted = Set(
      try self.state().names.filter { name in name.contains(".lora_") || settings.trained.contains { name.hasPrefix($0 + ".") } })
    do {
      try load(adapters: state, wanted: wanted, source: path)
    } catch {
      removeAdapters()
      throw error
    }
  }

  /// Loads what a file of adapters holds, if that is what the model wants of it.
  final func load(adapters state: StateDictionary, wanted: Set<String>, source: String) throws {
    let missing = wanted.subtracting(state.names).sorted(), unknown = Set(state.names).subtracting(wanted).sorted()
    guard missing.isEmpty, unknown.isEmpty else {
      throw ModelError(
        "\(source) does not fit the model (missing: \(missing.prefix(4).joined(separator: ", ")); unknown: "
          + "\(unknown.prefix(4).joined(separator: ", ")))", expected: "adapters for the layers that adapter_config.json names")
    }
    try load(state, strict: false, convertingTypes: true, source: source)
  }

  private static func isHead(_ path: String) -> Bool {
    let heads = ["lm_head", "classifier", "pre_classifier", "score", "qa_outputs", "vocab_projector", "vocab_transform", "cls"]
    return heads.contains { path == $0 || path.hasPrefix($0 + ".") }
  }
}

/// The words of PEFT's files.
enum LoRAFile {
  static let prefix = "base_model.model."

  static func task(_ task: LanguageTask) -> String? {
    switch task {
    case .classification: "SEQ_CLS"
    case .tokenClassification: "TOKEN_CLS"
    case .questionAnswering: "QUESTION_ANS"
    case .causalLanguageModel: "CAUSAL_LM"
    case .sequenceToSequence: "SEQ_2_SEQ_LM"
    case .hiddenStates, .embedding: "FEATURE_EXTRACTION"
    case .maskedLanguageModel: nil
    }
  }

  static func values(_ settings: LoRASettings, targets: [String], isTransposed: Bool, task: String?) throws -> JSONValue {
    [
      "peft_type": "LORA", "r": .int(settings.rank), "lora_alpha": .double(settings.alpha), "lora_dropout": .double(settings.dropout),
      "target_modules": .array(targets.map { .string($0) }), "bias": "none", "fan_in_fan_out": .bool(isTransposed),
      "modules_to_save": settings.trained.isEmpty ? .null : .array(settings.trained.map { .string($0) }),
      "use_rslora": .bool(settings.isRankStabilized), "task_type": task.map { .string($0) } ?? .null, "inference_mode": true,
    ]
  }

  static func settings(_ reader: ConfigurationReader) throws(ModelError) -> LoRASettings {
    let kind = try reader.string("peft_type")
    guard kind == "LORA" else {
      throw ModelError("\(reader.source): adapters of kind '\(kind)'", expected: "'LORA', or '\(PrefixFile.kind)' on a language model")
    }
    let bias = try reader.string("bias", "none")
    guard bias == "none" else { throw ModelError("\(reader.source): trained biases ('\(bias)')", expected: "'none'") }
    for key in ["use_dora", "use_qalora", "lora_bias"] where try reader.bool(key, false) {
      throw ModelError("\(reader.source): '\(key)' is true", expected: "plain adapters")
    }
    for key in ["rank_pattern", "alpha_pattern"] where !(reader.value(key)?.objectValue?.isEmpty ?? true) {
      throw ModelError("\(reader.source): '\(key)' gives layers ranks of their own", expected: "one rank for all")
    }
    let single = reader.value("target_modules")?.stringValue
    let list = try single == nil ? reader.strings("target_modules") : nil
    let targets = single.map { [$0] } ?? list ?? []
    return LoRASettings(
      rank: try reader.int("r", in: 1...65_536), alpha: try reader.double("lora_alpha", 8), dropout: try reader.double("lora_dropout", 0),
      targets: targets, trained: try reader.strings("modules_to_save") ?? [], isRankStabilized: try reader.bool("use_rslora", false))
  }
}
