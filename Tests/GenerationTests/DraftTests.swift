import Foundation
import MartletCore
import Models
import NN
import Testing
import Torch

@testable import Generation

@Suite struct DraftTests {
  /// A model that nearly agrees with `tiny`: its weights with noise on them.
  private static func noisy(_ name: String, _ noise: Double) throws -> DecoderModel {
    let model = try LanguageModels.load(folder: (Bundle.module.resourcePath ?? "") + "/Fixtures/" + name)
    var random = KeyedRandom(seed: 3, purpose: "noise")
    let state = try model.state().entries.map { entry in
      let values = try entry.tensor.array(of: Float.self).map { $0 * Float(1 + noise * (random.uniform() - 0.5)) }
      return (name: entry.name, tensor: try Tensor(values, shape: entry.tensor.shape))
    }
    let body = try #require(model.body as? Llama)
    return try DecoderModel(body.configuration, state: state.filter { $0.name != "lm_head.weight" })
  }

  private static func requests() throws -> [TokenRequest] {
    var random = KeyedRandom(seed: 5, purpose: "drafts")
    return try (0..<14).map { index in
      var sampling = SamplingSettings()
      sampling.temperature = index % 3 == 0 ? 0 : 0.7
      sampling.topK = index % 3 == 1 ? 30 : 0
      sampling.repetitionPenalty = index % 4 == 0 ? 1.2 : 1
      sampling.topLogProbabilities = 1
      sampling.seed = UInt64(index)
      let prompt = (0..<Int.random(in: 1...40, using: &random)).map { _ in Int.random(in: 0..<96, using: &random) }
      var request = TokenRequest(
        prompt, sampler: try TokenSampler(sampling, vocabulary: 96), maximumNewTokens: Int.random(in: 1...40, using: &random),
        endTokens: [2])
      request.guesses = 3
      return request
    }
  }

  private static func run(
    _ requests: [TokenRequest], draft: DecoderModel?, rows: Int = 64
  ) async throws -> ([Collected.State], GenerationEngine.Status) {
    var settings = EngineSettings()
    (settings.threads, settings.rows, settings.sequences) = (1, rows, 5)
    let engine = try GenerationEngine(TinyModel("llama").model, settings, draft: draft)
    let collected = requests.map { _ in Collected() }
    for (request, one) in zip(requests, collected) { _ = try engine.submit(request, onEvent: one.take) }
    var states: [Collected.State] = []
    for one in collected { states.append(await one.wait()) }
    while engine.status.pages > 0 { try await Task.sleep(for: .milliseconds(1)) }
    let status = engine.status
    engine.shutdown()
    return (states, status)
  }

  /// Greedy texts and drawn ones: exactly those of the model alone, from a good draft, a bad one, and the model itself.
  @Test func aDraftChangesNoText() async throws {
    let requests = try Self.requests()
    let alone = try await Self.run(
      requests.map {
        var request = $0
        request.guesses = 0
        return request
      }, draft: nil)
    var steps: [Int] = []
    var shares: [Double] = []
    for (noise, rows) in [(0.0, 64), (0.02, 64), (3.0, 64), (0.02, 9)] {
      let (states, status) = try await Self.run(requests, draft: try Self.noisy("llama", noise), rows: rows)
      for (own, expected) in zip(states, alone.0) {
        #expect(own.tokens == expected.tokens && own.scores == expected.scores && own.end == expected.end, "noise \(noise), \(rows) rows")
      }
      #expect(status.drafted > 0)
      steps.append(status.steps)
      shares.append(Double(status.guessed) / Double(status.drafted))
    }
    // The model itself guesses right always, up to guesses that a step has no rows for; a good draft often, a bad one seldom.
    #expect(shares[0] > 0.9 && shares[1] > 0.5 && shares[2] < 0.5, "\(shares)")
    #expect(steps[0] < alone.1.steps / 2 && steps[1] < alone.1.steps, "\(steps), \(alone.1.steps)")
  }

  @Test func aDraftHasTheModelsTokens() throws {
    var settings = EngineSettings()
    settings.threads = 1
    var configuration = LlamaConfiguration()
    (configuration.vocabulary, configuration.layers) = (97, 0)
    (configuration.width, configuration.heads, configuration.keyValueHeads, configuration.headDimension) = (16, 1, 1, 16)
    let draft = try DecoderModel(
      configuration, state: [("model.embed_tokens.weight", Tensor.ones([97, 16])), ("model.norm.weight", Tensor.ones([16]))])
    do {
      _ = try GenerationEngine(TinyModel("llama").model, settings, draft: draft)
      Issue.record("a draft with other tokens was taken")
    } catch let error as GenerationError {
      #expect(error.kind == .model && error.problem.contains("97") && error.expected?.contains("96") == true)
    }
  }
}

@Suite struct BranchTests {
  @Test func tablesBranchAndShareFullPages() throws {
    let pool = PagePool(pageBytes: 64, capacity: 9)
    let tables = (0..<3).map { _ in PageTable(pool, tokens: 64) }
    #expect(tables[0].reserve(20))
    tables[0].address[1]?.pointee = 7
    #expect(PageTable.move(tables, from: [0, 0, 0], tokens: 20))
    // One full page for all, and a begun one each.
    #expect(pool.used == 4 && tables.allSatisfy { $0.pages[0] == tables[0].pages[0] && $0.address[1]?.pointee == 7 })
    #expect(Set(tables.map { $0.pages[1] }).count == 3)
    tables[1].address[1]?.pointee = 8
    #expect(PageTable.move(tables, from: [1, 1, 0], tokens: 21) && pool.used == 4)
    #expect(tables.map { $0.address[1]?.pointee } == [8, 8, 7])
    // At a page's end nothing is copied.
    for table in tables { #expect(table.reserve(32)) }
    #expect(PageTable.move(tables, from: [2, 2, 2], tokens: 32) && pool.used == 2)
    // Without room nothing changes.
    let other = PageTable(pool, tokens: 112)
    #expect(other.reserve(112) && pool.available == 0)
    for table in tables { #expect(table.pages.count == 2) }
    let before = tables.map(\.pages)
    #expect(!PageTable.move(tables, from: [0, 0, 1], tokens: 30))
    #expect(tables.map(\.pages) == before && pool.used == 9)
  }
}
