import Foundation
import MartletCore
import NN
import Testing
import Torch

@testable import Models

/// `Fixtures/language/NAME`, written by `Tools/fixtures_language.py`.
struct LanguageFixture {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let name, task, inputs: String
    let settings: [String: JSONValue]
    var testDescription: String { name }
  }

  static let names = ["bert", "roberta", "distilbert", "gpt2", "llama", "qwen2", "qwen3", "t5", "t5-gated", "marian"]

  let folder: String
  let cases: [Case]
  let expected: SafetensorsFile

  init(_ name: String) throws {
    folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/language/" + name).path
    cases = try JSON.decode(
      [Case].self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/cases.json")), source: "cases.json")
    expected = try SafetensorsFile(path: folder + "/expected.safetensors")
  }

  static func task(_ item: Case) throws -> LanguageTask {
    switch item.task {
    case "hidden": .hiddenStates
    case "sequence", "multi": .classification(labels: 3)
    case "token": .tokenClassification(labels: 3)
    case "question": .questionAnswering
    case "masked": .maskedLanguageModel
    case "causal": .causalLanguageModel
    case "seq2seq": .sequenceToSequence
    default: throw ArgumentError("task \(item.task)")
    }
  }

  func model(_ item: Case) throws -> LanguageModel {
    try LanguageModels.load(folder: folder, task: Self.task(item), settings: item.settings)
  }

  func input(_ item: Case) throws -> TokenInput {
    func tensor(_ name: String) throws -> Tensor? {
      let full = "inputs/\(item.inputs)/\(name)"
      return expected.info(full) == nil ? nil : try expected.tensor(full)
    }
    return TokenInput(
      try #require(try tensor("input_ids")), mask: try tensor("attention_mask"), decoderIDs: try tensor("decoder_input_ids"))
  }

  /// The largest difference, relative to the largest expected value.
  static func difference(_ found: Tensor, _ expected: Tensor) throws -> Double {
    guard found.shape == expected.shape else { return .infinity }
    return try (found.detach() - expected).abs().max().double() / max(expected.abs().max().double(), 1e-6)
  }
}
