import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Training

extension TorchTests {
  @Suite struct EarlyStoppingTests {
    /// Trains with a metric that takes the given values; returns the result and the weights after each epoch.
    private func run(
      _ values: [Double], _ model: ToyNet, _ stopping: EarlyStopping
    ) async throws -> (result: TrainingResult, digests: [String]) {
      var digests: [String] = []
      let judge = Watcher("judge", rank: -1) { event, run in
        if case .epochEnd = event {
          digests.append(try digest(model))
          try run.record([(name: "quality", value: values[run.epoch])])
        }
        return .continue
      }
      let result = try await toyTrainer(model).fit(toyLoader(), epochs: values.count, handlers: [judge, stopping])
      return (result, digests)
    }

    @Test func stopsAndRestoresTheBest() async throws {
      let model = try ToyNet.make()
      let stopping = EarlyStopping("quality", .minimum, patience: 2)
      let (result, digests) = try await run([5, 3, 4, 3, 3.5, 1, 1], model, stopping)
      #expect(result.epochs == 5 && result.stoppedEarly)
      #expect(stopping.best == 3 && stopping.bestEpoch == 1)
      #expect(try digest(model) == digests[1])
    }

    @Test func goalDeltaAndNaN() async throws {
      let model = try ToyNet.make()
      let stopping = EarlyStopping("quality", .maximum, patience: 1, minimumDelta: 0.5)
      let (result, digests) = try await run([1, 1.4, 1.6, .nan, 1.9, 9], model, stopping)
      #expect(result.epochs == 5 && stopping.best == 1.6)
      #expect(try digest(model) == digests[2])
    }

    @Test func withoutRestoringTheLastWeightsStay() async throws {
      let model = try ToyNet.make()
      let (result, digests) = try await run([1, 2, 3, 4], model, EarlyStopping("quality", .minimum, patience: 0, restoresBest: false))
      #expect(result.epochs == 2)
      #expect(try digest(model) == digests[1])
    }

    @Test func theBestComesBackWithoutStopping() async throws {
      let model = try ToyNet.make()
      let (result, digests) = try await run([1, 2, 3], model, EarlyStopping("quality", .minimum, patience: 9))
      #expect(result.epochs == 3 && !result.stoppedEarly)
      #expect(try digest(model) == digests[0])
    }

    @Test func anUnknownMetricIsNamed() async throws {
      await #expect {
        try await toyTrainer(ToyNet.make())
          .fit(toyLoader(), epochs: 1, handlers: [EarlyStopping("train/los", .minimum, patience: 1)])
      } throws: {
        "\($0)".contains("no metric 'train/los'") && "\($0)".contains("try: 'train/loss'")
      }
    }
  }
}
