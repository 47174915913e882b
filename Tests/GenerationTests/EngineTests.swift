import Foundation
import MartletCore
import Models
import Synchronization
import Testing

@testable import Generation

/// What an engine gave for one request.
final class Collected: Sendable {
  struct State {
    var tokens: [Int] = []
    var scores: [Float] = []
    var prompt: [SampledToken] = []
    var cached = -1
    var beams: [BeamSearch.Hypothesis] = []
    var end: String?
  }
  let state = Mutex(State())
  let limit: Int

  init(limit: Int = .max) { self.limit = limit }

  @Sendable func take(_ event: TokenEvent) -> Bool {
    state.withLock { state in
      switch event {
      case .started(let cached): state.cached = cached
      case .prompt(let scores): state.prompt = scores
      case .token(let token):
        state.tokens.append(token.token)
        if let score = token.logProbability { state.scores.append(score) }
        if state.tokens.count >= limit { state.end = "enough" }
        return state.tokens.count < limit
      case .beams(let beams): state.beams = beams
      case .ended: state.end = "ended"
      case .limit: state.end = "limit"
      case .failed(let error): state.end = "\(error)"
      }
      return true
    }
  }

  func wait() async -> State {
    while true {
      let now = state.withLock { $0 }
      if now.end != nil { return now }
      try? await Task.sleep(for: .milliseconds(1))
    }
  }
}

@Suite struct EngineTests {
  private static func engine(
    _ name: String = "llama", _ format: WeightFormat = .float32, _ change: (inout EngineSettings) -> Void = { _ in }
  ) throws
    -> GenerationEngine
  {
    var settings = EngineSettings()
    settings.threads = 1
    change(&settings)
    return try GenerationEngine(TinyModel(name, format).model, settings)
  }

  private static func request(
    _ prompt: [Int], _ count: Int, _ change: (inout SamplingSettings) -> Void = { $0.temperature = 0 }
  ) throws -> TokenRequest {
    var sampling = SamplingSettings()
    change(&sampling)
    return TokenRequest(prompt, sampler: try TokenSampler(sampling, vocabulary: 96, seed: 9), maximumNewTokens: count)
  }

  @Test(arguments: TinyModel.names) func greedyTextEqualsThatOfTransformers(name: String) async throws {
    let engine = try Self.engine(name)
    let expected = try TinyModel(name).expected
    for guesses in [0, 4] {
      var request = try Self.request(Array(expected.ids.prefix(20)), 24)
      request.guesses = guesses
      let collected = Collected()
      _ = try engine.submit(request, onEvent: collected.take)
      let state = await collected.wait()
      #expect(state.tokens == expected.greedy && state.end == "limit", "\(name): \(state.tokens)")
    }
  }

  /// Thirty requests with settings of their own, alone and together, with and without guesses, with little memory and few rows.
  @Test(arguments: [WeightFormat.float32, .int8]) func aRequestGivesTheSameAloneAndInCompany(format: WeightFormat) async throws {
    var random = KeyedRandom(seed: 4, purpose: "engine")
    var requests: [TokenRequest] = []
    let beginning = (0..<40).map { _ in Int.random(in: 0..<96, using: &random) }
    for index in 0..<30 {
      let own = (0..<Int.random(in: 1...45, using: &random)).map { _ in Int.random(in: 0..<96, using: &random) }
      requests.append(
        try Self.request(index % 3 == 0 ? beginning + own : own, Int.random(in: 1...30, using: &random)) { settings in
          settings.temperature = index % 4 == 0 ? 0 : 0.8
          settings.topK = index % 2 == 0 ? 20 : 0
          settings.topP = 0.95
          settings.repetitionPenalty = index % 5 == 0 ? 1.2 : 1
          settings.seed = UInt64(index)
          settings.topLogProbabilities = 2
        })
      requests[index].endTokens = [2]
    }
    var alone: [Collected.State] = []
    for request in requests {
      let engine = try Self.engine("qwen3", format)
      let collected = Collected()
      _ = try engine.submit(request, onEvent: collected.take)
      alone.append(await collected.wait())
      engine.shutdown()
    }
    #expect(Set(alone.map(\.end)) == ["limit", "ended"])
    for (rows, guesses, threads) in [(256, 0, 1), (7, 0, 1), (40, 3, 2)] {
      let engine = try Self.engine("qwen3", format) {
        $0.rows = rows
        $0.sequences = 8
        $0.threads = threads
        $0.cacheBytes = 40 * (format == .int8 ? 2 : 4) * 2 * 2 * 2 * 16 * 16
      }
      let collected = requests.map { _ in Collected() }
      for (index, request) in requests.enumerated() {
        var request = request
        request.guesses = guesses
        _ = try engine.submit(request, onEvent: collected[index].take)
      }
      var shared = 0
      for (index, one) in collected.enumerated() {
        let state = await one.wait()
        #expect(state.tokens == alone[index].tokens, "request \(index), \(rows) rows")
        #expect(state.scores == alone[index].scores && state.end == alone[index].end)
        shared += state.cached
      }
      // Ten prompts begin with the same 40 tokens; two pages are full of them.
      #expect(shared >= 5 * 32)
      if guesses > 0 { #expect(engine.status.guessed > 0) }
      engine.shutdown()
    }
  }

  @Test func memoryIsFreeWhenRequestsEnd() async throws {
    let engine = try Self.engine()
    let collected = Collected(limit: 3)
    _ = try engine.submit(try Self.request([5, 6, 7], 200), onEvent: collected.take)
    #expect(await collected.wait().tokens.count == 3)
    let endless = Collected()
    let ticket = try engine.submit(try Self.request([8, 9], 250), onEvent: endless.take)
    while endless.state.withLock({ $0.tokens.count }) < 2 { try await Task.sleep(for: .milliseconds(1)) }
    ticket.cancel()
    ticket.cancel()
    while engine.status.running > 0 || engine.status.pages > 0 { try await Task.sleep(for: .milliseconds(1)) }
    #expect(endless.state.withLock { $0.end == nil || $0.end == "limit" })
  }

  @Test func promptsAreScored() async throws {
    let engine = try Self.engine()
    let expected = try TinyModel("llama").expected
    var request = try Self.request(expected.ids, 1) { $0.topLogProbabilities = 3 }
    request.scoresPrompt = true
    let collected = Collected(), silent = Collected()
    _ = try engine.submit(request, onEvent: collected.take)
    let state = await collected.wait()
    // With nothing to write they are the same.
    request.maximumNewTokens = 0
    request.guesses = 3
    _ = try engine.submit(request, onEvent: silent.take)
    let only = await silent.wait()
    #expect(only.prompt == state.prompt && only.tokens.isEmpty && only.end == "limit" && state.tokens.count == 1)
    #expect(state.prompt.map(\.token) == Array(expected.ids.dropFirst()))
    for (place, logits) in zip(expected.places, expected.logits) where place < state.prompt.count {
      let normalizer = log(logits.reduce(0.0) { $0 + exp(Double($1)) })
      let own = try #require(state.prompt[place].logProbability)
      #expect(abs(Double(own) - (Double(logits[expected.ids[place + 1]]) - normalizer)) < 1e-4)
      #expect(state.prompt[place].alternatives.first?.token == logits.indices.max { logits[$0] < logits[$1] })
    }
  }

  @Test func whatCannotBeServedIsAnError() async throws {
    let engine = try Self.engine {
      $0.waiting = 1; $0.sequences = 1; $0.contextLength = 64
    }
    let none = Collected()
    for (prompt, count) in [([], 3), ([96], 3), ([-1], 3), ([1], 0), ([1], 64), ([1], Int.max)] {
      do {
        _ = try engine.submit(try Self.request(prompt, count), onEvent: none.take)
        Issue.record("\(prompt) \(count)")
      } catch let error as GenerationError {
        #expect(error.kind == .request && error.expected != nil)
      }
    }
    // One runs, one waits, and a third finds the queue full.
    var kinds: [GenerationError.Kind] = []
    var tickets: [GenerationTicket] = []
    let endless = Collected()
    for _ in 0..<50 {
      do { tickets.append(try engine.submit(try Self.request([1, 2], 62), onEvent: endless.take)) } catch let error as GenerationError {
        kinds.append(error.kind)
      }
    }
    #expect(Set(kinds) == [.queueFull])
    var late = try Self.request([1], 3)
    late.deadline = .now - .seconds(1)
    for ticket in tickets { ticket.cancel() }
    while engine.status.running + engine.status.waiting > 0 { try await Task.sleep(for: .milliseconds(1)) }
    let collected = Collected()
    _ = try engine.submit(late, onEvent: collected.take)
    #expect(await collected.wait().end?.contains("time for the request is over") == true)
    engine.shutdown()
    #expect(throws: GenerationError.self) { try engine.submit(try Self.request([1], 1), onEvent: none.take) }
    #expect(none.state.withLock { $0.tokens.isEmpty })
  }

  @Test func guessesFollowTheLatestRepetition() {
    #expect(PromptLookup.guess([1, 2, 3, 4, 5, 1, 2, 3], count: 2) == [4, 5])
    #expect(PromptLookup.guess([9, 2, 3, 7, 1, 2, 3], count: 3) == [7, 1, 2])
    #expect(PromptLookup.guess([1, 2, 3], count: 3).isEmpty)
    #expect(PromptLookup.guess([4, 4, 4, 4], count: 9) == [4])
    #expect(PromptLookup.guess([1, 2, 1, 2], count: 0).isEmpty)
  }
}

@Suite struct PagePoolTests {
  @Test func pagesAreSharedAndReused() throws {
    let pool = PagePool(pageBytes: 64, capacity: 3)
    let text = Array(0..<40)
    var table: PageTable? = PageTable(pool, tokens: 40)
    #expect(table?.adopt(text) == 0 && table?.reserve(40) == true && table?.reserve(49) == false)
    table?.publish(text[...], from: 0)
    #expect(pool.available == 0)
    table = nil
    #expect(pool.available == 3 && pool.used == 0)
    // Two pages are full and known; the last token of a text is always computed.
    var same: PageTable? = PageTable(pool, tokens: 40)
    #expect(same?.adopt(text) == 32 && pool.used == 2)
    #expect(PageTable(pool, tokens: 40).adopt(Array(text.prefix(32))) == 16)
    #expect(PageTable(pool, tokens: 40).adopt([1] + text) == 0)
    same = nil
    // What was promised is kept, though it is not used yet.
    let promised = PageTable(pool, tokens: 32)
    #expect(promised.promise() && promised.promise() && pool.used == 0)
    #expect(!PageTable(pool, tokens: 32).promise() && PageTable(pool, tokens: 16).promise())
    #expect(promised.pages.isEmpty)
    // New texts take the memory of the known pages in the end.
    let other = PageTable(pool, tokens: 48)
    #expect(other.reserve(48))
    #expect(PageTable(pool, tokens: 40).adopt(text) == 0)
  }
}
