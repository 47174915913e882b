import Foundation
import MartletCore
import Models

/// Serves many requests with one model: a thread of its own runs step after step, and every step has a part of each request in it.
///
/// Prompts are read in pieces between which others go on writing; texts that begin alike share the memory and the work of their beginnings.
/// What a request gives is the same alone and in company: steps compute rows independently of one another, and draws are keyed by the
/// request's seed and the place in its text. With a draft model (speculative decoding) texts stay the same and steps become fewer.
///
/// `@unchecked Sendable`: the lock guards what both sides touch; everything else belongs to the engine's thread.
public final class GenerationEngine: @unchecked Sendable {
  public let model: DecoderModel
  public let settings: EngineSettings
  /// The most tokens of a prompt and its output that the model and the settings know.
  public let contextLength: Int
  /// The same where there is less memory for keys and values than for such a text.
  public var longestText: Int { min(contextLength, pool.capacity * PagePool.tokens) }

  /// How the engine is doing.
  public struct Status: Sendable, Hashable {
    /// Requests that run.
    public var running = 0
    /// Requests that wait.
    public var waiting = 0
    /// Pages of 16 tokens in use, and how many there are.
    public var pages = 0
    public var pageLimit = 0
    /// Steps and rows that were computed since the start.
    public var steps = 0
    public var rows = 0
    /// Tokens that were guessed right.
    public var guessed = 0
    /// Tokens that the draft model guessed.
    public var drafted = 0
  }

  private let condition = NSCondition()
  private var waiting: [EngineSequence] = []
  private var cancelled = Set<UInt64>()
  private var nextID: UInt64 = 0
  private var isStopping = false
  private var current = Status()

  private var active: [EngineSequence] = []
  private let pool: PagePool
  private let runtime: DecoderRuntime
  private let reader: SourceReader?
  private let drafter: Drafter?

  /// Starts the thread.
  /// - Parameter draft: a smaller model with the same tokenizer that guesses what this one writes.
  /// - Throws: `GenerationError` for settings out of their range, a draft that does not fit, or where memory runs out.
  public init(
    _ model: DecoderModel, _ settings: EngineSettings = EngineSettings(), draft: DecoderModel? = nil
  ) throws(GenerationError) {
    try settings.validate()
    self.model = model
    self.settings = settings
    contextLength = max(2, min(settings.contextLength ?? .max, model.configuration.maxPositions))
    let full = (contextLength + PagePool.tokens - 1) / PagePool.tokens
    let bytes = settings.cacheBytes ?? Int(min(ProcessInfo.processInfo.physicalMemory / 4, UInt64(Int.max)))
    let pages = min(bytes / max(model.pageBytes, 1), full * settings.sequences)
    guard pages >= 1 else {
      throw GenerationError(.request, "cacheBytes is \(bytes)", expected: "at least \(model.pageBytes), one page of 16 tokens")
    }
    pool = PagePool(pageBytes: model.pageBytes, capacity: pages)
    runtime = try DecoderRuntime(model, rows: settings.rows, threads: settings.threads)
    reader = model.encoder.map { SourceReader($0, model.configuration, threads: settings.threads) }
    drafter = try draft.map { (draft) throws(GenerationError) in
      try Drafter(draft, for: model, rows: settings.rows, threads: settings.threads, pages: pages)
    }
    current.pageLimit = pages
    let thread = Thread { [weak self] in
      // The engine lives as long as somebody else holds it: the thread holds it only while it works.
      while let next = self?.turn() { if !next { return } }
    }
    thread.name = "generation"
    thread.stackSize = 8 << 20
    thread.start()
  }

  deinit {
    condition.lock()
    let left = waiting
    condition.unlock()
    for sequence in left + active { sequence.fail(GenerationError(.stopped, "the engine was shut down")) }
  }

  public var status: Status { condition.withLock { current } }

  /// Hands in a request.
  /// - Parameter onEvent: called by the engine's thread, so it must be quick; `false` ends the request. After `ended`, `limit` or `failed`
  ///   nothing follows.
  /// - Throws: `GenerationError` for an empty or too long request, tokens outside the vocabulary, and where too many requests wait.
  public func submit(_ request: TokenRequest, onEvent: @escaping @Sendable (TokenEvent) -> Bool) throws(GenerationError) -> GenerationTicket
  {
    try check(request)
    let result: Result<UInt64, GenerationError> = condition.withLock {
      guard !isStopping else { return .failure(GenerationError(.stopped, "the engine was shut down")) }
      guard waiting.count < settings.waiting else {
        return .failure(GenerationError(.queueFull, "\(waiting.count) requests wait already", remedy: "again later"))
      }
      nextID += 1
      let sequence: EngineSequence
      do throws(SamplingError) {
        sequence =
          try request.beams.map { (beams) throws(SamplingError) in try BeamSequence(nextID, request, beams, onEvent) }
          ?? SampledSequence(nextID, request, onEvent)
      } catch {
        return .failure(GenerationError(.request, error.problem, expected: error.expected))
      }
      // First come, first served among equals.
      let place = waiting.firstIndex { $0.request.priority < request.priority } ?? waiting.endIndex
      waiting.insert(sequence, at: place)
      current.waiting = waiting.count
      condition.signal()
      return .success(nextID)
    }
    let id = try result.get()
    return GenerationTicket { [weak self] in self?.cancel(id) }
  }

  /// Ends all requests with an error and takes no more.
  public func shutdown() {
    condition.withLock {
      isStopping = true
      condition.broadcast()
    }
  }

  private func cancel(_ id: UInt64) {
    condition.withLock {
      cancelled.insert(id)
      condition.signal()
    }
  }

  private func check(_ request: TokenRequest) throws(GenerationError) {
    guard !request.prompt.isEmpty else { throw GenerationError(.request, "the prompt is empty", expected: "at least one token") }
    let vocabulary = model.configuration.vocabulary
    if let token = request.prompt.first(where: { !(0..<vocabulary).contains($0) }) {
      throw GenerationError(.request, "token \(token) is not in the vocabulary", expected: "0 to \(vocabulary - 1)")
    }
    guard request.maximumNewTokens >= (request.scoresPrompt ? 0 : 1) else {
      throw GenerationError(.request, "\(request.maximumNewTokens) new tokens are asked for", expected: "1 or more")
    }
    let (length, overflow) = request.prompt.count.addingReportingOverflow(request.maximumNewTokens)
    guard !overflow, length <= longestText else {
      throw GenerationError(
        .request, "a prompt of \(request.prompt.count) tokens and \(request.maximumNewTokens) new ones do not fit",
        expected: "\(longestText) together")
    }
    try check(source: request.source)
    if let beams = request.beams {
      guard (1...settings.rows).contains(beams.beams), !request.scoresPrompt else {
        throw GenerationError(
          .request, request.scoresPrompt ? "beams and scores of the prompt are asked for together" : "\(beams.beams) beams are asked for",
          expected: request.scoresPrompt ? "one of them" : "1 to \(settings.rows)")
      }
    }
    let pages = EngineSequence.pages(request)
    guard pages <= pool.capacity else {
      throw GenerationError(
        .request, "the request needs room for \(pages * PagePool.tokens) tokens", expected: "\(pool.capacity * PagePool.tokens) at most",
        remedy: "fewer tokens or beams, or a larger cacheBytes")
    }
  }

  private func check(source: [Int]?) throws(GenerationError) {
    guard model.isEncoderDecoder else {
      guard source == nil else { throw GenerationError(.request, "a text to read for a model that continues texts", expected: "a prompt") }
      return
    }
    guard let source, (1...model.configuration.maxPositions).contains(source.count) else {
      throw GenerationError(
        .request, "the text to read has \(source?.count ?? 0) tokens", expected: "1 to \(model.configuration.maxPositions)")
    }
    let vocabulary = model.configuration.sourceVocabulary
    if let token = source.first(where: { !(0..<vocabulary).contains($0) }) {
      throw GenerationError(.request, "token \(token) is not in the vocabulary", expected: "0 to \(vocabulary - 1)")
    }
  }

  /// One turn of the thread: takes up new requests, drops cancelled ones, runs a step.
  /// - Returns: false when the engine is shut down.
  private func turn() -> Bool {
    condition.lock()
    if waiting.isEmpty, active.isEmpty, !isStopping {
      // Wakes up now and then to see whether anybody holds the engine still.
      _ = condition.wait(until: Date(timeIntervalSinceNow: 0.5))
    }
    let dropped = cancelled
    cancelled.removeAll()
    let stopping = isStopping
    var arrivals: [EngineSequence] = []
    var failures: [(EngineSequence, any Error)] = []
    waiting.removeAll { sequence in
      guard dropped.contains(sequence.id) else { return false }
      failures.append((sequence, CancellationError()))
      return true
    }
    if stopping { (arrivals, waiting) = (waiting, []) }
    condition.unlock()

    for (sequence, _) in failures { sequence.end() }
    for sequence in active where dropped.contains(sequence.id) { sequence.end() }
    if stopping {
      for sequence in arrivals + active { sequence.fail(GenerationError(.stopped, "the engine was shut down")) }
      active = []
      report()
      return false
    }
    expire()
    active.removeAll(where: \.isOver)
    admit()
    if !active.isEmpty { step() }
    active.removeAll(where: \.isOver)
    report()
    return true
  }

  /// Requests whose time is over.
  private func expire() {
    let now = ContinuousClock.now
    func isLate(_ sequence: EngineSequence) -> Bool { sequence.request.deadline.map { $0 <= now } ?? false }
    var late: [EngineSequence] = []
    condition.withLock {
      late = waiting.filter(isLate)
      if !late.isEmpty { waiting.removeAll(where: isLate) }
    }
    for sequence in late + active.filter(isLate) { sequence.fail(LanguageRequestError(.deadline)) }
  }

  private func admit() {
    while active.count < settings.sequences {
      guard let next = condition.withLock({ waiting.first }) else { return }
      // Somebody reads the same beginning right now: when that is done, its pages can be shared.
      let beginning = next.request.prompt.prefix(PagePool.tokens)
      if next.promptCount > PagePool.tokens, next.request.source == nil,
        active.contains(where: { $0.isReading && $0.tokens.starts(with: beginning) })
      {
        return
      }
      guard next.admit(pool) else { return }
      condition.withLock { waiting.removeAll { $0 === next } }
      do throws(GenerationError) {
        if let reader, let tokens = next.request.source, let table = next.source { try reader.read(tokens, into: table, by: runtime) }
        if let drafter, let sampled = next as? SampledSequence { drafter.open(sampled) }
        active.append(next)
      } catch {
        next.fail(error)
      }
    }
  }

  private func step() {
    var rows: [DecoderRuntime.Row] = []
    var outputs = 0
    // Those that write go first: their one row (and guesses) each must not wait for a long prompt.
    let ordered = active.filter { !$0.isReading } + active.filter(\.isReading)
    do throws(GenerationError) {
      try drafter?.guess(ordered.compactMap { $0 as? SampledSequence })
    } catch {
      for sequence in ordered { sequence.fail(error) }
      return
    }
    for sequence in ordered {
      // Whoever comes later keeps a row.
      rows += sequence.rows(budget: settings.rows - rows.count, outputs: &outputs)
      if rows.count >= settings.rows { break }
    }
    guard !rows.isEmpty else { return }
    let vocabulary = model.configuration.vocabulary
    let logits = UnsafeMutableBufferPointer<Float>.allocate(capacity: max(outputs * vocabulary, 1))
    defer { logits.deallocate() }
    do throws(GenerationError) {
      try runtime.step(rows, logits: logits)
    } catch {
      for sequence in ordered { sequence.fail(error) }
      return
    }
    for sequence in ordered {
      sequence.accepted = 0
      sequence.advance(logits, vocabulary: vocabulary)
    }
    condition.withLock {
      current.steps += 1
      current.rows += rows.count
      current.guessed += ordered.reduce(0) { $0 + $1.accepted }
      current.drafted = drafter?.count ?? 0
    }
    for sequence in ordered { sequence.guesses = [] }
  }

  private func report() {
    condition.withLock {
      current.running = active.count
      current.waiting = waiting.count
      current.pages = pool.used
    }
  }
}
