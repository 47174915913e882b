import Foundation
import MartletCore
import Testing

@testable import Evaluation

@Suite struct TextTests {
  private let document: JSONValue

  init() throws { document = try Fixture.read("text") }

  private func strings(_ value: JSONValue?) -> [String] { (value?.list ?? []).compactMap(\.stringValue) }

  private func state(_ settings: JSONValue?) throws -> BLEU {
    let value = settings?["smooth_value"]?.doubleValue
    let smoothing: BLEU.Smoothing =
      switch settings?["smooth_method"]?.stringValue {
      case "none": .none
      case "floor": .floor(value ?? 0.1)
      case "add-k": .add(value ?? 1)
      default: .exponential
      }
    return try BLEU(
      tokenizer: settings?["tokenize"]?.stringValue.flatMap { TextTokenizer(rawValue: $0) } ?? .v13a,
      lowercased: settings?["lowercase"]?.boolValue ?? false, smoothing: smoothing, order: settings?["max_ngram_order"]?.intValue ?? 4,
      leavesOutLongOrders: settings?["effective_order"]?.boolValue ?? false)
  }

  @Test func bleuIsSacrebleus() throws {
    var cases = 0
    for corpus in document["bleu"]?.list ?? [] {
      for value in corpus["values"]?.list ?? [] {
        var bleu = try state(value["settings"])
        for text in corpus["texts"]?.list ?? [] {
          try bleu.add(hypothesis: text["hypothesis"]?.stringValue ?? "", references: strings(text["references"]))
        }
        #expect(Fixture.agree(bleu.score, Fixture.number(value["score"]), 1e-9), "\(value) \(bleu)")
        #expect(zip(bleu.precisions, value["precisions"]?.doubles ?? []).allSatisfy { Fixture.agree($0, $1, 1e-9) })
        #expect(Fixture.agree(bleu.brevityPenalty, Fixture.number(value["penalty"]), 1e-12))
        #expect([bleu.hypothesisLength, bleu.referenceLength] == value["lengths"]?.ints)
        cases += 1
      }
    }
    #expect(cases == 108)
  }

  @Test func wordsAreSacrebleus() throws {
    let cases = document["tokens"]?.list ?? []
    #expect(cases.count > 20)
    for one in cases {
      let text = one["text"]?.stringValue ?? ""
      #expect(TextTokenizer.v13a.tokens(of: text) == strings(one["tokens"]), "\(text)")
    }
  }

  @Test func rougeIsRougeScores() throws {
    let kinds: [(String, ROUGE)] = [
      ("rouge1", .one), ("rouge2", .two), ("rouge3", .runs(3)), ("rougeL", .longestSubsequence), ("rougeLsum", .longestSubsequences),
    ]
    let cases = document["rouge"]?.list ?? []
    #expect(cases.count > 50)
    for one in cases {
      let hypothesis = one["hypothesis"]?.stringValue ?? "", references = strings(one["references"])
      for (name, rouge) in kinds {
        let single = try rouge.scores(hypothesis: hypothesis, reference: references[0])
        let best = try rouge.scores(hypothesis: hypothesis, references: references)
        for (mine, theirs) in [(single, one["single"]?[name]), (best, one["best"]?[name])] {
          let values = theirs?.doubles ?? []
          #expect(
            zip([mine.precision, mine.recall, mine.f1], values).allSatisfy { Fixture.agree($0, $1, 1e-9) } && values.count == 3,
            "\(name) \(mine) \(values) \(hypothesis) \(references)")
        }
      }
    }
  }

  @Test func partsOfACorpusAddUp() throws {
    let texts = (document["bleu"]?.list ?? []).flatMap { $0["texts"]?.list ?? [] }
    var whole = try BLEU(), parts = [try BLEU(), try BLEU(), try BLEU()]
    for (index, text) in texts.enumerated() {
      let (hypothesis, references) = (text["hypothesis"]?.stringValue ?? "", strings(text["references"]))
      try whole.add(hypothesis: hypothesis, references: references)
      try parts[index % 3].add(hypothesis: hypothesis, references: references)
    }
    var merged = try JSON.decode(BLEU.self, from: JSON.encode(parts[2]), source: "")
    try merged.merge(parts[0])
    try merged.merge(parts[1])
    #expect(merged == whole && whole.texts == texts.count && whole.score > 0)
    #expect(
      try Metrics.bleu(
        hypotheses: texts.map { $0["hypothesis"]?.stringValue ?? "" }, references: texts.map { strings($0["references"]) })
        == whole.score)
    #expect(throws: MetricError.self) { try merged.merge(BLEU(order: 2)) }
  }

  @Test func edges() throws {
    #expect(try BLEU().score == 0)
    var bleu = try BLEU()
    #expect(throws: MetricError.self) { try bleu.add(hypothesis: "a", references: []) }
    #expect(throws: MetricError.self) { try BLEU(order: 0) }
    #expect(throws: MetricError.self) { try BLEU(smoothing: .floor(0)) }
    #expect(throws: MetricError.self) { try Metrics.bleu(hypotheses: ["a"], references: []) }
    try bleu.add(hypothesis: "one two three four", references: ["one two three four"])
    #expect(abs(bleu.score - 100) < 1e-12)
    #expect(throws: MetricError.self) { try ROUGE.runs(0).scores(hypothesis: "a", reference: "a") }
    #expect(throws: MetricError.self) { try ROUGE.one.scores(hypothesis: "a", references: []) }
    #expect(try ROUGE.longestSubsequence.scores(hypothesis: "", reference: "").f1 == 0)
  }

  @Test func perplexity() throws {
    var whole = Perplexity(), first = Perplexity(), second = Perplexity()
    let logs = (1...50).map { log(Double($0) / 64) }
    try whole.add(logProbabilities: logs)
    try first.add(logProbabilities: Array(logs[..<17]))
    try second.add(logProbabilities: Array(logs[17...]))
    second.merge(first)
    #expect(second == whole)
    #expect(try abs(whole.value() - exp(-logs.reduce(0, +) / 50)) < 1e-12)
    var coin = Perplexity()
    try coin.add(logProbabilities: [log(0.5), log(0.5)])
    #expect(try abs(coin.value() - 2) < 1e-15)
    #expect(throws: MetricError.self) { try coin.add(logProbabilities: [-1, 0.5]) }
    #expect(throws: MetricError.self) { try Perplexity().value() }
    try coin.add(logProbabilities: [-.infinity])
    #expect(try coin.value() == .infinity && coin.tokens == 3)
  }
}
