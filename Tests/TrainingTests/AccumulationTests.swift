import MartletCore
import NN
import Testing
import Torch

@testable import Training

/// Evaluates the loss twice per step and goes along the second gradient, like SAM.
private final class TwiceSGD: ClosureOptimizer {
  private let base: SGD
  private(set) var evaluations = 0

  init(_ parameters: [Parameter], learningRate: Double) throws { base = try SGD(parameters, learningRate: learningRate) }

  var kind: String { "twice" }
  var parameters: [Parameter] { base.parameters }
  var learningRates: [Double] {
    get { base.learningRates }
    set { base.learningRates = newValue }
  }
  var momenta: [Double] {
    get { base.momenta }
    set { base.momenta = newValue }
  }
  var weightDecays: [Double] {
    get { base.weightDecays }
    set { base.weightDecays = newValue }
  }
  func step() throws(TorchError) { try base.step() }
  func step(_ evaluate: () throws -> Tensor) throws -> Tensor {
    let first = try evaluate()
    #expect(try evaluate().double() == first.double())
    evaluations += 2
    try base.step()
    return first
  }
  func zeroGradients() { base.zeroGradients() }
  func state() throws -> SavedState { try base.state() }
  func load(_ state: SavedState) throws { try base.load(state) }
}

extension TorchTests {
  @Suite struct AccumulationTests {
    private func trainer(
      _ model: any Layer, accumulate: Int, clip: GradientClip? = nil, schedule: Schedule = .cosine(warmup: 0.2)
    ) throws -> Trainer {
      try toyTrainer(
        model, optimizer: .adamW(learningRate: 0.02), schedule: schedule,
        options: TrainerOptions(clip: clip, threads: 1, accumulate: accumulate))
    }

    // 90 items: three steps of 32, 32 and 26, the last one of three batches of 8 and one of 2.
    @Test(arguments: [nil, GradientClip.norm(0.1)]) func smallBatchesGiveTheLargeOnesStep(clip: GradientClip?) async throws {
      let large = try PlainNet.make(), small = try PlainNet.make()
      let first = try await trainer(large, accumulate: 1, clip: clip).fit(toyLoader(90, batchSize: 32, shuffle: true), epochs: 4)
      let second = try await trainer(small, accumulate: 4, clip: clip).fit(toyLoader(90, batchSize: 8, shuffle: true), epochs: 4)
      #expect(first.steps == 12 && second.steps == 12)
      #expect(try distance(large, small) < 1e-6)
      for (one, other) in zip(first.values("train/loss"), second.values("train/loss")) { #expect(abs(one - other) < 1e-6) }
      #expect(first.values("train/accuracy") == second.values("train/accuracy"))
    }

    @Test func schedulesAndHandlersCountSteps() async throws {
      var seen: [(rate: Double, batch: Int)] = []
      let watcher = Watcher { event, run in
        if case .stepEnd = event {
          #expect(run.stepsPerEpoch == 3 && run.batchesPerEpoch == 12 && run.totalSteps == 6)
          seen.append((run.optimizer.learningRates[0], run.position.batch))
        }
        return .continue
      }
      let schedule = Schedule("linear") { base, position in base * (1 - Double(position.step) / Double(position.totalSteps)) }
      try await trainer(PlainNet.make(), accumulate: 4, schedule: schedule)
        .fit(toyLoader(90, batchSize: 8), epochs: 2, handlers: [watcher])
      for (step, value) in seen.enumerated() { #expect(abs(value.rate - 0.02 * (1 - Double(step) / 6)) < 1e-12) }
      #expect(seen.map(\.batch) == [4, 8, 12, 4, 8, 12])
    }

    @Test func dropoutDiffersBetweenTheBatchesOfAStep() async throws {
      let model = try RandomState.with(seed: 1) { Sequential(Dropout(0.5), Linear(6, 3)) }
      var outputs: [[Float]] = []
      let trainer = try Trainer(model, optimizer: .sgd(learningRate: 0), options: TrainerOptions(accumulate: 2)) { batch in
        let dropped = try model[0](Tensor.ones([1, 6]))
        outputs.append(try dropped.array(of: Float.self))
        return StepOutput(loss: try crossEntropy(model(batch.inputs), batch.targets), outputs: dropped)
      }
      try await trainer.fit(toyLoader(64, shuffle: false), epochs: 1)
      #expect(outputs.count == 4 && Set(outputs).count == 4)
    }

    @Test func everyCheckpointGoesOn() async throws {
      try await expectEveryCheckpointGoesOn(
        epochs: 2, make: { try ToyNet.make() }, { try self.trainer($0, accumulate: 3, clip: .norm(1)) },
        { try toyLoader(70, batchSize: 8, workers: 1) })
    }

    @Test func aCancelledGroupIsDoneAgain() async throws {
      let expected = try ToyNet.make()
      try await trainer(expected, accumulate: 3).fit(toyLoader(70, batchSize: 8), epochs: 2)
      let folder = try TemporaryFolder()
      let path = folder.path
      let task = Task {
        let model = try ToyNet.make()
        var calls = 0
        let trainer = try Trainer(
          model, optimizer: .adamW(learningRate: 0.02), schedule: .cosine(warmup: 0.2), seed: 7,
          options: TrainerOptions(threads: 1, accumulate: 3)
        ) { batch in
          calls += 1
          // In the second of a group of three.
          if calls == 5 { withUnsafeCurrentTask { $0?.cancel() } }
          let outputs = try model(batch.inputs)
          return StepOutput(loss: try crossEntropy(outputs, batch.targets), outputs: outputs)
        }
        try await trainer.fit(toyLoader(70, batchSize: 8), epochs: 2, handlers: [Checkpoints(in: path)])
      }
      let error = await #expect(throws: TrainingInterrupted.self) { try await task.value }
      #expect(error?.step == 2)
      #expect(try Checkpoint(at: path).position == LoaderPosition(epoch: 0, batch: 6))
      let resumed = try ToyNet.make(seed: 9)
      try await trainer(resumed, accumulate: 3).fit(toyLoader(70, batchSize: 8), epochs: 2, resumingFrom: path)
      #expect(try digest(resumed) == digest(expected))
    }

    @Test func otherSettingsAreRefused() async throws {
      #expect { try TrainerOptions(accumulate: 0).validate() } throws: { "\($0)".contains("gradients of 0 batches per step") }
      let folder = try TemporaryFolder()
      try await trainer(PlainNet.make(), accumulate: 2).fit(toyLoader(), epochs: 1, handlers: [Checkpoints(in: folder.path)])
      await #expect {
        try await trainer(PlainNet.make(), accumulate: 3).fit(toyLoader(), epochs: 2, resumingFrom: folder.path)
      } throws: {
        "\($0)".contains("saved with accumulate 2, this run has 3")
      }
    }

    // MARK: Optimizers that evaluate the loss themselves

    @Test(arguments: [1, 3]) func closureOptimizersSeeTheSameLossTwice(accumulate: Int) async throws {
      let model = try ToyNet.make(), plain = try ToyNet.make()
      let optimizer = try TwiceSGD(model.parameters(), learningRate: 0.1)
      let options = TrainerOptions(clip: .norm(0.5), threads: 1, accumulate: accumulate, penalty: Penalty(l2: 0.01))
      // Frozen statistics: a second call would move them once more.
      let result = try await toyTrainer(model, optimizer: .using(optimizer), schedule: .constant, options: options)
        .fit(toyLoader(), epochs: 2)
      #expect(optimizer.evaluations == 2 * result.steps)
      try await toyTrainer(plain, optimizer: .sgd(learningRate: 0.1), schedule: .constant, options: options).fit(toyLoader(), epochs: 2)
      for (one, other) in zip(model.namedParameters(), plain.namedParameters()) {
        #expect(try bytes(one.parameter.value.detach()) == bytes(other.parameter.value.detach()), "\(one.name)")
      }
      #expect(throws: ArgumentError.self) {
        try toyTrainer(model, optimizer: .using(optimizer), options: TrainerOptions(precision: .float16))
      }
    }

    // MARK: Exchange with other processes

    @Test func anExchangeHearsOfEveryBackward() async throws {
      final class Recorder: GradientExchange {
        var calls: [String] = []
        func willRunBackward(isLast: Bool) { calls.append(isLast ? "last" : "part") }
        func gradientsAreSummed() { calls.append("summed") }
      }
      let trainer = try trainer(PlainNet.make(), accumulate: 2)
      let recorder = Recorder()
      trainer.exchange = recorder
      try await trainer.fit(toyLoader(40, batchSize: 8), epochs: 1)
      #expect(recorder.calls == ["part", "last", "summed", "part", "last", "summed", "last", "summed"])
    }
  }
}
