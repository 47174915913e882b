import Bundles
public import Commands
import Foundation
import MartletCore
import Registry
import Text
import Torch

/// A bundle that names other versions of its registry, one for each language.
struct LanguageRoutes: Codable {
  /// The bundle's kind.
  static let kind = "language-router"
  private static let file = "router.json", identifierFile = "languages.json"

  /// Versions by language: `smollm2@3`. Never aliases: what was registered stays what it was.
  var routes: [String: String]
  var fallback: String
  /// Versions by `from-to`.
  var translators: [String: String]
  var translationPrompt: String

  /// Writes and registers a bundle.
  static func register(_ request: RouteRequest, in registry: ModelRegistry) throws -> ModelVersion {
    guard let data = FileManager.default.contents(atPath: request.identifier) else {
      throw FileError(path: request.identifier, problem: "cannot be read", expected: "a saved LanguageIdentifier")
    }
    let identifier = try JSON.decode(LanguageIdentifier.self, from: data, source: request.identifier)
    func pinned(_ reference: String) throws -> String {
      let version = try registry.resolve(reference)
      guard try registry.manifest(of: version).kind == LanguageBundle.generator else {
        throw ArgumentError("\(version.reference) does not write text", expected: "a \(LanguageBundle.generator)")
      }
      return version.reference
    }
    let known = Set(identifier.languages.map(LanguageCode.base))
    for language in request.routes.keys where !known.contains(LanguageCode.base(language)) {
      throw ArgumentError(
        "\(request.identifier) does not know the language '\(language)'", expected: known.sorted().joined(separator: ", "))
    }
    let routes = LanguageRoutes(
      routes: try request.routes.mapValues(pinned), fallback: request.fallback, translators: try request.translators.mapValues(pinned),
      translationPrompt: request.translationPrompt)
    guard routes.routes.keys.contains(where: { LanguageCode.areEqual($0, request.fallback) }) else {
      throw ArgumentError(
        "the fallback '\(request.fallback)' has no model", expected: routes.routes.keys.sorted().joined(separator: ", "),
        remedy: "--to \(request.fallback)=NAME@V")
    }
    for pair in routes.translators.keys where Self.languages(of: pair) == nil {
      throw ArgumentError("a translator of '\(pair)'", expected: "two languages: zh-en")
    }
    let place = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-route-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: place) }
    let writer = try BundleWriter(at: place)
    try writer.add(json: routes, as: file)
    try writer.add(json: identifier, as: identifierFile)
    let bundle = try writer.finish(
      name: request.name, kind: kind, signature: LanguageBundle.signature(LanguageBundle.generator, outputs: 1),
      lineage: Lineage(
        code: Lineage.CodeVersion(), machine: .current(), libraries: [:], started: Date(),
        training: ["routes": .string(routes.routes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " "))]))
    return try registry.register(bundle, name: request.name, aliases: request.aliases)
  }

  private static func languages(of pair: String) -> [String]? {
    let sides = pair.split(separator: "-").map(String.init)
    return sides.count == 2 ? sides : nil
  }

  /// The versions that a bundle names.
  static func parts(of bundle: ModelBundle) throws -> [String] {
    let routes = try bundle.json(LanguageRoutes.self, of: file)
    return Set(routes.routes.values).union(routes.translators.values).sorted()
  }

  /// Loads the models that a bundle names, each once.
  static func load(
    _ bundle: ModelBundle, _ registry: ModelRegistry, model: (ModelVersion, ModelBundle) throws -> any TextGenerator
  ) throws -> any TextGenerator {
    let routes = try bundle.json(LanguageRoutes.self, of: file)
    let caller = CallerLanguage(try bundle.json(LanguageIdentifier.self, of: identifierFile))
    var loaded: [String: any TextGenerator] = [:]
    func generator(_ reference: String) throws -> any TextGenerator {
      if let known = loaded[reference] { return known }
      let version = try registry.resolve(reference)
      let new = try model(version, registry.bundle(version))
      loaded[reference] = new
      return new
    }
    var models: [String: any TextGenerator] = [:]
    for (language, reference) in routes.routes { models[LanguageCode.base(language)] = try generator(reference) }
    var translators: [[String]: any TextTranslating] = [:], spoken: Set<String> = []
    for (pair, reference) in routes.translators {
      guard let languages = languages(of: pair) else { continue }
      translators[languages] = GeneratorTranslator(try generator(reference), prompt: routes.translationPrompt)
      spoken.formUnion(languages)
    }
    let table = TranslatorTable(translators), own = LanguageCode.base(routes.fallback)
    if let main = models[own] {
      for language in spoken where models[LanguageCode.base(language)] == nil && table.joins(language, own) {
        models[LanguageCode.base(language)] = TranslatingGenerator(main, language: own, translator: table, caller: caller)
      }
    }
    return try LanguageRouter(caller, routes: models, fallback: own)
  }
}

extension MartletEngine {
  public func routeLanguages(_ request: RouteRequest) async throws -> RouteSummary {
    let registry = try ModelRegistry.open(at: request.surroundings.registry)
    let version = try LanguageRoutes.register(request, in: registry)
    let routes = try registry.bundle(version).json(LanguageRoutes.self, of: "router.json")
    return RouteSummary(name: version.name, version: version.number, routes: routes.routes, fallback: routes.fallback)
  }
}
