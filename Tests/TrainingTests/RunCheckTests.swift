import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Training

/// A head that can be put in the place of another.
private final class Exchangeable: Module, Layer {
  let body = Linear(6, 8)
  var head = Linear(8, 3)
  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try head(relu(body(x))) }
}

/// Divides by zero between two layers, or after the last one.
private final class Broken: Module, Layer {
  let first = Linear(6, 8)
  let second = Linear(8, 3)
  let atEnd: Bool
  init(atEnd: Bool) { self.atEnd = atEnd }
  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    let hidden = try first(x)
    return atEnd ? try second(hidden) / 0 : try second(hidden / 0)
  }
}

/// Looks only, and says so.
private final class Looker: Handler {
  var steps = 0
  var recordedMetrics: [String]? { [] }
  func handle(_ event: TrainingEvent, _ run: TrainingRun) -> HandlerAnswer {
    if case .stepEnd = event { steps += 1 }
    return .continue
  }
}

extension TorchTests {
  @Suite struct WatchedMetricTests {
    private func fails(
      _ handler: (any Handler)?, schedule: Schedule = .constant, validates: Bool = true, own: Bool = false, afterSteps: Int = 0,
      _ words: String...
    ) async throws {
      let model = try ToyNet.make()
      let looker = Looker()
      let trainer =
        own
        ? try Trainer(model, optimizer: .sgd(learningRate: 0.1), schedule: schedule) { batch in
          let outputs = try model(batch.inputs)
          return StepOutput(loss: try crossEntropy(outputs, batch.targets), outputs: outputs, measured: [("quality", 1)])
        } : try Trainer(model, loss: .crossEntropy, optimizer: .sgd(learningRate: 0.1), schedule: schedule)
      let error = await #expect(throws: ArgumentError.self) {
        try await trainer.fit(
          toyLoader(), validation: validates ? toyLoader(48, shuffle: false) : nil, epochs: 1,
          handlers: [looker] + (handler.map { [$0] } ?? []))
      }
      let text = "\(try #require(error))"
      for word in words { #expect(text.contains(word), "\(text)") }
      #expect(looker.steps == afterSteps)
    }

    @Test func misspeltNamesAreFoundBeforeTraining() async throws {
      try await fails(
        EarlyStopping("validation/acuracy", .maximum, patience: 1), "no metric 'validation/acuracy' for the handler 'earlyStopping'",
        "try: 'validation/accuracy'")
      let folder = try TemporaryFolder()
      try await fails(Checkpoints(in: folder.path, best: "validation/los"), "the handler 'checkpoints'", "try: 'validation/loss'")
      try await fails(nil, schedule: .plateau("train/los"), "the schedule 'plateau of train/los'", "try: 'train/loss'")
      try await fails(
        EarlyStopping("validation/loss", .minimum, patience: 1), validates: false, "expected one of train/loss, train/accuracy",
        "pass validation data")
    }

    @Test func whatAnObjectiveMeasuresIsKnownAfterOneStep() async throws {
      try await fails(
        EarlyStopping("train/qualty", .maximum, patience: 1), own: true, afterSteps: 1, "no metric 'train/qualty'", "try: 'train/quality'")
      try await fails(
        EarlyStopping("validation/quality", .maximum, patience: 1), validates: false, own: true, afterSteps: 0, "pass validation data")
    }

    @Test func rightNamesAndThoseOfHandlersPass() async throws {
      let trainer = try toyTrainer(ToyNet.make(), schedule: .plateau("train/accuracy", .maximum))
      try await trainer.fit(
        toyLoader(), epochs: 1,
        handlers: [LearningRateLog(), EarlyStopping("learningRate", .minimum, patience: 5), Looker()])
      // Nobody knows what a handler that does not say so records.
      let recorder = Watcher("recorder", rank: -1) { event, run in
        if case .epochEnd = event { try run.record([(name: "quality", value: 1)]) }
        return .continue
      }
      try await toyTrainer(ToyNet.make()).fit(
        toyLoader(), epochs: 1, handlers: [recorder, EarlyStopping("quality", .minimum, patience: 5)])
      let folder = try TemporaryFolder()
      try await toyTrainer(ToyNet.make()).fit(toyLoader(), epochs: 1, handlers: [Checkpoints(in: folder.path)])
    }
  }

  @Suite struct UntrainedParameterTests {
    @Test func aLayerInThePlaceOfAnotherIsNoticed() async throws {
      let model = Exchangeable()
      let trainer = try toyTrainer(model)
      try await trainer.fit(toyLoader(), epochs: 1)
      model.head = Linear(8, 3)
      model.structureChanged()
      let error = await #expect(throws: UntrainedParameters.self) { try await trainer.fit(toyLoader(), epochs: 1) }
      #expect(error?.names == ["head.weight", "head.bias"] && error?.strays == 2)
      #expect("\(try #require(error))".contains("does not train the parameters 'head.weight', 'head.bias', which instead has 2"))
      model.head.freeze()
      try await trainer.fit(toyLoader(), epochs: 1)
    }

    @Test func anOptimizerOfAPartNeedsTheRestFrozen() async throws {
      let model = Exchangeable()
      func trainer() throws -> Trainer {
        try toyTrainer(model, optimizer: .using(try SGD(model.head.parameters(), learningRate: 0.1)), schedule: .constant)
      }
      let error = await #expect(throws: UntrainedParameters.self) { try await trainer().fit(toyLoader(), epochs: 1) }
      #expect(error?.names == ["body.weight", "body.bias"] && error?.strays == 0)
      model.body.freeze()
      let before = try bytes(model.body.weight.value)
      try await trainer().fit(toyLoader(), epochs: 1)
      #expect(try bytes(model.body.weight.value) == before)
    }
  }

  @Suite struct ResumeChangeTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func trainer(
      _ loss: Loss = .crossEntropy, rate: Double = 0.01, epsilon: Double = 1e-8, schedule: Schedule = .cosine(warmup: 0.1),
      options: TrainerOptions = TrainerOptions()
    ) throws -> Trainer {
      try Trainer(
        ToyNet.make(), loss: loss, optimizer: .adamW(learningRate: rate, epsilon: epsilon), schedule: schedule, seed: 7, options: options)
    }

    private func stopping(_ patience: Int = 3) -> EarlyStopping { EarlyStopping("train/loss", .minimum, patience: patience) }

    private func save() async throws {
      try await trainer().fit(toyLoader(), epochs: 1, handlers: [stopping(), Checkpoints(in: folder.path)])
    }

    private func resume(_ trainer: Trainer, _ handlers: [any Handler]? = nil, accepting changes: ResumeChanges = []) async throws {
      try await trainer.fit(
        toyLoader(), epochs: 2, handlers: handlers ?? [stopping()], resumingFrom: folder.path, accepting: changes)
    }

    private func refuses(
      _ trainer: Trainer, _ handlers: [any Handler]? = nil, accepting changes: ResumeChanges = [], saying words: String...
    ) async throws {
      let error = await #expect(throws: StateMismatch.self) { try await resume(trainer, handlers, accepting: changes) }
      let text = error.map { "\($0)" } ?? ""
      for word in words { #expect(text.contains(word), "\(text)") }
    }

    @Test func everyDifferenceIsNamed() async throws {
      try await save()
      // More epochs are no other run.
      try await resume(trainer())
      try await refuses(
        trainer(.crossEntropy(labelSmoothing: 0.1)), saying: "labelSmoothing: 0.0) and is", "labelSmoothing: 0.1) now", "accepting: .loss")
      try await refuses(trainer(.focal), saying: "the loss was crossEntropy(", "and is focal(")
      try await refuses(trainer(rate: 0.5), saying: "the optimizer's learningRate was 0.01 and is 0.5 now", "accepting: .optimizer")
      try await refuses(trainer(epsilon: 1e-3), saying: "the optimizer's epsilon was", "accepting: .optimizer")
      try await refuses(
        trainer(schedule: .constant), saying: "the schedule was", "'constant' now", "learning rate at step 0", "accepting: .schedule")
      try await refuses(trainer(schedule: .cosine(warmup: 0.5)), saying: "the schedule was", "at step", "accepting: .schedule")
      try await refuses(trainer(), [], saying: "the handler 'earlyStopping' was there and is not now", "accepting: .handlers")
      try await refuses(trainer(), [stopping(5)], saying: "'earlyStopping': patience was 3 and is 5 now")
      try await refuses(
        trainer(options: TrainerOptions(clip: .norm(1))), saying: "clip was none and is norm(1.0) now", "accepting: .options")
      try await refuses(
        trainer(.mse, rate: 0.5, schedule: .constant), accepting: .loss, saying: "learningRate", "schedule",
        "accepting: [.loss, .schedule, .optimizer]")
    }

    @Test func whatIsAcceptedIsDone() async throws {
      try await save()
      let changed = try trainer(.crossEntropy(labelSmoothing: 0.1), rate: 0.5, epsilon: 1e-3, schedule: .constant)
      try await resume(changed, [EarlyStopping("train/accuracy", .maximum, patience: 9)], accepting: .all)
      #expect(changed.optimizer.learningRates == [0.5])
      #expect(try changed.optimizer.state().values["settings"]?.arrayValue?.first?["epsilon"]?.doubleValue == 1e-3)
      // Another kind begins anew.
      let other = try Trainer(
        ToyNet.make(), loss: .crossEntropy, optimizer: .sgd(learningRate: 0.1), schedule: .cosine(warmup: 0.1), seed: 7)
      try await refuses(other, saying: "the optimizer's kind was adamw and is sgd now")
      try await resume(other, accepting: .optimizer)
    }

    @Test func aPlateauOfOtherSettingsIsAnotherSchedule() async throws {
      let first = try trainer(schedule: .plateau("train/loss", patience: 2))
      try await first.fit(toyLoader(), epochs: 1, handlers: [stopping(), Checkpoints(in: folder.path)])
      try await resume(trainer(schedule: .plateau("train/loss", patience: 2)))
      try await refuses(trainer(schedule: .plateau("train/loss", patience: 4)), saying: "patience 2)", "patience 4)")
    }
  }

  @Suite struct BrokenBetweenLayersTests {
    @Test func betweenTwoLayers() async throws {
      let error = await #expect(throws: NonFiniteTraining.self) {
        try await toyTrainer(Broken(atEnd: false)).fit(toyLoader(), epochs: 1)
      }
      #expect(error?.place == .between(first: "first", second: "second"))
      #expect(
        "\(try #require(error))".contains(
          "became not finite between layer 'first', whose output was finite, and layer 'second', whose input was not"))
    }

    @Test func afterTheLastLayer() async throws {
      let error = await #expect(throws: NonFiniteTraining.self) {
        try await toyTrainer(Broken(atEnd: true)).fit(toyLoader(), epochs: 1)
      }
      #expect(error?.place == .between(first: "second", second: nil))
      #expect("\(try #require(error))".contains("and the model's output"))
    }
  }
}
