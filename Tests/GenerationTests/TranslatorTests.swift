import Foundation
import MartletCore
import Models
import Testing

@testable import Generation

/// What transformers' `generate` gave for a tiny checkpoint of `Tools/fixtures_generation.py`.
struct Search: Decodable {
  struct Settings: Decodable {
    let num_beams: Int
    let length_penalty: Float?
    let early_stopping: Bool?
    let repetition_penalty: Double?
    let no_repeat_ngram_size: Int?

    var sampling: SamplingSettings {
      var sampling = SamplingSettings.greedy
      sampling.repetitionPenalty = repetition_penalty ?? 1
      sampling.noRepeatNGram = no_repeat_ngram_size ?? 0
      return sampling
    }

    var beams: BeamSearch.Settings? {
      guard num_beams > 1 else { return nil }
      var beams = BeamSearch.Settings()
      beams.beams = num_beams
      beams.lengthPenalty = length_penalty ?? 1
      beams.earlyStopping = early_stopping == true ? .whenFull : .heuristic
      return beams
    }
  }
  let settings: Settings
  let texts: [[Int]]
  let scores: [Float]
}

/// A tiny model that reads one text and writes another.
struct TinyTranslator {
  struct Expected: Decodable {
    let source: [Int]
    let target: [Int]
    let logits: [[Float]]
    let searches: [Search]
  }
  static let names = ["t5", "t5-gated", "marian"]
  let model: DecoderModel
  let expected: Expected
  let end: Int

  init(_ name: String, _ format: WeightFormat = .float32) throws {
    let folder = (Bundle.module.resourcePath ?? "") + "/Fixtures/" + name
    model = try DecoderModel(folder: folder, format: format)
    expected = try JSON.decode(
      Expected.self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/expected.json")), source: "expected.json")
    end = name == "marian" ? 0 : 1
  }

  func request(_ search: Search, source: [Int]? = nil, new: Int = 20) throws -> TokenRequest {
    let start = try #require(model.configuration.decoderStart)
    var request = TokenRequest(
      [start], sampler: try TokenSampler(search.settings.sampling, vocabulary: model.configuration.vocabulary), maximumNewTokens: new,
      endTokens: [end])
    request.source = source ?? expected.source
    request.beams = search.settings.beams
    return request
  }
}

@Suite struct TranslatorTests {
  @Test(arguments: TinyTranslator.names) func scoresEqualThoseOfTransformers(name: String) throws {
    let tiny = try TinyTranslator(name)
    let runtime = try DecoderRuntime(tiny.model, rows: 10, threads: 1)
    let reader = SourceReader(try #require(tiny.model.encoder), tiny.model.configuration, threads: 2)
    let pool = PagePool(pageBytes: tiny.model.pageBytes, capacity: 8)
    let source = PageTable(pool, tokens: tiny.expected.source.count), pages = PageTable(pool, tokens: 8)
    try reader.read(tiny.expected.source, into: source, by: runtime)
    #expect(pages.reserve(8))
    let vocabulary = tiny.model.configuration.vocabulary
    let logits = UnsafeMutableBufferPointer<Float>.allocate(capacity: 3 * vocabulary)
    defer { logits.deallocate() }
    var own: [[Float]] = []
    for piece in [0..<3, 3..<5] {
      let rows = piece.map { place in
        DecoderRuntime.Row(
          token: tiny.expected.target[place], position: place, pages: pages, isOutput: true, source: source,
          sourceCount: tiny.expected.source.count)
      }
      try runtime.step(rows, logits: logits)
      own += rows.indices.map { Array(logits[$0 * vocabulary..<($0 + 1) * vocabulary]) }
    }
    var worst: Float = 0
    for (a, b) in zip(own.joined(), tiny.expected.logits.joined()) { worst = max(worst, abs(a - b) / max(1, abs(b))) }
    #expect(own.count == 5 && worst < 1e-4, "\(name): \(worst)")
  }

  @Test(arguments: TinyTranslator.names) func searchesEqualThoseOfTransformers(name: String) async throws {
    let tiny = try TinyTranslator(name)
    var settings = EngineSettings()
    settings.threads = 1
    let engine = try GenerationEngine(tiny.model, settings)
    for search in tiny.expected.searches {
      let collected = Collected()
      _ = try engine.submit(try tiny.request(search), onEvent: collected.take)
      try Self.check(await collected.wait(), search, promptCount: 1, end: tiny.end, "\(name) \(search.settings)")
    }
    while engine.status.pages > 0 { try await Task.sleep(for: .milliseconds(1)) }
  }

  @Test(arguments: ["llama", "gpt2"]) func beamsOfDecodersEqualThoseOfTransformers(name: String) async throws {
    let tiny = try TinyModel(name)
    let searches = try #require(tiny.expected.searches)
    var settings = EngineSettings()
    settings.threads = 1
    let engine = try GenerationEngine(tiny.model, settings)
    for search in searches {
      var request = TokenRequest(
        Array(tiny.expected.ids.prefix(20)), sampler: try TokenSampler(search.settings.sampling, vocabulary: 96), maximumNewTokens: 16,
        endTokens: [2])
      request.beams = search.settings.beams
      let collected = Collected()
      _ = try engine.submit(request, onEvent: collected.take)
      let state = await collected.wait()
      try Self.check(state, search, promptCount: 20, end: 2, "\(name) \(search.settings)")
    }
  }

  static func check(_ state: Collected.State, _ search: Search, promptCount: Int, end: Int, _ note: String) throws {
    guard search.settings.beams != nil else {
      #expect(state.tokens == search.texts[0].filter { $0 != end }, "\(note): \(state.tokens)")
      #expect(state.end == (search.texts[0].last == end ? "ended" : "limit"))
      return
    }
    #expect(state.end == "ended", "\(note): \(state.end ?? "")")
    let texts = state.beams.map { Array($0.tokens.dropFirst(promptCount)) }
    #expect(Array(texts.prefix(search.texts.count)) == search.texts, "\(note): \(texts)")
    for (own, expected) in zip(state.beams, search.scores) { #expect(abs(own.score - expected) < 2e-4, "\(note)") }
  }

  /// Texts of several lengths, drawn and searched for, alone and together with little room.
  @Test(arguments: [("t5", WeightFormat.int8), ("marian", .float32)])
  func aRequestGivesTheSameAloneAndInCompany(name: String, format: WeightFormat) async throws {
    let tiny = try TinyTranslator(name, format)
    var random = KeyedRandom(seed: 8, purpose: "translators")
    var requests: [TokenRequest] = []
    for index in 0..<16 {
      let source = (0..<Int.random(in: 1...50, using: &random)).map { _ in Int.random(in: 2..<95, using: &random) }
      var request = try tiny.request(tiny.expected.searches[index % 4], source: source, new: Int.random(in: 1...24, using: &random))
      if index % 2 == 0 {
        var sampling = SamplingSettings()
        sampling.seed = UInt64(index)
        request.sampler = try TokenSampler(sampling, vocabulary: 96)
        request.beams = nil
        request.guesses = 2
      }
      requests.append(request)
    }
    func run(_ requests: [TokenRequest], rows: Int, threads: Int) async throws -> [Collected.State] {
      var settings = EngineSettings()
      (settings.rows, settings.threads, settings.sequences, settings.cacheBytes) = (rows, threads, 6, 40 * tiny.model.pageBytes)
      let engine = try GenerationEngine(tiny.model, settings)
      let collected = requests.map { _ in Collected() }
      for (request, one) in zip(requests, collected) { _ = try engine.submit(request, onEvent: one.take) }
      var states: [Collected.State] = []
      for one in collected { states.append(await one.wait()) }
      engine.shutdown()
      return states
    }
    let together = try await run(requests, rows: 20, threads: 2)
    for (request, state) in zip(requests, together) {
      let alone = try await run([request], rows: 64, threads: 1)[0]
      #expect(alone.tokens == state.tokens && alone.beams == state.beams && alone.end == state.end)
      #expect(state.end == "limit" || state.end == "ended")
    }
  }

  @Test func whatCannotBeServedIsAnError() throws {
    let tiny = try TinyTranslator("t5")
    var settings = EngineSettings()
    (settings.threads, settings.rows, settings.cacheBytes) = (1, 8, 20 * tiny.model.pageBytes)
    let engine = try GenerationEngine(tiny.model, settings)
    var requests = [TokenRequest](repeating: try tiny.request(tiny.expected.searches[0]), count: 6)
    requests[0].source = nil
    requests[1].source = []
    requests[2].source = [96]
    requests[3].source = Array(repeating: 3, count: 5000)
    requests[4].beams = BeamSearch.Settings()
    requests[4].beams?.beams = 9
    requests[5].beams = BeamSearch.Settings()
    requests[5].maximumNewTokens = 100
    for request in requests {
      #expect(throws: GenerationError.self) { try engine.submit(request) { _ in true } }
    }
    #expect(throws: GenerationError.self) { try GenerationStepper(tiny.model, length: 4, threads: 1) }
    let decoder = try GenerationEngine(TinyModel("llama").model, settings)
    #expect(throws: GenerationError.self) { try decoder.submit(requests[3]) { _ in true } }
    #expect(throws: GenerationError.self) { try GenerationEngine(TinyModel("llama").model, settings, draft: tiny.model) }
  }
}
