import Foundation

/// How well a model foretells a text.
public enum Perplexity {
  /// e to the mean negative log-probability of all tokens but the first of each text, each text read from its own beginning.
  /// - Throws: `GenerationError` for tokens that the vocabulary lacks, and where no text has two tokens.
  public static func of(_ model: DecoderModel, _ texts: [[Int]], threads: Int) throws(GenerationError) -> Double {
    var total = 0.0
    var count = 0
    for text in texts where text.count > 1 {
      let stepper = try GenerationStepper(model, length: text.count, rows: 128, threads: threads)
      try stepper.read(text) { index, scores in
        guard index + 1 < text.count else { return }
        total += Double(VectorMath.logSumExp(scores) - scores[text[index + 1]])
        count += 1
      }
    }
    guard count > 0 else { throw GenerationError(.request, "no text of two tokens or more to foretell") }
    return exp(total / Double(count))
  }
}
