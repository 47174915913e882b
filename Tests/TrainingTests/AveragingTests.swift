import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Training

private struct AveragingFixture: Decodable {
  struct Batch: Decodable { let x: [Float], y: [Float] }
  struct Case: Decodable {
    let initial: [String: [Double]], every: Int, updates: Int, average: [String: [Double]]
  }
  struct Annealing: Decodable {
    let epochs: Int, start: Int, annealing: Int, rate: Double, averagingRate: Double, rates: [Double]
  }
  let data: [Batch]
  let equal: Case, equalEveryThird: Case, exponential: Case, exponentialBuffers: Case
  let annealing: Annealing
}

/// Twelve batches of eight items.
private struct FixtureBatches: BatchSource {
  let data: [AveragingFixture.Batch]
  var count: Int { data.count }
  func batch(_ indices: [Int], epoch: Int) throws -> Batch {
    let item = data[indices[0]]
    return Batch(inputs: try Tensor(item.x, shape: [8, 3]), targets: try Tensor(item.y, shape: [8, 2]), indices: indices)
  }
}

extension TorchTests {
  @Suite struct AveragingTests {
    private func model(_ values: [String: [Double]]) throws -> Sequential {
      let model = Sequential(Linear(3, 4), BatchNorm1d(4), Tanh(), Linear(4, 2))
      var state = StateDictionary()
      for (name, tensor) in try model.state().entries {
        state[name] = try Tensor(try #require(values[name]), shape: tensor.shape).to(tensor.dtype)
      }
      try model.load(state)
      return model
    }

    /// Plain SGD over the fixture's batches.
    private func train(
      _ item: AveragingFixture.Case, _ data: [AveragingFixture.Batch], _ rule: WeightAverage.Rule, buffers: Bool = false
    ) throws -> (Sequential, WeightAverage) {
      let model = try model(item.initial)
      let optimizer = try SGD(model.parameters(), learningRate: 0.1)
      let average = try WeightAverage(of: model, rule, averagesBuffers: buffers)
      for (step, batch) in data.enumerated() {
        optimizer.zeroGradients()
        try mse(model(Tensor(batch.x, shape: [8, 3])), Tensor(batch.y, shape: [8, 2])).backward()
        try optimizer.step()
        if (step + 1) % item.every == 0 { try average.update() }
      }
      return (model, average)
    }

    private func expectEqual(_ model: Module, _ expected: [String: [Double]], without left: String? = nil) throws {
      for (name, tensor) in try model.state().entries where name != left {
        for (one, other) in zip(try tensor.array(of: Double.self), try #require(expected[name])) {
          #expect(abs(one - other) < 1e-5 * (1 + abs(other)), "\(name)")
        }
      }
    }

    @Test func averagesEqualPyTorchs() throws {
      let fixture = try fixture("averaging.json", as: AveragingFixture.self)
      let cases: [(AveragingFixture.Case, WeightAverage.Rule, Bool)] = [
        (fixture.equal, .equal, false), (fixture.exponential, .exponential(decay: 0.9, warmsUp: false), false),
        (fixture.exponentialBuffers, .exponential(decay: 0.8, warmsUp: false), true),
      ]
      for (item, rule, buffers) in cases {
        let (model, average) = try train(item, fixture.data, rule, buffers: buffers)
        let own = try digest(model)
        #expect(average.updates == item.updates)
        try average.swap()
        #expect(average.isSwapped)
        // PyTorch averages the count of batches, too; here counts are not averaged.
        try expectEqual(model, item.average, without: "1.num_batches_tracked")
        try average.swap()
        #expect(try digest(model) == own)
      }
    }

    @Test func batchNormIsMeasuredAnew() async throws {
      let fixture = try fixture("averaging.json", as: AveragingFixture.self)
      let (model, average) = try train(fixture.equalEveryThird, fixture.data, .equal)
      try average.swap()
      model.eval()
      try await updateBatchNorm(model, DataLoader(FixtureBatches(data: Array(fixture.data.prefix(5))), batchSize: 1))
      try expectEqual(model, fixture.equalEveryThird.average)
      #expect(!model.isTraining && !model.layers[1].isTraining)
    }

    @Test func warmUpForgetsTheFirstWeights() throws {
      let model = Linear(1, 1, bias: false)
      let average = try WeightAverage(of: model, .exponential(decay: 0.99, warmsUp: true))
      var expected = 0.0
      for step in 0..<200 {
        let value = Double(step * step)
        try model.weight.assign(Tensor.full([1, 1], value: .double(value)))
        try average.update()
        let decay = min(0.99, Double(1 + step) / Double(10 + step))
        expected = step == 0 ? value : expected * decay + value * (1 - decay)
      }
      #expect(abs(try average.values[0].tensor.double() / expected - 1) < 1e-5)
    }

    // MARK: In the trainer

    private let exponential = Averaging.exponential(decay: 0.9)

    private func trainer(_ model: any Layer, _ averaging: Averaging?) throws -> Trainer {
      try toyTrainer(model, options: TrainerOptions(clip: .norm(1), threads: 1, averaging: averaging))
    }

    @Test func validationAndTheEndSeeTheAverage() async throws {
      let model = try ToyNet.make(), plain = try ToyNet.make()
      let byHand = try WeightAverage(of: plain, .exponential(decay: 0.9, warmsUp: true))
      let averager = Watcher { event, _ in
        if case .stepEnd = event { try byHand.update() }
        return .continue
      }
      let validation = try toyLoader(48, shuffle: false)
      let result = try await trainer(model, exponential).fit(toyLoader(), validation: validation, epochs: 3)
      let other = try await trainer(plain, nil).fit(toyLoader(), validation: validation, epochs: 3, handlers: [averager])
      // Training does not notice.
      #expect(result.values("train/loss") == other.values("train/loss"))
      #expect(result.values("validation/loss") != other.values("validation/loss"))
      try byHand.swap()
      #expect(try digest(model) == digest(plain))
      let last = try #require(result.last("validation/loss"))
      #expect(try await trainer(plain, nil).evaluate(validation)["loss"] == last)
    }

    @Test func checkpointsAndEarlyStoppingKeepWhatWasValidated() async throws {
      let folder = try TemporaryFolder()
      let model = try ToyNet.make()
      let validation = try toyLoader(48, shuffle: false)
      let result = try await trainer(model, exponential).fit(
        toyLoader(), validation: validation, epochs: 4,
        handlers: [EarlyStopping("validation/loss", .maximum, patience: 9), Checkpoints(in: folder.path, keep: 10)])
      for epoch in 1...4 {
        let saved = try ToyNet.make(seed: 5)
        try Checkpoint(at: folder.path + "/step-000000\(epoch * 6 < 10 ? "0" : "")\(epoch * 6)-epoch-\(epoch)").loadWeights(into: saved)
        #expect(try await trainer(saved, nil).evaluate(validation)["loss"] == result.values("validation/loss")[epoch - 1])
      }
      // The best by the (upside-down) goal is the first epoch.
      #expect(try await trainer(model, nil).evaluate(validation)["loss"] == result.values("validation/loss").max())
    }

    @Test(arguments: [Averaging.exponential(decay: 0.9, averagesBuffers: true), .stochastic(from: 1, learningRate: 0.005, annealing: 2)])
    func everyCheckpointGoesOn(averaging: Averaging) async throws {
      try await expectEveryCheckpointGoesOn(
        epochs: 3, make: { try ToyNet.make() }, { try self.trainer($0, averaging) }, { try toyLoader(50, workers: 1) },
        validation: { try toyLoader(32, shuffle: false) })
    }

    @Test func stochasticAveragingEndsWithTheMeanOfTheLastEpochs() async throws {
      let model = try ToyNet.make(), plain = try ToyNet.make()
      var sum: [String: Tensor] = [:]
      var rates: [Double] = []
      let averager = Watcher { event, run in
        if case .epochEnd = event, run.epoch >= 2 {
          for (name, parameter) in plain.namedParameters() {
            let share = try parameter.value.detach() / 3
            sum[name] = try sum[name].map { try $0 + share } ?? share
          }
        }
        if case .epochBegin = event { rates.append(run.optimizer.learningRates[0]) }
        return .continue
      }
      let result = try await trainer(model, .stochastic(from: 2)).fit(toyLoader(), validation: toyLoader(48, shuffle: false), epochs: 5)
      try await trainer(plain, nil).fit(toyLoader(), epochs: 5, handlers: [averager])
      for (name, parameter) in model.namedParameters() {
        #expect(try (parameter.value.detach() - #require(sum[name])).abs().max().double() < 1e-6)
      }
      let before = try plain.norm.runningMean?.value.array(of: Float.self)
      #expect(try model.norm.runningMean?.value.array(of: Float.self) != before)
      #expect(try model.norm.numBatchesTracked?.value.int() == 6)
      #expect(try await trainer(model, nil).evaluate(toyLoader(48, shuffle: false))["loss"] == result.last("average/loss"))
      #expect(result.values("average/accuracy").count == 1)
    }

    @Test func theRateOfTheAveragedEpochsIsPyTorchs() async throws {
      let expected = try fixture("averaging.json", as: AveragingFixture.self).annealing
      var rates: [Double] = []
      let watcher = Watcher { event, run in
        if case .stepEnd = event, run.step % 2 == 0 { rates.append(run.optimizer.learningRates[0]) }
        return .continue
      }
      let averaging = Averaging.stochastic(
        from: expected.start, learningRate: expected.averagingRate, annealing: expected.annealing)
      try await toyTrainer(
        PlainNet.make(), optimizer: .sgd(learningRate: expected.rate), schedule: .constant, options: TrainerOptions(averaging: averaging)
      ).fit(toyLoader(32), epochs: expected.epochs, handlers: [watcher])
      for (one, other) in zip(rates, expected.rates) { #expect(abs(one - other) < 1e-12) }
      #expect(rates.count == expected.rates.count)
    }

    @Test func settingsOutOfRangeAreRefused() async throws {
      #expect { try Averaging.exponential(decay: 1).validate() } throws: { "\($0)".contains("decay is 1") }
      #expect(throws: ArgumentError.self) { try trainer(ToyNet.make(), .stochastic(from: -1)) }
      let folder = try TemporaryFolder()
      try await trainer(ToyNet.make(), exponential).fit(toyLoader(), epochs: 1, handlers: [Checkpoints(in: folder.path)])
      await #expect { try await trainer(ToyNet.make(), nil).fit(toyLoader(), epochs: 2, resumingFrom: folder.path) } throws: {
        "\($0)".contains("saved with averaging exponential") && "\($0)".contains("this run has none")
      }
    }
  }
}
