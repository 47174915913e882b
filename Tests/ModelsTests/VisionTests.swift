import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Models

/// `Fixtures/vision.json`, written by `Tools/fixtures_models_vision.py`.
private struct VisionFixture: Decodable {
  struct Case: Decodable, Sendable {
    let name: String
    let shape: [Int]
    let digest: String
    let parameters: Int
    let logits: [Double]
    let inputGradient: [Double]?
    let gradients: [[Double]]?
  }
  struct Named: Decodable {
    let name: String
    let digest: String
    let parameters: Int
  }
  let small, whole: [Case]
  let named: [Named]
  let initial: [String: [[Double]]]
}

@Suite(.serialized) struct VisionTests {
  private static let fixture = Result { try Reference.read(VisionFixture.self, "vision.json") }

  /// The narrow networks of the fixture's script.
  private func small(_ name: String) throws -> StagedNetwork {
    switch name {
    case "resnext": try ResNet(blocks: [1, 1, 1, 1], block: .bottleneck(groups: 32, groupWidth: 4), classes: 10)
    case "wide": try ResNet(blocks: [1, 1, 1, 1], block: .bottleneck(groupWidth: 128), classes: 10)
    case "vgg": try VGG(.eleven, batchNorm: false, classes: 10, width: 0.125)
    case "vgg_bn": try VGG(.eleven, batchNorm: true, classes: 10, width: 0.125)
    case "mobilenet_v2": try MobileNetV2(classes: 10, width: 0.25)
    case "mobilenet_v3_large": try MobileNetV3(.large, classes: 10, width: 0.25)
    case "mobilenet_v3_small": try MobileNetV3(.small, classes: 10, width: 0.25)
    case "efficientnet": try EfficientNet(.b0, classes: 10, width: 0.25)
    case "densenet": try DenseNet(growth: 8, blocks: [2, 3, 2], first: 16, classes: 10)
    case "convnext": try ConvNeXt(widths: [16, 24, 32, 48], depths: [1, 1, 2, 1], classes: 10)
    case "vit": try VisionTransformer(height: 32, width: 32, patch: 8, dimension: 32, depth: 2, heads: 4, classes: 10)
    case "squeezenet1_0": try SqueezeNet(.first, classes: 10)
    case "squeezenet1_1": try SqueezeNet(.second, classes: 10)
    default: try ShuffleNetV2(.half, classes: 10)
    }
  }

  @Test func narrowNetworksAnswerAndLearnAsTorchvisions() throws {
    for example in try Self.fixture.get().small {
      let model = try small(example.name)
      #expect(try Reference.digest(model) == example.digest, "\(example.name)")
      #expect(model.parameterCount() == example.parameters)
      try Reference.fill(model)
      model.eval()
      let x = try Reference.input(example.shape).requiringGrad()
      let y = try model(x)
      try Reference.expect(y, example.logits, example.name)
      try y.square().sum().backward()
      try Reference.expect(#require(x.grad), #require(example.inputGradient), "\(example.name), the input's gradient")
      let expected = try #require(example.gradients), found = model.namedParameters()
      #expect(expected.count == found.count)
      // A sum of many values of both signs is compared at the scale of the gradient's size.
      for ((name, parameter), numbers) in zip(found, expected) {
        let gradient = try #require(parameter.grad)
        let size = try gradient.square().sum().sqrt().double(), sum = try gradient.sum().double()
        let scale = max(numbers[0], 1e-6) * Double(max(1, parameter.count)).squareRoot()
        #expect(abs(size - numbers[0]) <= 1e-3 * max(numbers[0], 1e-6), "\(example.name), \(name): size \(size), not \(numbers[0])")
        #expect(abs(sum - numbers[1]) <= 1e-3 * scale, "\(example.name), \(name): sum \(sum), not \(numbers[1])")
      }
    }
  }

  @Test func wholeNetworksAnswerAsTorchvisions() throws {
    for example in try Self.fixture.get().whole {
      let settings: [String: JSONValue] =
        try Architecture.named(example.name).settings.contains { $0.name == "stem" } ? ["stem": "large"] : [:]
      let shape = Array(example.shape.dropFirst())
      let model = try ModelConfiguration(architecture: example.name, input: shape, classes: 1000, settings: settings).build()
      #expect(try Reference.digest(model) == example.digest, "\(example.name)")
      try Reference.fill(model)
      model.eval()
      let y = try inferenceMode { try model(Reference.input(example.shape)) }
      try Reference.expect(y, example.logits, example.name)
    }
  }

  /// The largest of a family, or one of it; the others differ by the numbers in their tables. `MARTLET_ALL_NETWORKS=1` compares all.
  private static let compared: Set<String> = [
    "resnet34", "resnet152", "resnext50_32x4d", "vgg19_bn", "mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small", "efficientnet_b1",
    "efficientnet_b4", "densenet161", "densenet201", "vit_l_16", "squeezenet1_0", "squeezenet1_1", "shufflenet_v2_x1_5",
  ]

  @Test func namesShapesAndCountsAreTorchvisions() throws {
    let fixture = try Self.fixture.get()
    let all = ProcessInfo.processInfo.environment["MARTLET_ALL_NETWORKS"] == "1"
    #expect(fixture.named.count == 42)
    for example in fixture.named {
      let kind = try Architecture.named(example.name)
      #expect(kind.parameters == example.parameters, "\(example.name)")
      guard all || Self.compared.contains(example.name) else { continue }
      let settings: [String: JSONValue] = kind.settings.contains { $0.name == "stem" } ? ["stem": "large"] : [:]
      let model = try ModelConfiguration(architecture: example.name, input: [3, 224, 224], classes: 1000, settings: settings).build()
      #expect(try Reference.digest(model) == example.digest, "\(example.name)")
      #expect(model.parameterCount() == example.parameters)
    }
  }

  /// Standard deviation and mean of every parameter, within what chance allows.
  @Test func firstWeightsAreAsTorchvisionDrawsThem() throws {
    for (name, expected) in try Self.fixture.get().initial {
      let model = try RandomState.with(seed: 3) { try small(name) }
      for ((path, parameter), numbers) in zip(model.namedParameters(), expected) {
        let values = try parameter.value.detach().to(.float64), count = Double(parameter.count)
        let mean = try values.mean().double(), deviation = try (values - mean).square().mean().sqrt().double()
        #expect(
          abs(deviation - numbers[0]) <= 6 * numbers[0] / (2 * count).squareRoot() + 1e-6, "\(name), \(path): \(deviation), \(numbers)")
        #expect(abs(mean - numbers[1]) <= 8 * numbers[0] / count.squareRoot() + 1e-6, "\(name), \(path): \(mean), \(numbers)")
      }
    }
  }
}
