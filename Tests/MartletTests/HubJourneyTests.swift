import Bundles
import Foundation
import HTTPTypes
import Hub
import Hummingbird
import HummingbirdTesting
import Logging
import MartletCore
import NIOCore
import Registry
import Serving
import Testing
import Text

@testable import Commands
@testable import Martlet

/// Files of a hub on this machine, and one name for two models by the caller's language.
@Suite struct HubJourneyTests {
  private static let commit = String(repeating: "0123456789", count: 4)
  private static let models = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("ModelsTests/Fixtures/gguf").path

  /// What the hub says of a file, and the storage that it sends its callers to.
  private static func answer(_ path: String, _ files: [String: Data]) -> Response {
    func response(_ status: HTTPResponse.Status, _ headers: [String: String], _ body: Data = Data()) -> Response {
      var fields = HTTPFields()
      for (name, value) in headers { if let name = HTTPField.Name(name) { fields[name] = value } }
      return Response(status: status, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
    let parts = path.split(separator: "/").map(String.init)
    guard let data = parts.last.flatMap({ files[$0] }), let name = parts.last else {
      return response(.notFound, ["X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit])
    }
    if parts.first == "storage" { return response(.ok, ["ETag": "\"of the storage\""], data) }
    guard parts.starts(with: ["org", "tiny", "resolve"]) else { return response(.notFound, ["X-Error-Code": "RepoNotFound"]) }
    return response(
      .found,
      [
        "X-Repo-Commit": commit, "X-Linked-Etag": "\"\(Digest.sha256(data))\"", "X-Linked-Size": "\(data.count)",
        "Location": "/storage/\(name)",
      ])
  }

  private static func identifier() throws -> LanguageIdentifier {
    let texts = [
      "en": ["the weather is fine and we are going to the park", "please open the window before you leave", "what would you like to eat"],
      "de": ["das Wetter ist schön und wir gehen in den Park", "bitte öffnen Sie das Fenster", "was möchten Sie heute Abend essen"],
    ]
    var settings = LanguageIdentifier.Settings()
    settings.buckets = 1 << 12
    return try LanguageIdentifier.train(
      texts.sorted { $0.key < $1.key }.flatMap { language, texts in texts.map { .init(language: language, text: $0) } }, settings: settings)
  }

  @Test func `files of a hub answer behind one name, each in its language`() async throws {
    let place = try TemporaryProject()
    let folder = place.folder, surroundings = place.surroundings
    var files: [String: Data] = [:]
    for name in ["tiny-1.gguf", "tiny-2.gguf"] { files[name] = try Data(contentsOf: URL(fileURLWithPath: "\(Self.models)/\(name)")) }
    let known = files
    let responder = CallbackResponder<BasicRequestContext> { request, _ in Self.answer(request.uri.path, known) }
    let hub = Application(responder: responder, logger: Logger(label: "hub") { _ in SwiftLogNoOpLogHandler() })
    try await hub.test(.live) { client in
      let settings = HubSettings(endpoint: "http://127.0.0.1:\(try #require(client.port))", cache: folder + "/hub")
      try await journey(settings, folder, surroundings)
    }
    // What was fetched once needs no hub.
    let offline = HubSettings(cache: folder + "/hub", isOffline: true)
    let again = try await add("hf:org/tiny/tiny-1.gguf", "again", MartletEngine(hub: offline), surroundings)
    #expect(again.architecture == "llama" && again.parameters > 8_000)
  }

  private func add(_ source: String, _ name: String?, _ engine: MartletEngine, _ surroundings: Surroundings) async throws -> ImportSummary {
    try await engine.importModel(
      ImportRequest(source: source, name: name, aliases: [], tags: [], note: "", surroundings: surroundings))
  }

  private func journey(_ settings: HubSettings, _ folder: String, _ surroundings: Surroundings) async throws {
    let engine = MartletEngine(hub: settings)
    let first = try await add("hf:org/tiny/tiny-1.gguf", nil, engine, surroundings)
    #expect(first.name == "tiny-1" && first.version == 1 && first.kind == LanguageBundle.generator && first.contextLength == 128)
    _ = try await add("hf:org/tiny/tiny-2.gguf", "other", engine, surroundings)
    await #expect(throws: HubError.self) { _ = try await add("hf:org/tiny/tiny-3.gguf", nil, engine, surroundings) }
    await #expect(throws: HubError.self) { _ = try await add("hf:org/none/tiny-1.gguf", nil, engine, surroundings) }
    await #expect(throws: ArgumentError.self) { _ = try await add("hf:org/tiny/model.safetensors", nil, engine, surroundings) }
    let registry = try ModelRegistry.open(at: surroundings.registry)
    let origin = try registry.bundle(registry.resolve("tiny-1")).manifest.lineage.training["source"]
    #expect(origin == .string("hf:org/tiny@\(Self.commit)/tiny-1.gguf"))

    try AtomicFile.write(JSON.encode(Self.identifier(), pretty: false), to: folder + "/languages.json")
    let routed = try await engine.routeLanguages(
      RouteRequest(
        name: "both", routes: ["en": "tiny-1", "de": "other@1"], fallback: "en", translators: [:], translationPrompt: "{text}",
        identifier: folder + "/languages.json", aliases: [], surroundings: surroundings))
    #expect(routed.routes == ["en": "tiny-1@1", "de": "other@1"] && routed.fallback == "en")
    func generator(_ name: String) async throws -> any TextGenerator {
      try #require(try await engine.loadLanguageModel(LanguageModelRequest(reference: name, surroundings: surroundings)).generator)
    }
    func said(_ generator: any TextGenerator, _ text: String) async throws -> String {
      var request = GenerationRequest(.chat([ChatMessage(.user, text)]))
      request.sampling.temperature = 0
      request.maxTokens = 12
      return try await generator.result(request).choices[0].text
    }
    let english = try await generator("tiny-1"), german = try await generator("other"), both = try await generator("both")
    let version = try registry.resolve("both"), bundle = try registry.bundle(version), drafts = DraftModels([:], registry)
    let served = try #require(MartletEngine.servedLanguageModel(version, bundle, registry, drafts).generator)
    for (text, isEnglish) in [("we would like to eat in the park", true), ("wir möchten heute im Park essen", false), ("12 + 7", true)] {
      let (one, other) = (try await said(english, text), try await said(german, text))
      #expect(one != other && !one.isEmpty)
      #expect(try await said(both, text) == (isEnglish ? one : other), "\(text)")
      #expect(try await said(served, text) == (isEnglish ? one : other), "\(text)")
    }
    // A router's models are in a registry.
    #expect(throws: ArgumentError.self) { try MartletEngine.servedLanguageModel(version, bundle, nil, drafts) }
  }
}
