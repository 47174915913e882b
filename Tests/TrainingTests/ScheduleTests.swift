import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Training

private struct ScheduleFixture: Decodable {
  struct Case: Decodable {
    let name, optimizer: String
    let rates, momenta: [Double]
  }
  let cases: [Case]
}

@Suite struct ScheduleTests {
  /// The schedules of `Tools/fixtures_training.py`, over 60 steps with base 0.1.
  private static let schedules: [String: Schedule] = [
    "constant": .constant,
    "step": .step(every: 7, factor: 0.5, unit: .step),
    "multi-step": .multiStep([5, 20, 45], factor: 0.3, unit: .step),
    "exponential": .exponential(factor: 0.93, unit: .step),
    "cosine": .cosine(),
    "cosine-floor": .cosine(minimum: 0.02),
    "warmup-constant": Schedule.constant.warmup(.steps(10), from: 0.1),
    "warmup-cosine": .cosine(warmup: 0.2),
    "one-cycle": .oneCycle(momentum: MomentumCycle()),
    "one-cycle-linear": .oneCycle(anneal: .linear),
    "one-cycle-three-phase": .oneCycle(momentum: MomentumCycle(), threePhase: true),
    "one-cycle-settings": .oneCycle(rise: 0.2, divisor: 10, finalDivisor: 100, momentum: MomentumCycle(low: 0.8, high: 0.97)),
  ]

  @Test func everyStepEqualsPyTorch() throws {
    let cases = try fixture("schedules.json", as: ScheduleFixture.self).cases
    #expect(cases.count == 13)
    for example in cases {
      let schedule = try #require(Self.schedules[example.name], "\(example.name)")
      let momentum = 0.9
      for step in example.rates.indices {
        let position = SchedulePosition(step: step, totalSteps: 60, stepsPerEpoch: 10)
        let rate = schedule.learningRate(0.1, at: position)
        #expect(abs(rate - example.rates[step]) <= 1e-12, "\(example.name) step \(step): \(rate), not \(example.rates[step])")
        let expected = example.momenta[step]
        #expect(
          abs((schedule.momentum(momentum, at: position) ?? momentum) - expected) <= 1e-12, "\(example.name) momentum of step \(step)")
      }
    }
  }

  @Test func epochsAreCountedInSteps() {
    let schedule = Schedule.step(every: 2, factor: 0.1)
    let rates = [0, 19, 20, 39, 40].map { schedule.learningRate(1, at: SchedulePosition(step: $0, totalSteps: 60, stepsPerEpoch: 10)) }
    for (rate, expected) in zip(rates, [1, 1, 0.1, 0.1, 0.01]) { #expect(abs(rate - expected) < 1e-12) }
  }

  @Test func schedulesFollowEachOther() {
    let schedule = Schedule.constant.then(after: .fraction(0.5), .cosine())
    func rate(_ step: Int) -> Double { schedule.learningRate(2, at: SchedulePosition(step: step, totalSteps: 100, stepsPerEpoch: 10)) }
    #expect(rate(0) == 2)
    #expect(rate(49) == 2)
    #expect(rate(50) == 2)
    #expect(abs(rate(75) - 1) < 1e-12)
    #expect(rate(99) < 0.01)
  }

  @Test func aClosureIsASchedule() {
    let schedule = Schedule("half") { base, position in base / Double(1 << position.epoch) }
    #expect(schedule.learningRate(8, at: SchedulePosition(step: 25, totalSteps: 60, stepsPerEpoch: 10)) == 2)
  }

  @Test func everyGroupKeepsItsOwnBase() throws {
    let parameters = [Parameter(try Tensor.ones([1])), Parameter(try Tensor.ones([1]))]
    let optimizer = try SGD(
      groups: [
        ParameterGroup([parameters[0]], SGD.Settings(learningRate: 0.1, momentum: 0.9)),
        ParameterGroup([parameters[1]], SGD.Settings(learningRate: 0.01, momentum: 0.5)),
      ])
    let base = optimizer.settings
    for step in [30, 3, 30] {
      Schedule.oneCycle(momentum: MomentumCycle()).apply(
        to: optimizer, base: base, at: SchedulePosition(step: step, totalSteps: 60, stepsPerEpoch: 10))
      #expect(abs(optimizer.learningRates[0] / optimizer.learningRates[1] - 10) < 1e-9)
      #expect(optimizer.momenta[0] == optimizer.momenta[1])
    }
  }
}
