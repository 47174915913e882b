import Foundation
import MartletCore

extension TextHarness {
  /// Where a prompt ends and its continuation begins: white space belongs to the continuation, as it does in tokens.
  static func join(_ prompt: String, _ separator: String, _ continuation: String) -> (context: String, continuation: String) {
    let trimmed = prompt.reversed().drop { $0.isWhitespace && !$0.isNewline }.count
    let context = String(prompt.prefix(trimmed))
    let space = String(prompt.dropFirst(trimmed))
    if !space.isEmpty { return (context, space + continuation) }
    let isApart = prompt.last?.isWhitespace ?? true || continuation.first?.isWhitespace ?? true
    return (prompt, (isApart ? "" : separator) + continuation)
  }

  /// Multiple choice by likelihood: `acc` by the sum of log-probabilities, `acc_norm` by the sum for each character of the choice,
  /// `acc_bytes` by the sum for each byte (bits per byte), and how far the probabilities of the choices can be trusted (`ece`, `brier`).
  func choices(
    _ records: [TextTask.Choice], _ shots: @escaping (Int) -> [TextShots.Shot], _ progress: @escaping @Sendable (Int) -> Void
  ) async throws -> TextTaskOutcome {
    let generator = try requireGenerator()
    let contexts = records.indices.map { prefix(shots($0)) }
    let scored = try await parallel(records.count, progress: progress) { index in
      let record = records[index]
      var sums: [Double] = [], tokens = 0
      for choice in record.choices {
        let (context, continuation) = Self.join(contexts[index] + record.prompt, record.separator, choice)
        let score = try await TextScore.of(continuation, after: context, by: generator)
        sums.append(score.sum)
        tokens += score.tokens
      }
      return (sums: sums, tokens: tokens)
    }
    func best(_ values: [Double]) -> Int { values.indices.reduce(0) { values[$1] > values[$0] ? $1 : $0 } }
    var right: [String: [Double]] = [:], confidences: [Double] = [], isRight: [Bool] = [], brier: [Double] = [],
      predictions: [JSONValue] = []
    for (record, scores) in zip(records, scored) {
      let byCharacter = zip(scores.sums, record.choices).map { $0 / Double(max(1, $1.unicodeScalars.count)) }
      let byByte = zip(scores.sums, record.choices).map { $0 / Double(max(1, $1.utf8.count)) }
      let chosen = best(scores.sums)
      right["acc", default: []].append(chosen == record.answer ? 1 : 0)
      right["acc_norm", default: []].append(best(byCharacter) == record.answer ? 1 : 0)
      right["acc_bytes", default: []].append(best(byByte) == record.answer ? 1 : 0)
      let probabilities = Self.softmax(scores.sums)
      confidences.append(probabilities[chosen])
      isRight.append(chosen == record.answer)
      brier.append(
        probabilities.indices.reduce(0) { sum, index in
          let away = probabilities[index] - (index == record.answer ? 1 : 0)
          return sum + away * away
        })
      predictions.append(["prediction": .int(chosen), "log_probabilities": .array(scores.sums.map { .double($0) })])
    }
    var metrics = right.mapValues { Bootstrap.mean($0, weights: nil, options: options.intervals) }
    metrics["brier"] = Bootstrap.mean(brier, weights: nil, options: options.intervals)
    metrics["ece"] = Bootstrap.calibrationError(
      confidences: confidences, isRight: isRight, bins: 15, weights: nil, options: options.intervals)
    return TextTaskOutcome(metrics: metrics, predictions: predictions, tokens: scored.reduce(0) { $0 + $1.tokens })
  }

  /// Solved examples as a text.
  func prefix(_ shots: [TextShots.Shot]) -> String { shots.map { $0.prompt + $0.answer + options.shotSeparator }.joined() }

  private static func softmax(_ values: [Double]) -> [Double] {
    let best = values.max() ?? 0
    guard best.isFinite else { return values.map { _ in 1 / Double(max(1, values.count)) } }
    let exponentials = values.map { exp($0 - best) }
    let total = exponentials.reduce(0, +)
    return exponentials.map { $0 / total }
  }
}

/// How likely a model finds a text after another.
struct TextScore: Sendable {
  /// Of the natural logarithms of the probabilities.
  var sum: Double
  /// Tokens that the model read.
  var tokens: Int

  /// - Throws: as the model, and `ArgumentError` where it gives no log-probabilities of a prompt.
  static func of(_ continuation: String, after context: String, by generator: any TextGenerator) async throws -> TextScore {
    let tokens = try await echo(.text(context + continuation), by: generator)
    // From the end: what the tokenizer puts before a text is no matter of the continuation.
    var left = continuation.utf8.count, sum = 0.0
    for token in tokens.reversed() {
      guard left > 0 else { break }
      left -= token.bytes.count
      // The first token of all follows nothing.
      sum += token.logProbability ?? 0
    }
    return TextScore(sum: sum, tokens: tokens.count)
  }

  /// The tokens of a prompt with their log-probabilities.
  static func echo(_ prompt: GenerationRequest.Prompt, by generator: any TextGenerator) async throws -> [GeneratedToken] {
    var request = GenerationRequest(prompt)
    request.echoesPrompt = true
    request.maxTokens = 0
    request.topLogProbabilities = 0
    request.sampling.temperature = 0
    let result = try await generator.result(request)
    let tokens = Array(result.choices[0].tokens.prefix(result.usage.promptTokens))
    guard tokens.dropFirst().allSatisfy({ $0.logProbability != nil }), !tokens.isEmpty else {
      throw ArgumentError("the model does not say how likely its prompt is", expected: "log-probabilities of an echoed prompt")
    }
    return tokens
  }
}
