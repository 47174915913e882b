public import Foundation
import MartletCore
public import Models
import NN
public import Text
import Torch

/// A language model with its tokenizer and the task that it learnt.
///
/// `@unchecked Sendable`: it is trained by one task at a time; afterwards nothing changes, and libtorch runs on its own thread.
public final class TextModel: @unchecked Sendable {
  public let settings: TextModelSettings
  public let network: LanguageModel
  /// Cuts texts to the settings' length; fills nothing up.
  public let tokenizer: Tokenizer
  /// The `tokenizer.json` and what lies beside it, by name.
  public let tokenizerFiles: [String: Data]

  /// - Parameter files: `tokenizer.json` and what may lie beside it, by name.
  /// - Throws: `TokenizerError` for files that hold no tokenizer; `ArgumentError` for one that has more tokens than the model.
  public init(_ settings: TextModelSettings, network: LanguageModel, tokenizer files: [String: Data]) throws {
    self.settings = settings
    self.network = network
    tokenizerFiles = files
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-tokenizer-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for (name, data) in files { try AtomicFile.write(data, to: folder + "/" + name) }
    var tokenizer = try Tokenizer(folder: folder)
    guard tokenizer.idCount <= network.body.vocabulary else {
      throw ArgumentError(
        "the tokenizer has \(tokenizer.idCount) tokens, the model \(network.body.vocabulary)", expected: "the model's own tokenizer")
    }
    tokenizer.padding = nil
    tokenizer.truncation = Truncation(maxLength: settings.length)
    self.tokenizer = tokenizer
  }

  /// Reads a model's folder: `config.json`, weights, tokenizer and `text.json`.
  /// - Throws: `FileError`, `ModelError`, `TokenizerError` naming what is missing or damaged.
  public convenience init(folder: String) throws {
    let settings = try TextModelSettings(folder: folder)
    let network = try LanguageModels.load(folder: folder, task: settings.languageTask)
    if let prefix = settings.prefix {
      try network.addPrefixes(length: prefix)
      let file = try SafetensorsFile(path: folder + "/prefix.safetensors")
      try network.load(StateDictionary(try file.all().map { ($0.name, $0.tensor) }), strict: false, source: file.path)
    }
    network.eval()
    try self.init(settings, network: network, tokenizer: Self.tokenizerFiles(in: folder))
  }

  /// The files of a folder's tokenizer.
  /// - Throws: `FileError` where there are none.
  public static func tokenizerFiles(in folder: String) throws -> [String: Data] {
    let names = [
      "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt", "vocab.json", "merges.txt", "tokenizer.model",
      "spiece.model", "source.spm", "target.spm",
    ]
    var files: [String: Data] = [:]
    for name in names { if let data = FileManager.default.contents(atPath: folder + "/" + name) { files[name] = data } }
    guard !files.isEmpty else { throw FileError(path: folder, problem: "has no tokenizer", expected: "tokenizer.json or its like") }
    return files
  }

  /// Writes the model's folder; transformers reads it, too.
  /// - Throws: what the disk says.
  public func save(to folder: String) throws {
    try network.save(to: folder)
    for (name, data) in tokenizerFiles { try AtomicFile.write(data, to: folder + "/" + name) }
    try AtomicFile.write(JSON.encode(settings), to: folder + "/" + TextModelSettings.file)
    if settings.prefix != nil {
      try Safetensors.write(
        network.prefixState().entries.map { (name: $0.name, tensor: try $0.tensor.contiguous()) }, to: folder + "/prefix.safetensors")
    }
    if settings.task == .embedding || settings.task == .masked { try saveSentenceModules(to: folder) }
  }

  /// What sentence-transformers reads beside a model.
  private func saveSentenceModules(to folder: String) throws {
    func module(_ index: Int, _ name: String, _ path: String) -> JSONValue {
      ["idx": .int(index), "name": .string("\(index)"), "path": .string(path), "type": .string("sentence_transformers.models.\(name)")]
    }
    let modules: JSONValue = [module(0, "Transformer", ""), module(1, "Pooling", "1_Pooling"), module(2, "Normalize", "2_Normalize")]
    try AtomicFile.write(JSON.encode(modules), to: folder + "/modules.json")
    try AtomicFile.write(
      JSON.encode(["max_seq_length": .int(settings.length), "do_lower_case": false] as JSONValue),
      to: folder + "/sentence_bert_config.json")
    try FileManager.default.createDirectory(atPath: folder + "/1_Pooling", withIntermediateDirectories: true)
    let pooling: JSONValue = [
      "word_embedding_dimension": .int(network.body.width), "pooling_mode": .string((settings.pooling ?? .mean).rawValue),
    ]
    try AtomicFile.write(JSON.encode(pooling), to: folder + "/1_Pooling/config.json")
  }

  /// The id that fills up.
  public var padding: Int { network.body.padding ?? tokenizer.specialTokens.padding.flatMap { tokenizer.id(of: $0) } ?? 0 }

  /// The id that ends a text; `nil` where there is none.
  public var end: Int? {
    network.configuration["eos_token_id"]?.intValue ?? tokenizer.specialTokens.end.flatMap { tokenizer.id(of: $0) }
  }

  /// Calls `body` with places of rows in batches of about as many tokens, rows of like length together.
  func batched(_ rows: [[Int]], tokens: Int = 8192, _ body: ([Int]) throws -> Void) throws {
    let order = rows.indices.sorted { (rows[$1].count, $0) < (rows[$0].count, $1) }
    var start = 0
    while start < order.count {
      try Task.checkCancellation()
      let part = Array(order[start..<min(order.count, start + max(1, tokens / max(1, rows[order[start]].count)))])
      try withoutGrad { try body(part) }
      start += part.count
    }
  }
}
