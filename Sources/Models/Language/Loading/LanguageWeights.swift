import Foundation
import MartletCore
import NN
import Torch

/// The files of a folder that hold weights, and how their names meet a model's.
enum LanguageWeights {
  /// File names in the order in which they are looked for.
  private static let files = ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin"]

  /// The weights of a folder.
  /// - Throws: `FileError` where there are none or the file is damaged.
  static func read(folder: String) throws -> (state: StateDictionary, path: String) {
    for name in files {
      let path = folder + "/" + name
      if FileManager.default.fileExists(atPath: path) { return (try WeightFile.state(at: path), path) }
    }
    let found = (try? FileManager.default.contentsOfDirectory(atPath: folder))?.sorted().prefix(12).joined(separator: ", ")
    throw FileError(
      path: folder, problem: "has no weights" + (found.map { " among \($0)" } ?? ""), expected: files.joined(separator: ", "))
  }

  /// Names that models of others carry and that say nothing: tables that are computed, and other heads.
  private static func isSpare(_ name: String) -> Bool {
    let tables = [
      "embeddings.position_ids", "embeddings.token_type_ids", "rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias",
      "embed_positions.weight", "EncDecAttention.relative_attention_bias.weight",
    ]
    let heads = [
      "pooler.", "cls.", "lm_head.", "classifier.", "pre_classifier.", "qa_outputs.", "score.", "vocab_transform.", "vocab_layer_norm.",
      "vocab_projector.", "final_logits_bias",
    ]
    return tables.contains(where: name.hasSuffix) || heads.contains(where: name.hasPrefix)
  }

  /// Loads a state into a model.
  /// - Parameters:
  ///   - needsHead: whether a head that the state lacks is an error.
  ///   - dense: names of linear maps behind the pooling, which have files of their own.
  /// - Throws: `ModelError` that names what is missing, unknown or of another shape. The model is then as it was.
  static func load(
    _ weights: StateDictionary, into model: LanguageModel, needsHead: Bool, source: String, aside: StateDictionary = StateDictionary()
  ) throws -> LanguageLoadReport {
    let own = try model.state()
    let bodyPrefix = model.prefix.isEmpty ? "" : model.prefix + "."
    let bodyNames = Set(try model.body.state().names)
    var found = StateDictionary()
    var spare: [String] = []
    var unknown: [String] = []
    for (name, tensor) in clean(weights) + aside.entries.map({ ($0.name, $0.tensor) }) {
      let inner = bodyName(name, model.architecture)
      if bodyNames.contains(inner) {
        found[bodyPrefix + inner] = tensor
      } else if own[name] != nil {
        found[name] = tensor
      } else if isSpare(inner) || isSpare(name) {
        spare.append(name)
      } else {
        unknown.append(name)
      }
    }
    try tie(&found, model, bodyPrefix)
    let missing = own.names.filter { found[$0] == nil }
    let isNewHead = missing.allSatisfy { !$0.hasPrefix(bodyPrefix) || !bodyNames.contains(String($0.dropFirst(bodyPrefix.count))) }
    let headNames = own.names.filter { name in
      !(name.hasPrefix(bodyPrefix) && bodyNames.contains(String(name.dropFirst(bodyPrefix.count))))
    }
    let wrong = own.entries.filter { entry in
      guard let tensor = found[entry.name] else { return false }
      return tensor.shape != entry.tensor.shape || !tensor.dtype.isFloatingPoint
    }
    // A trained pooler that another task left out of its file is new with the head it serves.
    let isPooler = { (name: String) in name.hasPrefix(bodyPrefix + "pooler.") }
    let isNew = isNewHead || missing.allSatisfy { isPooler($0) || headNames.contains($0) }
    let isWholeHead = headNames.isEmpty || headNames.allSatisfy(Set(missing).contains) || missing.allSatisfy(isPooler)
    let isAcceptable = missing.isEmpty || (!needsHead && isNew && isWholeHead)
    guard wrong.isEmpty, unknown.isEmpty, isAcceptable, found.count > 0 else {
      throw misfit(model, source, missing: missing, unknown: unknown, wrong: wrong.map { ($0.name, found[$0.name], $0.tensor) })
    }
    try model.load(found, strict: false, convertingTypes: true, source: source)
    return LanguageLoadReport(source: source, loaded: found.count, new: missing, unused: spare)
  }

  /// Names without what wrapping modules put before them, norms under their names of today.
  private static func clean(_ weights: StateDictionary) -> [(String, Tensor)] {
    var entries = weights.entries.map { ($0.name, $0.tensor) }
    for prefix in ["module.", "_orig_mod.", "0.auto_model.", "auto_model."] where entries.allSatisfy({ $0.0.hasPrefix(prefix) }) {
      entries = entries.map { (String($0.0.dropFirst(prefix.count)), $0.1) }
    }
    return entries.map { name, tensor in
      if name.hasSuffix("LayerNorm.gamma") { return (name.dropLast(5) + "weight", tensor) }
      if name.hasSuffix("LayerNorm.beta") { return (name.dropLast(4) + "bias", tensor) }
      return (name, tensor)
    }
  }

  private static func bodyName(_ name: String, _ architecture: LanguageArchitecture) -> String {
    for prefix in architecture.knownPrefixes where name.hasPrefix(prefix) { return String(name.dropFirst(prefix.count)) }
    return name
  }

  /// Fills in names that stand for a parameter of another name, and parts those that the file tells apart.
  private static func tie(_ state: inout StateDictionary, _ model: LanguageModel, _ bodyPrefix: String) throws {
    let own = try model.state()
    func full(_ name: String) -> String { name.hasPrefix(".") ? bodyPrefix + name.dropFirst() : name }
    for tie in model.architecture.bodyTies + model.head.ties {
      let (name, same) = (full(tie.name), full(tie.same))
      guard own[name] != nil, own[same] != nil else { continue }
      switch (state[name], state[same]) {
      case (nil, let tensor?): state[name] = tensor
      case (let tensor?, nil): state[same] = tensor
      case (let first?, let second?):
        guard let untie = tie.untie, first.shape == second.shape, try !first.equal(second) else { continue }
        try untie()
      case (nil, nil): continue
      }
    }
  }

  private static func misfit(
    _ model: LanguageModel, _ source: String, missing: [String], unknown: [String], wrong: [(String, Tensor?, Tensor)]
  ) -> ModelError {
    func list(_ names: [String]) -> String {
      names.prefix(6).joined(separator: ", ") + (names.count > 6 ? " and \(names.count - 6) more" : "")
    }
    var parts: [String] = []
    if !missing.isEmpty { parts.append("missing: \(list(missing))") }
    if !unknown.isEmpty { parts.append("unknown: \(list(unknown))") }
    if !wrong.isEmpty {
      parts.append(
        "of another shape: \(list(wrong.map { "\($0.0) is \($0.1.map { "\($0.dtype) \($0.shape)" } ?? "?"), not \($0.2.shape)" }))")
    }
    let near = missing.first.flatMap { name in NearestName.of(name, among: unknown).map { "'\($0)' may be meant for '\(name)'" } }
    return ModelError(
      "\(source) does not fit a model of type '\(model.architecture.rawValue)' for \(model.task.name) (\(parts.joined(separator: "; ")))",
      expected: "transformers' names and the shapes of config.json", remedy: near)
  }
}
