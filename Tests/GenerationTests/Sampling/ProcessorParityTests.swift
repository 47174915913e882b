import Foundation
import MartletCore
import Testing

@testable import Generation

/// What Tools/fixtures_sampling.py wrote: transformers' processors and beam search.
struct SamplingFixture: Decodable, Sendable {
  struct Processor: Decodable, Sendable {
    var name: String
    var value: JSONValue
    var tokens: [Int]
    var before: [Float]
    var after: [Float?]
  }

  struct Beams: Decodable, Sendable {
    var beams: Int
    var lengthPenalty: Float
    var earlyStopping: String
    var maxLength: Int
    var end: [Int]
    var prompt: [Int]
    var table: [Int]
    var vocabulary: Int
    var sequences: [[Int]]
    var scores: [Float]?

    private enum CodingKeys: String, CodingKey {
      case beams, end, prompt, table, vocabulary, sequences, scores
      case lengthPenalty = "length_penalty"
      case earlyStopping = "early_stopping"
      case maxLength = "max_length"
    }
  }

  var processors: [Processor]
  var beams: [Beams]

  static func load() throws -> SamplingFixture {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/sampling", withExtension: "json"))
    return try JSON.decode(SamplingFixture.self, from: Data(contentsOf: url), source: "sampling.json")
  }
}

@Suite struct ProcessorParityTests {
  func processor(_ item: SamplingFixture.Processor) throws -> any LogitsProcessor {
    let number = item.value.doubleValue ?? 0
    let integers = (item.value.arrayValue ?? []).compactMap(\.intValue)
    switch item.name {
    case "temperature": return Temperature(Float(number))
    case "top_k": return TopK(Int(number))
    case "top_p": return TopP(number)
    case "min_p": return MinP(Float(number))
    case "typical_p": return Typical(number)
    case "epsilon_cutoff": return EpsilonCutoff(number)
    case "eta_cutoff": return EtaCutoff(number)
    case "repetition_penalty": return RepetitionPenalty(Float(number))
    case "no_repeat_ngram_size": return NoRepeatNGram(Int(number))
    case "bad_words_ids":
      return SequenceBias(forbidding: (item.value.arrayValue ?? []).map { ($0.arrayValue ?? []).compactMap(\.intValue) })
    case "sequence_bias":
      return SequenceBias(
        (item.value.arrayValue ?? []).map {
          SequenceBias.Entry(($0.arrayValue?[0].arrayValue ?? []).compactMap(\.intValue), Float($0.arrayValue?[1].doubleValue ?? 0))
        })
    // The fixture's prompt has four tokens.
    case "min_new_tokens": return MinimumNewTokens(integers[0] - 4, endTokens: [integers[1]])
    case "suppress_tokens": return SuppressedTokens(integers)
    case "forced_token": return ForcedTokens([integers[0]: integers[1]])
    default: throw ArgumentError("the fixture has a processor '\(item.name)'")
    }
  }

  @Test func equalToTransformers() throws {
    let fixture = try SamplingFixture.load()
    #expect(fixture.processors.count == 64)
    for item in fixture.processors {
      let promptCount = item.name == "min_new_tokens" ? 4 : 0
      let after = try processor(item).processed(item.before, tokens: item.tokens, promptCount: promptCount)
      for (index, expected) in item.after.enumerated() {
        if let expected {
          #expect(abs(after[index] - expected) <= 2e-6 * max(1, abs(expected)), "\(item.name) \(item.value) token \(index)")
        } else {
          #expect(after[index] == -.infinity, "\(item.name) \(item.value) token \(index)")
        }
      }
    }
  }

  @Test func occurrencePenaltiesCountOnlyWhatWasGenerated() {
    let after = OccurrencePenalty(presence: 0.5, frequency: 0.25).processed([1, 1, 1, 1], tokens: [0, 0, 1, 2, 2, 9], promptCount: 2)
    #expect(after == [1, 0.25, 0, 1])
  }
}

@Suite struct BeamSearchTests {
  func logSoftmax(_ row: ArraySlice<Float>) -> [Float] {
    let normalizer = row.withUnsafeBufferPointer { VectorMath.logSumExp($0) }
    return row.map { $0 - normalizer }
  }

  /// Runs the search over a table of scores by the last two tokens.
  func search(_ settings: BeamSearch.Settings, prompt: [Int], table: [Float], vocabulary: Int) throws -> BeamSearch {
    var beams = try BeamSearch(settings, prompt: prompt)
    while !beams.isDone {
      var rows: [Float] = []
      for hypothesis in beams.running {
        let last = hypothesis.tokens[hypothesis.tokens.count - 1], before = hypothesis.tokens[hypothesis.tokens.count - 2]
        let start = (before * vocabulary + last) * vocabulary
        rows += logSoftmax(table[start..<start + vocabulary])
      }
      let previous = beams.running
      let parents = try beams.advance(rows)
      for (hypothesis, parent) in zip(beams.running, parents) where !beams.isDone {
        #expect(Array(hypothesis.tokens.dropLast()) == previous[parent].tokens)
      }
    }
    return beams
  }

  @Test func equalToTransformers() throws {
    for item in try SamplingFixture.load().beams {
      var settings = BeamSearch.Settings()
      settings.beams = item.beams
      settings.lengthPenalty = item.lengthPenalty
      settings.earlyStopping = try #require(BeamSearch.EarlyStopping(rawValue: item.earlyStopping))
      settings.maximumLength = item.maxLength
      settings.endTokens = item.end
      let table = item.table.map { Float($0) / 64 }
      let found = try search(settings, prompt: item.prompt, table: table, vocabulary: item.vocabulary).best
      #expect(found.map(\.tokens) == item.sequences, "\(item.beams) beams, penalty \(item.lengthPenalty), \(item.earlyStopping)")
      for (hypothesis, score) in zip(found, item.scores ?? []) { #expect(abs(hypothesis.score - score) < 1e-5 * max(1, abs(score))) }
    }
  }

  @Test func groupsDiffer() throws {
    var random = KeyedRandom(seed: 3, purpose: "beams")
    let table = (0..<512).map { _ in Float(random.uniform(in: -1...1)) }
    var settings = BeamSearch.Settings()
    settings.beams = 4
    settings.groups = 4
    settings.maximumLength = 8
    let same = try search(settings, prompt: [1, 2], table: table, vocabulary: 8).best
    // Groups that pay nothing find the same; each is then a greedy search.
    #expect(Set(same.map(\.tokens)).count == 1)
    settings.diversityPenalty = 100
    let different = try search(settings, prompt: [1, 2], table: table, vocabulary: 8).best
    #expect(Set(different.map { $0.tokens[2] }).count == 4)
    #expect(Set(different.map(\.tokens)).count == 4)
  }

  @Test func settingsThatCannotBe() throws {
    var settings = BeamSearch.Settings()
    settings.groups = 3
    #expect(throws: SamplingError.self) { try BeamSearch(settings, prompt: [1]) }
    settings.groups = 1
    settings.maximumLength = 2
    #expect(throws: SamplingError.self) { try BeamSearch(settings, prompt: [1, 2]) }
    settings.maximumLength = 9
    var search = try BeamSearch(settings, prompt: [1, 2])
    #expect(throws: SamplingError.self) { _ = try search.advance([0.1, 0.2, 0.3]) }
    #expect(throws: SamplingError.self) { _ = try search.advance([0.1, 0.2, 0.3, 0.4]) }
  }
}
