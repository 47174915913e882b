import Foundation
import MartletCore
import Tables
import Testing

@testable import Recipes

@Suite struct TokenizeTests {
  /// A tokenizer of five words, in a folder of its own.
  private static func folder() throws -> String {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("tokenizer-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let words: JSONValue = [
      "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": [], "normalizer": ["type": "Lowercase"],
      "pre_tokenizer": ["type": "Whitespace"], "post_processor": nil, "decoder": nil,
      "model": ["type": "WordLevel", "unk_token": "?", "vocab": ["?": 0, "a": 1, "cat": 2, "dog": 3, "barks": 4]],
    ]
    try AtomicFile.write(JSON.encode(words), to: path + "/tokenizer.json")
    return path
  }

  @Test func textsBecomeTheirTokens() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let table = try Table([Column("text", ["A dog barks", nil, "the cat a cat a dog"] as [String?]), Column("label", ["x", "y", "x"])])
    let recipe = Recipe([Tokenize(columns: .named("text"), tokenizer: folder, length: 4)])
    let (fitted, matrix) = try recipe.fit(TrainingPart(all: table), target: "label")
    #expect(matrix.features.names == ["text_token0", "text_token1", "text_token2", "text_token3"])
    #expect(try matrix.features.denseValues() == [2, 4, 5, 0, 0, 0, 0, 0, 1, 3, 2, 3])

    // The tokenizer travels in the recipe.
    try FileManager.default.removeItem(atPath: folder)
    let again = try JSON.decode(FittedRecipe.self, from: JSON.encode(fitted), source: "recipe")
    #expect(try again == fitted && again.matrix(of: table, threads: 2).denseValues() == matrix.features.denseValues())
    let text = String(decoding: try JSON.encode(fitted), as: UTF8.self)
    for (part, other) in [("WordLevel", "Levels"), ("\"length\" : 4", "\"length\" : 5"), ("\"length\" : 4", "\"length\" : -1")] {
      #expect(text.contains(part))
      #expect(throws: (any Error).self, "\(other)") {
        _ = try JSON.decode(FittedRecipe.self, from: Data(text.replacingOccurrences(of: part, with: other).utf8), source: "recipe")
      }
    }
  }

  @Test func whatIsNoTokenizerIsNamed() throws {
    let table = try Table([Column("text", ["a"]), Column("label", ["x"])])
    let error = #expect(throws: RecipeError.self) {
      try Recipe([Tokenize(columns: .named("text"), tokenizer: "/nowhere")]).fit(TrainingPart(all: table), target: "label")
    }
    #expect(error?.problem.contains("/nowhere") == true)
    #expect(throws: RecipeError.self) {
      try Recipe([Tokenize(columns: .named("text"), length: 0)]).fit(TrainingPart(all: table), target: "label")
    }
  }
}
