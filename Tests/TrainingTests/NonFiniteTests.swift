import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Training

/// Explodes in `body.second` as soon as it is told to.
private final class Explosive: Module, Layer {
  final class Body: Module, Layer {
    let first = Linear(6, 8)
    let second = Linear(8, 3)
    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try second(relu(first(x))) }
  }
  let body = Body()
  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try body(x) }
}

/// Item 20 has a NaN in its input.
private struct Poisoned: Dataset {
  let count = 48
  func sample(at index: Int, epoch: Int) throws -> Sample {
    var sample = try ToyData(count: count).sample(at: index, epoch: epoch)
    if index == 20 { sample.input = try HostArray([Float](repeating: .nan, count: 6)) }
    return sample
  }
}

extension TorchTests {
  @Suite struct NonFiniteTests {
    @Test func theLayerAndItsParameterAreNamed() async throws {
      let model = Explosive()
      let saboteur = Watcher { event, run in
        if case .stepEnd = event, run.step == 3 {
          try model.body.second.weight.assign(Tensor.full([3, 8], value: .double(.infinity)))
        }
        return .continue
      }
      let error = await #expect(throws: NonFiniteTraining.self) {
        try await toyTrainer(model).fit(toyLoader(), epochs: 1, handlers: [saboteur])
      }
      let failure = try #require(error)
      #expect(failure.place == .layer(path: "body.second", description: "Linear(8→3)"))
      #expect(failure.parameter == "body.second.weight")
      #expect(failure.step == 4 && failure.items.count == 16)
      #expect("\(failure)".contains("step 4 in epoch 1: the output of layer 'body.second' (Linear(8→3)) is not finite"))
      #expect("\(failure)".contains("try: a smaller learning rate"))
    }

    @Test func tooLargeALearningRateIsSeenBeforeTheWeightsAreLost() async throws {
      let model = try RandomState.with(seed: 1) { MLPForTest() }
      let error = await #expect(throws: NonFiniteTraining.self) {
        try await toyTrainer(
          model, optimizer: .sgd(learningRate: 1e30), schedule: .constant, options: TrainerOptions(threads: 1)
        ).fit(toyLoader(), epochs: 5)
      }
      #expect(error != nil)
      // The last update that was applied was finite itself.
      for (_, parameter) in model.namedParameters() { #expect(try parameter.value.detach().allFinite()) }
    }

    @Test func badInputsAreNamedByItem() async throws {
      let loader = try DataLoader(StackedBatches(Poisoned()), batchSize: 16)
      let error = await #expect(throws: NonFiniteTraining.self) { try await toyTrainer(ToyNet.make()).fit(loader, epochs: 1) }
      #expect(error?.place == .inputs)
      #expect(error?.items == Array(16..<32))
      #expect("\(try #require(error))".contains("the inputs of the batch (items 16, 17, 18, 19 …) are not finite"))
    }

    @Test(arguments: [GradientClip.norm(1), nil]) func badGradientsAreNamed(clip: GradientClip?) async throws {
      let model = try ToyNet.make()
      // Finite forward, infinite backward: the square root's slope at zero.
      let trainer = try Trainer(model, optimizer: .sgd(learningRate: 0.1), options: TrainerOptions(clip: clip)) { batch in
        let outputs = try model(batch.inputs)
        let trap = try (model.output.bias!.value * 0).sqrt().sum()
        return StepOutput(loss: try crossEntropy(outputs, batch.targets) + trap, outputs: outputs)
      }
      let before = try bytes(model.output.weight.value)
      let error = await #expect(throws: NonFiniteTraining.self) { try await trainer.fit(toyLoader(), epochs: 1) }
      #expect(error?.place == .gradient(parameter: "output.bias"))
      #expect(try bytes(model.output.weight.value) == before)
    }

    @Test func theLossItself() async throws {
      let model = try ToyNet.make()
      let trainer = try Trainer(model, optimizer: .sgd(learningRate: 0.1)) { batch in
        let outputs = try model(batch.inputs)
        return StepOutput(loss: try outputs.sum() / 0, outputs: outputs)
      }
      let error = await #expect(throws: NonFiniteTraining.self) { try await trainer.fit(toyLoader(), epochs: 1) }
      #expect(error?.place == .loss)
      #expect("\(try #require(error))".contains("check of the targets"))
    }

    @Test func theBestWeightsComeBack() async throws {
      let model = try ToyNet.make()
      var best = ""
      let saboteur = Watcher(rank: 1) { event, run in
        if case .epochEnd = event, run.epoch == 1 { best = try digest(model) }
        if case .stepEnd = event, run.step == 15 {
          try model.input.weight.assign(Tensor.full([16, 6], value: .double(.nan)))
        }
        return .continue
      }
      let folder = try TemporaryFolder()
      let error = await #expect(throws: NonFiniteTraining.self) {
        try await toyTrainer(model).fit(
          toyLoader(), validation: toyLoader(48, shuffle: false), epochs: 5,
          handlers: [
            EarlyStopping("validation/loss", .minimum, patience: 5), saboteur, Checkpoints(in: folder.path, best: "validation/loss"),
          ])
      }
      #expect(try digest(model) == best)
      #expect("\(try #require(error))".contains("the weights of the best epoch (2) are back in the model"))
      #expect(try Checkpoint(at: folder.path + "/best").step == 12)
    }

    @Test func theCheckCanBeSwitchedOff() async throws {
      let loader = try DataLoader(StackedBatches(Poisoned()), batchSize: 16)
      let result = try await toyTrainer(Linear(6, 3), options: TrainerOptions(checksFinite: false)).fit(loader, epochs: 1)
      #expect(result.last("train/loss")?.isNaN == true)
    }
  }
}

private final class MLPForTest: Module, Layer {
  let first = Linear(6, 8), second = Linear(8, 3)
  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try second(relu(first(x))) }
}
