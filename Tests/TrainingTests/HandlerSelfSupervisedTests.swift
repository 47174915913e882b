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

    @Test func patchesAreSquaresOfThePicture() throws {
      let encoder = try RandomState.with(seed: 1) { PatchEncoder(size: 6, patch: 3, channels: 2, dimension: 6, depth: 1, heads: 2) }
      let x = try Tensor.arange(start: 0, end: 144, dtype: .float32).reshape([2, 2, 6, 6])
      let patches = try encoder.patches(x)
      #expect(patches.shape == [2, 4, 18])
      // Patch 1 is the upper right one; pixels go row by row, channels innermost.
      let first = try patches.select(dim: 0, index: 0).select(dim: 0, index: 1).array(of: Int.self)
      var expected: [Int] = []
      for row in 0..<3 { for column in 3..<6 { expected += [row * 6 + column, 36 + row * 6 + column] } }
      #expect(first == expected)
      #expect(try encoder(x).shape == [2, 6])
    }

    @Test func theEncoderSeesWhatIsVisibleOnly() throws {
      let model = try RandomState.with(seed: 1) {
        MaskedAutoencoder(
          PatchEncoder(size: 12, patch: 3, channels: 1, dimension: 12, depth: 1, heads: 2), hidden: 0.75, normalizes: false, dimension: 8,
          depth: 1, heads: 2)
      }
      #expect(model.visible == 4)
      let (patches, noise) = try RandomState.with(seed: 2) { (try Tensor.rand([3, 16, 9]), try Tensor.rand([3, 16])) }
      let (painted, isHidden) = try model.painted(patches, noise: noise)
      #expect(try isHidden.sum(dims: [1]).array(of: Int.self) == [12, 12, 12])
      let changed = try patches + isHidden.unsqueeze(-1) * 5
      #expect(try bytes(painted.contiguous()) == bytes(model.painted(changed, noise: noise).painted.contiguous()))
      let visible = try patches + (1 - isHidden).unsqueeze(-1) * 5
      #expect(try !painted.allclose(model.painted(visible, noise: noise).painted))
      // The error of hidden patches alone: 12 of 16, and what is wrong with visible ones does not count.
      let wrong = try patches + isHidden.unsqueeze(-1) * 2 + (1 - isHidden).unsqueeze(-1) * 100
      #expect(abs(try model.loss(wrong, patches, isHidden).double() - 4) < 1e-5)
    }

    @Test(.enabled(if: Fashion.isInstalled)) func learnsToPaint() async throws {
      let pictures = try Fashion.items(0..<600)
      let model = try RandomState.with(seed: 1) {
        MaskedAutoencoder(
          PatchEncoder(size: 28, patch: 4, channels: 1, dimension: 48, depth: 2, heads: 3), normalizes: false, dimension: 24, depth: 1)
      }
      let source = try TensorBatches(inputs: pictures.pictures, targets: pictures.classes)
      let trainer = try Trainer(model, optimizer: .adamW(learningRate: 3e-3), seed: 1, options: TrainerOptions(threads: 1))
      let check = try DataLoader(source, batchSize: 200)
      let before = try #require(try await trainer.evaluate(check)["loss"])
      try await trainer.fit(DataLoader(source, batchSize: 50, shuffle: true), epochs: 8)
      let after = try #require(try await trainer.evaluate(check)["loss"])
      // Who paints the mean of all pictures has learned nothing of the one before him.
      let mean = try (pictures.pictures - pictures.pictures.mean(dims: [0])).square().mean().double()
      #expect(after < 0.95 * mean && before > 2 * mean, "\(before) → \(after), the mean picture has \(mean)")
      #expect(try await trainer.evaluate(check)["loss"] == after)
      #expect(throws: ArgumentError.self) {
        try Trainer(MaskedAutoencoder(PatchEncoder(size: 28, patch: 5)), optimizer: .adam())
      }
    }
  }
}
