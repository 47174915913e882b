import MartletCore
import NN
import Testing
import Torch

@testable import Training

extension TorchTests {
  @Suite struct PenaltyTests {
    /// The same penalty as part of the loss, differentiated by the engine.
    private func reference(_ model: PlainNet, l1: Double, l2: Double, biases: Bool) throws -> Trainer {
      try Trainer(model, optimizer: .adamW(learningRate: 0.02), seed: 7, options: TrainerOptions(threads: 1)) { batch in
        let outputs = try model(batch.inputs)
        var loss = try crossEntropy(outputs, batch.targets)
        for (name, parameter) in model.namedParameters() where biases || !name.hasSuffix("bias") {
          loss = try loss + parameter.value.abs().sum() * l1 + parameter.value.square().sum() * l2
        }
        return StepOutput(loss: loss, outputs: outputs)
      }
    }

    @Test(arguments: [(0.01, 0.0), (0.0, 0.02), (0.005, 0.01)], [true, false])
    func theGradientIsThatOfThePenalty(prices: (Double, Double), biases: Bool) async throws {
      let model = try PlainNet.make(), other = try PlainNet.make()
      let penalty = Penalty(l1: prices.0, l2: prices.1, includesBiases: biases)
      let result = try await toyTrainer(
        model, schedule: .constant, options: TrainerOptions(threads: 1, penalty: penalty)
      ).fit(toyLoader(), epochs: 3)
      let expected = try await reference(other, l1: prices.0, l2: prices.1, biases: biases).fit(toyLoader(), epochs: 3)
      #expect(try distance(model, other) < 2e-5)
      for epoch in 0..<3 {
        let sum = result.values("train/loss")[epoch] + result.values("train/penalty")[epoch]
        #expect(abs(sum - expected.values("train/loss")[epoch]) < 1e-4)
      }
    }

    @Test func frozenAndUnusedParameters() async throws {
      let parameters = [("a.weight", Parameter(try Tensor([2, -3] as [Float]))), ("a.bias", Parameter(try Tensor([5] as [Float])))]
      let named = parameters.map { (name: $0.0, parameter: $0.1) }
      #expect(try abs(Penalty(l1: 1, l2: 10, includesBiases: false).apply(to: named) - 135) < 1e-3)
      // The loss does not depend on it, the penalty does.
      #expect(try named[0].parameter.grad?.array(of: Float.self) == [41, -61])
      #expect(named[1].parameter.grad == nil)
      named[0].parameter.requiresGrad = false
      #expect(try Penalty(l2: 1, includesBiases: false).apply(to: named) == 0)
      #expect(named[0].parameter.grad == nil)
      #expect(Penalty(includesBiases: false).covers("bias.weight") && !Penalty(includesBiases: false).covers("rnn.bias_ih_l0"))
      #expect { try Penalty(l1: -1).validate() } throws: { "\($0)".contains("the L1 penalty is -1") }
    }
  }
}
