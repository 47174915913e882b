import Bundles
import Foundation
import Generation
import MartletCore
import Models
import Text

/// Bundles of language models: somebody else's files as they came, under `model/`.
enum LanguageBundle {
  /// Kinds in manifests.
  static let generator = "language-model", encoder = "text-encoder"
  static let kinds: Set<String> = [generator, encoder, LanguageRoutes.kind]
  /// The bundle's folder for the model's own files, and the name of a GGUF file in it.
  static let folder = "model", gguf = "model/model.gguf"

  /// What the manifest says of tokens.
  static func signature(_ kind: String, outputs: Int) -> Signature {
    Signature(
      inputs: [TensorSpec(name: "input_ids", dtype: .int64, shape: [nil, nil], note: "tokens of the model's tokenizer")],
      outputs: [
        kind == encoder
          ? TensorSpec(name: "embedding", dtype: .float32, shape: [nil, outputs], note: "one vector a text")
          : TensorSpec(name: "logits", dtype: .float32, shape: [nil, nil, outputs], note: "scores of the next token")
      ])
  }

  /// Gives a folder in which the model's files have their own names, for loaders that read folders. It is gone afterwards: what is mapped
  /// into memory stays.
  static func withFolder<Result>(_ bundle: ModelBundle, _ body: (_ path: String) throws -> Result) throws -> Result {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-model-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: root) }
    for file in bundle.manifest.files where file.path.hasPrefix(folder + "/") {
      let link = root + "/" + file.path
      try FileManager.default.createDirectory(atPath: (link as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      let target = try bundle.path(of: file.path)
      let absolute = target.hasPrefix("/") ? target : FileManager.default.currentDirectoryPath + "/" + target
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: absolute)
    }
    return try body(root + "/" + folder)
  }
}

/// A model's files as they were found: what they hold, and that they can be used.
struct LanguageSource {
  let kind: String
  let architecture: String
  let parameters: Int
  let precision: String
  let contextLength: Int?
  let vocabulary: Int
  /// Elements of a vector, or tokens of the scores.
  let outputs: Int
  var notes: [String] = []
  /// Where each file of the bundle comes from, by its path in the bundle.
  let files: [(path: String, source: String)]

  /// Looks at a folder or a GGUF file, and loads it once, so that nothing is registered that cannot be served.
  /// - Throws: `FileError`, `ModelError`, `TokenizerError` or `GenerationError` naming what is missing, damaged or not known.
  init(_ path: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw FileError(path: path, problem: "not found", expected: "a folder with config.json and safetensors, or a .gguf file")
    }
    self = isFolder.boolValue ? try Self(folder: path) : try Self(gguf: path)
  }

  private init(gguf path: String) throws {
    let file = try GGUFFile(path: path)
    let model = try DecoderModel(file)
    let vocabulary = try GGUFVocabulary(file)
    _ = try Tokenizer(gguf: vocabulary, source: file.path)
    kind = LanguageBundle.generator
    architecture = file.metadata["general.architecture"]?.stringValue ?? "unknown"
    parameters = file.tensors.reduce(0) { $0 + $1.shape.reduce(1, *) }
    // The format that most of the weights have.
    let counts = Dictionary(grouping: file.tensors, by: { "\($0.type)" }).mapValues { $0.reduce(0) { $0 + $1.shape.reduce(1, *) } }
    precision = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? "unknown"
    contextLength = model.configuration.maxPositions
    self.vocabulary = vocabulary.tokens.count
    outputs = model.configuration.vocabulary
    if vocabulary.chatTemplate == nil { notes.append("the file has no chat template: it continues texts and answers no conversations") }
    files = [(LanguageBundle.gguf, path)]
  }

  private init(folder: String) throws {
    let manager = FileManager.default
    let loaded = try LanguageModels.load(folder: folder)
    let tokenizer = try Tokenizer(folder: folder)
    vocabulary = tokenizer.idCount
    architecture = loaded.architecture.rawValue
    parameters = loaded.parameters().reduce(0) { $0 + $1.count }
    precision = "float32"
    contextLength = loaded.configuration["max_position_embeddings"]?.intValue
    if case .embedding = loaded.task {
      kind = LanguageBundle.encoder
      outputs = try LanguageEmbedder.dimensions(of: loaded)
    } else {
      guard [.causalLanguageModel, .sequenceToSequence].contains(loaded.task) else {
        throw ArgumentError(
          "\(folder) holds a model for \(loaded.task.name)", expected: "one that writes text, or one that embeds texts (modules.json)",
          remedy: "use it from Swift: LanguageModels.load(folder:)")
      }
      let model = try DecoderModel(loaded)
      kind = LanguageBundle.generator
      outputs = model.configuration.vocabulary
    }
    if let report = loaded.loading, !report.unused.isEmpty { notes.append("\(report.unused.count) tensors of the files are not used") }
    // Plain data only: no pickles, no code.
    let suffixes = ["json", "safetensors", "model", "txt", "jinja", "tiktoken"]
    var found: [(path: String, source: String)] = []
    let names = try manager.subpathsOfDirectory(atPath: folder).sorted()
    for name in names
    where suffixes.contains((name as NSString).pathExtension) && !name.split(separator: "/").contains(where: { $0.hasPrefix(".") }) {
      var isFolder: ObjCBool = false
      guard manager.fileExists(atPath: folder + "/" + name, isDirectory: &isFolder), !isFolder.boolValue else { continue }
      found.append((LanguageBundle.folder + "/" + name, folder + "/" + name))
    }
    guard found.contains(where: { $0.path.hasSuffix(".safetensors") }) else {
      throw FileError(path: folder, problem: "holds no safetensors", remedy: "convert the weights: a pickle is never put into a bundle")
    }
    files = found
  }
}
