public import Evaluation
import Foundation
import MartletCore
import Text

extension TextModel {
  /// Perplexities of texts, one behind the other, each with its end token where there is one.
  /// - Returns: `loss` and `perplexity` of a token, `perplexity_per_character` and `bits_per_character` of a character; a text's end counts
  ///   as one character.
  /// - Throws: `ArgumentError` for texts of fewer than two tokens.
  public func perplexities(of texts: [String]) throws -> [String: TextScore] {
    let ends = end.map { [$0] } ?? []
    let stream = try ends + texts.flatMap { try tokenizer.ids(of: $0, allowSpecialTokens: false) + ends }
    let logarithms = try logProbabilities(of: stream)
    guard !logarithms.isEmpty else { throw ArgumentError("the texts to judge by have no tokens", expected: "2 or more") }
    let sum = -logarithms.reduce(0, +), tokens = Double(logarithms.count)
    let characters = Double(max(1, texts.reduce(0) { $0 + $1.unicodeScalars.count + ends.count }))
    return [
      "loss": TextScore(sum / tokens, higherIsBetter: false), "perplexity": TextScore(exp(sum / tokens), higherIsBetter: false),
      "perplexity_per_character": TextScore(exp(sum / characters), higherIsBetter: false),
      "bits_per_character": TextScore(sum / characters / log(2.0), higherIsBetter: false),
    ]
  }

  /// How well texts' classes are told, where each has several or none: at one half.
  public static func severalScores(truth: [[Int]], probabilities: [[Double]], classes: Int) throws -> [String: TextScore] {
    let outcomes = try MultilabelOutcomes(
      truth: truth.flatMap { own in (0..<classes).map { own.contains($0) } },
      predicted: probabilities.flatMap { row in row.map { $0 >= 0.5 } }, labels: classes)
    func f1(_ average: MultilabelAverage) throws -> TextScore { try TextScore(outcomes.scores(average).fScore) }
    return [
      "f1_micro": try f1(.micro), "f1_macro": try f1(.macro), "subset_accuracy": TextScore(outcomes.subsetAccuracy),
      "hamming_loss": TextScore(outcomes.hammingLoss, higherIsBetter: false),
    ]
  }

  /// The spans of a sentence's tags, as `Evaluation` reads them. Tags of another kind (`NOUN`) are none.
  public static func spans(of tags: [String]) -> [TaggedSpan] { TaggedSpan.spans(of: tags.map(spanTag)) }

  /// What a sentence's tags say, in words: `New York (LOC), Ann (PER)`; of tags without spans each word's own: `time (NOUN), flies (VERB)`.
  public static func named(_ tags: [String], _ words: [String]) -> String {
    let found =
      tags.allSatisfy { spanTag($0) == "O" }
      ? zip(words, tags).filter { $1 != "O" }.map { "\($0) (\($1))" }
      : spans(of: tags).map { "\(words[$0.start..<$0.end].joined(separator: " ")) (\($0.label))" }
    return found.joined(separator: ", ")
  }

  private static func spanTag(_ tag: String) -> String {
    guard let sign = tag.first, "BIES".contains(sign), tag.dropFirst().first == "-" else { return "O" }
    return tag
  }

  /// Precision, recall and F1 of whole spans, and the share of words with the right tag.
  /// - Returns: `span_precision`, `span_recall`, `span_f1`, `accuracy`, and `f1_LABEL` for each class.
  /// - Throws: `MetricError` where a sentence has not as many tags of both.
  public static func spanScores(truth: [[String]], predicted: [[String]]) throws -> [String: TextScore] {
    var scores = SpanScores(), words = 0, equal = 0
    for (truth, predicted) in zip(truth, predicted) {
      try scores.add(truth: truth.map(spanTag), predicted: predicted.map(spanTag))
      words += truth.count
      equal += zip(truth, predicted).count { $0 == $1 }
    }
    let all = scores.micro
    var result = [
      "span_precision": TextScore(all.precision), "span_recall": TextScore(all.recall), "span_f1": TextScore(all.f1),
      "accuracy": TextScore(words > 0 ? Double(equal) / Double(words) : 0),
    ]
    for (label, counts) in scores.labels { result["f1_\(label)"] = TextScore(counts.f1) }
    return result
  }
}
