import Foundation
import MartletCore
import Testing

@testable import Generation

@Suite struct SamplerTests {
  func scores(_ count: Int, seed: UInt64 = 1, scale: Double = 3) -> [Float] {
    var random = KeyedRandom(seed: seed, purpose: "scores")
    return (0..<count).map { _ in Float(random.uniform(in: -scale...scale)) }
  }

  @Test func greedyTakesTheLowestOfEquals() throws {
    let sampler = try TokenSampler(.greedy, vocabulary: 40)
    #expect(sampler.isPlainGreedy)
    var scores = [Float](repeating: 0, count: 40)
    scores[7] = 2
    scores[33] = 2
    #expect(try sampler.next(scores, tokens: [1], promptCount: 1).token == 7)
    var mask = TokenMask(count: 40, allowing: true)
    mask[7] = false
    #expect(try sampler.next(scores, tokens: [1], promptCount: 1, allowed: mask).token == 33)
  }

  @Test func drawsFollowTheDistribution() throws {
    var settings = SamplingSettings()
    settings.temperature = 0.8
    let scores: [Float] = [1, 0, -1, 2, 0.5, -.infinity, 1.5]
    let weights = scores.map { exp(Double($0) / 0.8) }
    let sampler = try TokenSampler(settings, vocabulary: 7, seed: 4)
    var counts = [Int](repeating: 0, count: 7)
    let draws = 20_000
    for position in 0..<draws {
      counts[try sampler.next(scores, tokens: [Int](repeating: 0, count: position % 50), promptCount: -position).token] += 1
    }
    let total = weights.reduce(0, +)
    // Six degrees of freedom less one: 25 is passed once in ten thousand times.
    var statistic = 0.0
    for (count, weight) in zip(counts, weights) where weight > 0 {
      let expected = weight / total * Double(draws)
      statistic += (Double(count) - expected) * (Double(count) - expected) / expected
    }
    #expect(statistic < 25)
    #expect(counts[5] == 0)
  }

  @Test func aDrawDependsOnSeedAndPlaceOnly() throws {
    var settings = SamplingSettings()
    settings.topK = 40
    settings.topP = 0.9
    let scores = scores(500)
    func tokens(_ seed: UInt64, prompt: Int) throws -> [Int] {
      let sampler = try TokenSampler(settings, vocabulary: 500, seed: seed)
      return try (0..<30).map {
        try sampler.next(scores, tokens: [Int](repeating: 3, count: prompt + $0), promptCount: prompt).token
      }
    }
    #expect(try tokens(1, prompt: 4) == tokens(1, prompt: 9))
    #expect(try tokens(1, prompt: 4) != tokens(2, prompt: 4))
    #expect(Set(try tokens(1, prompt: 4)).count > 5)
  }

  /// A few candidates take a short path; they must be the same as by the rules one after another.
  @Test func theShortPathIsTheLongOne() throws {
    for seed in 0..<5 as Range<UInt64> {
      let original = scores(600, seed: seed)
      var settings = SamplingSettings()
      settings.temperature = 0.9
      settings.topK = 50
      settings.topP = 0.8
      settings.minP = 0.05
      let rules: [any LogitsProcessor] = [Temperature(0.9), TopK(50), TopP(0.8), MinP(0.05)]
      let left = rules.reduce(original) { $1.processed($0) }
      let allowed = Set(left.indices.filter { left[$0] > -.infinity })
      let sampler = try TokenSampler(settings, vocabulary: 600, seed: seed)
      var drawn: Set<Int> = []
      for position in 0..<150 {
        drawn.insert(try sampler.next(original, tokens: [Int](repeating: 0, count: position), promptCount: 0).token)
      }
      #expect(drawn.isSubset(of: allowed))
      #expect(drawn.count > allowed.count / 4)
    }
  }

  @Test func logProbabilitiesAreTheModelsOwn() throws {
    var settings = SamplingSettings.greedy
    settings.topLogProbabilities = 3
    settings.logitBias = [2: 50]
    let scores: [Float] = [0, 1, 2, 3]
    let result = try TokenSampler(settings, vocabulary: 4).next(scores, tokens: [], promptCount: 0)
    let normalizer = Float(log(scores.reduce(0) { $0 + exp(Double($1)) }))
    #expect(result.token == 2)
    #expect(abs((result.logProbability ?? 0) - (2 - normalizer)) < 1e-6)
    #expect(result.alternatives.map(\.token) == [3, 2, 1])
    #expect(result.alternatives.allSatisfy { abs($0.logProbability - (scores[$0.token] - normalizer)) < 1e-6 })
  }

  @Test func scoresThatAreNoNumbers() throws {
    let sampler = try TokenSampler(SamplingSettings(), vocabulary: 20)
    for bad in [Float.nan, .infinity] {
      var scores = scores(20)
      scores[13] = bad
      let error = try #require(throws: SamplingError.self) { _ = try sampler.next(scores, tokens: [], promptCount: 0) }
      #expect(error.kind == .logits)
      #expect(error.problem.contains("13"))
    }
    let error = try #require(throws: SamplingError.self) {
      _ = try sampler.next(scores(20), tokens: [], promptCount: 0, allowed: TokenMask(count: 20))
    }
    #expect(error.kind == .nothingAllowed)
  }

  @Test(arguments: [
    ("temperature", "-1"), ("temperature", "1e-9"), ("top_p", "1.5"), ("top_k", "-2"), ("min_p", "2"), ("typical_p", "0"),
    ("repetition_penalty", "0"), ("presence_penalty", "3"), ("frequency_penalty", "-2.5"), ("no_repeat_ngram_size", "-1"),
    ("logit_bias", "{\"3\": 200}"), ("logit_bias", "{\"99\": 1}"), ("bad_words_ids", "[[]]"), ("bad_words_ids", "[[3, 50]]"),
    ("forced_tokens", "{\"0\": 50}"), ("epsilon_cutoff", "1"), ("eta_cutoff", "-0.1"), ("top_logprobs", "-1"), ("min_new_tokens", "-1"),
  ])
  func settingsOutOfRange(name: String, value: String) throws {
    let settings = try JSONDecoder().decode(SamplingSettings.self, from: Data("{\"\(name)\": \(value)}".utf8))
    #expect(throws: SamplingError.self) { _ = try TokenSampler(settings, vocabulary: 50) }
  }

  @Test func settingsAsJSON() throws {
    var settings = SamplingSettings()
    settings.topP = 0.9
    settings.logitBias = [5: -3]
    settings.forcedTokens = [0: 2]
    settings.seed = 12
    let data = try JSON.encode(settings)
    #expect(String(decoding: data, as: UTF8.self).contains("\"top_p\" : 0.9"))
    #expect(try JSON.decode(SamplingSettings.self, from: data, source: "settings") == settings)
    #expect(try JSONDecoder().decode(SamplingSettings.self, from: Data("{\"top_k\": null}".utf8)) == SamplingSettings())
  }

  @Test func masks() {
    var mask = TokenMask(count: 130)
    for token in [0, 63, 64, 129, 500] { mask[token] = true }
    #expect(mask.tokens == [0, 63, 64, 129])
    #expect(mask.allowedCount == 4)
    #expect(!mask[-1] && !mask[130] && mask[129])
    #expect(TokenMask(count: 130, allowing: true).allowedCount == 130)
    #expect(mask.intersection(TokenMask(count: 64, allowing: true)).tokens == [0, 63])
    var scores = [Float](repeating: 1, count: 140)
    scores.withUnsafeMutableBufferPointer { mask.apply(to: $0) }
    #expect(scores.indices.filter { scores[$0] == 1 } == [0, 63, 64, 129])
  }

  @Test func selectionIsTheSortedFront() {
    for seed in 0..<12 as Range<UInt64> {
      var random = KeyedRandom(seed: seed, purpose: "selection")
      let count = Int(random.next() % 1500) + 1
      // Few different values: many ties.
      let values = (0..<count).map { _ in seed % 2 == 0 ? Float(random.next() % 20) : Float(random.uniform()) }
      let sorted = values.indices.sorted { (values[$1], $0) < (values[$0], $1) }
      for wanted in [1, 7, count / 2, count] where wanted > 0 {
        let found = values.withUnsafeBufferPointer { Selection.largest(wanted, of: $0) }
        #expect(found.map { Int($0.index) } == Array(sorted.prefix(wanted)))
      }
      var entries = values.enumerated().map { Selection.Entry(score: $1, index: Int32($0)) }
      let mass = Double(values.reduce(0, +)) * 0.7
      let kept = Selection.prefix(of: &entries, holding: mass) { Double($0.score) }
      var before = 0.0, expected = 0
      while expected < count, before < mass {
        before += Double(values[sorted[expected]])
        expected += 1
      }
      #expect(kept == expected)
      #expect(Set(entries.prefix(kept).map { Int($0.index) }) == Set(sorted.prefix(kept)))
    }
  }

  @Test func exponentials() {
    for step in -2000...2000 {
      let x = Float(step) * 0.04
      let value = VectorMath.exp(SIMD16(repeating: x))[5]
      #expect(abs(Double(value) - exp(Double(x))) <= 3e-7 * exp(Double(x)))
    }
    #expect(VectorMath.exp(SIMD16(repeating: -.infinity))[0] == 0)
  }
}
