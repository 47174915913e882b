import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Models

@Suite(.serialized) struct LoRATests {
  private let input = Result { try TokenInput(Tensor([3, 4, 5, 6, 7, 8] as [Int64], shape: [2, 3])) }

  private func model(_ name: String = "bert") throws -> LanguageModel {
    try LanguageModels.load(folder: LanguageFixture(name).folder, task: .classification(labels: 3))
  }

  /// Adapters that change something: they start without any effect.
  private func fill(_ model: LanguageModel) throws {
    try RandomState.with(seed: 4) {
      for (_, _, adapter) in model.adapted { try adapter.second.initialize(.normal(std: 0.3)) }
    }
  }

  @Test(arguments: ["bert", "gpt2"]) func answersAndFilesAreThoseOfPEFT(name: String) throws {
    let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/language/\(name)-lora").path
    let expected = try SafetensorsFile(path: folder + "/expected.safetensors")
    let model = try self.model(name)
    try model.loadAdapters(from: folder)
    let input = try TokenInput(expected.tensor("ids"), mask: expected.tensor("mask"))
    let scores = try model(input)
    #expect(try LanguageFixture.difference(scores, expected.tensor("logits")) < 1e-5)
    try crossEntropy(scores, Tensor([2, 0] as [Int64])).backward()
    let parameters = Dictionary(uniqueKeysWithValues: model.namedParameters().map { ($0.name, $0.parameter) })
    for key in expected.names where key.hasPrefix("gradient/") {
      let parameter = try #require(parameters[String(key.dropFirst(9))], "\(key)")
      #expect(try LanguageFixture.difference(#require(parameter.grad, "\(key)"), expected.tensor(key)) < 5e-5, "\(key)")
    }
    let frozen = model.namedParameters().filter { !$0.parameter.requiresGrad }.map(\.name)
    #expect(!frozen.contains { $0.contains("lora_") } && !frozen.isEmpty)
    // Written again, the files hold the same tensors under the same names.
    let copy = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-lora-\(UUID().uuidString)").path
    try model.saveAdapters(to: copy)
    let theirs = try SafetensorsFile(path: folder + "/adapter_model.safetensors")
    let ours = try SafetensorsFile(path: copy + "/adapter_model.safetensors")
    #expect(Set(ours.names) == Set(theirs.names))
    for key in theirs.names { #expect(try ours.tensor(key).equal(theirs.tensor(key))) }
    let again = try self.model(name)
    try again.loadAdapters(from: copy)
    #expect(try again(input).equal(model(input)))
  }

  @Test(arguments: ["bert", "gpt2"]) func mergingChangesNothingAndUnmergingRestoresEveryBit(name: String) throws {
    let model = try self.model(name), input = try self.input.get()
    let plain = try model(input)
    try model.addLoRA(LoRASettings(rank: 2, alpha: 4))
    #expect(try model(input).equal(plain))
    try fill(model)
    let before = try model.state().copied()
    let beside = try model(input)
    #expect(try !beside.equal(plain))
    try model.mergeAdapters()
    #expect(try LanguageFixture.difference(model(input), beside.detach()) < 1e-5)
    try model.unmergeAdapters()
    for (name, tensor) in try model.state().entries { #expect(try tensor.equal(#require(before[name])), "\(name)") }
    try model.mergeAdapters()
    model.removeAdapters()
    #expect(try LanguageFixture.difference(model(input), beside.detach()) < 1e-5)
    #expect(model.parameterCount(trainable: true) == model.parameterCount() && model.adapted.isEmpty)
  }

  /// A batch of many rows goes through the weight with the adapter's share added to it; few rows go beside it.
  @Test(arguments: ["bert", "gpt2"]) func manyRowsGiveWhatFewGive(name: String) throws {
    let model = try self.model(name)
    try model.addLoRA(LoRASettings(rank: 3, alpha: 5, targets: ["all-linear"], trained: [name == "bert" ? "classifier" : "score"]))
    try fill(model)
    let rows = (0..<64).map { row in (0..<6).map { 3 + (row * 7 + $0 * 5) % 20 } }
    func gradients(_ parts: Int) throws -> (scores: Tensor, gradients: [String: Tensor]) {
      for parameter in model.parameters() { parameter.clearGrad() }
      var scores: [Tensor] = []
      for part in 0..<parts {
        let slice = rows[(part * rows.count / parts)..<((part + 1) * rows.count / parts)]
        let output = try model(TokenInput(rows: Array(slice), padding: 0))
        try output.square().sum().backward()
        scores.append(try output.detach())
      }
      let found = model.namedParameters().compactMap { entry in entry.parameter.grad.map { (entry.name, $0) } }
      return (try Tensor.cat(scores, dim: 0), Dictionary(uniqueKeysWithValues: found))
    }
    let together = try gradients(1), alone = try gradients(64)
    #expect(LoRAProduct.pays(rows: 64 * 6, inputs: 24, outputs: 24) && !LoRAProduct.pays(rows: 6, inputs: 24, outputs: 24))
    #expect(try LanguageFixture.difference(together.scores, alone.scores) < 1e-5)
    #expect(Set(together.gradients.keys) == Set(alone.gradients.keys) && !together.gradients.isEmpty)
    for (name, gradient) in together.gradients {
      #expect(try LanguageFixture.difference(gradient, #require(alone.gradients[name])) < 1e-4, "\(name)")
    }
  }

  @Test func onlyAdaptersAndTheHeadLearn() throws {
    let model = try self.model()
    let paths = try model.addLoRA(LoRASettings(rank: 3, dropout: 0.5, targets: ["query", "bert.*.output.dense"], trained: ["classifier"]))
    #expect(paths.count == 2 + 4 && paths.contains("bert.encoder.layer.1.attention.output.dense"))
    model.train()
    try model(input.get()).square().mean().backward()
    let learning = model.namedParameters().filter { $0.parameter.grad != nil }.map(\.name)
    #expect(learning.allSatisfy { $0.contains(".lora_") || $0.hasPrefix("classifier.") })
    #expect(model.parameterCount(trainable: true) == 2 * 3 * 48 + 2 * 3 * 48 + 2 * 3 * 56 + 3 * 25)
  }

  @Test(arguments: WeightQuantization.allCases) func roundedWeightsAreNearAndPassGradients(kind: WeightQuantization) throws {
    let model = try self.model(), input = try self.input.get()
    let plain = try model(input)
    try model.addLoRA(LoRASettings(targets: ["query", "value"], trained: ["classifier"], quantization: kind))
    let difference = try LanguageFixture.difference(model(input), plain.detach())
    #expect(difference < (kind == .int8 ? 0.03 : 0.4) && difference > 0, "\(difference)")
    try fill(model)
    try model(input).square().mean().backward()
    for (path, _, adapter) in model.adapted {
      #expect(try #require(adapter.first.grad, "\(path)").abs().max().double() > 0, "\(path)")
    }
    #expect(throws: ModelError.self) { try model.mergeAdapters() }
  }

  @Test func roundedProductsAreThoseOfTheRestoredWeight() throws {
    try RandomState.with(seed: 9) {
      for kind in WeightQuantization.allCases {
        let weight = try Tensor.randn([5, 70]), x = try Tensor.randn([3, 70]).requiringGrad()
        let rounded = try RoundedWeight(weight, kind)
        let restored = try rounded.restored()
        let step = try (weight - restored).abs().max().double() / weight.abs().max().double()
        #expect(step < (kind == .int8 ? 0.005 : 0.16), "\(kind): \(step)")
        let y = try rounded.product(x)
        #expect(try LanguageFixture.difference(y, x.linear(restored)) < 1e-6)
        try y.square().sum().backward()
        #expect(try LanguageFixture.difference(#require(x.grad), (y.detach() * 2).matmul(restored)) < 1e-6)
      }
    }
  }

  @Test func mistakesAreNamed() throws {
    let model = try self.model()
    func message(_ body: () throws -> Void) -> String {
      do { try body() } catch { return "\(error)" }
      return ""
    }
    #expect(message { try model.addLoRA(LoRASettings(targets: ["q_proj"])) }.contains("no linear layer is called q_proj"))
    #expect(message { try model.addLoRA(LoRASettings(rank: 0)) }.contains("rank 0"))
    #expect(message { try model.addLoRA(LoRASettings(trained: ["clasifier"])) }.contains("'classifier'"))
    #expect(model.adapted.isEmpty && model.parameterCount(trainable: true) == model.parameterCount())
    try model.addLoRA(LoRASettings())
    #expect(message { try model.addLoRA(LoRASettings()) }.contains("has an adapter already"))
  }

  @Test(arguments: ["bert", "distilbert", "gpt2", "llama"]) func prefixesLearnAlone(name: String) throws {
    let model = try LanguageModels.load(folder: LanguageFixture(name).folder, task: .hiddenStates)
    let rows = [[3, 4, 5], [6, 7, 8, 9, 10]]
    let input = try TokenInput(rows: rows, padding: 0)
    let plain = try model(input)
    try model.addPrefixes(length: 2)
    let prefixed = try model(input)
    #expect(try LanguageFixture.difference(prefixed, plain.detach()) > 1e-4)
    // Padding and what lies ahead stay hidden: a text alone answers the same.
    let alone = try model(TokenInput(rows: [rows[0]], padding: 0))
    let first = try prefixed.narrow(dim: 0, start: 0, length: 1).narrow(dim: 1, start: 0, length: 3)
    #expect(try LanguageFixture.difference(first, alone.detach()) < 1e-5)
    try prefixed.square().mean().backward()
    #expect(model.namedParameters().allSatisfy { ($0.parameter.grad != nil) == $0.name.contains(".prefix.") })
    #expect(try model.prefixState().count == 4)
    #expect(throws: ModelError.self) { try model.addPrefixes(length: 2) }
    model.removePrefixes()
    #expect(try model(input).equal(plain))
  }

  /// Values and gradients of prefixes: among them that a text's places count from behind the prefix.
  @Test(arguments: ["bert", "gpt2", "llama", "qwen3"]) func prefixesAnswerAsThoseOfPEFT(name: String) throws {
    let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/language/\(name)-prefix").path
    let expected = try SafetensorsFile(path: folder + "/expected.safetensors")
    let task: LanguageTask = name == "bert" ? .classification(labels: 3) : .causalLanguageModel
    let model = try LanguageModels.load(folder: LanguageFixture(name).folder, task: task)
    try model.loadAdapters(from: folder)
    let prefixes = try model.namedModules().compactMap { $0.module as? any PrefixedAttention }.map { try #require($0.prefix) }
    #expect(prefixes.count == 2)
    let learning = model.namedParameters().filter(\.parameter.requiresGrad).map(\.name)
    #expect(learning.allSatisfy { $0.contains(".prefix.") || $0.hasPrefix("classifier.") } && learning.count == (name == "bert" ? 6 : 4))
    let labels = try expected.tensor("labels")
    let scores = try model(TokenInput(expected.tensor("ids"), mask: expected.tensor("mask")))
    let mask = try expected.tensor("mask")
    // What stands behind a text's end is never asked for.
    let isAsked = name == "bert" ? nil : try mask.unsqueeze(-1).to(.float32)
    let found = try isAsked.map { try scores * $0 } ?? scores, all = try expected.tensor("logits")
    let wanted = try isAsked.map { try all * $0 } ?? all
    #expect(try LanguageFixture.difference(found, wanted) < 1e-5)
    let loss = try model.usualLoss(scores, labels)
    #expect(try abs(loss.double() / expected.tensor("loss").double() - 1) < 1e-5)
    try loss.backward()
    for (layer, prefix) in prefixes.enumerated() {
      for (parameter, kind) in [(prefix.key, "key"), (prefix.value, "value")] {
        let gradient = try #require(parameter.grad)
        #expect(try LanguageFixture.difference(gradient, expected.tensor("gradient/\(layer).\(kind)")) < 5e-5, "\(layer).\(kind)")
      }
    }
    // The room that the model has is shared.
    if name == "gpt2" { #expect(throws: TorchError.self) { try model(TokenInput(rows: [[Int](repeating: 3, count: 22)], padding: 0)) } }
    // A model that they do not fit stays as it was.
    let other = try LanguageModels.load(
      folder: LanguageFixture(["bert", "gpt2"].contains(name) ? "llama" : "bert").folder, task: .hiddenStates)
    #expect(throws: ModelError.self) { try other.loadAdapters(from: folder) }
    #expect(try other.prefixState().count == 0 && other.parameterCount(trainable: true) == other.parameterCount())
  }
}
