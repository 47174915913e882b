import Foundation
import Learners
import MartletCore
import Tables
import Testing

@Suite(.enabled(if: SharedFiles.path("data/minilm") != nil)) struct TextEncoderTests {
  /// Two kinds of texts as MiniLM's tokens: [CLS], three words, [SEP].
  private static func texts(_ count: Int, seed: UInt64) throws -> FeatureMatrix {
    var random = KeyedRandom(seed: seed, purpose: "texts")
    var values: [Double] = []
    for row in 0..<count {
      // good, great, fine, nice against bad, poor, awful, worse.
      let words = row % 2 == 0 ? [2204, 2307, 2986, 3835] : [2919, 3532, 9643, 4788]
      values += ([101] + (0..<3).map { _ in words[Int.random(in: 0..<4, using: &random)] } + [102]).map { Double($0 + 1) }
      values += [0]
    }
    return try FeatureMatrix(rows: count, names: (0..<6).map { "text_token\($0)" }, values: values)
  }

  @Test(arguments: [nil, 4]) func learnsAndSurvivesTheDisk(_ rank: Int?) throws {
    let x = try Self.texts(32, seed: 1), target = Target.classes((0..<32).map { $0 % 2 }, labels: ["bad", "good", "never"])
    let learner = TextEncoder(epochs: 2, batchSize: 8, learningRate: rank == nil ? 2e-4 : 5e-3, loraRank: rank)
    let model = try #require(learner.fit(x, target, weights: nil, context: FitContext(seed: 3, threads: 2)) as? any FittedClassifier)
    let probe = try Self.texts(16, seed: 2), shares = try model.probabilities(probe)
    let right = (0..<16).count { row in shares[row * 3 + row % 2] > 0.5 }
    #expect(right >= 14, "\(right) of 16")
    #expect((0..<16).allSatisfy { shares[$0 * 3 + 2] == 0 && abs(shares[$0 * 3] + shares[$0 * 3 + 1] - 1) < 1e-9 })

    let archive = try model.archive()
    let again = try #require(try LearnerCatalogue.fitted(archive) as? any FittedClassifier)
    #expect(try again.probabilities(probe) == shares)
    var damaged = archive
    damaged.arrays["classifier.weight"] = nil
    #expect(throws: LearnerError.self) { _ = try LearnerCatalogue.fitted(damaged) }
  }

  @Test func whatItCannotReadIsNamed() throws {
    let target = Target.classes([0, 1], labels: ["a", "b"]), context = FitContext(seed: 1, threads: 1)
    func fit(_ names: [String], _ values: [Double], _ learner: TextEncoder = TextEncoder()) throws {
      _ = try learner.fit(FeatureMatrix(rows: 2, names: names, values: values), target, weights: nil, context: context)
    }
    #expect(throws: LearnerError.self) { try fit(["age"], [1, 2]) }
    #expect(throws: LearnerError.self) { try fit(["text_token0"], [1.5, 2]) }
    #expect(throws: LearnerError.self) { try fit(["text_token0"], [1e9, 2]) }
    #expect(throws: LearnerError.self) { try fit(["text_token0"], [1, 2], TextEncoder(model: "/nowhere")) }
    #expect(throws: LearnerError.self) { try fit(["text_token0"], [1, 2], TextEncoder(epochs: 0)) }
  }
}
