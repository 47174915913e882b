import Foundation
import MartletCore
import NN
import Testing
import Torch
import Training

@testable import Models

@Suite(.serialized) struct ModelsTests {
  @Test(arguments: Architecture.all.map(\.name)) func everyArchitectureBuildsRunsAndComesBack(name: String) throws {
    let kind = try Architecture.named(name)
    var configuration = try Samples.configuration(name)
    // Leaving a setting out means its standard.
    let standard = Dictionary(uniqueKeysWithValues: kind.settings.map { ($0.name, $0.standard) })
    for setting in kind.settings { #expect(setting.values.contains(setting.standard), "\(name): \(setting.name)") }
    let short = configuration
    configuration.settings = standard.merging(configuration.settings) { _, narrow in narrow }
    let decoded = try JSON.decode(ModelConfiguration.self, from: JSON.encode(configuration), source: "config.json")
    // A whole number comes back as an integer.
    #expect(try JSON.encode(decoded) == JSON.encode(configuration))
    let model = try short.build(seed: 4)
    let x = try Samples.input(name, batch: 3)
    model.eval()
    let y = try model(x)
    switch kind.output {
    case .classes: #expect(y.shape == [3, Samples.classes])
    case .maps: #expect(y.shape == [3, Samples.classes] + configuration.input[1...])
    case .reconstruction: #expect(y.shape == x.shape)
    }
    // One of each family comes back and learns; the others are the same layers in other numbers.
    let others = ["34", "101", "152", "13", "16", "19", "_b1", "_b2", "_b3", "_b4", "161", "169", "201", "_base", "x1_", "x2_0"]
    guard !others.contains(where: name.contains) else { return }
    let again = try decoded.build(seed: 4)
    again.eval()
    #expect(try y.array(of: Float.self) == again(x).array(of: Float.self))
    if ["mlp", "cnn", "lstm", "efficientnet_b0"].contains(name) {
      let other = try decoded.build(seed: 5)
      other.eval()
      #expect(try y.array(of: Float.self) != other(x).array(of: Float.self))
    }
    // Every parameter takes part.
    model.train()
    try (model(x) + 1).square().sum().backward()
    for (name, parameter) in model.namedParameters() { #expect(parameter.grad != nil, "\(name)") }
  }

  @Test func buildingWithASeedLeavesTheGeneratorAlone() throws {
    try RandomState.seed(1)
    let expected = try Tensor.rand([3]).array(of: Float.self)
    try RandomState.seed(1)
    _ = try ModelConfiguration(architecture: "mlp", input: [4], classes: 2).build(seed: 9)
    #expect(try Tensor.rand([3]).array(of: Float.self) == expected)
  }

  @Test func parameterCounts() throws {
    #expect(try LeNet().parameterCount() == 61_706)
    #expect(MLP(784, hidden: [128], outputs: 10).parameterCount() == 101_770)
    let names = try ConvNet(channels: 1, height: 28, width: 28, classes: 10).state().names
    #expect(names.prefix(3) == ["blocks.0.conv.weight", "blocks.0.norm.weight", "blocks.0.norm.bias"])
  }

  @Test func imagesThatAreTooSmallNameTheStage() throws {
    func message(_ name: String, _ input: [Int], _ settings: [String: JSONValue] = [:]) -> String {
      do {
        _ = try ModelConfiguration(architecture: name, input: input, classes: 3, settings: settings).build()
        return ""
      } catch {
        #expect(error is ModelError)
        return "\(error)"
      }
    }
    #expect(
      message("cnn", [1, 28, 28], ["widths": [8, 8, 8, 8, 8, 8]]).contains(
        "28×28 are too small: nothing is left after block 5, which gets 1×1"))
    #expect(message("lenet", [1, 9, 28]).contains("the second convolution"))
    #expect(message("resnet18", [3, 2, 2], ["stem": "large"]).contains("the stem"))
    #expect(message("vgg16_bn", [3, 28, 28]).contains("28×28 are too small: nothing is left after block 5"))
    #expect(message("densenet121", [3, 28, 28], ["stem": "large"]).contains("transition 3"))
    #expect(message("convnext_tiny", [3, 28, 28]).contains("the step before stage 4"))
    #expect(message("squeezenet1_1", [3, 12, 12]).contains("17×17 or more"))
    #expect(
      message("vit_b_16", [3, 28, 28]).contains("do not divide into squares of 16×16; expected multiples of 16; try: images of 32×32"))
    #expect(message("conv_autoencoder", [3, 30, 30]).contains("cannot be halved 2 times"))
    #expect(message("unet", [3, 6, 6]).contains("level 3"))
    #expect(message("lstm", [3, 6, 6]).contains("expected [steps, features]"))
    #expect(message("cnn", [28, 28]).contains("expected [channels, height, width]"))
    #expect(message("cnn", [0, 28, 28]).contains("sizes of 1 or more"))
  }

  @Test func leastSizesAreKnownBeforehand() throws {
    func least(_ name: String, _ settings: [String: JSONValue] = [:]) throws -> Int? { try Architecture.named(name).leastSide(settings) }
    #expect(try least("vgg11") == 32 && least("lenet") == 12 && least("cnn") == 4 && least("convnext_tiny") == 32)
    #expect(try least("densenet121", ["stem": "large"]) == 29 && least("squeezenet1_0") == 21 && least("squeezenet1_1") == 17)
    #expect(try least("vit_b_16") == 16 && least("mlp") == nil && least("lstm") == nil)
    // Each works at its least size.
    for name in ["vgg11", "lenet", "cnn", "convnext_tiny", "squeezenet1_1", "densenet121", "resnet18", "unet"] {
      let kind = try Architecture.named(name)
      var settings = try Samples.configuration(name).settings
      settings["patch"] = nil
      if kind.settings.contains(where: { $0.name == "stem" }) { settings["stem"] = "large" }
      let side = try #require(kind.leastSide(settings))
      let model = try ModelConfiguration(architecture: name, input: [3, side, side], classes: 2, settings: settings).build()
      model.eval()
      #expect(try model(Tensor.rand([1, 3, side, side])).shape.prefix(2) == [1, 2], "\(name)")
    }
  }

  @Test func settingsChangeTheNetwork() throws {
    func build(_ name: String, _ settings: [String: JSONValue]) throws -> any Layer {
      try ModelConfiguration(architecture: name, input: [3, 32, 32], classes: 4, settings: settings).build(seed: 1)
    }
    #expect(try build("resnet18", ["width": 0.5]).parameterCount() < build("resnet18", [:]).parameterCount() / 3)
    #expect(try Architecture.named("efficientnet_lite0").parameters == EfficientNetLite().parameterCount())
    // The small stem keeps the size.
    let x = try Tensor.rand([2, 3, 32, 32])
    for (stem, side) in [("small", 32), ("large", 8)] as [(JSONValue, Int)] {
      let model = try build("resnet18", ["stem": stem, "width": 0.125])
      #expect(try IntermediateFeatures(of: model, at: ["layer1"])(x)["layer1"]?.shape[2] == side)
    }
    // What is random in training is so only there, and only where it was asked for.
    for (name, settings) in [
      ("efficientnet_b0", ["width": 0.25, "dropout": 0.0, "stochastic-depth": 0.9]),
      ("convnext_tiny", ["width": 0.125, "stochastic-depth": 0.9, "layer-scale": 1.0]),
      ("resnet18", ["width": 0.125, "dropout": 0.5]), ("densenet121", ["width": 0.25, "dropout": 0.5]),
    ] as [(String, [String: JSONValue])] {
      var still = settings
      for key in ["dropout", "stochastic-depth"] where still[key] != nil { still[key] = 0.0 }
      for (settings, isRandom) in [(settings, true), (still, false)] {
        let model = try build(name, settings)
        #expect(try (model(x).array(of: Float.self) != model(x).array(of: Float.self)) == isRandom, "\(name), \(settings)")
        model.eval()
        #expect(try model(x).array(of: Float.self) == model(x).array(of: Float.self), "\(name)")
      }
    }
  }

  @Test func nonsenseIsNamed() throws {
    func fails(_ configuration: ModelConfiguration, _ words: String) {
      #expect { _ = try configuration.build() } throws: { $0 is ModelError && "\($0)".contains(words) }
    }
    let image = [1, 28, 28]
    fails(
      ModelConfiguration(architecture: "cnm", input: image, classes: 2),
      "no architecture 'cnm'; expected mlp, lenet, cnn, unet, resnet18")
    fails(ModelConfiguration(architecture: "cnm", input: image, classes: 2), "try: 'cnn'")
    fails(ModelConfiguration(architecture: "mobilenet-v2", input: image, classes: 2), "try: 'mobilenet_v2'")
    fails(ModelConfiguration(architecture: "cnn", input: image, classes: 0), "0 classes")
    fails(ModelConfiguration(architecture: "cnn", input: image, classes: 2, settings: ["droput": 0.1]), "try: 'dropout'")
    fails(
      ModelConfiguration(architecture: "lenet", input: image, classes: 2, settings: ["hidden": 3]), "no setting 'hidden'; expected none")
    fails(
      ModelConfiguration(architecture: "cnn", input: image, classes: 2, settings: ["dropout": 1]),
      "'dropout' of 'cnn' is 1; expected 0 or more")
    fails(ModelConfiguration(architecture: "cnn", input: image, classes: 2, settings: ["hidden": "many"]), "is \"many\"")
    fails(ModelConfiguration(architecture: "cnn", input: image, classes: 2, settings: ["widths": []]), "is []")
    fails(ModelConfiguration(architecture: "mlp", input: image, classes: 2, settings: ["hidden": [-1]]), "is [-1]")
    fails(ModelConfiguration(architecture: "resnet18", input: image, classes: 2, settings: ["stem": "tiny"]), "expected auto, large, small")
    #expect { try JSON.decode(ModelConfiguration.self, from: Data(#"{"input": [1]}"#.utf8), source: "config.json") } throws: {
      "\($0)".contains("config.json: .architecture is missing")
    }
    #expect(throws: ModelError.self) { try ResNet(blocks: [1, 2]) }
  }

  @Test func aConfiguredNetworkTrains() async throws {
    struct Stripes: Dataset {
      let count = 64
      func sample(at index: Int, epoch: Int) throws -> Sample {
        let pixels = (0..<64).map { Float(index % 2 == 0 ? ($0 / 8) % 2 : $0 % 2) }
        return Sample(input: try HostArray(pixels, shape: [1, 8, 8]), target: try HostArray([Int64(index % 2)], shape: []))
      }
    }
    let model = try ModelConfiguration(architecture: "cnn", input: [1, 8, 8], classes: 2, settings: ["widths": [4, 4], "hidden": 8]).build(
      seed: 1)
    let trainer = try Trainer(model, loss: .crossEntropy, optimizer: .adamW(learningRate: 0.01))
    let result = try await trainer.fit(DataLoader(StackedBatches(Stripes()), batchSize: 16, shuffle: true), epochs: 6)
    #expect(try #require(result.last("train/accuracy")) > 0.9)
  }
}
