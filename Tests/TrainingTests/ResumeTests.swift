import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Training

extension TorchTests {
  @Suite struct ResumeTests {
    private func handlers(_ folder: TemporaryFolder, everySteps: Int? = nil) -> [any Handler] {
      [
        MetricStore(folder.path + "/metrics.jsonl"), EarlyStopping("validation/loss", .minimum, patience: 10), LearningRateLog(),
        Checkpoints(in: folder.path + "/checkpoints", everySteps: everySteps, keep: 100),
      ]
    }

    /// The metric file without what a clock says.
    private func metrics(_ folder: TemporaryFolder) throws -> [String] {
      try MetricStore.read(folder.path + "/metrics.jsonl").filter { !$0.name.hasSuffix("PerSecond") }
        .map { "\($0.step) \($0.epoch) \($0.name) \($0.value)" }
    }

    @Test(arguments: [0, 1, 2]) func anyCheckpointLeadsToTheSameWeights(workers: Int) async throws {
      let whole = try TemporaryFolder()
      let model = try ToyNet.make()
      // 6 steps per epoch; every 4 steps falls into the middle of epochs.
      try await toyTrainer(model).fit(
        toyLoader(workers: workers), validation: toyLoader(48, shuffle: false), epochs: 3, handlers: handlers(whole, everySteps: 4))
      let expected = try digest(model)
      let expectedMetrics = try metrics(whole)
      print("uninterrupted, \(workers) workers: \(expected)")
      let names = whole.names("checkpoints").filter { $0.hasPrefix("step-") }
      #expect(names.count == 7)

      for name in names {
        let again = try ToyNet.make(seed: 99)
        let folder = try TemporaryFolder()
        try FileManager.default.copyItem(atPath: whole.path + "/metrics.jsonl", toPath: folder.path + "/metrics.jsonl")
        let result = try await toyTrainer(again).fit(
          toyLoader(workers: 2 - workers), validation: toyLoader(48, shuffle: false), epochs: 3,
          handlers: handlers(folder, everySteps: 4), resumingFrom: whole.path + "/checkpoints/" + name)
        #expect(try digest(again) == expected, "from \(name)")
        #expect(result.steps == 18 && result.values("train/loss").count == 3)
        #expect(try metrics(folder) == expectedMetrics, "from \(name)")
        print("resumed from \(name), \(2 - workers) workers: \(try digest(again))")
      }
    }

    @Test func sgdAndEveryOptimizerResume() async throws {
      let choices: [OptimizerChoice] = [
        .sgd(learningRate: 0.05, momentum: 0.9, nesterov: true), .adam(amsgrad: true), .adamW(weightDecay: 0.1),
      ]
      for choice in choices {
        let folder = try TemporaryFolder()
        let model = try ToyNet.make()
        try await toyTrainer(model, optimizer: choice).fit(
          toyLoader(), epochs: 2, handlers: handlers(folder, everySteps: 8).filter { $0 is Checkpoints })
        let again = try ToyNet.make(seed: 4)
        try await toyTrainer(again, optimizer: choice)
          .fit(toyLoader(), epochs: 2, resumingFrom: folder.path + "/checkpoints/step-00000008")
        #expect(try digest(again) == digest(model))
      }
    }

    @Test func cancellationSavesAndSaysHowToGoOn() async throws {
      let expected = try ToyNet.make()
      try await toyTrainer(expected).fit(toyLoader(), epochs: 3)

      let folder = try TemporaryFolder()
      let path = folder.path
      let task = Task {
        let trainer = try toyTrainer(ToyNet.make())
        let canceller = Watcher { event, run in
          if case .stepEnd = event, run.step == 8 { withUnsafeCurrentTask { $0?.cancel() } }
          return .continue
        }
        try await trainer.fit(
          toyLoader(workers: 1), epochs: 3, handlers: [canceller, Checkpoints(in: path, everyEpochs: nil)])
      }
      let error = await #expect(throws: TrainingInterrupted.self) { try await task.value }
      let checkpoint = try #require(error?.checkpoint)
      #expect(error?.step == 8 && error?.epoch == 1)
      #expect("\(try #require(error))".contains("resume from \(checkpoint)"))
      #expect(try Checkpoint(at: path).position == LoaderPosition(epoch: 1, batch: 2))

      let resumed = try ToyNet.make(seed: 50)
      try await toyTrainer(resumed).fit(toyLoader(workers: 2), epochs: 3, resumingFrom: path)
      #expect(try digest(resumed) == digest(expected))
      print("interrupted at step 8 and resumed: \(try digest(resumed))\nnever interrupted:                \(try digest(expected))")
    }

    @Test func withoutCheckpointsTheErrorSaysSo() async throws {
      let task = Task {
        let canceller = Watcher { event, run in
          if case .stepEnd = event { withUnsafeCurrentTask { $0?.cancel() } }
          return .continue
        }
        try await toyTrainer(ToyNet.make()).fit(toyLoader(), epochs: 3, handlers: [canceller])
      }
      await #expect { try await task.value } throws: { "\($0)".contains("add Checkpoints(in:)") }
    }

    @Test func aCheckpointOfAnotherRunIsRefused() async throws {
      let folder = try TemporaryFolder()
      try await toyTrainer(ToyNet.make()).fit(toyLoader(), epochs: 1, handlers: [Checkpoints(in: folder.path)])
      func resume(_ trainer: Trainer, _ loader: DataLoader, from path: String) async throws {
        try await trainer.fit(loader, epochs: 2, resumingFrom: path)
      }
      await #expect { try await resume(toyTrainer(ToyNet.make(), seed: 8), toyLoader(), from: folder.path) } throws: {
        "\($0)".contains("saved with seed 7, this run has 8")
      }
      await #expect { try await resume(toyTrainer(ToyNet.make()), toyLoader(batchSize: 8), from: folder.path) } throws: {
        "\($0)".contains("saved with batch size 16, this run has 8")
      }
      await #expect { try await resume(toyTrainer(ToyNet.make()), toyLoader(seed: 4), from: folder.path) } throws: {
        "\($0)".contains("saved with order")
      }
      await #expect(throws: StateMismatch.self) {
        try await resume(toyTrainer(ToyNet.make(), optimizer: .sgd(learningRate: 1)), toyLoader(), from: folder.path)
      }
      await #expect(throws: StateError.self) { try await resume(toyTrainer(Linear(6, 3)), toyLoader(), from: folder.path) }
      await #expect { try await resume(toyTrainer(ToyNet.make()), toyLoader(), from: folder.path + "/nothing") } throws: {
        "\($0)".contains("is no checkpoint")
      }
    }

    @Test func damagedCheckpointsAreNamed() async throws {
      let folder = try TemporaryFolder()
      try await toyTrainer(ToyNet.make()).fit(toyLoader(), epochs: 1, handlers: [Checkpoints(in: folder.path)])
      let checkpoint = try Checkpoint(at: folder.path)
      for (name, word) in [("state.safetensors", "state.safetensors"), ("weights.safetensors", "weights.safetensors")] {
        let file = checkpoint.path + "/" + name
        let data = try Data(contentsOf: URL(fileURLWithPath: file))
        try data.prefix(data.count / 2).write(to: URL(fileURLWithPath: file))
        await #expect { try await toyTrainer(ToyNet.make()).fit(toyLoader(), epochs: 2, resumingFrom: folder.path) } throws: {
          $0 is FileError && "\($0)".contains(word)
        }
        try data.write(to: URL(fileURLWithPath: file))
      }
      try Data("{".utf8).write(to: URL(fileURLWithPath: checkpoint.path + "/trainer.json"))
      #expect { try Checkpoint(at: folder.path) } throws: { "\($0)".contains("trainer.json") }
    }
  }
}
