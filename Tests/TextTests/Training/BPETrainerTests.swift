import Foundation
import MartletCore
import Testing

@testable import Text

@Suite struct BPETrainerTests {
  struct Fixture: Decodable {
    struct Case: Decodable {
      var size: Int
      var minimum: Int
      var vocabulary: [String]
      var merges: [[String]]
    }

    var texts: [String]
    var cases: [Case]
  }

  func fixture() throws -> Fixture {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/trainers", withExtension: "json"))
    return try JSON.decode(Fixture.self, from: Data(contentsOf: url), source: "trainers.json")
  }

  @Test func mergesAreHuggingFaces() throws {
    let fixture = try fixture()
    for item in fixture.cases {
      var trainer = BPETrainer()
      trainer.vocabularySize = item.size
      trainer.minimumFrequency = item.minimum
      trainer.specialTokens = ["<|endoftext|>"]
      let result = try trainer.train(fixture.texts)
      #expect(result.merges.map { [$0.left, $0.right] } == item.merges)
      #expect(result.vocabulary.map { Array($0.unicodeScalars) } == item.vocabulary.map { Array($0.unicodeScalars) })
    }
  }

  @Test func theFileHoldsWhatWasLearnt() throws {
    var trainer = BPETrainer()
    trainer.vocabularySize = 270
    trainer.specialTokens = ["<s>"]
    let result = try trainer.train(["low lower lowest", "new newer newest"])
    let file = try JSON.decode(JSONValue.self, from: trainer.tokenizerJSON(result), source: "tokenizer.json")
    #expect(file["model"]?["vocab"]?.objectValue?.count == 270)
    #expect(file["model"]?["merges"]?.arrayValue?.count == result.merges.count)
    #expect(file["added_tokens"]?.arrayValue?.first?["content"] == "<s>")
    #expect(file["pre_tokenizer"]?["type"] == "ByteLevel")
  }

  @Test func charactersAndContinuations() throws {
    var trainer = BPETrainer()
    trainer.isByteLevel = false
    trainer.split = .whitespace
    trainer.continuation = "##"
    trainer.vocabularySize = 40
    let result = try trainer.train(Array(repeating: "aaab aab ab 汉字, 汉字!", count: 3))
    #expect(result.vocabulary.contains("##b"))
    #expect(result.vocabulary.contains("汉##字") == false)
    #expect(result.vocabulary.contains("汉字"))
    #expect(Set(result.vocabulary).count == result.vocabulary.count)
    trainer.maximumLetters = 2
    let few = try trainer.train(["aaab aab ab c"])
    #expect(!few.vocabulary.contains("c"))
  }

  @Test func splits() {
    func words(_ split: TrainingSplit, _ text: String) -> [String] {
      let counts = split.count([text])
      return (0..<counts.count).map { String(decoding: counts.word($0), as: UTF8.self) }
    }
    #expect(words(.gpt2, "I'll go  to 12 x!?\n\n y ") == ["I", "'ll", " go", " ", " to", " 12", " x", "!?", "\n\n", " y"])
    #expect(words(.whitespace, "a,b  c—d 汉字") == ["a", ",", "b", "c", "—", "d", "汉字"])
    #expect(words(.metaspace, "a,b c") == ["▁a,b", "▁c"])
    #expect(words(.gpt2, "") == [])
  }

  @Test func whatCannotBeLearnt() {
    var trainer = BPETrainer()
    #expect(throws: TokenizerTrainingError.self) { try trainer.train([""]) }
    trainer.vocabularySize = 10
    #expect(throws: TokenizerTrainingError.self) { try trainer.train(["abc"]) }
  }
}
