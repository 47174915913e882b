import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Training

extension TorchTests {
  /// Several processes (here threads) against one, on the same global batches.
  @Suite struct DistributedTrainerTests {
    struct Run: Sendable {
      var losses: [Double]
      var validation: [Double]
      var accuracy: [Double]
      var weights: [Double]
      var steps: Int
      var stoppedEarly: Bool
    }

    /// 50 items in batches of 16: the last batch has two items, too few for three processes.
    static func train(
      _ group: ProcessGroup?, _ thread: TorchThread, epochs: Int = 2, folder: String? = nil, resume: Bool = false,
      options: TrainerOptions = TrainerOptions(threads: 1), handlers extra: [any Handler] = [], data: ToyData = ToyData(count: 50)
    ) async throws -> Run {
      let model = try NormNet.make()
      let loader = try DataLoader(ShardedBatches(StackedBatches(data), over: group), batchSize: 16, shuffle: true, seed: 3)
      let watched = try DataLoader(ShardedBatches(StackedBatches(ToyData(count: 31)), over: group), batchSize: 8)
      let trainer = try Trainer(
        model, loss: .crossEntropy, optimizer: .sgd(learningRate: 0.1, momentum: 0.9), schedule: .cosine(), seed: 7, options: options,
        thread: thread, distributed: group)
      let losses = Collected<Double>()
      var handlers: [any Handler] = extra
      handlers.append(
        Watcher("losses") { event, run in
          if case .metrics(let records) = event { for record in records where record.name == "step/loss" { losses.add(record.value) } }
          return .continue
        })
      if let folder { handlers.append(Checkpoints(in: folder, everySteps: 3)) }
      let result = try await trainer.fit(
        loader, validation: watched, epochs: epochs, handlers: handlers, resumingFrom: resume ? folder : nil)
      return Run(
        losses: losses.all, validation: result.values("validation/loss"), accuracy: result.values("train/accuracy"),
        weights: try model.state().entries.flatMap { try $0.tensor.array(of: Double.self) }, steps: result.steps,
        stoppedEarly: result.stoppedEarly)
    }

    static func expectClose(_ a: [Double], _ b: [Double], _ tolerance: Double, _ what: String) {
      #expect(a.count == b.count && !a.isEmpty, "\(what)")
      for (a, b) in zip(a, b) { #expect(abs(a - b) <= tolerance * max(1, abs(b)), "\(what): \(a) and \(b)") }
    }

    @Test(arguments: [2, 3])
    func theLossesAreThoseOfOneProcess(_ size: Int) async throws {
      let thread = TorchThread(name: "alone", threads: 1)
      defer { thread.stop() }
      let alone = try await Self.train(nil, thread)
      let all = try await Team.run(size) { group, thread in try await Self.train(group, thread) }
      for run in all {
        Self.expectClose(run.losses, alone.losses, 1e-6, "step losses")
        Self.expectClose(run.validation, alone.validation, 1e-6, "validation losses")
        #expect(run.accuracy == alone.accuracy)
        Self.expectClose(run.weights, alone.weights, 1e-5, "weights")
        // Between processes not even the last bit differs.
        #expect(run.losses == all[0].losses && run.weights == all[0].weights)
      }
    }

    @Test func accumulatedAndClippedGradientsAreThoseOfOneProcess() async throws {
      let options = TrainerOptions(clip: .norm(0.5), threads: 1, accumulate: 2)
      let thread = TorchThread(name: "alone", threads: 1)
      defer { thread.stop() }
      let alone = try await Self.train(nil, thread, options: options)
      let all = try await Team.run(2) { group, thread in try await Self.train(group, thread, options: options) }
      for run in all {
        Self.expectClose(run.losses, alone.losses, 1e-6, "step losses")
        Self.expectClose(run.weights, alone.weights, 1e-5, "weights")
      }
    }

    @Test func aCheckpointOfTwoGoesOnAlone() async throws {
      let folder = try TemporaryFolder()
      let path = folder.path + "/checkpoints"
      let thread = TorchThread(name: "alone", threads: 1)
      defer { thread.stop() }
      let whole = try await Self.train(nil, thread)
      let first = try await Team.run(2) { group, thread in
        // In the middle of the second epoch.
        let stop = Watcher { event, run in if case .stepEnd = event, run.step == 5 { .stop } else { .continue } }
        return try await Self.train(group, thread, folder: path, handlers: [stop])
      }
      // The others hear of it with the next step, and then all stop at the same one.
      #expect(first.map(\.steps) == [6, 6])
      #expect(first.map(\.stoppedEarly) == [true, true])
      let rest = try await Self.train(nil, thread, folder: path, resume: true)
      Self.expectClose(rest.losses, Array(whole.losses.suffix(2)), 1e-6, "step losses")
      Self.expectClose(rest.validation, whole.validation, 1e-6, "validation losses")
      Self.expectClose(rest.weights, whole.weights, 1e-5, "weights")
      #expect(rest.accuracy == whole.accuracy)
    }

    @Test func aCheckpointOfOneGoesOnWithThree() async throws {
      let folder = try TemporaryFolder()
      let path = folder.path + "/checkpoints"
      let thread = TorchThread(name: "alone", threads: 1)
      defer { thread.stop() }
      let whole = try await Self.train(nil, thread)
      let stop = Watcher { event, run in if case .stepEnd = event, run.step == 3 { .stop } else { .continue } }
      _ = try await Self.train(nil, thread, folder: path, handlers: [stop])
      let rest = try await Team.run(3) { group, thread in try await Self.train(group, thread, folder: path, resume: true) }
      for run in rest {
        Self.expectClose(run.weights, whole.weights, 1e-5, "weights")
        Self.expectClose(run.validation, whole.validation, 1e-6, "validation losses")
      }
      // Rank 0 alone writes.
      #expect(folder.names("checkpoints").contains("last"))
    }

    /// One item of the data is not a number.
    struct Poisoned: Dataset {
      let count = 50
      let index: Int
      func sample(at position: Int, epoch: Int) throws -> Sample {
        guard position == index else { return try ToyData(count: 50).sample(at: position, epoch: epoch) }
        return Sample(input: try HostArray([Float](repeating: .nan, count: 6)), target: try HostArray([Int64(0)], shape: []))
      }
    }

    @Test func nanInOneEndsAllAndIsNamed() async throws {
      let outcomes = await Team.outcomes(2) { group, thread in
        let loader = try DataLoader(ShardedBatches(StackedBatches(Poisoned(index: 13)), over: group), batchSize: 16)
        let trainer = try Trainer(
          NormNet.make(), loss: .crossEntropy, optimizer: .sgd(learningRate: 0.1), options: TrainerOptions(threads: 1), thread: thread,
          distributed: group)
        try await trainer.fit(loader, epochs: 1)
      }
      // Item 13 of the first batch belongs to rank 1. Rank 0's batch norm saw it, too: both know, and the first is named to all.
      let errors = outcomes.map { outcome -> String in
        if case .failure(let error) = outcome { "\(error)" } else { "no error" }
      }
      #expect(errors.allSatisfy { $0.contains("step 1 in epoch 1") && $0.contains("rank ") }, "\(errors)")
      #expect(errors[1].contains("rank 1: step 1 in epoch 1: the inputs of the batch (items 8, 9, 10, 11 …) are not finite"), "\(errors)")
    }

    @Test func nanInOneWithoutBatchNormIsNamedToTheOther() async throws {
      let outcomes = await Team.outcomes(2) { group, thread in
        let loader = try DataLoader(ShardedBatches(StackedBatches(Poisoned(index: 13)), over: group), batchSize: 16)
        let model = try RandomState.with(seed: 1) { Sequential(Linear(6, 8), Linear(8, 3)) }
        let trainer = try Trainer(
          model, loss: .crossEntropy, optimizer: .sgd(learningRate: 0.1), options: TrainerOptions(threads: 1), thread: thread,
          distributed: group)
        try await trainer.fit(loader, epochs: 1)
      }
      let remote = #expect(throws: RemoteFailure.self) { try outcomes[0].get() }
      #expect(remote?.rank == 1)
      #expect(remote?.problem.hasPrefix("rank 1: step 1 in epoch 1: the inputs of the batch") == true, "\(remote?.problem ?? "")")
      let own = #expect(throws: NonFiniteTraining.self) { try outcomes[1].get() }
      #expect(own?.rank == 1 && own?.place == .inputs)
    }

    @Test func aCancelledProcessStopsAllAtOneStep() async throws {
      let folder = try TemporaryFolder()
      let path = folder.path + "/checkpoints"
      let outcomes = await Team.outcomes(2) { group, thread in
        let started = Collected<Int>()
        let task = Task {
          let watcher = Watcher { event, run in
            if case .stepEnd = event { started.add(run.step) }
            return .continue
          }
          return try await Self.train(group, thread, epochs: 400, folder: path, handlers: [watcher])
        }
        if group.rank == 1 {
          while started.all.count < 5 { try await Task.sleep(for: .milliseconds(2)) }
          task.cancel()
        }
        return try await task.value
      }
      let errors = outcomes.map { outcome in #expect(throws: TrainingInterrupted.self) { try outcome.get() } }
      #expect(errors[0]?.step == errors[1]?.step)
      #expect(errors[0]?.checkpoint != nil && errors[1]?.checkpoint == nil)
    }

    @Test func theSameItemsEverywhereAreRefused() async throws {
      let outcomes = await Team.outcomes(2) { group, thread in
        let trainer = try Trainer(
          NormNet.make(), loss: .crossEntropy, optimizer: .sgd(learningRate: 0.1), thread: thread, distributed: group)
        try await trainer.fit(toyLoader(), epochs: 1)
      }
      let error = #expect(throws: ArgumentError.self) { try outcomes[0].get() }
      #expect(error?.description.contains("ShardedBatches") == true)
    }

    @Test func anEvaluationIsOverAllItems() async throws {
      let results = try await Team.run(2) { group, thread in
        let trainer = try Trainer(
          NormNet.make(), loss: .crossEntropy, optimizer: .sgd(learningRate: 0.1), thread: thread, distributed: group)
        let loader = try DataLoader(ShardedBatches(StackedBatches(ToyData(count: 21)), over: group), batchSize: 5)
        return try await trainer.evaluate(loader)
      }
      let thread = TorchThread(name: "alone", threads: 1)
      defer { thread.stop() }
      let trainer = try Trainer(NormNet.make(), loss: .crossEntropy, optimizer: .sgd(learningRate: 0.1), thread: thread)
      let alone = try await trainer.evaluate(DataLoader(StackedBatches(ToyData(count: 21)), batchSize: 5))
      for result in results {
        #expect(result["accuracy"] == alone["accuracy"])
        #expect(abs((result["loss"] ?? 0) - (alone["loss"] ?? 1)) < 1e-6)
      }
    }
  }
}
