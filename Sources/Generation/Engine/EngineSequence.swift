/// A request in an engine.
final class EngineSequence {
  let id: UInt64
  let request: TokenRequest
  let onEvent: @Sendable (TokenEvent) -> Bool
  /// The prompt and what came after it.
  var tokens: [Int]
  var constraint: (any TokenConstraint)?
  /// Keys and values; `nil` while the request waits.
  var pages: PageTable?
  /// Tokens whose keys and values are in the pages.
  var computed = 0
  private var published = 0
  private var hasStarted = false
  private var promptScores: [SampledToken] = []
  private(set) var isOver = false
  /// Of the step that is being made: its first output row, and the tokens guessed in it.
  var firstOutput = 0
  var guesses: ArraySlice<Int> = []
  var stepRows = 0

  init(_ id: UInt64, _ request: TokenRequest, _ onEvent: @escaping @Sendable (TokenEvent) -> Bool) {
    self.id = id
    self.request = request
    self.onEvent = onEvent
    tokens = request.prompt
    constraint = request.constraint
  }

  var promptCount: Int { request.prompt.count }
  var isReading: Bool { computed < promptCount - 1 }

  /// Makes sure of pages for the whole request, which are filled as it goes on.
  /// - Returns: false where there are too few.
  func admit(_ pool: PagePool) -> Bool {
    let length = promptCount + request.maximumNewTokens
    let table = PageTable(pool, tokens: length)
    guard table.promise() else { return false }
    // Scores of the prompt's tokens need every row.
    let cached = request.scoresPrompt ? 0 : table.adopt(tokens)
    pages = table
    computed = cached
    published = cached
    return true
  }

  /// The rows of this sequence in a step of at most `budget` rows.
  func rows(budget: Int, outputs: inout Int) -> [DecoderRuntime.Row] {
    guard let pages, budget > 0 else { return [] }
    if !hasStarted {
      hasStarted = true
      if !onEvent(.started(cached: computed)) { end() }
    }
    guard !isOver else { return [] }
    let last = min(tokens.count, computed + budget)
    let reachesEnd = last == tokens.count
    // The last new token is never run, so nothing is guessed beyond the one before it.
    let left = request.maximumNewTokens - (tokens.count - promptCount) - 1
    guesses = reachesEnd ? PromptLookup.guess(tokens, count: min(request.guesses, left, budget - (last - computed))) : []
    guard pages.reserve(last + guesses.count) else {
      fail(GenerationError(.memory, "no page is left for token \(last)"))
      return []
    }
    firstOutput = outputs
    var rows: [DecoderRuntime.Row] = []
    for position in computed..<last {
      let isOutput = position == tokens.count - 1 || (request.scoresPrompt && position < promptCount - 1)
      outputs += isOutput ? 1 : 0
      rows.append(.init(token: tokens[position], position: position, pages: pages, isOutput: isOutput))
    }
    for (index, token) in guesses.enumerated() {
      outputs += 1
      rows.append(.init(token: token, position: last + index, pages: pages, isOutput: true))
    }
    stepRows = last - computed
    return rows
  }

  /// Goes on with the scores of the step.
  func advance(_ logits: UnsafeMutableBufferPointer<Float>, vocabulary: Int) {
    guard !isOver, stepRows > 0 else { return }
    func scores(_ row: Int) -> UnsafeMutableBufferPointer<Float> {
      UnsafeMutableBufferPointer(rebasing: logits[row * vocabulary..<(row + 1) * vocabulary])
    }
    var row = firstOutput
    if request.scoresPrompt {
      for position in computed..<max(computed, min(computed + stepRows, promptCount - 1)) {
        promptScores.append(
          PromptScore.of(scores(row), token: tokens[position + 1], top: request.sampler.settings.topLogProbabilities ?? 0))
        row += 1
      }
    }
    computed += stepRows
    stepRows = 0
    publish()
    guard computed == tokens.count else { return }
    if request.scoresPrompt, tokens.count == promptCount, !onEvent(.prompt(promptScores)) { return end() }
    for guess in Array(guesses) + [-1] {
      guard let token = choose(scores(row)) else { return }
      row += 1
      guard token == guess else { return }
      // The guess was right: its keys and values are in the pages already, and so are the scores after it.
      computed += 1
      publish()
    }
  }

  /// Draws one token.
  /// - Returns: `nil` where the request is over.
  private func choose(_ scores: UnsafeMutableBufferPointer<Float>) -> Int? {
    let sampled: SampledToken
    do {
      sampled = try request.sampler.next(scores, tokens: tokens, promptCount: promptCount, allowed: try constraint?.allowed())
      if !request.endTokens.contains(sampled.token) { try constraint?.accept(sampled.token) }
    } catch {
      fail(error)
      return nil
    }
    if request.endTokens.contains(sampled.token) {
      _ = onEvent(.ended)
      end()
      return nil
    }
    tokens.append(sampled.token)
    guard onEvent(.token(sampled)) else {
      end()
      return nil
    }
    if tokens.count - promptCount == request.maximumNewTokens {
      _ = onEvent(.limit)
      end()
      return nil
    }
    return sampled.token
  }

  func fail(_ error: any Error) {
    guard !isOver else { return }
    _ = onEvent(.failed(error))
    end()
  }

  /// Frees the memory. No event follows.
  func end() {
    isOver = true
    pages = nil
  }

  private func publish() {
    guard let pages, computed / PagePool.tokens > published / PagePool.tokens else { return }
    pages.publish(tokens[0..<computed], from: published)
    published = computed
  }
}

/// How likely a token of the prompt was.
enum PromptScore {
  static func of(_ scores: UnsafeMutableBufferPointer<Float>, token: Int, top: Int) -> SampledToken {
    let normalizer = VectorMath.logSumExp(UnsafeBufferPointer(scores))
    let likeliest = top > 0 ? Selection.largest(top, of: UnsafeBufferPointer(scores)) : []
    return SampledToken(
      token: token, logProbability: scores[token] - normalizer,
      alternatives: likeliest.map { SampledToken.Alternative(token: Int($0.index), logProbability: $0.score - normalizer) })
  }
}
