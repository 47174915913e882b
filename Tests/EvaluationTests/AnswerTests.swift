import Foundation
import MartletCore
import Testing

@testable import Evaluation

@Suite struct AnswerTests {
  private let document: JSONValue

  init() throws { document = try Fixture.read("answers") }

  private func strings(_ value: JSONValue?) -> [String] { (value?.list ?? []).compactMap(\.stringValue) }

  @Test func `chrF and chrF++ are sacrebleu's`() throws {
    var cases = 0
    for corpus in document["chrf"]?.list ?? [] {
      for value in corpus["values"]?.list ?? [] {
        let settings = value["settings"]
        func empty() throws -> CHRF {
          try CHRF(
            characterOrder: settings?["char_order"]?.intValue ?? 6, wordOrder: settings?["word_order"]?.intValue ?? 0,
            beta: settings?["beta"]?.doubleValue ?? 2, lowercased: settings?["lowercase"]?.boolValue ?? false,
            keepsWhitespace: settings?["whitespace"]?.boolValue ?? false)
        }
        var whole = try empty(), parts = try empty()
        for text in corpus["texts"]?.list ?? [] {
          let hypothesis = text["hypothesis"]?.stringValue ?? "", references = strings(text["references"])
          try whole.add(hypothesis: hypothesis, references: references)
          var part = try empty()
          try part.add(hypothesis: hypothesis, references: references)
          try parts.merge(part)
        }
        #expect(Fixture.agree(whole.score, Fixture.number(value["score"]), 1e-9), "\(value) \(whole.score)")
        #expect(parts == whole)
        cases += 1
      }
    }
    #expect(cases == 77)
    var other = try CHRF.plusPlus
    #expect(throws: MetricError.self) { try other.merge(CHRF()) }
    #expect(throws: MetricError.self) { try other.add(hypothesis: "a", references: []) }
    #expect(throws: MetricError.self) { try CHRF(characterOrder: 0) }
    #expect(throws: MetricError.self) { try CHRF(beta: 0) }
  }

  @Test func `Answers are compared as SQuAD compares them`() {
    let cases = document["answers"]?.list ?? []
    #expect(cases.count == 58)
    for one in cases {
      let answer = one["answer"]?.stringValue ?? "", target = one["target"]?.stringValue ?? ""
      #expect(AnswerMatch.normalized(answer) == one["normalized"]?.stringValue, "\(one)")
      #expect(AnswerMatch.isExact(answer, [target]) == one["exact"]?.boolValue, "\(one)")
      #expect(Fixture.agree(AnswerMatch.f1(answer, [target]), Fixture.number(one["f1"]), 1e-12), "\(one)")
    }
    #expect(AnswerMatch.f1("in the park", ["garden", "the big park"]) == 0.5)
    #expect(AnswerMatch.words(of: "在公园 the 2nd", splitsIdeographs: true) == ["在", "公", "园", "2nd"])
  }

  @Test func `Spans and their scores are seqeval's`() throws {
    let cases = document["spans"]?.list ?? []
    #expect(cases.count == 5)
    for one in cases {
      let truth = (one["truth"]?.list ?? []).map { strings($0) }, predicted = (one["predicted"]?.list ?? []).map { strings($0) }
      var scores = SpanScores()
      for (row, guess) in zip(truth, predicted) { try scores.add(truth: row, predicted: guess) }
      for (row, entities) in zip(truth, one["entities"]?.list ?? []) {
        let expected = entities.list.map { entity in
          TaggedSpan(
            label: entity.list.first?.stringValue ?? "", start: entity.list[1].intValue ?? -1, end: (entity.list[2].intValue ?? -1) + 1)
        }
        #expect(TaggedSpan.spans(of: row) == expected, "\(row)")
      }
      let micro = [scores.micro.precision, scores.micro.recall, scores.micro.f1]
      #expect(zip(micro, one["micro"]?.doubles ?? []).allSatisfy { Fixture.agree($0, $1, 1e-12) })
      #expect(Fixture.agree(scores.macroF1, Fixture.number(one["macro"]), 1e-12))
      #expect(Fixture.agree(scores.weightedF1, Fixture.number(one["weighted"]), 1e-12))
      let labels = one["labels"]?.objectValue ?? [:]
      #expect(Set(labels.keys) == Set(scores.labels.keys))
      for (label, counts) in scores.labels {
        let own = [counts.precision, counts.recall, counts.f1, Double(counts.there)]
        #expect(zip(own, labels[label]?.doubles ?? []).allSatisfy { Fixture.agree($0, $1, 1e-12) }, "\(label)")
      }
    }
    var scores = SpanScores()
    #expect(throws: MetricError.self) { try scores.add(truth: ["O"], predicted: []) }
  }

  @Test func `Correlations are scipy's`() throws {
    for one in document["correlations"]?.list ?? [] {
      let a = one["a"]?.doubles ?? [], b = one["b"]?.doubles ?? []
      #expect(Fixture.agree(try Metrics.pearson(a, b), Fixture.number(one["pearson"]), 1e-12))
      #expect(Fixture.agree(try Metrics.spearman(a, b), Fixture.number(one["spearman"]), 1e-12))
    }
    #expect(try Metrics.pearson([1, 1, 1], [1, 2, 3]).isNaN)
    #expect(throws: MetricError.self) { try Metrics.pearson([1], [1]) }
    #expect(throws: MetricError.self) { try Metrics.spearman([1, .nan], [1, 2]) }
  }
}
