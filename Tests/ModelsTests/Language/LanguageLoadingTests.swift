import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Models

@Suite(.serialized) struct LanguageLoadingTests {
  private func temporary() throws -> String {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-language-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder
  }

  /// A copy of a fixture's model with other weights or another configuration.
  private func copy(
    _ name: String, weights change: (inout StateDictionary) throws -> Void = { _ in },
    configuration: (inout [String: JSONValue]) -> Void = { _ in }
  ) throws -> String {
    let fixture = try LanguageFixture(name), folder = try temporary()
    var state = try StateDictionary(SafetensorsFile(path: fixture.folder + "/model.safetensors").all().map { ($0.name, $0.tensor) })
    try change(&state)
    try Safetensors.write(state.entries, to: folder + "/model.safetensors")
    let data = try Data(contentsOf: URL(fileURLWithPath: fixture.folder + "/config.json"))
    var values = try #require(JSON.decode(JSONValue.self, from: data, source: "config.json").objectValue)
    configuration(&values)
    try JSON.encode(JSONValue.object(values)).write(to: URL(fileURLWithPath: folder + "/config.json"))
    return folder
  }

  private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return ""
  }

  @Test func theTaskIsWhatTheConfigurationSays() throws {
    #expect(try LanguageModels.load(folder: LanguageFixture("bert").folder).task == .maskedLanguageModel)
    #expect(try LanguageModels.load(folder: LanguageFixture("gpt2").folder).task == .causalLanguageModel)
    #expect(try LanguageModels.load(folder: LanguageFixture("marian").folder).task == .sequenceToSequence)
  }

  @Test func whatDoesNotFitIsNamed() throws {
    let lacking = try copy("bert", weights: { $0["bert.encoder.layer.1.output.dense.weight"] = nil })
    #expect(message { _ = try LanguageModels.load(folder: lacking) }.contains("missing: bert.encoder.layer.1.output.dense.weight"))
    let extra = try copy("bert", weights: { $0["bert.encoder.layer.1.surprise"] = try Tensor.zeros([2]) })
    #expect(message { _ = try LanguageModels.load(folder: extra) }.contains("unknown: bert.encoder.layer.1.surprise"))
    let wrong = try copy("bert", configuration: { $0["intermediate_size"] = 20 })
    let text = message { _ = try LanguageModels.load(folder: wrong) }
    #expect(text.contains("of another shape") && text.contains("intermediate.dense.weight is float16 [32, 24], not [20, 24]"), "\(text)")
    let type = try copy("bert", configuration: { $0["model_type"] = "brt" })
    #expect(message { _ = try LanguageModels.load(folder: type) }.contains("'brt', which is not known; expected bert, roberta"))
    let heads = try copy("bert", configuration: { $0["num_attention_heads"] = 5 })
    #expect(message { _ = try LanguageModels.load(folder: heads) }.contains("5 heads do not divide the width 24"))
    let kind = try copy("bert", configuration: { $0["hidden_size"] = "wide" })
    #expect(message { _ = try LanguageModels.load(folder: kind) }.contains("'hidden_size' is \"wide\"; expected a whole number"))
    let llama = try copy("llama", configuration: { $0["rope_parameters"] = ["rope_type": "unheard", "factor": 2] })
    #expect(message { _ = try LanguageModels.load(folder: llama) }.contains("scaled by 'unheard'"))
    #expect(message { _ = try LanguageModels.load(folder: temporary()) }.contains("config.json"))
    let t5 = try LanguageFixture("t5").folder
    #expect(message { _ = try LanguageModels.load(folder: t5, task: .questionAnswering) }.contains("has no head for question answering"))
  }

  @Test func aHeadThatTheFileLacksIsNewOnlyWhereItWasAskedFor() throws {
    let bare = try copy(
      "bert", weights: { state in state = state.renamed { $0.hasPrefix("classifier.") || $0.hasPrefix("cls.") ? nil : $0 } })
    #expect(message { _ = try LanguageModels.load(folder: bare) }.contains("missing: cls.predictions"))
    let model = try LanguageModels.load(folder: bare, task: .classification(labels: 5, pooling: .mean))
    #expect(model.loading?.new == ["classifier.weight", "classifier.bias"])
    #expect(try model(Tensor([3, 4, 5, 6, 7, 0] as [Int64], shape: [2, 3])).shape == [2, 5])
    #expect(model.labels.count == 5 && !model.isTraining)
  }

  @Test func namesOfWrappedAndOldFilesAreUnderstood() throws {
    let reference = try LanguageModels.load(folder: LanguageFixture("bert").folder, task: .hiddenStates)
    let ids = try Tensor([3, 4, 5, 6] as [Int64], shape: [1, 4])
    let wanted = try reference(ids)
    let wrapped = try copy("bert", weights: { $0 = $0.renamed { "module." + $0 } })
    let bare = try copy("bert", weights: { $0 = $0.renamed { $0.hasPrefix("bert.") ? String($0.dropFirst(5)) : nil } })
    let old = try copy(
      "bert",
      weights: { state in
        state = state.renamed { name in
          if name.hasSuffix("LayerNorm.weight") { return name.dropLast(6) + "gamma" }
          return name.hasSuffix("LayerNorm.bias") ? name.dropLast(4) + "beta" : name
        }
      })
    for folder in [wrapped, bare, old] {
      let model = try LanguageModels.load(folder: folder, task: .hiddenStates)
      #expect(try model(ids).equal(wanted))
    }
  }

  @Test func tiedParametersAreOneUnlessTheFileTellsThemApart() throws {
    let tied = try LanguageModels.load(folder: LanguageFixture("t5").folder)
    let names = Set(try tied.state().names)
    #expect(names.isSuperset(of: ["shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight"]))
    #expect(!tied.namedParameters().contains { $0.name == "lm_head.weight" })
    let apart = try LanguageModels.load(
      folder: copy(
        "t5",
        weights: { state in
          state["lm_head.weight"] = try #require(state["shared.weight"]) * 2
        }))
    #expect(apart.namedParameters().contains { $0.name == "lm_head.weight" })
    let state = try apart.state()
    #expect(try #require(state["lm_head.weight"]).equal(#require(state["shared.weight"]) * 2))
  }

  @Test(arguments: LanguageFixture.names) func whatIsSavedLoadsAgain(name: String) throws {
    let fixture = try LanguageFixture(name), folder = try temporary()
    let item = try #require(fixture.cases.first)
    let model = try fixture.model(item)
    try model.save(to: folder)
    let again = try LanguageModels.load(folder: folder)
    #expect(again.task == model.task)
    let input = try fixture.input(item)
    #expect(try again(input).equal(model(input)))
    #expect(again.loading?.unused.isEmpty == true)
  }

  @Test func aNewModelStartsAsItsConfigurationSays() throws {
    let settings: JSONValue = [
      "model_type": "llama", "vocab_size": 50, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
      "num_attention_heads": 4, "num_key_value_heads": 2, "tie_word_embeddings": true, "initializer_range": 0.05,
    ]
    let model = try RandomState.with(seed: 3) { try LanguageModels.make(settings, task: .causalLanguageModel) }
    let weight = try #require(try model.state()["model.layers.0.mlp.gate_proj.weight"])
    #expect(try abs(weight.std().double() - 0.05) < 0.004)
    let ids = try Tensor.randint(low: 0, high: 50, shape: [2, 8])
    let loss = try model.usualLoss(model(ids), ids)
    #expect(try abs(loss.double() - log(50)) < 0.3)
    #expect(throws: ModelError.self) { try LanguageModels.make(["model_type": "llama", "hidden_size": -3], task: .hiddenStates) }
  }
}
