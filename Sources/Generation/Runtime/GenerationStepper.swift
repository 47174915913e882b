import Models

/// A decoder driven step by step, without an engine: for measuring, and for whoever writes the loop by hand.
///
/// Not safe for several threads at once.
public final class GenerationStepper {
  private let runtime: DecoderRuntime
  private let tables: [PageTable]
  private var next: [Int]
  private var lengths: [Int]
  private let logits: UnsafeMutableBufferPointer<Float>
  private let vocabulary: Int

  /// - Parameters:
  ///   - sequences: texts side by side.
  ///   - length: the most tokens of each.
  ///   - rows: tokens that are computed together at most.
  /// - Throws: `GenerationError` for a model with an encoder, and where memory runs out.
  public init(_ model: DecoderModel, sequences: Int = 1, length: Int, rows: Int = 256, threads: Int) throws(GenerationError) {
    guard !model.isEncoderDecoder else {
      throw GenerationError(
        .model, "a model that reads one text and writes another is not driven step by step", expected: "one that continues texts",
        remedy: "a GenerationEngine and a TokenRequest with a source")
    }
    runtime = try DecoderRuntime(model, rows: max(rows, sequences), threads: threads)
    let pages = (length + PagePool.tokens - 1) / PagePool.tokens
    let pool = PagePool(pageBytes: model.pageBytes, capacity: pages * sequences)
    tables = (0..<sequences).map { _ in PageTable(pool, tokens: length) }
    next = Array(repeating: 0, count: sequences)
    lengths = next
    vocabulary = model.configuration.vocabulary
    logits = .allocate(capacity: runtime.rows * vocabulary)
  }

  deinit { logits.deallocate() }

  /// Reads tokens into one text; the likeliest token after them is written next.
  /// - Parameter visit: is given the scores after each token; without it only the last token's are computed.
  /// - Throws: `GenerationError` for tokens that the vocabulary lacks and texts that are too long.
  public func read(_ tokens: [Int], sequence: Int = 0, visit: ((Int, UnsafeBufferPointer<Float>) -> Void)? = nil) throws(GenerationError) {
    guard tables.indices.contains(sequence), tokens.allSatisfy({ (0..<vocabulary).contains($0) }) else {
      throw GenerationError(.request, "a token or a text that there is not", expected: "tokens below \(vocabulary)")
    }
    guard tables[sequence].reserve(lengths[sequence] + tokens.count) else {
      throw GenerationError(.request, "the text is longer than the length that was asked for")
    }
    for first in stride(from: 0, to: tokens.count, by: runtime.rows) {
      let piece = first..<min(first + runtime.rows, tokens.count)
      let batch = piece.map { index in
        DecoderRuntime.Row(
          token: tokens[index], position: lengths[sequence] + index, pages: tables[sequence],
          isOutput: visit != nil || index == tokens.count - 1)
      }
      try runtime.step(batch, logits: logits)
      if let visit { for (row, index) in piece.enumerated() { visit(index, scores(row)) } }
      if piece.upperBound == tokens.count { next[sequence] = likeliest(visit == nil ? 0 : piece.count - 1) }
    }
    lengths[sequence] += tokens.count
  }

  /// Writes one token in every text: the likeliest.
  /// - Returns: the tokens that were written.
  @discardableResult
  public func write() throws(GenerationError) -> [Int] {
    let written = next
    for (table, length) in zip(tables, lengths) where !table.reserve(length + 1) {
      throw GenerationError(.request, "the text is longer than the length that was asked for")
    }
    let batch = tables.indices.map {
      DecoderRuntime.Row(token: next[$0], position: lengths[$0], pages: tables[$0], isOutput: true)
    }
    try runtime.step(batch, logits: logits)
    for index in tables.indices {
      next[index] = likeliest(index)
      lengths[index] += 1
    }
    return written
  }

  private func scores(_ row: Int) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(rebasing: logits[row * vocabulary..<(row + 1) * vocabulary])
  }

  private func likeliest(_ row: Int) -> Int {
    let scores = scores(row)
    return scores.firstIndex(of: VectorMath.maximum(scores).value) ?? 0
  }
}
