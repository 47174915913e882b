import Foundation
import Learners
import MartletCore
import Tables
import Testing
import Torch

@Suite struct NetworkTests {
  private func accuracy(_ learner: any Learner, _ name: String) throws -> Double {
    let (x, target, codes) = try ReferenceData.classes(name)
    let train = (0..<x.rows).filter { $0 % 4 != 0 }, test = (0..<x.rows).filter { $0 % 4 == 0 }
    let model = try #require(
      learner.fit(x.taking(train), target.taking(train), weights: nil, context: FitContext(seed: 3)) as? any FittedClassifier)
    let said = try model.classes(x.taking(test))
    return Double(zip(said, test).filter { $0 == codes[$1] }.count) / Double(test.count)
  }

  @Test func networksLearnClasses() throws {
    #expect(try accuracy(MLP(hidden: [32], epochs: 40), "wine") > 0.93)
    #expect(try accuracy(TabularTransformer(width: 16, heads: 2, blocks: 1, learningRate: 5e-3, epochs: 25, batchSize: 32), "iris") > 0.9)
  }

  @Test func networksLearnNumbersWithCategoriesAndGaps() throws {
    // The number depends on a category and on a measurement that is missing here and there.
    var random = KeyedRandom(seed: 1, purpose: "table")
    var values: [Double] = [], y: [Double] = []
    for row in 0..<240 {
      let category = Int.random(in: 0..<3, using: &random), number = random.uniform(in: -1...1)
      values += [Double(category), row % 20 == 0 ? .nan : number]
      y.append([10.0, -10, 0][category] + 4 * (row % 20 == 0 ? 0 : number))
    }
    let x = try FeatureMatrix(rows: 240, names: ["category", "number"], values: values, levels: [0: 3])
    let learners: [any Learner] = [
      MLP(hidden: [16], dropout: 0, learningRate: 1e-2, epochs: 60),
      TabularTransformer(width: 8, heads: 2, blocks: 1, dropout: 0, learningRate: 1e-2, epochs: 40, batchSize: 32),
    ]
    for learner in learners {
      let model = try #require(learner.fit(x, .values(y), weights: nil, context: FitContext(seed: 2)) as? any FittedRegressor)
      let said = try model.predict(x)
      let errors = zip(said, y).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / 240
      #expect(errors < 6, "\(learner.kind): \(errors)")
      let unknown = try FeatureMatrix(rows: 1, names: x.names, values: [9, 0.5], levels: [0: 3])
      #expect(try model.predict(unknown)[0].isFinite)
    }
  }

  @Test func theProcessesRandomNumbersStayWhereTheyAre() throws {
    let data = try ContractData.classes(2, rows: 20)
    let before = try RandomState.save().array(of: UInt8.self)
    _ = try MLP(hidden: [4], dropout: 0.5, epochs: 1).fit(data.x, data.target, weights: nil, context: FitContext())
    #expect(try RandomState.save().array(of: UInt8.self) == before)
  }

  @Test func theContractHolds() throws {
    // Batches are drawn in a random order, and their rows set the steps. Products of single precision round by the rows beside them.
    let random: Set<LearnerContract.Property> = [.repetition, .orderOfFit]
    let mlp = MLP(hidden: [8], epochs: 3), transformer = TabularTransformer(width: 8, heads: 2, blocks: 2, epochs: 2, batchSize: 32)
    for learner in [mlp, transformer] as [any Learner] {
      try LearnerContract.hold(learner, on: .classes(3), tolerance: 1e-5, excluding: random)
      try LearnerContract.hold(learner, on: .numbers(), tolerance: 1e-5, excluding: random)
    }
  }

  @Test func badInputIsNamed() throws {
    let data = try ContractData.classes(2, rows: 20)
    #expect(throws: LearnerError.self) {
      _ = try TabularTransformer(width: 10, heads: 3).fit(data.x, data.target, weights: nil, context: FitContext())
    }
    #expect(throws: LearnerError.self) { _ = try MLP(dropout: 1).fit(data.x, data.target, weights: nil, context: FitContext()) }
    let error = #expect(throws: LearnerError.self) {
      _ = try MLP(hidden: [4], learningRate: 1e30, epochs: 20).fit(data.x, data.target, weights: nil, context: FitContext())
    }
    #expect(error?.problem.contains("loss") == true)
  }
}
