import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Training

private struct MixingReference: Decodable {
  struct Case: Decodable {
    let kind: String
    let lambda: Double
    let centre: [Int]?
    let adjusted: Double?
    let inputs: [Double]
    let targets: [Double]
  }
  let x: [Double]
  let y: [Int]
  let cases: [Case]
}

extension TorchTests {
  @Suite struct MixingTests {
    @Test func equalsTorchvision() throws {
      let reference = try fixture("handlers-mixing.json", as: MixingReference.self)
      let x = try Tensor(reference.x.map(Float.init), shape: [4, 2, 5, 6])
      let y = try Tensor(reference.y.map(Int64.init))
      // Partners of torchvision are neighbours: `roll(1, 0)`.
      let roll = [3, 0, 1, 2]
      for one in reference.cases {
        let plan =
          one.centre.map {
            MixingPlan(lambda: one.lambda, permutation: roll, extent: (height: 5, width: 6), centre: (x: $0[0], y: $0[1]))
          } ?? MixingPlan(lambda: one.lambda, permutation: roll)
        #expect(abs(plan.lambda - (one.adjusted ?? one.lambda)) < 1e-15)
        #expect(try plan.mix(x).array(of: Double.self) == one.inputs, "\(one.kind) \(one.lambda)")
        var batch = Batch(inputs: x, targets: y, indices: [0, 1, 2, 3])
        batch.extras[Batch.mixedTargets] = try Tensor.stack([y, y.indexSelect(dim: 0, Tensor(roll.map(Int64.init)))])
        batch.extras[Batch.mixedShare] = try Tensor([plan.lambda])
        #expect(try close(batch.targets(for: Tensor.zeros([4, 3])).array(of: Double.self), one.targets, 1e-7))
      }
      #expect(reference.cases.count == 5)
    }

    @Test func beta() {
      for (a, b) in [(0.2, 0.2), (1.0, 1.0), (2.0, 5.0), (0.05, 0.05)] {
        var random = KeyedRandom(seed: 3, purpose: "beta")
        let draws = (0..<20_000).map { _ in random.beta(a, b) }
        let mean = draws.reduce(0, +) / 20_000
        let variance = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000
        let expected = a * b / ((a + b) * (a + b) * (a + b + 1))
        #expect(abs(mean - a / (a + b)) < 0.012 && abs(variance - expected) < 0.05 * expected + 0.002, "\(a) \(b): \(mean) \(variance)")
        #expect(draws.allSatisfy { (0...1).contains($0) })
      }
    }

    @Test func dependsOnSeedAndPlaceAlone() throws {
      let mixing = try Mixing.either(mixUp: 0.4, cutMix: 1, shareOfCutMix: 0.5, probability: 0.8)
      func plan(_ seed: UInt64, _ epoch: Int, _ batch: Int) throws -> MixingPlan? {
        try mixing.plan(count: 16, extent: (28, 28), seed: seed, position: LoaderPosition(epoch: epoch, batch: batch))
      }
      #expect(try plan(1, 2, 3) == plan(1, 2, 3))
      let plans = try (0..<200).map { try plan(1, 0, $0) }
      let left = plans.count { $0 == nil }
      let cuts = plans.count { $0?.box != nil }
      #expect((25...55).contains(left) && (60...100).contains(cuts))
      #expect(try plan(1, 0, 1) != plan(2, 0, 1) && plan(1, 0, 1) != plan(1, 1, 1))
      #expect(Set(plans.compactMap(\.self).map(\.permutation)).count > 150)
    }

    @Test func lossOfMixedTargets() throws {
      let (y, partner, lambda) = (try Tensor([Int64(0), 2, 1]), try Tensor([Int64(1), 2, 0]), 0.3)
      let logits = try RandomState.with(seed: 2) { try Tensor.randn([3, 3]) }
      var batch = Batch(inputs: logits, targets: y, indices: [0, 1, 2])
      batch.extras[Batch.mixedTargets] = try Tensor.stack([y, partner])
      batch.extras[Batch.mixedShare] = try Tensor([lambda])
      for smoothing in [0.0, 0.1] {
        let mixed = try crossEntropy(logits, batch.targets(for: logits), labelSmoothing: smoothing).double()
        let own = try crossEntropy(logits, y, labelSmoothing: smoothing).double()
        let other = try crossEntropy(logits, partner, labelSmoothing: smoothing).double()
        #expect(abs(mixed - (lambda * own + (1 - lambda) * other)) < 1e-6)
      }
    }

    @Test func trainsAndRepeats() async throws {
      var digests: [String] = []
      for mixing in [nil, try Mixing.mixUp(alpha: 0.4), try Mixing.mixUp(alpha: 0.4)] {
        let model = try ToyNet.make()
        let options = TrainerOptions(threads: 1, mixing: mixing)
        let result = try await toyTrainer(model, options: options).fit(toyLoader(), validation: toyLoader(48, shuffle: false), epochs: 8)
        #expect(try #require(result.last("validation/accuracy")) > 0.75)
        digests.append(try digest(model))
      }
      #expect(digests[0] != digests[1] && digests[1] == digests[2])
    }

    @Test func mistakesAreNamed() async throws {
      #expect(throws: ArgumentError.self) { try Mixing.mixUp(alpha: 0) }
      #expect(throws: ArgumentError.self) { try Mixing.cutMix(alpha: .nan) }
      #expect(throws: ArgumentError.self) { try Mixing.either(shareOfCutMix: 1.5) }
      let model = try ToyNet.make()
      let trainer = try toyTrainer(model, options: TrainerOptions(threads: 1, mixing: try .cutMix()))
      await #expect { try await trainer.fit(toyLoader(), epochs: 1) } throws: { "\($0)".contains("CutMix needs pictures") }
      let numbers = try Mixing.mixUp().apply(
        to: Batch(inputs: Tensor([1.0, 2]).reshape([2, 1]), targets: Tensor([10.0, 20]), indices: [0, 1]), seed: 1,
        position: LoaderPosition())
      let (inputs, targets) = (try numbers.inputs.array(of: Double.self), try numbers.targets.array(of: Double.self))
      #expect(close(inputs.map { $0 * 10 }, targets, 1e-12))
    }
  }
}
