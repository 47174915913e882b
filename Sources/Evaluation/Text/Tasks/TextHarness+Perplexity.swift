import Foundation
import MartletCore

extension TextHarness {
  /// What a window gave: of the tokens that were scored in it.
  private struct Window: Sendable {
    var loss = 0.0
    var tokens = 0
    var words = 0
    var bytes = 0
    var characters = 0
  }

  /// Perplexity by sliding windows: `perplexity` of a token, `word_perplexity`, `bits_per_byte`, `bits_per_character`.
  ///
  /// Numbers for a token depend on the tokenizer; those for bytes and characters can be compared between models. Only the first token of a
  /// text, which follows nothing, is not scored.
  func perplexity(_ texts: [String], _ progress: @escaping @Sendable (Int) -> Void) async throws -> TextTaskOutcome {
    let generator = try requireGenerator()
    let windows = try await parallel(texts.count, progress: progress) { index in try await self.windows(texts[index], generator) }
    let rows = windows.flatMap { $0 }
    guard rows.contains(where: { $0.tokens > 0 }) else { throw MetricError(.empty, "there are no tokens to evaluate") }
    let groups = Bootstrap.Groups(rows: rows.count, columns: 5, seed: options.intervals.seed) { row, add in
      add(0, rows[row].loss)
      add(1, Double(rows[row].tokens))
      add(2, Double(rows[row].words))
      add(3, Double(rows[row].bytes))
      add(4, Double(rows[row].characters))
    }
    var seen = [Double](repeating: 0, count: 5)
    for group in 0..<groups.count { for column in 0..<5 { seen[column] += groups.sums[group * 5 + column] } }
    func estimate(_ body: @escaping ([Double]) -> Double) -> Estimate {
      var draws: [Double] = []
      groups.resample(options.intervals) { draws.append(body($0)) }
      return Intervals.percentiles(draws, value: body(seen), level: options.intervals.level)
    }
    return TextTaskOutcome(
      metrics: [
        "perplexity": estimate { exp($0[0] / $0[1]) }, "word_perplexity": estimate { exp($0[0] / $0[2]) },
        "bits_per_byte": estimate { $0[0] / $0[3] / log(2) }, "bits_per_character": estimate { $0[0] / $0[4] / log(2) },
      ], tokens: rows.reduce(0) { $0 + $1.tokens })
  }

  private func windows(_ text: String, _ generator: any TextGenerator) async throws -> [Window] {
    guard let tokenizing = generator as? any TextTokenizing else {
      return [Self.window(try await TextScore.echo(.text(text), by: generator)[...])]
    }
    let ids = try tokenizing.tokens(of: text)
    let room = max(2, min(options.window ?? 1_024, generator.contextLength ?? Int.max))
    let step = max(1, min(options.stride ?? room / 2, room - 1))
    var all: [Window] = [], start = 0, scored = 0
    while scored < ids.count {
      let end = min(ids.count, start + room)
      let tokens = try await TextScore.echo(.tokens(Array(ids[start..<end])), by: generator)
      guard tokens.count == end - start else {
        throw ArgumentError("the model scored \(tokens.count) tokens of \(end - start)", expected: "all of them")
      }
      all.append(Self.window(tokens[(scored - start)...]))
      scored = end
      start = end - room + step
    }
    return all
  }

  private static func window(_ tokens: ArraySlice<GeneratedToken>) -> Window {
    var window = Window(), isInWord = true
    for token in tokens {
      guard let logProbability = token.logProbability else { continue }
      window.loss -= logProbability
      window.tokens += 1
      window.bytes += token.bytes.count
      for byte in token.bytes {
        if byte & 0xC0 != 0x80 { window.characters += 1 }
        let isSpace = byte == 0x20 || (0x09...0x0D).contains(byte)
        if isInWord, isSpace { window.words += 1 }
        isInWord = !isSpace
      }
    }
    if isInWord, window.bytes > 0 { window.words += 1 }
    return window
  }
}
