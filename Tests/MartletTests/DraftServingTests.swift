import Bundles
import MartletCore
import Registry
import Serving
import Testing

@testable import Commands
@testable import Martlet

/// Small models that guess ahead for those that a server writes with.
@Suite struct DraftServingTests {
  private let place: TemporaryProject
  private let registry: ModelRegistry

  init() async throws {
    place = try TemporaryProject()
    for name in ["llama", "qwen2", "t5-gated"] {
      let request = ImportRequest(
        source: try TranslatorJourneyTests.folder(name, in: place), name: name, aliases: [], tags: [], note: "",
        surroundings: place.surroundings)
      _ = try await MartletEngine().importModel(request)
    }
    registry = try ModelRegistry.open(at: place.surroundings.registry)
  }

  private func generator(_ name: String, _ drafts: [String: String]) throws -> LanguageTextGenerator {
    let version = try registry.resolve(name)
    let served = try MartletEngine.servedLanguageModel(
      version, registry.bundle(version), registry, DraftModels(drafts, registry))
    return try #require(served.generator as? LanguageTextGenerator)
  }

  @Test func `texts are the same with a draft and without`() async throws {
    let plain = try generator("llama", [:]), drafted = try generator("llama", ["llama": "qwen2@1"]),
      all = try generator("llama", ["*": "qwen2"])
    for seed in 0..<4 {
      var request = GenerationRequest(.text("w5 w6 w\(20 + seed) w5"))
      request.maxTokens = 24
      request.sampling.seed = UInt64(seed)
      request.sampling.temperature = seed == 0 ? 0 : 1
      let expected = try await plain.result(request).choices[0].text
      #expect(!expected.isEmpty)
      #expect(try await drafted.result(request).choices[0].text == expected)
      #expect(try await all.result(request).choices[0].text == expected)
    }
    #expect(plain.engine.status.drafted == 0 && drafted.engine.status.drafted > 0 && all.engine.status.drafted > 0)
  }

  @Test func `a draft for all leaves out what it cannot guess for`() async throws {
    var request = GenerationRequest(.text("w5 w6"))
    request.maxTokens = 4
    let translator = try generator("t5-gated", ["*": "qwen2"]), itself = try generator("qwen2", ["*": "qwen2"])
    for one in [translator, itself] {
      _ = try await one.result(request)
      #expect(one.engine.status.drafted == 0)
    }
    #expect(throws: (any Error).self) { try generator("t5-gated", ["t5-gated": "qwen2"]) }
  }

  @Test func `mistakes are named before anything is served`() throws {
    let drafts = DraftModels(["lama": "qwen2"], registry)
    let error = #expect(throws: ArgumentError.self) { try drafts.check(["llama", "other"]) }
    #expect(error?.problem.contains("'lama'") == true && error?.remedy?.contains("llama") == true)
    #expect(throws: ArgumentError.self) { try DraftModels(["*": "qwen2"], registry).check([]) }
    #expect(throws: (any Error).self) { try generator("llama", ["llama": "nobody"]) }
  }
}
