import Foundation
import MartletCore
import NN
import Testing
import Torch
import Training

@testable import Models

/// `Fixtures/sequences.json`, written by `Tools/fixtures_models_sequences.py`.
private struct SequenceFixture: Decodable {
  struct Case: Decodable {
    let name: String
    let shape: [Int]
    let names: [String]
    let output, inputGradient: [Double]
    let gradients: [[Double]]
  }
  let cases: [Case]
}

@Suite(.serialized) struct SequenceTests {
  private func network(_ name: String) throws -> StagedNetwork {
    switch name {
    case "lstm": try SequenceLSTM(features: 3, outputs: 4, hidden: 8)
    case "lstm_deep": try SequenceLSTM(features: 3, outputs: 4, hidden: 8, layers: 2, bidirectional: true)
    case "tcn": try TemporalConvNet(features: 3, outputs: 4, channels: [8, 8, 6])
    case "conv_autoencoder": try ConvAutoencoder(channels: 1, height: 8, width: 8, widths: [4, 8], code: 5)
    case "vae": try VariationalAutoencoder(channels: 1, height: 8, width: 8, widths: [4, 8], code: 5)
    default: try UNet(channels: 2, classes: 3, widths: [4, 8, 12])
    }
  }

  @Test func answersAndGradientsEqualPyTorchs() throws {
    for example in try Reference.read(SequenceFixture.self, "sequences.json").cases {
      let model = try network(example.name)
      #expect(try model.state().names == example.names, "\(example.name)")
      try Reference.fill(model)
      model.eval()
      let x = try Reference.input(example.shape).requiringGrad()
      let y: Tensor
      if let model = model as? VariationalAutoencoder {
        let pass = try model.pass(x)
        y = try (pass.output - x).square().flatten(from: 1).sum(dims: [1]) + pass.divergence() * 2
        #expect(try abs(pass.loss(x, beta: 2).double() - y.mean().double()) < 1e-4)
      } else {
        y = try model(x)
      }
      try Reference.expect(y, example.output, example.name)
      try y.square().sum().backward()
      try Reference.expect(#require(x.grad), example.inputGradient, "\(example.name), the input's gradient")
      for ((name, parameter), numbers) in zip(model.namedParameters(), example.gradients) {
        let gradient = try #require(parameter.grad)
        let size = try gradient.square().sum().sqrt().double(), sum = try gradient.sum().double()
        #expect(abs(size - numbers[0]) <= 1e-4 * max(numbers[0], 1e-3), "\(example.name), \(name)")
        #expect(abs(sum - numbers[1]) <= 1e-4 * max(numbers[0], 1e-3) * Double(parameter.count).squareRoot(), "\(example.name), \(name)")
      }
    }
  }

  @Test func causalNetworksDoNotSeeBeyondTheirField() throws {
    let model = try TemporalConvNet(features: 1, outputs: 2, channels: [4, 4], kernel: 2)
    model.eval()
    #expect(model.receptiveField == 7)
    try Reference.fill(model)
    let x = try Tensor.rand([1, 12, 1]).requiringGrad()
    try model(x).sum().backward()
    let gradient = try #require(x.grad).array(of: Float.self)
    #expect(gradient.prefix(5).allSatisfy { $0 == 0 } && gradient[5] != 0 && gradient[11] != 0)
    #expect(throws: ModelError.self) { try TemporalConvNet(features: 1, outputs: 1, channels: []) }
    #expect { try model(Tensor.rand([1, 12])) } throws: { "\($0)".contains("[batch, steps, features]") }
  }

  /// A sine wave, 16 steps seen and the next 2 asked for.
  private struct Waves: Dataset {
    let count = 96
    func sample(at index: Int, epoch: Int) throws -> Sample {
      let wave = (0..<18).map { Float(sin(0.5 * Double($0) + 0.37 * Double(index))) }
      return Sample(input: try HostArray(Array(wave[..<16]), shape: [16, 1]), target: try HostArray(Array(wave[16...]), shape: [2]))
    }
  }

  @Test(arguments: ["lstm", "tcn"]) func sequencesAreForecast(name: String) async throws {
    let settings: [String: JSONValue] = name == "lstm" ? ["hidden": 16] : ["channels": [8, 8, 8], "dropout": 0.0]
    let model = try ModelConfiguration(architecture: name, input: [16, 1], classes: 2, settings: settings).build(seed: 1)
    let trainer = try Trainer(model, loss: .mse, optimizer: .adam(learningRate: 0.02))
    let result = try await trainer.fit(DataLoader(StackedBatches(Waves()), batchSize: 16, shuffle: true), epochs: 12)
    // The variance of a sine is 0.5.
    #expect(try #require(result.last("train/loss")) < 0.05)
  }

  @Test func variationalCodesAreDrawnInTrainingOnly() throws {
    let model = try VariationalAutoencoder(channels: 1, height: 8, width: 8, widths: [4, 8], code: 5)
    let x = try Tensor.rand([3, 1, 8, 8])
    #expect(try model(x).array(of: Float.self) != model(x).array(of: Float.self))
    model.eval()
    #expect(try model(x).array(of: Float.self) == model(x).array(of: Float.self))
    #expect(try model.samples(4).shape == [4, 1, 8, 8])
    #expect(try model.encode(x).shape == [3, 5])
    #expect(try DenseAutoencoder(64, code: 3).encode(x).shape == [3, 3])
    #expect(throws: ModelError.self) { try ConvAutoencoder(channels: 1, height: 9, width: 8) }
  }
}
