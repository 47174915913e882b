import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Training

private struct MultiTaskReference: Decodable {
  struct Uncertainty: Decodable {
    let total: Double
    let parts: [Double]
    let gradients: [[Double]]
  }
  struct Step: Decodable {
    let weights: [Double]
    let total: Double
  }
  let x: [Float]
  let trunk: [Float]
  let first: [Float]
  let second: [Float]
  let logs: [Float]
  let classes: [Int64]
  let numbers: [Float]
  let uncertainty: Uncertainty
  let gradNorm: [Step]

  /// The reference's network with its weights.
  func network() throws -> SharedTrunk {
    let trunk = Linear(5, 6, bias: false)
    let first = Linear(6, 3, bias: false)
    let second = Linear(6, 1, bias: false)
    try trunk.weight.assign(Tensor(self.trunk, shape: [6, 5]))
    try first.weight.assign(Tensor(self.first, shape: [3, 6]))
    try second.weight.assign(Tensor(self.second, shape: [1, 6]))
    return SharedTrunk(Sequential(trunk, Tanh()), heads: ["class": first, "number": second])
  }

  func batch() throws -> Batch {
    let classes = try Tensor(classes)
    return Batch(
      inputs: try Tensor(x, shape: [24, 5]), targets: classes, indices: Array(0..<24),
      extras: ["class": classes, "number": try Tensor(numbers, shape: [24, 1])])
  }
}

private let tasks = [MultiTaskLoss.Task("class", .crossEntropy), MultiTaskLoss.Task("number", .mse)]

extension TorchTests {
  @Suite struct MultiTaskTests {
    private func reference() throws -> MultiTaskReference { try fixture("handlers-multitask.json", as: MultiTaskReference.self) }

    @Test func uncertaintyEqualsTheFormula() throws {
      let reference = try reference()
      let model = MultiTaskModel(try reference.network(), loss: try MultiTaskLoss(tasks, weighting: .uncertainty))
      let names = model.namedParameters().map(\.name)
      #expect(names == ["network.trunk.0.weight", "network.branches.class.weight", "network.branches.number.weight", "loss.log_variances"])
      try model.parameters()[3].assign(Tensor(reference.logs))
      let output = try model.step(reference.batch())
      #expect(abs(try output.loss.double() - reference.uncertainty.total) < 1e-6 * reference.uncertainty.total)
      try output.loss.backward()
      for (parameter, expected) in zip(model.parameters(), reference.uncertainty.gradients) {
        #expect(close(try #require(parameter.grad).array(of: Double.self), expected, 1e-5))
      }
      let measured = Dictionary(uniqueKeysWithValues: output.measured.map { ($0.name, $0.value) })
      #expect(abs(try #require(measured["class/loss"]) - reference.uncertainty.parts[0]) < 1e-6)
      #expect(abs(try #require(measured["number/weight"]) - exp(0.7) / 2) < 1e-6 && measured["class/accuracy"] != nil)
    }

    @Test func gradNormEqualsTheReference() throws {
      let reference = try reference()
      let network = try reference.network()
      let shared = network.trunk.parameters()
      let loss = try MultiTaskLoss(tasks, weighting: .gradNorm(alpha: 1.5, learningRate: 0.025, shared: shared))
      let model = MultiTaskModel(network, loss: loss)
      let optimizer = try SGD(model.parameters(), learningRate: 0.05)
      let buffer = try #require(model.namedBuffers().first { $0.name == "loss.weights" }).buffer
      for (number, step) in reference.gradNorm.enumerated() {
        optimizer.zeroGradients()
        let output = try model.step(reference.batch())
        #expect(abs(try output.loss.double() - step.total) < 1e-5 * step.total, "step \(number)")
        try output.loss.backward()
        try optimizer.step()
        #expect(close(try buffer.value.array(of: Double.self), step.weights, 1e-5), "step \(number)")
      }
      // Evaluation leaves the weights alone.
      let before = try buffer.value.array(of: Double.self)
      model.eval()
      _ = try model.step(reference.batch())
      #expect(try buffer.value.array(of: Double.self) == before && before != [1, 1])
      #expect(reference.gradNorm.count == 12)
    }

    @Test func fixedWeights() throws {
      let reference = try reference()
      let weighted = [MultiTaskLoss.Task("class", .crossEntropy, weight: 2), MultiTaskLoss.Task("number", .mse, weight: 0.25)]
      let model = MultiTaskModel(try reference.network(), loss: try MultiTaskLoss(weighted))
      let parts = reference.uncertainty.parts
      #expect(abs(try model.step(reference.batch()).loss.double() - (2 * parts[0] + 0.25 * parts[1])) < 1e-5)
    }

    @Test func mistakesAreNamed() throws {
      #expect(throws: ArgumentError.self) { try MultiTaskLoss([]) }
      #expect(throws: ArgumentError.self) { try MultiTaskLoss([tasks[0], tasks[0]]) }
      #expect(throws: ArgumentError.self) { try MultiTaskLoss(tasks, weighting: .gradNorm(shared: [])) }
      let reference = try reference()
      let model = MultiTaskModel(try reference.network(), loss: try MultiTaskLoss([MultiTaskLoss.Task("clas", .crossEntropy)]))
      #expect { try model.step(reference.batch()) } throws: { "\($0)".contains("no head 'clas'") && "\($0)".contains("class, number") }
    }

    /// Ten classes and three groups of them at once, on real pictures, with weights that are learned and come back with a checkpoint.
    @Test(.enabled(if: Fashion.isInstalled)) func realPictures() async throws {
      func groups(_ classes: Tensor) throws -> Tensor {
        // Shoes, bags and clothes.
        try Tensor([Int64(2), 2, 2, 2, 2, 0, 2, 0, 1, 0]).indexSelect(dim: 0, classes)
      }
      let (pictures, classes) = try Fashion.items(0..<800)
      let check = try Fashion.items(2000..<2500)
      let loader = try DataLoader(
        MultiTargetBatches(inputs: pictures, targets: ["class": classes, "group": groups(classes)]), batchSize: 50, shuffle: true)
      let validation = try DataLoader(
        MultiTargetBatches(inputs: check.pictures, targets: ["class": check.classes, "group": groups(check.classes)]), batchSize: 250)
      func trainer() throws -> Trainer {
        let model = try RandomState.with(seed: 1) {
          let trunk = Sequential(Flatten(), Linear(784, 64), ReLU())
          let network = SharedTrunk(trunk, heads: ["class": Linear(64, 10), "group": Linear(64, 3)])
          let tasks = [MultiTaskLoss.Task("class", .crossEntropy), MultiTaskLoss.Task("group", .crossEntropy)]
          return MultiTaskModel(network, loss: try MultiTaskLoss(tasks, weighting: .uncertainty))
        }
        return try Trainer(model, optimizer: .adam(learningRate: 2e-3), seed: 1, options: TrainerOptions(threads: 1))
      }
      let folder = try TemporaryFolder()
      let whole = try trainer()
      let result = try await whole.fit(loader, validation: validation, epochs: 6, handlers: [Checkpoints(in: folder.path + "/a")])
      #expect(try #require(result.last("validation/class/accuracy")) > 0.65)
      #expect(try #require(result.last("validation/group/accuracy")) > 0.9)
      // The easy task's loss is smaller, so its weight grows beyond the other's.
      #expect(try #require(result.last("train/group/weight")) > result.last("train/class/weight") ?? .infinity)

      try await trainer().fit(loader, validation: validation, epochs: 3, handlers: [Checkpoints(in: folder.path + "/b")])
      let resumed = try trainer()
      try await resumed.fit(loader, validation: validation, epochs: 6, resumingFrom: folder.path + "/b")
      #expect(try digest(resumed.model) == digest(whole.model))
    }
  }
}
