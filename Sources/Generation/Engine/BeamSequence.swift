/// A request that keeps several continuations and gives the best: beam search, plain or diverse.
///
/// The beams share the pages of what they have in common: the prompt, and what was written before they parted.
final class BeamSequence: EngineSequence {
  private var search: BeamSearch
  private var constraints: [(any TokenConstraint)?]
  /// One for each beam; the first one reads the prompt.
  private var tables: [PageTable] = []
  private var stepRows = 0

  /// - Throws: `SamplingError` for settings that do not fit together.
  init(
    _ id: UInt64, _ request: TokenRequest, _ settings: BeamSearch.Settings, _ onEvent: @escaping @Sendable (TokenEvent) -> Bool
  ) throws(SamplingError) {
    var settings = settings
    settings.maximumLength = request.prompt.count + request.maximumNewTokens
    settings.endTokens = request.endTokens.sorted()
    search = try BeamSearch(settings, prompt: request.prompt)
    constraints = Array(repeating: request.constraint, count: settings.beams)
    super.init(id, request, onEvent)
  }

  override func admit(_ pool: PagePool) -> Bool {
    let length = promptCount + request.maximumNewTokens + PagePool.tokens
    let made = (0..<search.settings.beams).map { _ in PageTable(pool, tokens: length) }
    guard made.allSatisfy({ $0.promise() }), super.admit(pool) else { return false }
    computed = request.source == nil ? made[0].adopt(tokens) : 0
    tables = made
    return true
  }

  /// The prompt is read; every step goes on with each beam from now on.
  private var isSearching: Bool { computed >= promptCount }

  override func rows(budget: Int, outputs: inout Int) -> [DecoderRuntime.Row] {
    guard !tables.isEmpty, budget > 0 else { return [] }
    start()
    guard !isOver else { return [] }
    firstOutput = outputs
    if isSearching {
      let beams = search.running
      // The beams take their step together.
      guard beams.count <= budget else { return [] }
      outputs += beams.count
      stepRows = beams.count
      return zip(beams, tables).map { beam, table in
        row(beam.tokens.count - 1, token: beam.tokens[beam.tokens.count - 1], in: table, isOutput: true)
      }
    }
    let last = min(promptCount, computed + budget)
    guard tables[0].reserve(last) else {
      fail(GenerationError(.memory, "no page is left for token \(last)"))
      return []
    }
    stepRows = last - computed
    if last == promptCount { outputs += 1 }
    return (computed..<last).map { row($0, in: tables[0], isOutput: $0 == promptCount - 1) }
  }

  override func advance(_ logits: UnsafeMutableBufferPointer<Float>, vocabulary: Int) {
    guard !isOver, stepRows > 0 else { return }
    let wasSearching = isSearching
    computed += wasSearching ? 1 : stepRows
    stepRows = 0
    if !wasSearching {
      if request.source == nil { tables[0].publish(tokens[0..<min(computed, promptCount)], from: 0) }
      guard computed == promptCount else { return }
    }
    do {
      try step(logits, vocabulary: vocabulary, isFirst: !wasSearching)
    } catch {
      fail(error)
    }
  }

  private func step(_ logits: UnsafeMutableBufferPointer<Float>, vocabulary: Int, isFirst: Bool) throws {
    let beams = search.running
    let room = UnsafeMutableBufferPointer<Float>.allocate(capacity: beams.count * vocabulary)
    defer { room.deallocate() }
    for (index, beam) in beams.enumerated() {
      let target = scores(index, of: room, vocabulary: vocabulary)
      _ = target.update(fromContentsOf: scores(firstOutput + (isFirst ? 0 : index), of: logits, vocabulary: vocabulary))
      let normalizer = VectorMath.logSumExp(UnsafeBufferPointer(target))
      for place in target.indices { target[place] -= normalizer }
      request.sampler.adjust(target, tokens: beam.tokens, promptCount: promptCount, allowed: try constraints[index]?.allowed())
    }
    let parents = try search.advance(UnsafeBufferPointer(room))
    guard !search.isDone else {
      _ = onEvent(.beams(search.best))
      _ = onEvent(.ended)
      return end()
    }
    let from = isFirst ? parents.map { _ in 0 } : parents
    guard PageTable.move(tables, from: from, tokens: computed) else {
      throw GenerationError(.memory, "no page is left for \(beams.count) beams")
    }
    for table in tables where !table.reserve(computed + 1) { throw GenerationError(.memory, "no page is left for token \(computed)") }
    guard request.constraint != nil else { return }
    var next = from.map { constraints[$0] }
    for (index, beam) in search.running.enumerated() {
      // A beam that has ended runs on only to fill the place of one.
      if let token = beam.tokens.last, !request.endTokens.contains(token) { try next[index]?.accept(token) }
    }
    constraints = next
  }

  override func end() {
    tables = []
    super.end()
  }
}
