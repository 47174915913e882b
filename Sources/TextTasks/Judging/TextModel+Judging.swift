import Evaluation
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
}
