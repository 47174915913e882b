import Evaluation
import MartletCore
import Testing

@testable import TextTasks

@Suite struct ScoreTests {
  /// Conlleval's reading: `I-` after something else begins a span.
  @Test func spansAreThoseOfConlleval() {
    func spans(_ tags: String) -> [String] {
      TextModel.spans(of: tags.split(separator: " ").map(String.init)).map { "\($0.label)\($0.start)-\($0.end)" }
    }
    #expect(spans("B-PER I-PER O B-LOC") == ["PER0-2", "LOC3-4"])
    #expect(spans("B-PER B-PER I-LOC I-LOC") == ["PER0-1", "PER1-2", "LOC2-4"])
    #expect(spans("I-PER O I-PER I-PER") == ["PER0-1", "PER2-4"])
    #expect(spans("O O").isEmpty && spans("").isEmpty)
    // Words of grammar are no names.
    #expect(spans("NOUN INTJ EX").isEmpty)
  }

  @Test func spanScoresAreCountedByHand() throws {
    let truth = [["B-PER", "I-PER", "O", "B-LOC"], ["O", "B-ORG"]]
    let said = [["B-PER", "I-PER", "O", "B-ORG"], ["B-LOC", "B-ORG"]]
    let scores = try TextModel.spanScores(truth: truth, predicted: said)
    // Right: PER, ORG of the second. Said: 4. True: 3.
    #expect(scores["span_precision"]?.value == 0.5)
    #expect(scores["span_recall"]?.value == 2.0 / 3)
    #expect(abs(try #require(scores["span_f1"]).value - 4.0 / 7) < 1e-12)
    #expect(scores["accuracy"]?.value == 4.0 / 6)
    #expect(scores["f1_PER"]?.value == 1 && scores["f1_LOC"]?.value == 0)
    #expect(abs(try #require(scores["f1_ORG"]).value - 2.0 / 3) < 1e-12)
  }

  @Test func partnersAreFoundAmongAll() throws {
    let anchors: [[Float]] = [[1, 0], [0, 1], [0.6, 0.8]]
    let partners: [[Float]] = [[1, 0], [0.9, 0.1], [0.6, 0.8]]
    let scores = RetrievalScores.pairs(anchors: anchors, partners: partners)
    // Ranks 1, 2 and 1.
    #expect(abs(try #require(scores["recall_at_1"]).value - 2.0 / 3) < 1e-12)
    #expect(scores["recall_at_5"]?.value == 1)
    #expect(abs(try #require(scores["mrr"]).value - 2.5 / 3) < 1e-12)
    // A model that gives everybody one vector finds nobody.
    let same = RetrievalScores.pairs(anchors: [[1], [1]], partners: [[1], [1]])
    #expect(same["recall_at_1"]?.value == 0)
  }
}
