import Foundation
import MartletCore
import NN
import Synchronization
import Testing
import Torch

@testable import Training

private struct ScalerCase: Decodable {
  struct Settings: Decodable {
    let initScale: Double
    let growthFactor: Double
    let backoffFactor: Double
    let growthInterval: Int

    enum CodingKeys: String, CodingKey {
      case initScale = "init_scale"
      case growthFactor = "growth_factor"
      case backoffFactor = "backoff_factor"
      case growthInterval = "growth_interval"
    }
  }
  struct Step: Decodable {
    let scale: Double, stepped: Bool, next: Double, growth: Int, weight: [Double]
  }
  let settings: Settings
  let gradients: [[String]]
  let trace: [Step]
}

extension TorchTests {
  @Suite struct PrecisionTests {
    // MARK: The scaler

    @Test func theScalerFollowsPyTorchs() throws {
      for item in try fixture("scaler.json", as: [ScalerCase].self) {
        let scaler = try GradientScaler(
          LossScaling(
            initialScale: item.settings.initScale, growthFactor: item.settings.growthFactor, backoffFactor: item.settings.backoffFactor,
            growthInterval: item.settings.growthInterval))
        let weight = Parameter(try Tensor.zeros([3]))
        let optimizer = try SGD([weight], learningRate: 0.5)
        for (gradient, step) in zip(item.gradients, item.trace) {
          #expect(try scaler.scale == step.scale)
          let values = try gradient.map { Float(try #require(Double($0))) }
          optimizer.zeroGradients()
          try scaler.scaled((weight.value * Tensor(values)).sum()).backward()
          let isFinite = try scaler.unscale([weight])
          #expect(isFinite == step.stepped)
          if isFinite { try optimizer.step() }
          try scaler.update()
          #expect(try scaler.scale == step.next && scaler.growthSteps == step.growth)
          #expect(try weight.value.detach().array(of: Double.self) == step.weight)
        }
      }
    }

    @Test func theScalersStateGoesOn() throws {
      func step(_ scaler: GradientScaler, _ value: Float) throws {
        let weight = Parameter(try Tensor.zeros([1]))
        try weight.value.setGrad(Tensor([value]))
        _ = try scaler.unscale([weight])
        try scaler.update()
      }
      let settings = LossScaling(initialScale: 8, growthInterval: 3)
      let one = try GradientScaler(settings), other = try GradientScaler(settings)
      for value in [1, .infinity, 1, 1] as [Float] { try step(one, value) }
      try other.load(one.state())
      for value in [1, 1, .nan, 1] as [Float] {
        try step(one, value)
        try step(other, value)
        #expect(try one.scale == other.scale && one.growthSteps == other.growthSteps)
      }
      #expect(try one.scale == 4)
      #expect(throws: StateMismatch.self) { try other.load(["scale": .double(-1), "growthSteps": .int(0)]) }
      #expect { try LossScaling(growthFactor: 1).validate() } throws: { "\($0)".contains("growth factor is 1") }
      #expect { try LossScaling(backoffFactor: 1).validate() } throws: { "\($0)".contains("backoff factor is 1") }
    }

    // MARK: Training

    private func model() throws -> Sequential {
      try RandomState.with(seed: 4) {
        Sequential(
          Conv2d(1, 12, kernel: 3, padding: 1), BatchNorm2d(12), ReLU(), MaxPool2d(2), Flatten(), Linear(192, 32), ReLU(), Linear(32, 10))
      }
    }

    private func run(_ precision: Precision, scaling: LossScaling = LossScaling()) async throws -> (TrainingResult, Module) {
      let (train, validation) = try digits()
      let model = try model()
      let trainer = try toyTrainer(
        model, optimizer: .sgd(learningRate: 0.1, momentum: 0.9), schedule: .cosine(),
        options: TrainerOptions(threads: 1, precision: precision, lossScaling: scaling))
      let result = try await trainer.fit(
        DataLoader(train, batchSize: 50, shuffle: true, seed: 2), validation: DataLoader(validation, batchSize: 100), epochs: 4)
      return (result, model)
    }

    @Test func mixedPrecisionLearnsAsFullPrecisionDoes() async throws {
      let (full, model) = try await run(.float32)
      #expect(try #require(full.last("validation/accuracy")) > 0.7)
      for precision in [Precision.bfloat16, .float16] {
        let (half, other) = try await run(precision)
        for (one, other) in zip(full.values("train/loss"), half.values("train/loss")) { #expect(abs(one - other) < 0.02 + 0.05 * one) }
        #expect(abs(try #require(full.last("validation/accuracy")) - (try #require(half.last("validation/accuracy")))) <= 0.04)
        // The weights stay what they were made as, and differ: lower precision was really used.
        #expect(other.parameters().allSatisfy { (try? $0.value.dtype) == .float32 })
        #expect(try digest(other) != digest(model))
      }
    }

    @Test(arguments: [Precision.float32, .bfloat16, .float16]) func forwardPassesRunInTheChosenPrecision(precision: Precision) async throws
    {
      let model = try PlainNet.make()
      var types: Set<DType> = []
      var losses: Set<DType> = []
      let trainer = try Trainer(model, optimizer: .sgd(learningRate: 0.1), options: TrainerOptions(precision: precision)) { batch in
        let outputs = try model(batch.inputs)
        let loss = try crossEntropy(outputs, batch.targets)
        types.insert(outputs.dtype)
        losses.insert(loss.dtype)
        #expect(try Precision.current(on: .cpu) == precision.computeType)
        return StepOutput(loss: loss, outputs: outputs)
      }
      try await trainer.fit(toyLoader(32), validation: toyLoader(32), epochs: 1)
      #expect(types == [precision.computeType ?? .float32] && losses == [.float32])
      #expect(try Precision.current(on: .cpu) == nil)
    }

    @Test func overflowingStepsAreSkippedAndTheScaleFalls() async throws {
      let model = try PlainNet.make()
      let before = try digest(model)
      var scales: [Double] = []
      var digests: [String] = []
      let watcher = Watcher { event, run in
        if case .stepEnd = event {
          scales.append(run.latest["step/lossScale"] ?? .nan)
          digests.append(try digest(model))
        }
        return .continue
      }
      let scaling = LossScaling(initialScale: 0x1p30, growthInterval: 4)
      let result = try await toyTrainer(
        model, optimizer: .sgd(learningRate: 0.1),
        options: TrainerOptions(clip: .norm(1), threads: 1, precision: .float16, lossScaling: scaling)
      ).fit(toyLoader(), epochs: 6, handlers: [watcher])
      // Down by halves until the gradients fit; the weights wait so long.
      let skipped = zip(scales, scales.dropFirst()).prefix { $1 == $0 / 2 }.count
      #expect(skipped > 5 && digests[skipped - 1] == before && digests[skipped + 1] != before)
      #expect(zip(scales, scales.dropFirst()).contains { $1 == $0 * 2 })
      #expect(result.values("train/loss")[5] < result.values("train/loss")[0])
    }

    @Test func gradientsThatNeverBecomeFiniteEndTheRun() async throws {
      let model = try PlainNet.make()
      let trainer = try Trainer(
        model, optimizer: .sgd(learningRate: 0.1), options: TrainerOptions(precision: .float16, lossScaling: LossScaling(initialScale: 4))
      ) { batch in
        let outputs = try model(batch.inputs)
        let bias = try #require(model.output.bias)
        return StepOutput(loss: try crossEntropy(outputs, batch.targets) + (bias.value * 0).sqrt().sum(), outputs: outputs)
      }
      let before = try digest(model)
      let error = await #expect(throws: NonFiniteTraining.self) { try await trainer.fit(toyLoader(), epochs: 20) }
      #expect(error?.place == .gradient(parameter: "output.bias"))
      #expect(try digest(model) == before)
    }

    @Test func everyCheckpointGoesOn() async throws {
      for precision in [Precision.bfloat16, .float16] {
        try await expectEveryCheckpointGoesOn(
          epochs: 2, make: { try ToyNet.make() },
          {
            try toyTrainer(
              $0,
              options: TrainerOptions(
                clip: .norm(1), threads: 1, precision: precision, lossScaling: LossScaling(initialScale: 0x1p26, growthInterval: 2)))
          }, { try toyLoader(80) })
      }
    }
  }
}
