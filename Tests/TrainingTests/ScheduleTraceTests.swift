import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Training

/// `Fixtures/schedule-traces.json`, written by `Tools/fixtures_training_optimizers.py`.
private struct ScheduleTraces: Decodable {
  struct Case: Decodable {
    let name: String
    let rates, momenta: [Double]
  }
  struct Watched: Decodable {
    let name: String
    let rates: [Double]
    let metric: [Double?]
  }
  let cases: [Case]
  let plateaus: [Watched]
}

@Suite struct ScheduleTraceTests {
  /// The schedules of the script, over 60 steps with base 0.1; an epoch has 10 steps.
  private static let schedules: [String: Schedule] = [
    "polynomial": .polynomial(power: 2),
    "polynomial-part": .polynomial(power: 0.7, over: .steps(25)),
    "linear": .linear(to: 0.2, over: .epochs(3)),
    "linear-up": .linear(from: 0.25, to: 1, over: .fraction(0.2)),
    "constant-factor": .constant(factor: 0.3, for: .steps(15)),
    "cosine-annealing": .cosineAnnealing(period: 13, minimum: 0.01, unit: .step),
    "restarts": .cosineWithRestarts(first: 10, unit: .step),
    "restarts-longer": .cosineWithRestarts(first: 5, factor: 2, minimum: 0.003, unit: .step),
    "restarts-tripled": .cosineWithRestarts(first: 2, factor: 3, unit: .step),
    "restarts-epochs": .cosineWithRestarts(first: 1, factor: 2),
    "cyclic": .cyclic(lowest: 0.2, up: 8),
    "cyclic-uneven": .cyclic(lowest: 0.2, up: 5, down: 11, momentum: MomentumCycle(low: 0.8, high: 0.95)),
    "cyclic-halving": .cyclic(lowest: 0.2, up: 6, shape: .halving, momentum: MomentumCycle(low: 0.85, high: 0.95)),
    "cyclic-exponential": .cyclic(lowest: 0.2, up: 7, shape: .exponential(0.97)),
    "cyclic-adamw": .cyclic(lowest: 0.2, up: 8, momentum: MomentumCycle(low: 0.8, high: 0.9)),
    "inverse-square-root": .inverseSquareRoot(warmup: .steps(12)),
    "closure": Schedule("closure") { base, position in base / (1 + 0.1 * Double(position.step)) },
    "sequential": .sequence(
      [
        (.constant(factor: 0.1, for: .steps(100)), .steps(10)),
        (.exponential(factor: 0.9, unit: .step), .steps(20)),
      ], last: .step(every: 4, factor: 0.5, unit: .step)),
    "chained": Schedule.constant(factor: 0.1, for: .steps(20)).chained(.exponential(factor: 0.95, unit: .step)),
    "chained-three": Schedule.linear(from: 0.5, to: 1, over: .steps(8)).chained(.step(every: 9, factor: 0.6, unit: .step))
      .chained(.exponential(factor: 0.98, unit: .step)),
  ]

  private static let plateaus: [String: Schedule] = [
    "plateau": .plateau(patience: 3),
    "plateau-max": .plateau("accuracy", .maximum, factor: 0.5, patience: 2),
    "plateau-absolute": .plateau(factor: 0.3, patience: 1, threshold: .absolute(0.01), minimum: 0.002),
    "plateau-max-absolute": .plateau("accuracy", .maximum, factor: 0.7, patience: 2, threshold: .absolute(0.005)),
    "plateau-cooldown": .plateau(factor: 0.6, patience: 1, threshold: .relative(1e-2), cooldown: 4),
    "plateau-impatient": .plateau(factor: 0.9, patience: 0, minimum: 1e-3),
  ]

  @Test func everyStepEqualsPyTorch() throws {
    let cases = try fixture("schedule-traces.json", as: ScheduleTraces.self).cases
    #expect(cases.count == 20)
    for example in cases {
      let schedule = try #require(Self.schedules[example.name], "\(example.name)")
      try schedule.validate()
      for step in example.rates.indices {
        let position = SchedulePosition(step: step, totalSteps: 60, stepsPerEpoch: 10)
        let rate = schedule.learningRate(0.1, at: position)
        #expect(abs(rate - example.rates[step]) <= 1e-12, "\(example.name) step \(step): \(rate), not \(example.rates[step])")
        let momentum = schedule.momentum(0.9, at: position) ?? 0.9
        #expect(abs(momentum - example.momenta[step]) <= 1e-12, "\(example.name) momentum of step \(step)")
      }
    }
  }

  @Test func plateausEqualPyTorch() throws {
    let cases = try fixture("schedule-traces.json", as: ScheduleTraces.self).plateaus
    #expect(cases.count == 6)
    for example in cases {
      var schedule = try #require(Self.plateaus[example.name], "\(example.name)")
      for step in example.rates.indices {
        let rate = schedule.learningRate(0.1, at: SchedulePosition(step: step))
        #expect(abs(rate - example.rates[step]) <= 1e-15, "\(example.name) step \(step): \(rate), not \(example.rates[step])")
        schedule.observe(example.metric[step] ?? .nan)
      }
      #expect(schedule.plateaus[0].reductions > 0, "\(example.name)")
    }
  }

  @Test func eachPartSeesItsOwnPlateau() throws {
    let first = Schedule.plateau("a", factor: 0.5, patience: 0), second = Schedule.plateau("b", factor: 0.1, patience: 0)
    var schedule = first.then(after: .steps(10), second).withWeightDecay(.plateau("c", factor: 0.2, patience: 0)).warmup(.steps(2))
    #expect(schedule.plateaus.map(\.metric) == ["a", "b", "c"])
    for value in [1.0, 2, 3] { try schedule.observe([("a", value), ("b", -value), ("c", min(value, 2))]) }
    // a was bad twice, b always improved, c was bad twice: the second time it did not improve.
    func rate(_ step: Int) -> Double { schedule.learningRate(1, at: SchedulePosition(step: step, totalSteps: 20)) }
    #expect(rate(5) == 0.25)
    #expect(rate(15) == 1)
    #expect(abs(try #require(schedule.weightDecay(1, at: SchedulePosition(step: 5, totalSteps: 20))) - 0.04) < 1e-12)
    #expect { try schedule.observe([("a", 1), ("c", 1)]) } throws: { "\($0)".contains("waits for 'b'") }
  }

  @Test func groupsMayGoTheirOwnWays() throws {
    let schedule = Schedule.perGroup([.constant, .linear(), .plateau(factor: 0.5, patience: 0)])
    var watching = schedule
    watching.observe(.nan)
    func rates(_ schedule: Schedule) -> [Double] {
      (0..<4).map { schedule.learningRate(1, at: SchedulePosition(step: 5, totalSteps: 10, group: $0)) }
    }
    #expect(rates(schedule) == [1, 0.5, 1, 1])
    #expect(rates(watching) == [1, 0.5, 0.5, 0.5])
    #expect(schedule.name == "per group: constant; linear; plateau of validation/loss")
  }

  @Test func nonsenseIsRefusedByName() {
    let wrong: [(String, Schedule)] = [
      ("first is 0", .cosineWithRestarts(first: 0)), ("factor is -1.0", .exponential(factor: -1)), ("every is 0", .step(every: 0)),
      ("up is 0", .cyclic(up: 0)), ("lowest is 2.0", .cyclic(lowest: 2, up: 1)), ("patience is -1", .plateau(patience: -1)),
      ("plateau's factor is 1.0", .plateau(factor: 1)), ("power is -2.0", .polynomial(power: -2)), ("warmup is 2.0", .cosine(warmup: 2)),
      ("-1 steps", .linear(over: .steps(-1))), ("1.5 times the run", Schedule.constant.warmup(.fraction(1.5))),
      ("rise is 3.0", .oneCycle(rise: 3)), ("without schedules", .perGroup([])),
      ("period is 0", Schedule.constant.then(after: .epochs(1), .cosineAnnealing(period: 0)).withMomentum(.constant)),
    ]
    for (words, schedule) in wrong {
      #expect { try schedule.validate() } throws: { $0 is ArgumentError && "\($0)".contains(words) }
    }
  }
}

extension TorchTests {
  @Suite struct ScheduleTrainingTests {
    private func trainer(_ model: ToyNet, _ schedule: Schedule) throws -> Trainer {
      try Trainer(model, loss: .crossEntropy, optimizer: .sgd(learningRate: 0.1, momentum: 0.9), schedule: schedule, seed: 4)
    }

    @Test func plateausWatchTheRunAndResume() async throws {
      let folder = try TemporaryFolder()
      // A gain that no loss ever reaches: the rate falls after every epoch but the first.
      let schedule = Schedule.plateau("validation/loss", factor: 0.5, patience: 0, threshold: .relative(0.99))
      var rates: [Double] = []
      let watcher = Watcher { event, run in
        if case .epochEnd = event { rates.append(run.optimizer.learningRates[0]) }
        return .continue
      }
      let whole = try ToyNet.make()
      try await trainer(whole, schedule).fit(toyLoader(), validation: toyLoader(32), epochs: 5, handlers: [watcher])
      #expect(rates == [0.1, 0.1, 0.05, 0.025, 0.0125])

      let first = try ToyNet.make(), second = try ToyNet.make(seed: 9)
      try await trainer(first, schedule).fit(
        toyLoader(), validation: toyLoader(32), epochs: 3, handlers: [Checkpoints(in: folder.path)])
      rates = []
      try await trainer(second, schedule).fit(
        toyLoader(), validation: toyLoader(32), epochs: 5, handlers: [watcher, Checkpoints(in: folder.path)],
        resumingFrom: folder.path)
      #expect(rates == [0.025, 0.0125])
      #expect(try digest(whole) == digest(second))
    }

    @Test func aMetricThatIsNotThereIsNamed() async throws {
      await #expect {
        try await trainer(ToyNet.make(), .plateau()).fit(toyLoader(), epochs: 1)
      } throws: {
        "\($0)".contains("'validation/loss'") && "\($0)".contains("train/loss")
      }
      #expect(throws: ArgumentError.self) { try trainer(ToyNet.make(), .plateau(patience: -1)) }
    }

    @Test func weightDecayAndMomentumFollow() throws {
      let optimizer = try AdamW([Parameter(try Tensor.ones([1]))], learningRate: 0.1, weightDecay: 0.2)
      let schedule = Schedule.cosine().withWeightDecay(.linear(from: 1, to: 2)).withMomentum(.constant(factor: 0.5, for: .steps(1)))
      schedule.apply(to: optimizer, base: optimizer.settings, at: SchedulePosition(step: 5, totalSteps: 10))
      #expect(abs(optimizer.learningRates[0] - 0.05) < 1e-12)
      #expect(abs(optimizer.weightDecays[0] - 0.3) < 1e-12)
      #expect(optimizer.momenta == [0.9])
    }
  }
}
