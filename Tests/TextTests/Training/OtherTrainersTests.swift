import Foundation
import MartletCore
import Testing

@testable import Text

@Suite struct OtherTrainersTests {
  static let texts = [String](repeating: "the low lower lowest and the new newer newest were slower than the rest", count: 5) + ["a zoo"]

  @Test func unigramPiecesAreAModel() throws {
    var trainer = UnigramTrainer()
    trainer.vocabularySize = 45
    let pieces = try trainer.train(Self.texts)
    #expect(pieces.count <= 45)
    #expect(pieces[0] == UnigramTrainer.Piece(text: "<unk>", score: 0))
    let rest = pieces.dropFirst()
    #expect(zip(rest, rest.dropFirst()).allSatisfy { $0.score >= $1.score })
    #expect(abs(rest.reduce(0) { $0 + exp($1.score) } - 1) < 0.35)
    #expect(rest.contains { $0.text == "▁the" })
    // Every letter is there, even one that was seen once.
    for letter in Set(Self.texts.joined().unicodeScalars) where letter != " " { #expect(rest.contains { $0.text == String(letter) }) }
    #expect(try trainer.train(Self.texts) == pieces)
    let file = try JSON.decode(JSONValue.self, from: trainer.tokenizerJSON(pieces), source: "tokenizer.json")
    #expect(file["model"]?["type"] == "Unigram")
    trainer.vocabularySize = 5
    #expect(throws: TokenizerTrainingError.self) { try trainer.train(Self.texts) }
  }

  @Test func digamma() {
    // ψ(1) = −γ, ψ(½) = −γ − 2 ln 2.
    #expect(abs(UnigramRun.digamma(1) + 0.577_215_664_901_532_9) < 1e-9)
    #expect(abs(UnigramRun.digamma(0.5) + 1.963_510_026_021_423) < 1e-9)
    #expect(abs(UnigramRun.digamma(100) - 4.600_161_852_738_087) < 1e-9)
  }

  @Test func wordPieces() throws {
    var trainer = WordPieceTrainer()
    trainer.vocabularySize = 60
    let vocabulary = try trainer.train(Self.texts + ["Élan, THE"])
    #expect(Array(vocabulary.prefix(5)) == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    #expect(vocabulary.contains("the") && vocabulary.contains("##e") && !vocabulary.contains("É"))
    let file = try JSON.decode(JSONValue.self, from: trainer.tokenizerJSON(vocabulary), source: "tokenizer.json")
    #expect(file["model"]?["vocab"]?.objectValue?.count == vocabulary.count)
  }
}
