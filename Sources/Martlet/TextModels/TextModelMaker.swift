import Foundation
import MartletCore
import Models
import Project
import Tables
import Text
import TextTasks
import Torch

/// Makes the model that a project describes: a new one, or one that knows language already.
struct TextModelMaker {
  let project: TextProject
  let file: ProjectFile
  let labels: [String]
  /// Texts that a new tokenizer learns from.
  let texts: @Sendable () throws -> [String]

  private var isNew: Bool { project.model.name != "pretrained" }

  /// The folder that a word means: a fetched model's name, or a path.
  /// - Throws: `ArgumentError` where there is none.
  static func folder(_ name: String, _ file: ProjectFile) throws -> String {
    if let shared = SharedFiles.path("data/\(name)") { return shared }
    let path = file.resolve(name)
    guard FileManager.default.fileExists(atPath: path + "/config.json") else {
      throw ArgumentError(
        "there is no model '\(name)'", expected: "a folder with config.json and safetensors, or a fetched model",
        remedy: "scripts/fetch-data \(name)")
    }
    return path
  }

  private var given: String {
    get throws { try Self.folder(project.model.word("path") ?? "", file) }
  }

  /// - Returns: the model before it learns, without adapters.
  func make() throws -> TextModel {
    try RandomState.seed(project.training.seed)
    let files = try tokenizerFiles()
    let tokenizer = try tokenizer(files)
    let settings = try settings(configuration(tokenizer))
    return try TextModel(settings, network: network(settings, tokenizer), tokenizer: files)
  }

  /// One body with a head for each of several tasks, before it learns.
  /// - Parameter heads: makers for projects with one model, tokenizer and adapter. The first one's texts make a new tokenizer.
  static func makeTogether(_ heads: [(name: String, weight: Double, maker: TextModelMaker)]) throws -> MultiTextModel {
    guard let first = heads.first?.maker else { throw ArgumentError("there are no heads", expected: "1 or more") }
    try RandomState.seed(first.project.training.seed)
    let files = try first.tokenizerFiles()
    let tokenizer = try first.tokenizer(files)
    let configuration = try first.configuration(tokenizer)
    let settings = MultiTextSettings(heads: try heads.map { .init($0.name, try $0.maker.settings(configuration), weight: $0.weight) })
    let base = try first.network(.hiddenStates, tokenizer)
    let network = try MultiHeadLanguageModel(base, heads: settings.heads.map { ($0.name, $0.settings.languageTask) })
    return try MultiTextModel(settings, network: network, tokenizer: files)
  }

  /// The network alone, as it was before it learnt.
  func network(_ settings: TextModelSettings, _ tokenizer: Tokenizer) throws -> LanguageModel {
    try network(settings.languageTask, tokenizer)
  }

  /// The same for a task of libraries.
  func network(_ task: LanguageTask, _ tokenizer: Tokenizer) throws -> LanguageModel {
    let labels = task == .hiddenStates ? [] : self.labels
    let names = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ("\($0)", JSONValue.string($1)) })
    let own: [String: JSONValue] = labels.isEmpty ? [:] : ["id2label": .object(names)]
    try RandomState.seed(project.training.seed)
    let values = try configuration(tokenizer).objectValue ?? [:]
    if isNew { return try LanguageModels.make(.object(values.merging(own) { first, _ in first }), task: task) }
    // Attention without dropout has a quicker kernel, and learns as well.
    let quick: [String: JSONValue] = ["attention_probs_dropout_prob": 0.0, "attention_dropout": 0.0]
    return try LanguageModels.load(
      folder: given, task: task, settings: own.merging(quick.filter { values[$0.key] != nil }) { first, _ in first })
  }

  private func configuration(_ tokenizer: Tokenizer) throws -> JSONValue {
    guard !isNew else { return try newConfiguration(tokenizer) }
    let path = try given + "/config.json"
    guard let data = FileManager.default.contents(atPath: path) else { throw FileError(path: path, problem: "cannot be read") }
    return try JSON.decode(JSONValue.self, from: data, source: path)
  }

  private func newConfiguration(_ tokenizer: Tokenizer) throws -> JSONValue {
    guard let kind = NewTextModel.Kind(rawValue: project.model.name) else {
      throw ArgumentError(
        "there is no model '\(project.model.name)'", expected: NewTextModel.Kind.allCases.map(\.rawValue).joined(separator: ", "))
    }
    let choice = project.model
    return try NewTextModel(
      kind, layers: choice.whole("layers") ?? 4, width: choice.whole("width") ?? 192, heads: choice.whole("heads") ?? 6,
      hidden: choice.whole("hidden"), context: choice.whole("context") ?? 256, dropout: choice.number("dropout") ?? 0.1
    ).configuration(vocabulary: tokenizer.idCount)
  }

  private func settings(_ configuration: JSONValue) throws -> TextModelSettings {
    let isDecoder = ["gpt2", "llama", "mistral", "qwen2", "qwen3"].contains(configuration["model_type"]?.stringValue ?? "")
    let positions = configuration["max_position_embeddings"]?.intValue ?? configuration["n_positions"]?.intValue ?? 512
    let prefix = project.adapter.name == "prefix" ? project.adapter.whole("length") : nil
    // RoBERTa counts from behind its padding id, and all from behind a prefix.
    let readable = (configuration["model_type"]?.stringValue == "roberta" ? positions - 2 : positions) - (prefix ?? 0)
    guard readable > 1 else {
      throw ArgumentError("adapter: a prefix of \(prefix ?? 0) leaves no room in a model of \(positions) places", expected: "a shorter one")
    }
    if let length = project.data.length, length > readable {
      throw ArgumentError("data.length is \(length), the model reads \(readable) tokens", expected: "at most \(readable)")
    }
    let task: TextModelSettings.Task =
      switch project.task {
      case .textClassification: .classification
      case .tokenClassification: .tags
      case .embedding: .embedding
      case .translation: .translation
      default: project.objective?.name == "masked" ? .masked : .causal
      }
    if task == .masked, isDecoder {
      throw ArgumentError("a decoder does not look ahead, and cannot guess hidden tokens", expected: "model: encoder, or objective: causal")
    }
    if task == .causal, !isDecoder {
      throw ArgumentError("an encoder sees the whole text, and cannot foretell it", expected: "model: decoder, or objective: masked")
    }
    if prefix != nil, [.causal, .masked, .embedding].contains(task) {
      throw ArgumentError("adapter: prefix cannot be served for \(project.task.rawValue)", expected: "lora, head or whole")
    }
    let pools = task == .embedding || task == .masked || task == .classification && !isDecoder
    return TextModelSettings(
      task, labels: labels, hasSeveral: project.data.separator != nil, length: project.data.length ?? min(readable, 512),
      pooling: pools ? .mean : nil, prefix: prefix)
  }

  /// `tokenizer.json`, learnt from the texts or taken from the model.
  private func tokenizerFiles() throws -> [String: Data] {
    let choice = project.tokenizer ?? NamedChoice(isNew ? "bpe" : "model", isNew ? ["vocabulary": 4000] : [:])
    guard choice.name != "model" else {
      guard !isNew else {
        throw ArgumentError("a new model has no tokenizer of its own", expected: "tokenizer: characters, bpe or wordpiece")
      }
      return try TextModel.tokenizerFiles(in: given)
    }
    guard isNew else {
      throw ArgumentError("tokenizer: \(choice.name) does not go with a model that learnt others", expected: "tokenizer: model")
    }
    let data: Data
    switch choice.name {
    case "characters": data = try TextTokenizers.characters(of: texts())
    case "wordpiece": data = try TextTokenizers.wordPieces(of: texts(), vocabulary: choice.whole("vocabulary") ?? 8000)
    default: data = try TextTokenizers.bytePairs(of: texts(), vocabulary: choice.whole("vocabulary") ?? 4000)
    }
    let names: JSONValue = [
      "eos_token": "</s>", "pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]",
    ]
    return ["tokenizer.json": data, "tokenizer_config.json": try JSON.encode(names)]
  }

  private func tokenizer(_ files: [String: Data]) throws -> Tokenizer {
    guard let data = files["tokenizer.json"], isNew else { return try Tokenizer(folder: given) }
    return try Tokenizer(json: data, source: "the new tokenizer")
  }

  /// What of the model learns.
  var adapter: TextAdapter {
    let choice = project.adapter
    switch choice.name {
    case "head": return .head
    case "prefix": return .prefix(length: choice.whole("length") ?? 16)
    case "lora":
      let rank = choice.whole("rank") ?? 16
      let targets = choice.settings["targets"]?.arrayValue?.compactMap(\.stringValue) ?? ["all-linear"]
      return .lora(
        LoRASettings(
          rank: rank, alpha: choice.number("alpha") ?? Double(2 * rank), dropout: choice.number("dropout") ?? 0, targets: targets,
          quantization: choice.word("quantization").flatMap { WeightQuantization(rawValue: $0) }))
    default: return .whole
    }
  }
}
