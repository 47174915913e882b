import Foundation
import MartletCore
import NN
import Testing
import Torch
import Training

@testable import Models

@Suite(.serialized) struct FineTuningTests {
  private func small() throws -> ResNet { try ResNet(blocks: [1, 1, 1, 1], classes: 5, stem: .small, width: 0.125) }

  private func file(_ name: String) -> String {
    FileManager.default.temporaryDirectory.appendingPathComponent("martlet-models-\(UUID().uuidString)-\(name)").path
  }

  @Test(arguments: Architecture.all.map(\.name)) func everyParameterBelongsToOneStage(name: String) throws {
    let model = try #require(try Samples.network(name) as? StagedNetwork)
    let stages = model.stages
    for (path, _) in model.namedParameters() { #expect(stages.count { $0.holds(path) } == 1, "\(name): \(path)") }
    let groups = try model.layerGroups(decay: 0.5)
    #expect(groups.map(\.parameters.count).reduce(0, +) == model.parameters().count)
    #expect(groups.last?.rate == 1 && groups.last?.name == stages.last?.name)
    // Every stage has an output under its name, except in networks that are called by their parts.
    #expect(Set(stages.map(\.name)).count == stages.count)
    guard try Architecture.named(name).output != .reconstruction else { return }
    try model.replaceHead(classes: 3)
    let x = try Samples.input(name)
    let y = try model(x)
    #expect(y.shape[0] == 2 && y.shape[1] == 3, "\(name): \(y.shape)")
    try model.freezeBackbone()
    #expect(model.trainedStages == [stages[stages.count - 1].name])
    #expect(throws: ModelError.self) { try model.replaceHead(classes: 0) }
  }

  @Test func freezingGoesByStages() throws {
    let model = try small()
    try model.freeze(upTo: "layer2")
    #expect(model.trainedStages == ["layer3", "layer4", "fc"])
    try model.thaw(last: 6)
    #expect(model.parameterCount(trainable: true) == model.parameterCount())
    try model.thaw(last: 0)
    #expect(model.parameterCount(trainable: true) == 0)
    #expect { try model.freeze(upTo: "layer5") } throws: { "\($0)".contains("no stage 'layer5'") && "\($0)".contains("try: 'layer") }
    #expect(throws: ModelError.self) { try model.thaw(last: 7) }
    #expect(throws: ModelError.self) { try model.layerGroups(decay: 0) }
  }

  @Test func frozenBatchNormKeepsItsStatistics() throws {
    let model = try small()
    try model.freeze(upTo: "layer2")
    model.train()
    let before = try model.state().copied()
    let x = try Tensor.rand([4, 3, 16, 16])
    _ = try model(x)
    let after = try model.state()
    func moved(_ name: String) throws -> Bool {
      try #require(before[name]).array(of: Float.self) != #require(after[name]).array(of: Float.self)
    }
    #expect(try !moved("bn1.running_mean") && !moved("layer2.0.bn1.running_var"))
    #expect(try moved("layer3.0.bn1.running_mean") && moved("layer4.0.bn2.running_var"))
    // Thawed, it follows the batches again.
    try model.thaw(last: 6)
    _ = try model(x)
    #expect(try moved("bn1.running_mean"))
    // What the frozen part gives does not depend on the rest of the batch.
    try model.freeze(upTo: "layer4")
    model.train()
    let alone = try model(x.narrow(dim: 0, start: 0, length: 2)), together = try model(x)
    let first = try together.narrow(dim: 0, start: 0, length: 2)
    #expect(try (alone - first).abs().max().double() < 1e-5)
  }

  @Test func normsThatSomebodyElseHoldsStayAsTheyAre() throws {
    let model = try small()
    model.train()
    let norm = try #require(model.module(at: "bn1"))
    norm.eval()
    _ = try model(Tensor.rand([4, 3, 16, 16]))
    #expect(!norm.isTraining)
    try model.freeze(upTo: "layer1")
    model.keepsFrozenStatistics = false
    model.train()
    _ = try model(Tensor.rand([4, 3, 16, 16]))
    #expect(norm.isTraining)
  }

  /// Stripes that lie or stand.
  private struct Stripes: Dataset {
    let count = 64
    func sample(at index: Int, epoch: Int) throws -> Sample {
      let pixels = (0..<192).map { Float(index % 2 == 0 ? ($0 / 8) % 2 : $0 % 2) }
      return Sample(input: try HostArray(pixels, shape: [3, 8, 8]), target: try HostArray([Int64(index % 2)], shape: []))
    }
  }

  @Test func aHeadLearnsOnAFrozenBackbone() async throws {
    let model = try RandomState.with(seed: 1) { try small() }
    try RandomState.with(seed: 2) { try model.replaceHead(classes: 2) }
    try model.freezeBackbone()
    let before = try model.state().copied()
    let trainer = try Trainer(model, loss: .crossEntropy, optimizer: .adamW(learningRate: 0.05))
    let result = try await trainer.fit(DataLoader(StackedBatches(Stripes()), batchSize: 16, shuffle: true), epochs: 5)
    #expect(try #require(result.last("train/accuracy")) > 0.9)
    for (name, tensor) in try model.state() where !name.hasPrefix("fc.") {
      #expect(try tensor.array(of: Double.self) == #require(before[name]).array(of: Double.self), "\(name)")
    }
    #expect(try #require(model.state()["fc.bias"]).array(of: Float.self) != #require(before["fc.bias"]).array(of: Float.self))
  }

  @Test func thawingStepByStep() throws {
    let model = try small()
    let plan = try GradualThaw(epochsPerStage: 2)
    let trained = try (0..<12).map { epoch in
      try plan.apply(to: model, epoch: epoch)
      return model.trainedStages.count
    }
    #expect(trained == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6])
    #expect(throws: ModelError.self) { try GradualThaw(epochsPerStage: 0) }
    let steps = plan.steps(of: model)
    #expect(steps.map(\.epoch) == [0, 2, 4, 6, 8, 10] && steps[0].members == ["fc"] && steps[5].members == ["conv1", "bn1"])
    // A trainer's own freezing says the same.
    let freezing = steps.dropFirst().reduce(Freezing.allBut(steps[0].members)) { $0.thaw(atEpoch: $1.epoch, $1.members) }
    for epoch in [0, 1, 4, 11] {
      try freezing.apply(to: model, epoch: epoch)
      #expect(model.trainedStages.count == plan.trained(epoch: epoch, of: 6))
    }
    #expect(try model.members(upTo: "layer1") == ["conv1", "bn1", "layer1"])
    #expect(throws: ModelError.self) { try model.members(upTo: "head") }
  }

  @Test func layersLearnAtTheirOwnRates() throws {
    let model = try RandomState.with(seed: 1) { try small() }
    let groups = try model.layerGroups(decay: 0.1)
    let before = try model.state().copied()
    // Plain gradient descent moves in proportion to the rate; the gradient is made equal everywhere.
    let optimizer = try SGD(
      groups: groups.map { ParameterGroup($0.parameters, SGD.Settings(learningRate: 0.1 * $0.rate)) })
    _ = try model(Tensor.rand([4, 3, 16, 16])).sum().backward()
    for parameter in model.parameters() { try parameter.value.setGrad(parameter.value.detach().onesLike()) }
    try optimizer.step()
    for (name, rate) in [("fc.bias", 0.1), ("layer4.0.bn1.bias", 0.01), ("layer3.0.bn1.bias", 0.001)] {
      let step = try (#require(before[name]) - #require(model.state()[name])).mean().double()
      #expect(abs(step - rate) < 1e-3 * rate, "\(name): \(step)")
    }
  }

  @Test func featuresOfNamedLayers() throws {
    let model = try small()
    model.eval()
    let x = try Tensor.rand([2, 3, 16, 16])
    let features = try IntermediateFeatures(of: model, at: ["layer1", "layer3", "layer2.0.conv1"])
    let found = try features(x)
    #expect(found["layer1"]?.shape == [2, 8, 16, 16])
    #expect(found["layer2.0.conv1"]?.shape == [2, 16, 8, 8])
    #expect(found["layer3"]?.shape == [2, 32, 4, 4])
    // Equal to the network's own values, and the rest is not computed.
    var calls: [String] = []
    let observation = model.observeForward { (event) throws(TorchError) in calls.append(event.path) }
    let again = try features(x)
    #expect(calls.contains("layer3") && !calls.contains { $0.hasPrefix("layer4") })
    observation.cancel()
    #expect(try #require(again["layer3"]).array(of: Float.self) == #require(found["layer3"]).array(of: Float.self))
    let pooled = try model.featureExtractor(at: "layer4", pooled: true)
    #expect(try pooled(x).shape == [2, 64])
    #expect(try pooled.state().names == model.state().names)
    // Gradients flow, and the network still works as a whole.
    try pooled(x).sum().backward()
    #expect(model.namedParameters().first { $0.name == "conv1.weight" }?.parameter.grad != nil)
    #expect(try model(x).shape == [2, 5])
    #expect { try model.featureExtractor(at: "layr3") } throws: {
      "\($0)".contains("no layer 'layr3'") && "\($0)".contains("try: 'layer3'")
    }
    #expect(throws: TorchError.self) { try features(Tensor.rand([2, 4, 16, 16])) }
    let transformer = try Samples.network("vit_tiny")
    #expect(try IntermediateFeatures(of: transformer, at: ["block1"])(Samples.input("vit_tiny"))["block1"]?.ndim == 3)
  }

  @Test func pretrainedWeightsLoadWithAReport() throws {
    let source = try small(), target = try ResNet(blocks: [1, 1, 1, 1], classes: 3, stem: .small, width: 0.125)
    let path = file("weights.safetensors")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try source.save(to: path)
    let report = try target.loadPretrained(from: path)
    #expect(report.missing.isEmpty && report.unexpected.isEmpty && report.mismatched.map(\.name) == ["fc.weight", "fc.bias"])
    #expect(report.loaded == (try source.state().count) - 2 && !report.isComplete)
    #expect("\(report)".contains("fc.weight is float32 [5, 64], not float32 [3, 64]"))
    #expect(
      try #require(target.state()["layer4.0.conv1.weight"]).array(of: Float.self)
        == #require(source.state()["layer4.0.conv1.weight"]).array(of: Float.self))

    // Wrapped, in half precision and without counts of batches.
    var wrapped = StateDictionary()
    for (name, tensor) in try source.state() where !name.hasSuffix("num_batches_tracked") {
      wrapped["module." + name] = try tensor.to(.float16)
    }
    #expect(try small().loadPretrained(wrapped).isComplete)

    // Another backbone: nothing changes, and the message says what differs.
    let wide = try ResNet(blocks: [1, 1, 1, 1], classes: 5, stem: .small, width: 0.25)
    let before = try wide.state().copied()
    #expect { try wide.loadPretrained(from: path) } throws: {
      $0 is ModelError && "\($0)".contains("the input's channels or the stem differ") && "\($0)".contains(path)
    }
    #expect(try #require(wide.state()["fc.bias"]).array(of: Float.self) == #require(before["fc.bias"]).array(of: Float.self))
    #expect(throws: ModelError.self) { try small().loadPretrained(StateDictionary([("x", Tensor.ones([1]))]), strict: false) }
    let deeper = try ResNet(blocks: [2, 1, 1, 1], classes: 5, stem: .small, width: 0.125)
    #expect(throws: ModelError.self) { try deeper.loadPretrained(from: path) }
    #expect(try deeper.loadPretrained(from: path, strict: false).missing.allSatisfy { $0.hasPrefix("layer1.1.") })
  }

  @Test func colourWeightsServeGreyImages() throws {
    let colour = try small(), grey = try ResNet(blocks: [1, 1, 1, 1], channels: 1, classes: 5, stem: .small, width: 0.125)
    let wide = try ResNet(blocks: [1, 1, 1, 1], channels: 5, classes: 5, stem: .small, width: 0.125)
    #expect(throws: ModelError.self) { try grey.loadPretrained(colour.state()) }
    #expect(try grey.loadPretrained(colour.state(), adaptingInput: true).isComplete)
    #expect(try wide.loadPretrained(colour.state(), adaptingInput: true).isComplete)
    for model in [colour, grey, wide] { model.eval() }
    // An image with equal channels gets the same answer.
    let x = try Tensor.rand([2, 1, 16, 16])
    let expected = try colour(x.expand([2, 3, 16, 16]))
    #expect(try (grey(x) - expected).abs().max().double() < 1e-5)
    #expect(try wide(x.expand([2, 5, 16, 16])).shape == [2, 5])
  }

  @Test func olderNamesAreUnderstood() throws {
    let dense = try DenseNet(growth: 8, blocks: [1, 1], first: 8)
    #expect(dense.currentName(of: "features.denseblock1.denselayer2.norm.1.weight") == "features.denseblock1.denselayer2.norm1.weight")
    #expect(dense.currentName(of: "features.denseblock1.denselayer2.conv2.weight") == "features.denseblock1.denselayer2.conv2.weight")
    #expect(dense.currentName(of: "features.norm0.weight") == "features.norm0.weight")
    let transformer = try VisionTransformer(height: 8, width: 8, patch: 4, dimension: 8, depth: 1, heads: 2)
    let old = "encoder.layers.encoder_layer_0.mlp.linear_2.bias"
    #expect(transformer.currentName(of: old) == "encoder.layers.encoder_layer_0.mlp.3.bias")
  }
}
