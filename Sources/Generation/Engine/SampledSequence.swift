/// A request whose tokens are drawn one after another.
final class SampledSequence: EngineSequence {
  private var constraint: (any TokenConstraint)?
  /// Keys and values; `nil` while the request waits.
  private var pages: PageTable?
  private var published = 0
  private var promptScores: [SampledToken] = []
  private var stepRows = 0

  override init(_ id: UInt64, _ request: TokenRequest, _ onEvent: @escaping @Sendable (TokenEvent) -> Bool) {
    super.init(id, request, onEvent)
    constraint = request.constraint
  }

  override func admit(_ pool: PagePool) -> Bool {
    let table = PageTable(pool, tokens: promptCount + request.maximumNewTokens)
    guard table.promise(), super.admit(pool) else { return false }
    // Scores of the prompt's tokens need every row; answers to different texts have nothing in common.
    let cached = request.scoresPrompt || request.source != nil ? 0 : table.adopt(tokens)
    pages = table
    computed = cached
    published = cached
    return true
  }

  /// How many tokens a draft may guess now.
  var wantedGuesses: Int {
    guard !isOver, constraint == nil, computed == tokens.count - 1, request.maximumNewTokens > 0 else { return 0 }
    // The last new token is never run, so nothing is guessed beyond the one before it.
    return max(0, min(request.guesses, request.maximumNewTokens - (tokens.count - promptCount) - 1))
  }

  override func rows(budget: Int, outputs: inout Int) -> [DecoderRuntime.Row] {
    guard let pages, budget > 0 else { return [] }
    start()
    guard !isOver else { return [] }
    let last = min(tokens.count, computed + budget)
    let reachesEnd = last == tokens.count
    let left = request.maximumNewTokens - (tokens.count - promptCount) - 1
    let room = max(0, min(request.guesses, left, budget - (last - computed)))
    guesses = !reachesEnd ? [] : draft.map { $0.guesses.prefix(room) } ?? PromptLookup.guess(tokens, count: room)
    guard pages.reserve(last + guesses.count) else {
      fail(GenerationError(.memory, "no page is left for token \(last)"))
      return []
    }
    firstOutput = outputs
    var rows: [DecoderRuntime.Row] = []
    for position in computed..<last {
      let isOutput = position == tokens.count - 1 || (request.scoresPrompt && position < promptCount - 1)
      outputs += isOutput ? 1 : 0
      rows.append(row(position, in: pages, isOutput: isOutput))
    }
    for (index, token) in guesses.enumerated() {
      outputs += 1
      rows.append(row(last + index, token: token, in: pages, isOutput: true))
    }
    stepRows = last - computed
    return rows
  }

  override func advance(_ logits: UnsafeMutableBufferPointer<Float>, vocabulary: Int) {
    guard !isOver, stepRows > 0 else { return }
    var row = firstOutput
    if request.scoresPrompt {
      for position in computed..<max(computed, min(computed + stepRows, promptCount - 1)) {
        promptScores.append(
          PromptScore.of(
            scores(row, of: logits, vocabulary: vocabulary), token: tokens[position + 1],
            top: request.sampler.settings.topLogProbabilities ?? 0))
        row += 1
      }
    }
    computed += stepRows
    stepRows = 0
    publish()
    guard computed == tokens.count else { return }
    if request.scoresPrompt, tokens.count == promptCount, !onEvent(.prompt(promptScores)) { return end() }
    guard request.maximumNewTokens > 0 else {
      _ = onEvent(.limit)
      return end()
    }
    for guess in Array(guesses) + [-1] {
      guard let token = choose(scores(row, of: logits, vocabulary: vocabulary)) else { return }
      row += 1
      guard token == guess else { return }
      // The guess was right: its keys and values are in the pages already, and so are the scores after it.
      computed += 1
      accepted += 1
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

  override func end() {
    pages = nil
    super.end()
  }

  private func publish() {
    guard let pages, request.source == nil, computed / PagePool.tokens > published / PagePool.tokens else { return }
    pages.publish(tokens[0..<computed], from: published)
    published = computed
  }
}
