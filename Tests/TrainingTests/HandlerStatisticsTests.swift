import Charts
import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Training

private struct StatisticsReference: Decodable {
  struct Quantile: Decodable {
    let p: Double
    let degrees: Double
    let value: Double
  }
  let quantiles: [Quantile]
  let groups: [Int]
  let parts: [Int]
  let sweep: [Double]
  let steepest: Int
}

extension TorchTests {
  @Suite struct CrossValidationTests {
    private func reference() throws -> StatisticsReference { try fixture("handlers-statistics.json", as: StatisticsReference.self) }

    @Test func quantilesEqualSciPy() throws {
      let cases = try reference().quantiles
      for one in cases {
        let value = Probability.studentQuantile(one.p, degrees: one.degrees)
        #expect(abs(value - one.value) < 1e-9 * max(1, abs(one.value)), "t(\(one.p), \(one.degrees)) = \(value), not \(one.value)")
      }
      #expect(cases.count == 20)
    }

    @Test func groupsEqualScikitLearn() throws {
      let reference = try reference()
      let folds = try Folds.grouped(4, by: reference.groups)
      for fold in folds.folds { #expect(fold.validation == reference.parts.indices.filter { reference.parts[$0] == fold.index }) }
    }

    @Test func everyItemValidatesOnce() throws {
      let labels = (0..<53).map { $0 % 7 == 0 ? 2 : $0 % 2 }
      for folds in [try Folds.plain(5, of: 53, seed: 1), try Folds.stratified(5, labels: labels, seed: 1), try Folds.plain(53, of: 53)] {
        #expect(folds.folds.flatMap(\.validation).sorted() == Array(0..<53))
        for fold in folds.folds { #expect((fold.training + fold.validation).sorted() == Array(0..<53)) }
        let sizes = folds.folds.map(\.validation.count)
        #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
        #expect(Set(folds.folds.map(\.seed)).count == folds.folds.count)
      }
      for fold in try Folds.stratified(5, labels: labels, seed: 3).folds {
        for label in 0..<3 {
          let share = labels.count { $0 == label } / 5
          #expect((share...(share + 1)).contains(fold.validation.count { labels[$0] == label }))
        }
      }
      #expect(try Folds.plain(5, of: 53, seed: 1) == Folds.plain(5, of: 53, seed: 1))
      #expect(try Folds.plain(5, of: 53, seed: 1) != Folds.plain(5, of: 53, seed: 2))
    }

    @Test func mistakesAreNamed() {
      #expect(throws: ArgumentError.self) { try Folds.plain(1, of: 5) }
      #expect(throws: ArgumentError.self) { try Folds.plain(6, of: 5) }
      #expect(throws: ArgumentError.self) { try Folds.stratified(3, labels: [0, 0, 0, 1]) }
      #expect(throws: ArgumentError.self) { try Folds.grouped(3, by: [1, 1, 2, 2]) }
    }

    @Test func trainsOneModelPerFold() async throws {
      let source = StackedBatches(ToyData(count: 96))
      func run() async throws -> CrossValidationResult {
        try await crossValidate(.stratified(4, labels: (0..<96).map { $0 % 3 }, seed: 2)) { fold in
          let train = try DataLoader(Subset(source, items: fold.training), batchSize: 16, shuffle: true, seed: fold.seed)
          let model = try RandomState.with(seed: fold.seed) { ToyNet() }
          let trainer = try toyTrainer(model, seed: fold.seed)
          try await trainer.fit(train, epochs: 6)
          return try await trainer.evaluate(DataLoader(Subset(source, items: fold.validation), batchSize: 24))
        }
      }
      let result = try await run()
      let accuracy = try #require(result.summary("accuracy"))
      #expect(accuracy.values.count == 4 && accuracy.mean > 0.75)
      #expect(abs(accuracy.mean - accuracy.values.reduce(0, +) / 4) < 1e-12)
      // Student's 0.975 quantile with 3 degrees of freedom is 3.182446; the folds' ratio is 24 to 72.
      let half = 3.182446305284263 * accuracy.deviation * (0.25 + 24.0 / 72).squareRoot()
      #expect(abs(accuracy.interval.upperBound - accuracy.mean - half) < 1e-9)
      #expect(try await run().folds == result.folds)
      #expect(result.text.contains("accuracy") && result.summary("nothing") == nil)
    }

    @Test func foldsMustAgreeOnTheirMetrics() async throws {
      let folds = try Folds.plain(2, of: 4)
      await #expect(throws: ArgumentError.self) { try await crossValidate(folds) { fold in fold.index == 0 ? ["a": 1] : ["b": 1] } }
    }
  }

  @Suite struct LearningRateFinderTests {
    @Test func theSteepestPlaceIsNumPys() throws {
      let reference = try fixture("handlers-statistics.json", as: StatisticsReference.self)
      #expect(LearningRateCurve.steepest(reference.sweep) == reference.steepest)
      #expect(LearningRateCurve.steepest([1, 2, 3, 4, 5]) == nil && LearningRateCurve.steepest([1]) == nil)
    }

    @Test func everythingComesBack() async throws {
      let model = try ToyNet.make()
      let trainer = try toyTrainer(model)
      let loader = try toyLoader()
      try await trainer.fit(loader, epochs: 1)
      model.train()
      model.dropout.eval()
      try loader.resume(at: LoaderPosition(epoch: 3, batch: 2))
      let before = (try digest(model), try trainer.optimizer.state(), try bytes(RandomState.save()), loader.position)
      let curve = try await trainer.findLearningRate(on: loader, LearningRateSweep(from: 1e-5, to: 1e4, steps: 60))
      #expect(try digest(model) == before.0 && bytes(RandomState.save()) == before.2 && loader.position == before.3)
      let state = try trainer.optimizer.state()
      #expect(state.values == before.1.values && state.tensors.count == before.1.tensors.count)
      for (old, new) in zip(before.1.tensors, state.tensors) { #expect(try bytes(old.tensor) == bytes(new.tensor)) }
      #expect(model.isTraining && !model.dropout.isTraining && model.norm.isTraining)
      #expect(model.parameters().allSatisfy { $0.grad == nil })

      let diverged = try #require(curve.divergedAt)
      let suggestion = try #require(curve.suggestion)
      #expect(curve.places.count < 60 && suggestion < diverged / 3 && suggestion > 1e-5)
      #expect(curve.places[1].rate > curve.places[0].rate && abs(curve.places[0].rate - 1e-5) < 1e-12)
      #expect(curve.chart.series.count == 2 && curve.text.contains("blows up"))
    }

    /// A rate that the finder proposes trains better than one a thousand times smaller, and than one at which the loss blew up.
    @Test func theSuggestionTrains() async throws {
      func loss(_ rate: Double) async throws -> Double {
        let trainer = try toyTrainer(ToyNet.make(), optimizer: .sgd(learningRate: rate), schedule: .constant)
        return try #require(try await trainer.fit(toyLoader(), epochs: 2).last("train/loss"))
      }
      let finder = try toyTrainer(ToyNet.make(), optimizer: .sgd(learningRate: 1), options: TrainerOptions(threads: 1))
      let curve = try await finder.findLearningRate(on: toyLoader(), LearningRateSweep(from: 1e-4, to: 1e3, steps: 70, smoothing: 0.8))
      let suggestion = try #require(curve.suggestion)
      let good = try await loss(suggestion)
      #expect(try await loss(suggestion / 1000) > good + 0.1)
    }

    @Test func mistakesAreNamed() async throws {
      let trainer = try toyTrainer(ToyNet.make())
      for sweep in [LearningRateSweep(from: 0, to: 1), LearningRateSweep(from: 1, to: 0.1), LearningRateSweep(steps: 2)] {
        await #expect(throws: ArgumentError.self) { try await trainer.findLearningRate(on: toyLoader(), sweep) }
      }
    }
  }
}
