import MartletCore
import NN
import Testing
import Torch

@testable import Training

extension TorchTests {
  @Suite struct FreezingTests {
    @Test func partsRestUntilTheirEpoch() async throws {
      let model = try ToyNet.make()
      let freezing = Freezing.allBut("output").thaw(atEpoch: 1, "norm").thaw(atEpoch: 2)
      var before: [String: [UInt8]] = [:]
      var changed: [[String]] = []
      var modes: [Bool] = []
      let watcher = Watcher { event, _ in
        let state = try model.state().entries
        switch event {
        case .epochBegin: for (name, tensor) in state { before[name] = try bytes(tensor) }
        case .stepEnd: modes.append(model.norm.isTraining)
        case .metrics(let records) where records.contains { $0.name == "train/loss" }:
          changed.append(try state.filter { try bytes($0.tensor) != before[$0.name] }.map(\.name))
        default: break
        }
        return .continue
      }
      try await toyTrainer(model, options: TrainerOptions(threads: 1, freezing: freezing))
        .fit(toyLoader(32), validation: toyLoader(32), epochs: 3, handlers: [watcher])
      let norm = ["norm.weight", "norm.bias", "norm.running_mean", "norm.running_var", "norm.num_batches_tracked"]
      #expect(changed[0] == ["output.weight", "output.bias"])
      #expect(Set(changed[1]) == Set(norm + ["output.weight", "output.bias"]))
      #expect(changed[2].count == 9)
      #expect(modes == [false, false, true, true, true, true])
    }

    @Test func statisticsMayFollow() async throws {
      let model = try ToyNet.make()
      var freezing = Freezing.parts("norm", "input.weight")
      freezing.keepsStatistics = false
      let weight = try bytes(model.norm.weight!.value.detach())
      try await toyTrainer(model, options: TrainerOptions(freezing: freezing)).fit(toyLoader(32), epochs: 1)
      #expect(try model.norm.numBatchesTracked?.value.int() == 2)
      #expect(try bytes(model.norm.weight!.value.detach()) == weight)
      #expect(!model.input.weight.requiresGrad && model.input.bias?.requiresGrad == true)
    }

    @Test func everyCheckpointGoesOn() async throws {
      for optimizer in [OptimizerChoice.adamW(learningRate: 0.02, weightDecay: 0.1), .sgd(learningRate: 0.1, momentum: 0.9)] {
        try await expectEveryCheckpointGoesOn(
          epochs: 3, make: { try ToyNet.make() },
          {
            try toyTrainer(
              $0, optimizer: optimizer,
              options: TrainerOptions(
                threads: 1, penalty: Penalty(l2: 0.01), averaging: .exponential(decay: 0.8),
                freezing: .parts("input", "norm").thaw(atEpoch: 1, "norm").thaw(atEpoch: 2, "input")))
          }, { try toyLoader(48) })
      }
    }

    @Test func mistakesAreNamed() async throws {
      func fit(_ freezing: Freezing) async throws {
        try await toyTrainer(ToyNet.make(), options: TrainerOptions(freezing: freezing)).fit(toyLoader(32), epochs: 1)
      }
      await #expect { try await fit(.allBut("outputs")) } throws: { "\($0)".contains("no part 'outputs'") && "\($0)".contains("'output'") }
      await #expect { try await fit(.parts("input", "norm", "output")) } throws: { "\($0)".contains("everything is frozen in epoch 1") }
      await #expect { try await fit(.parts("input").thaw(atEpoch: -1)) } throws: { "\($0)".contains("a thaw at epoch -1") }
    }
  }
}
