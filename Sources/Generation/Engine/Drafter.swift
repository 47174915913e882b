/// What a draft model knows of a sequence.
final class DraftedSequence {
  fileprivate let table: PageTable
  /// Tokens whose keys and values are in the table.
  fileprivate var computed: Int
  fileprivate var published: Int
  /// Tokens of the sequence when the guesses were made.
  fileprivate var base = 0
  fileprivate(set) var guesses: [Int] = []
  /// What comes next would end the text.
  fileprivate var isAtEnd = false

  fileprivate init(_ table: PageTable, cached: Int) {
    self.table = table
    computed = cached
    published = cached
  }
}

/// A small model that guesses what a large one is going to write (Leviathan, Kalman, Matias, "Fast inference from transformers via
/// speculative decoding", 2023).
///
/// There a guess is accepted by chance, so that the text has the large model's distribution. Here draws are keyed by seed and place:
/// the draft draws with the very number that the model will draw with, and a guess counts where both come out the same. So a text is not
/// only equally distributed with and without a draft, it is the same.
final class Drafter {
  let model: DecoderModel
  private let runtime: DecoderRuntime
  private let pool: PagePool
  /// Tokens that were guessed.
  private(set) var count = 0

  /// - Parameter pages: as many as the large model has.
  /// - Throws: `GenerationError` where the models do not fit, or memory runs out.
  init(_ model: DecoderModel, for large: DecoderModel, rows: Int, threads: Int, pages: Int) throws(GenerationError) {
    guard !model.isEncoderDecoder, !large.isEncoderDecoder else {
      throw GenerationError(.model, "a draft for a model that reads one text and writes another", expected: "models that continue texts")
    }
    guard model.configuration.vocabulary == large.configuration.vocabulary else {
      throw GenerationError(
        .model, "the draft knows \(model.configuration.vocabulary) tokens",
        expected: "\(large.configuration.vocabulary), those of the model",
        remedy: "a draft with the same tokenizer")
    }
    self.model = model
    runtime = try DecoderRuntime(model, rows: rows, threads: threads)
    pool = PagePool(pageBytes: model.pageBytes, capacity: pages)
  }

  /// Bytes of keys and values at most.
  var cacheBytes: Int { pool.capacity * model.pageBytes }

  /// Makes room for a sequence; one that the draft has no room for is written without it.
  func open(_ sequence: SampledSequence) {
    let length = sequence.promptCount + sequence.request.maximumNewTokens
    guard sequence.request.guesses > 0, sequence.request.constraint == nil, length <= model.configuration.maxPositions else { return }
    let table = PageTable(pool, tokens: length)
    guard table.promise() else { return }
    sequence.draft = DraftedSequence(table, cached: table.adopt(sequence.tokens))
  }

  /// Reads what the sequences have read, and guesses for those that write.
  func guess(_ sequences: [SampledSequence]) throws(GenerationError) {
    for sequence in sequences { sequence.draft?.settle(sequence.tokens) }
    while true {
      var rows: [DecoderRuntime.Row] = []
      var outputs: [SampledSequence] = []
      var progress: [(draft: DraftedSequence, computed: Int)] = []
      for sequence in sequences {
        guard let draft = sequence.draft, !sequence.isOver else { continue }
        let wanted = sequence.wantedGuesses
        let text = sequence.tokens + draft.guesses
        let isGuessing = wanted > 0 && draft.guesses.count < wanted && !draft.isAtEnd
        let end = wanted == 0 ? min(sequence.computed, text.count) : isGuessing ? text.count : draft.computed
        let last = min(end, draft.computed + runtime.rows - rows.count)
        guard last > draft.computed, draft.table.reserve(last) else { continue }
        let isOutput = wanted > 0 && last == text.count
        for position in draft.computed..<last {
          rows.append(.init(token: text[position], position: position, pages: draft.table, isOutput: isOutput && position == last - 1))
        }
        progress.append((draft, last))
        if isOutput { outputs.append(sequence) }
      }
      guard !rows.isEmpty else { return }
      let vocabulary = model.configuration.vocabulary
      let logits = UnsafeMutableBufferPointer<Float>.allocate(capacity: max(outputs.count * vocabulary, 1))
      defer { logits.deallocate() }
      try runtime.step(rows, logits: logits)
      for (draft, computed) in progress { draft.computed = computed }
      for (index, sequence) in outputs.enumerated() {
        guard let draft = sequence.draft else { continue }
        let scores = UnsafeMutableBufferPointer(rebasing: logits[index * vocabulary..<(index + 1) * vocabulary])
        let text = sequence.tokens + draft.guesses
        guard let token = sequence.request.sampler.guess(scores, tokens: text, promptCount: sequence.promptCount),
          !sequence.request.endTokens.contains(token)
        else {
          draft.isAtEnd = true
          continue
        }
        draft.guesses.append(token)
        count += 1
      }
    }
  }
}

extension DraftedSequence {
  /// Forgets guesses that were wrong, and makes full pages known.
  fileprivate func settle(_ tokens: [Int]) {
    let matched = zip(guesses, tokens[min(base, tokens.count)...]).prefix { $0 == $1 }.count
    computed = min(computed, base + matched, tokens.count)
    guesses = []
    isAtEnd = false
    base = tokens.count
    guard computed / PagePool.tokens > published / PagePool.tokens else { return }
    table.publish(tokens[0..<computed], from: published)
    published = computed
  }
}
