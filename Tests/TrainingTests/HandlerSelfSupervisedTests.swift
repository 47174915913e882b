import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Training

private struct ContrastiveReference: Decodable {
  struct Case: Decodable {
    let temperature: Double
    let loss: Double
  }
  let first: [Float]
  let second: [Float]
  let cases: [Case]
}

/// A view of pictures `[batch, 1, 28, 28]`: moved by up to 3 pixels, mirrored, brighter or darker, with noise.
private func moved(_ pictures: Tensor, _ key: ViewPairs.Key) throws -> Tensor {
  let padded = try pictures.constantPadNd(pad: [3, 3, 3, 3])
  let views = try (0..<pictures.size(0)).map { place -> Tensor in
    var random = key.random(at: place)
    let (row, column) = (Int.random(in: 0...6, using: &random), Int.random(in: 0...6, using: &random))
    var view = try padded.select(dim: 0, index: place).slice(dim: 1, start: row, end: row + 28).slice(
      dim: 2, start: column, end: column + 28)
    if random.bernoulli(0.5) { view = try view.flip(dims: [2]) }
    return try view * random.uniform(in: 0.6...1.4)
  }
  return try Tensor.stack(views)
}

private func makeEncoder(_ seed: UInt64) throws -> Sequential {
  try RandomState.with(seed: seed) {
    Sequential(
      Conv2d(1, 16, kernel: 3, stride: 2, padding: 1), ReLU(), Conv2d(16, 32, kernel: 3, stride: 2, padding: 1), ReLU(), Flatten(),
      Linear(32 * 7 * 7, 64), ReLU())
  }
}

extension TorchTests {
  @Suite struct SelfSupervisedTests {
    @Test func theLossIsItsDefinition() throws {
      let reference = try fixture("handlers-contrastive.json", as: ContrastiveReference.self)
      for one in reference.cases {
        let model = SimCLR(Flatten(), features: 4, projected: 4, temperature: one.temperature)
        let first = try Tensor(reference.first, shape: [5, 4])
        let second = try Tensor(reference.second, shape: [5, 4])
        #expect(abs(try model.loss(first, second).double() - one.loss) < 1e-6)
      }
    }

    @Test func viewsDependOnTheirKeyAlone() throws {
      let pictures = try RandomState.with(seed: 1) { try Tensor.rand([6, 1, 28, 28]) }
      let source = try TensorBatches(inputs: pictures, targets: Tensor.zeros([6], dtype: .int64))
      let views = ViewPairs(source, seed: 3) { try moved($0, $1) }
      let batch = try views.batch([4, 1, 2], epoch: 2)
      let other = try views.batch([1], epoch: 2)
      let second = try #require(batch.extras["view"])
      #expect(try bytes(batch.inputs.select(dim: 0, index: 1).contiguous()) == bytes(other.inputs.select(dim: 0, index: 0).contiguous()))
      #expect(try !batch.inputs.allclose(second) && !batch.inputs.allclose(views.batch([4, 1, 2], epoch: 3).inputs))
      #expect(throws: ArgumentError.self) { try SimCLR(Flatten(), features: 784).step(source.batch([0, 1], epoch: 0)) }
    }

    /// Few labels: an encoder that has seen many pictures without labels beats one that starts from nothing.
    @Test(.enabled(if: Fashion.isInstalled)) func pretrainingHelpsWithFewLabels() async throws {
      let unlabelled = try Fashion.items(0..<1200)
      let few = try Fashion.items(3000..<3040)
      let test = try Fashion.items(4000..<5000)
      let encoder = try makeEncoder(1)
      let model = try RandomState.with(seed: 2) { SimCLR(encoder, features: 64, projected: 32, temperature: 0.2) }
      let views = ViewPairs(try TensorBatches(inputs: unlabelled.pictures, targets: unlabelled.classes), seed: 1) { try moved($0, $1) }
      let pretraining = try await Trainer(model, optimizer: .adam(learningRate: 1e-3), seed: 1, options: TrainerOptions(threads: 1))
        .fit(DataLoader(views, batchSize: 100, shuffle: true, workers: 1), epochs: 8)
      #expect(try #require(pretraining.last("train/accuracy")) > 0.4)

      func accuracy(_ encoder: Sequential) async throws -> Double {
        let classifier = try RandomState.with(seed: 3) { Sequential(encoder, Linear(64, 10)) }
        let trainer = try Trainer(
          classifier, loss: .crossEntropy, optimizer: .adam(learningRate: 1e-3), seed: 1, options: TrainerOptions(threads: 1))
        try await trainer.fit(
          DataLoader(TensorBatches(inputs: few.pictures, targets: few.classes), batchSize: 20, shuffle: true), epochs: 30)
        let check = try DataLoader(TensorBatches(inputs: test.pictures, targets: test.classes), batchSize: 500)
        return try #require(try await trainer.evaluate(check)["accuracy"])
      }
      let scratch = try await accuracy(makeEncoder(1))
      let pretrained = try await accuracy(encoder)
      #expect(pretrained > scratch + 0.01, "pretrained \(pretrained), from scratch \(scratch)")
    }
  }
}
