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
      let value = [Float](repeating: x, count: 16).withUnsafeBufferPointer { VectorMath.sumOfExponentials($0, shift: 0) } / 16
      #expect(abs(value - exp(Double(x))) <= 4e-7 * exp(Double(x)))
    }
    #expect([Float](repeating: -.infinity, count: 16).withUnsafeBufferPointer { VectorMath.sumOfExponentials($0, shift: 0) } == 0)
  }
}

/// The same passes in plain Swift: what the kernels give must be equal to the last bit.
private enum PlainMath {
  static func exp(_ x: SIMD16<Float>) -> SIMD16<Float> {
    typealias Lanes = SIMD16<Float>
    let clamped = x.clamped(lowerBound: Lanes(repeating: -87.5), upperBound: Lanes(repeating: 88))
    let magic = Lanes(repeating: 12_582_912)
    let rounded = clamped * 1.442_695_04 + magic
    let n = rounded - magic
    let r = (clamped - n * 0.693_359_375) + n * 2.121_944_4e-4
    var p = Lanes(repeating: 1.987_569_15e-4)
    for factor in [1.398_199_95e-3, 8.333_451_9e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] as [Float] { p = p * r + factor }
    p = p * r * r + r + 1
    let exponent = (unsafeBitCast(rounded, to: SIMD16<Int32>.self) &- 0x4B40_0000 &+ 127) &<< 23
    return (p * unsafeBitCast(exponent, to: Lanes.self)).replacing(with: 0, where: x .< -87)
  }

  static func sum(_ scores: [Float], shift: Float) -> Double {
    var total = 0.0
    let blocks = scores.count / 16
    for first in stride(from: 0, to: blocks, by: 64) {
      var sum = SIMD16<Float>.zero
      for block in first..<min(first + 64, blocks) { sum += exp(SIMD16(scores[block * 16..<block * 16 + 16]) - shift) }
      total += Double(sum.sum())
    }
    for index in blocks * 16..<scores.count { total += Double(expf(scores[index] - shift)) }
    return total
  }

  /// The tokens that top-p keeps.
  static func nucleus(_ scores: [Float], mass: Double) -> [Int] {
    let shift = scores.max() ?? 0
    let order = scores.indices.filter { scores[$0] > -.infinity }.sorted { (scores[$1], $0) < (scores[$0], $1) }
    let target = mass * sum(scores, shift: shift)
    var before = 0.0, kept: [Int] = []
    for index in order where kept.isEmpty || before < target {
      before += Foundation.exp(Double(scores[index] - shift))
      kept.append(index)
    }
    return kept.sorted()
  }
}

@Suite struct ScorePassTests {
  private static func scores(_ kind: Int, _ count: Int) -> [Float] {
    var random = KeyedRandom(seed: UInt64(kind), purpose: "scores")
    return (0..<count).map { index in
      let x = Float(random.uniform() + random.uniform() + random.uniform() - 1.5)
      switch kind {
      case 0: return x * 3
      case 1: return x * 40 - 1000
      case 2: return Float(Int(x * 4))  // Many equal ones.
      case 3: return index % 3 == 0 ? -.infinity : x * 10
      case 4: return 2.5
      default: return index == count / 2 ? 50 : x
      }
    }
  }

  @Test func sumsAreThoseOfPlainSwift() {
    for kind in 0..<6 {
      for count in [1, 15, 16, 17, 1000, 5003] {
        let scores = Self.scores(kind, count)
        let (value, isValid) = scores.withUnsafeBufferPointer { VectorMath.maximum($0) }
        #expect(value == scores.max() && isValid)
        guard value > -.infinity else { continue }
        #expect(scores.withUnsafeBufferPointer { VectorMath.sumOfExponentials($0, shift: value) } == PlainMath.sum(scores, shift: value))
        for wrong in [Float.nan, .infinity] {
          var broken = scores
          broken[count / 2] = wrong
          #expect(!broken.withUnsafeBufferPointer { VectorMath.maximum($0).isValid })
        }
      }
    }
  }

  @Test func topPKeepsThoseOfASortedList() {
    for kind in 0..<6 {
      for (count, mass) in [(1, 0.5), (40, 0), (40, 0.3), (1000, 0.9), (1003, 0.99), (5003, 0.5), (5003, 0.9999999)] {
        let scores = Self.scores(kind, count)
        guard scores.contains(where: { $0 > -.infinity }) else { continue }
        let kept = TopP(mass).processed(scores)
        let expected = PlainMath.nucleus(scores, mass: mass)
        #expect(kept.indices.filter { kept[$0] > -.infinity } == expected, "kind \(kind), \(count), \(mass)")
        #expect(expected.allSatisfy { kept[$0] == scores[$0] })
      }
    }
  }
}
