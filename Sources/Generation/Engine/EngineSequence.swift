/// A request in an engine.
///
/// Not safe for several threads: everything but the constants belongs to the engine's thread.
class EngineSequence {
  let id: UInt64
  let request: TokenRequest
  let onEvent: @Sendable (TokenEvent) -> Bool
  /// The prompt and what came after it.
  var tokens: [Int]
  /// Tokens whose keys and values are in the pages.
  var computed = 0
  /// What the encoder made of the request's source.
  private(set) var source: PageTable?
  /// What a draft model has read of the sequence.
  var draft: DraftedSequence?
  private var hasStarted = false
  private(set) var isOver = false
  /// Of the step that is being made: its first output row, and the tokens guessed in it.
  var firstOutput = 0
  var guesses: ArraySlice<Int> = []
  /// Guesses of the step that were right.
  var accepted = 0

  init(_ id: UInt64, _ request: TokenRequest, _ onEvent: @escaping @Sendable (TokenEvent) -> Bool) {
    self.id = id
    self.request = request
    self.onEvent = onEvent
    tokens = request.prompt
  }

  var promptCount: Int { request.prompt.count }
  var isReading: Bool { computed < promptCount - 1 }

  /// Pages that a request needs at most.
  static func pages(_ request: TokenRequest) -> Int {
    func pages(_ tokens: Int) -> Int { (tokens + PagePool.tokens - 1) / PagePool.tokens }
    let length = pages(request.prompt.count + request.maximumNewTokens)
    // A beam that goes on from another one copies a page before it lets go of its own.
    return (request.beams.map { $0.beams * (length + 1) } ?? length) + pages(request.source?.count ?? 0)
  }

  /// Makes sure of pages for the whole request, which are filled as it goes on.
  /// - Returns: false where there are too few.
  func admit(_ pool: PagePool) -> Bool {
    guard let tokens = request.source else { return true }
    let table = PageTable(pool, tokens: tokens.count)
    guard table.promise() else { return false }
    source = table
    return true
  }

  /// The rows of this sequence in a step of at most `budget` rows.
  func rows(budget: Int, outputs: inout Int) -> [DecoderRuntime.Row] { [] }

  /// Goes on with the scores of the step.
  func advance(_ logits: UnsafeMutableBufferPointer<Float>, vocabulary: Int) {}

  /// Says once that work begins.
  final func start() {
    guard !hasStarted else { return }
    hasStarted = true
    if !onEvent(.started(cached: computed)) { end() }
  }

  final func row(_ position: Int, token: Int? = nil, in pages: PageTable, isOutput: Bool) -> DecoderRuntime.Row {
    DecoderRuntime.Row(
      token: token ?? tokens[position], position: position, pages: pages, isOutput: isOutput, source: source,
      sourceCount: request.source?.count ?? 0)
  }

  /// Row `index` of a step's scores.
  final func scores(
    _ index: Int, of logits: UnsafeMutableBufferPointer<Float>, vocabulary: Int
  ) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(rebasing: logits[index * vocabulary..<(index + 1) * vocabulary])
  }

  final func fail(_ error: any Error) {
    guard !isOver else { return }
    _ = onEvent(.failed(error))
    end()
  }

  /// Frees the memory. No event follows.
  func end() {
    isOver = true
    source = nil
    draft = nil
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
