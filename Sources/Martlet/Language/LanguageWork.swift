import Bundles
public import Commands
import Foundation
import Generation
import Hub
import MartletCore
import Models
import Registry
import Serving
import Text
import Torch

extension MartletEngine {
  public func importModel(_ request: ImportRequest) async throws -> ImportSummary {
    try TorchLibrary.check()
    let clock = ContinuousClock.now
    let isRemote = HubReference.isReference(request.source)
    var fetched: HubSource?
    if isRemote {
      let settings = hub ?? .fromEnvironment()
      fetched = try await CancelledBySignals.run { try await HubSource.fetch(request.source, settings, quiet: request.surroundings.quiet) }
    }
    let path = fetched?.path ?? (request.source as NSString).expandingTildeInPath
    let source = try LanguageSource(path)
    let name = request.name ?? Self.name(from: fetched?.name ?? path)
    let registry = try ModelRegistry.open(at: request.surroundings.registry, create: true)
    let place = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-import-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: place) }
    let writer = try BundleWriter(at: place)
    // A file of the hub's cache is a link.
    for file in source.files { try writer.add(file: isRemote ? HubSource.resolved(file.source) : file.source, as: file.path) }
    let bundle = try writer.finish(
      name: name, kind: source.kind, signature: LanguageBundle.signature(source.kind, outputs: source.outputs),
      lineage: Lineage(
        code: Lineage.CodeVersion(), machine: .current(), libraries: ["libtorch": TorchLibrary.headerVersion], started: Date(),
        training: [
          "source": .string(fetched?.origin ?? (path as NSString).lastPathComponent), "architecture": .string(source.architecture),
        ]))
    let version = try registry.register(bundle, name: name, tags: request.tags, note: request.note, aliases: request.aliases)
    return ImportSummary(
      name: version.name, version: version.number, kind: source.kind, architecture: source.architecture, parameters: source.parameters,
      precision: source.precision, contextLength: source.contextLength, vocabulary: source.vocabulary, bytes: bundle.manifest.size,
      notes: source.notes, seconds: (ContinuousClock.now - clock) / .seconds(1))
  }

  public func loadLanguageModel(_ request: LanguageModelRequest) async throws -> LoadedLanguageModel {
    try TorchLibrary.check()
    let registry = try ModelRegistry.open(at: request.surroundings.registry)
    let version = try registry.resolve(request.reference)
    let bundle = try registry.bundle(version)
    guard LanguageBundle.kinds.contains(bundle.manifest.kind) else {
      throw ArgumentError(
        "\(version.reference) is a \(bundle.manifest.kind)", expected: "a language model",
        remedy: "martlet import FOLDER, or martlet predict \(version.reference)")
    }
    let drafts = DraftModels(request.draft.map { [version.name: $0] } ?? [:], registry)
    let (generator, embedder) = try Self.language(version, bundle, registry, drafts)
    return LoadedLanguageModel(name: version.name, version: version.number, generator: generator, embedder: embedder)
  }

  /// A version as the endpoints of OpenAI's clients serve it.
  /// - Parameter registry: where the versions are that a router names; `nil` refuses routers.
  static func servedLanguageModel(
    _ version: ModelVersion, _ bundle: ModelBundle, _ registry: ModelRegistry?, _ drafts: DraftModels
  ) throws -> ServedLanguageModel {
    let (generator, embedder) = try language(version, bundle, registry, drafts)
    return ServedLanguageModel(
      name: version.name, version: String(version.number), generator: generator, embedder: embedder, platform: "martlet",
      metrics: version.metrics.mapValues(\.value), created: bundle.manifest.created)
  }

  /// A version that writes texts.
  /// - Throws: `ArgumentError` for one that does not.
  static func generator(_ version: ModelVersion, _ bundle: ModelBundle, _ registry: ModelRegistry) throws -> any TextGenerator {
    guard let generator = try language(version, bundle, registry, DraftModels([:], registry)).generator else {
      throw ArgumentError("\(version.reference) does not write text", expected: "a \(LanguageBundle.generator)")
    }
    return generator
  }

  /// The weights of a bundle's model that writes.
  static func decoder(_ bundle: ModelBundle) throws -> DecoderModel {
    guard bundle.manifest.kind == LanguageBundle.generator else {
      throw ArgumentError("\(bundle.manifest.name) is a \(bundle.manifest.kind)", expected: "a language model as the draft")
    }
    if bundle.has(LanguageBundle.gguf) { return try DecoderModel(GGUFFile(path: try bundle.path(of: LanguageBundle.gguf))) }
    return try LanguageBundle.withFolder(bundle) { try DecoderModel(folder: $0) }
  }

  /// A bundle's own model, or those that a router's bundle names.
  private static func language(
    _ version: ModelVersion, _ bundle: ModelBundle, _ registry: ModelRegistry?, _ drafts: DraftModels
  ) throws -> (generator: (any TextGenerator)?, embedder: (any TextEmbedder)?) {
    guard bundle.manifest.kind == LanguageRoutes.kind else { return try language(version, bundle, drafts) }
    guard let registry else {
      throw ArgumentError("\(version.reference) names other versions, which are in a registry", expected: "a model of its own")
    }
    let router = try LanguageRoutes.load(bundle, registry) { version, bundle in
      guard let generator = try language(version, bundle, drafts).generator else {
        throw ArgumentError("\(bundle.manifest.name) does not write text", expected: "a \(LanguageBundle.generator)")
      }
      return generator
    }
    return (router, nil)
  }

  private static func language(
    _ version: ModelVersion, _ bundle: ModelBundle, _ drafts: DraftModels
  ) throws -> (generator: (any TextGenerator)?, embedder: (any TextEmbedder)?) {
    if bundle.has(LanguageBundle.gguf) {
      let file = try GGUFFile(path: try bundle.path(of: LanguageBundle.gguf))
      let vocabulary = try GGUFVocabulary(file)
      let template = try vocabulary.chatTemplate.map { text throws(TemplateError) in try ChatTemplate(text) }
      var defaults = GenerationDefaults()
      defaults.endTokens = [vocabulary.endID].compactMap { $0 }
      return (
        LanguageTextGenerator(
          try engine(DecoderModel(file), version, drafts), tokenizer: try Tokenizer(gguf: vocabulary, source: file.path),
          template: template,
          defaults: defaults), nil
      )
    }
    return try LanguageBundle.withFolder(bundle) { folder in
      let tokenizer = try Tokenizer(folder: folder)
      guard bundle.manifest.kind == LanguageBundle.generator else {
        return (nil, try LanguageEmbedder(LanguageModels.load(folder: folder), tokenizer: tokenizer))
      }
      func document(_ name: String) throws -> JSONValue? {
        try FileManager.default.contents(atPath: folder + "/" + name).map { try JSON.decode(JSONValue.self, from: $0, source: name) }
      }
      let own = try document("generation_config.json"), usual = try document("config.json") ?? .null
      var defaults = GenerationDefaults(own ?? usual)
      if defaults.endTokens.isEmpty { defaults.endTokens = GenerationDefaults(usual).endTokens }
      let written = FileManager.default.contents(atPath: folder + "/chat_template.jinja").map { String(decoding: $0, as: UTF8.self) }
      let template = try (written ?? chatTemplate(document("tokenizer_config.json"))).map { text throws(TemplateError) in
        try ChatTemplate(text)
      }
      let model = try DecoderModel(folder: folder)
      return (
        LanguageTextGenerator(
          try engine(model, version, drafts), tokenizer: tokenizer, template: template,
          defaults: defaults.limited(toTranslators: model.isEncoderDecoder)), nil
      )
    }
  }

  /// Beginnings of earlier texts are kept for later ones in what room there is: two whole contexts, or half a gigabyte if that is more.
  private static func engine(_ model: DecoderModel, _ version: ModelVersion, _ drafts: DraftModels) throws -> GenerationEngine {
    let draft = try drafts.draft(for: version)?.fitting(model, name: version.reference)
    var settings = EngineSettings()
    // Whoever reads one text and writes another needs room for both.
    let context = (model.configuration.maxPositions + 15) / 16 * model.pageBytes * (model.isEncoderDecoder ? 2 : 1)
    settings.cacheBytes = min(Int(ProcessInfo.processInfo.physicalMemory / 4), max(2 * context, 512 << 20))
    return try GenerationEngine(model, settings, draft: draft)
  }

  /// One template, or the one called `default` of several.
  private static func chatTemplate(_ document: JSONValue?) -> String? {
    let value = document?["chat_template"]
    if let text = value?.stringValue { return text }
    return value?.arrayValue?.first { $0["name"]?.stringValue == "default" }?["template"]?.stringValue
  }

  /// A name that the registry takes, made of the source's.
  private static func name(from path: String) -> String {
    var name = (path as NSString).standardizingPath as NSString
    if name.pathExtension.lowercased() == "gguf" { name = name.deletingPathExtension as NSString }
    let letters = name.lastPathComponent.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
    let words = String(letters).split(separator: "-").joined(separator: "-")
    return words.isEmpty ? "model" : words
  }
}
