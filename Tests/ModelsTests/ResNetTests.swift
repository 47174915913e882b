import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Models

/// `Fixtures/resnet.json`, written by `Tools/fixtures_models.py`.
private struct ResNetFixture: Decodable {
  struct Case: Decodable {
    let name: String
    let shape: [Int]
    let names: [String]
    let parameters: Int
    let evaluated, trained, gradient, running: [Double]
  }
  let cases: [Case]
  let names: [String: [String]]

  static func read() throws -> ResNetFixture {
    let url = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/resnet.json")
    return try JSON.decode(ResNetFixture.self, from: Data(contentsOf: url), source: "resnet.json")
  }
}

@Suite(.serialized) struct ResNetTests {
  /// sin(0.7 i + phase), as the fixture's script computes it.
  private func wave(_ shape: [Int], _ phase: Double) throws -> Tensor {
    let steps = try Tensor.arange(.int(shape.reduce(1, *)), dtype: .float64)
    return try (steps * 0.7 + phase).sin().reshape(shape)
  }

  /// Fills every tensor from its position in the state.
  private func fill(_ model: Module) throws {
    var state = StateDictionary()
    for (position, entry) in try model.state().entries.enumerated() {
      let shape = entry.tensor.shape
      var values = try wave(shape, Double(position))
      if entry.tensor.dtype.isInteger {
        values = entry.tensor
      } else if entry.name.hasSuffix("running_var") {
        values = try values.abs() + 1
      } else if shape.count == 4 {
        values = try values * (2 / Double(shape.dropFirst().reduce(1, *))).squareRoot()
      } else {
        values = try values * 0.1 + (shape.count == 1 && entry.name.hasSuffix("weight") ? 1 : 0)
      }
      state[entry.name] = try values.to(entry.tensor.dtype)
    }
    try model.load(state)
  }

  private func expect(_ tensor: Tensor, _ expected: [Double], _ what: String) throws {
    let values = try tensor.detach().flatten(from: 0).array(of: Double.self).prefix(expected.count)
    let scale = expected.map(abs).max() ?? 1
    let worst = zip(values, expected).map { abs($0 - $1) }.max() ?? .infinity
    #expect(values.count == expected.count && worst <= 1e-4 * scale, "\(what): \(worst) at scale \(scale)")
  }

  @Test func answersAndGradientsEqualTorchvision() throws {
    for example in try ResNetFixture.read().cases {
      let stem: ResNet.Stem = example.name == "resnet-large-stem" ? .large : .small
      let model = try ResNet(blocks: [1, 1, 1, 1], classes: 10, stem: stem)
      #expect(try model.state().names == example.names)
      #expect(model.parameterCount() == example.parameters)
      try fill(model)
      let x = try wave(example.shape, 0.5).to(.float32)
      model.eval()
      try expect(model(x), example.evaluated, "\(example.name) in evaluation")
      model.train()
      let y = try model(x)
      try expect(y, example.trained, "\(example.name) in training")
      try y.square().sum().backward()
      let state = try model.state()
      let first = try #require(model.namedParameters().first { $0.name == "conv1.weight" }?.parameter.grad)
      try expect(first, example.gradient, "\(example.name), the first convolution's gradient")
      try expect(#require(state["layer4.0.bn2.running_var"]), example.running, "\(example.name), running variance")
    }
  }

  @Test func namesAreTheOnesOfTorchvision() throws {
    let names = try ResNetFixture.read().names
    #expect(try ResNet.resNet18().state().names == names["resnet18"])
    #expect(try ResNet.resNet34().state().names == names["resnet34"])
    #expect(try ResNet.resNet18().parameterCount() == 11_689_512)
  }
}
