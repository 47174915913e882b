public import MartletCore

/// Asks a model the questions of tasks, and measures the answers, every metric with an interval.
///
/// ```swift
/// let harness = TextHarness(generator: model)
/// let report = try await harness.run(TextTask(path: "arc.jsonl"))
/// print(report.metrics["acc_norm"])
/// ```
public struct TextHarness: Sendable {
  /// How to ask.
  public struct Options: Sendable, Hashable {
    /// Solved examples before each question.
    public var shots = 0
    /// Stands between examples.
    public var shotSeparator = "\n\n"
    /// Only so many records of each task; `nil` is all.
    public var limit: Int?
    /// Questions that are asked at a time; the model computes them together where it can.
    public var parallel = 8
    /// The most tokens of an answer, where the record does not say.
    public var maxTokens = 64
    /// Questions are messages of a conversation, for models that were trained on those; answers in words only.
    public var asksInChat = false
    /// Tokens that a window of perplexity sees; `nil` is what the model's context has room for, at most 1024.
    public var window: Int?
    /// Tokens that a window moves on; `nil` is half a window. Each token is scored once, with at least a window less this before it.
    public var stride: Int?
    public var intervals = IntervalOptions()

    /// The defaults; change what should differ.
    public init() {}
  }

  public let generator: (any TextGenerator)?
  public let embedder: (any TextEmbedder)?
  public let options: Options

  /// - Parameters:
  ///   - generator: answers questions and scores texts.
  ///   - embedder: makes vectors.
  public init(generator: (any TextGenerator)? = nil, embedder: (any TextEmbedder)? = nil, options: Options = Options()) {
    self.generator = generator
    self.embedder = embedder
    self.options = options
  }

  /// Runs a task.
  /// - Parameters:
  ///   - examples: where solved examples are taken from; `nil` is the task's other records, for each question the first ones that are not it.
  ///   - progress: is called with the number of records that are done.
  /// - Throws: `ArgumentError` where the model cannot do what the task needs, `LanguageRequestError` as the model, `MetricError`.
  public func run(
    _ task: TextTask, examples: TextTask? = nil, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> TextTaskReport {
    try options.intervals.check()
    let clock = ContinuousClock.now
    let limited = options.limit.map { task.prefix($0) } ?? task
    let outcome: TextTaskOutcome
    switch limited.records {
    case .choices(let records):
      outcome = try await choices(records, shots(TextShots(task), examples.map(TextShots.init)), progress)
    case .answers(let records):
      outcome = try await answers(records, shots(TextShots(task), examples.map(TextShots.init)), progress)
    case .texts(let texts): outcome = try await perplexity(texts, progress)
    case .queries(let queries): outcome = try await retrieval(queries, progress)
    case .pairs(let pairs): outcome = try await similarity(pairs, progress)
    case .tags(let tags): outcome = try spans(tags, progress)
    }
    return TextTaskReport(
      task: task.name, kind: task.kind, records: limited.count,
      shots: task.kind == .multipleChoice || task.kind == .generation ? options.shots : 0,
      metrics: outcome.metrics, predictions: outcome.predictions, tokens: outcome.tokens,
      seconds: (ContinuousClock.now - clock) / .seconds(1))
  }

  private func shots(_ own: TextShots, _ others: TextShots?) throws(ArgumentError) -> (Int) -> [TextShots.Shot] {
    let (count, all) = (options.shots, others ?? own)
    guard count >= 0, all.shots.count >= count + (others == nil && count > 0 ? 1 : 0) else {
      throw ArgumentError("\(count) examples before each question, and there are \(all.shots.count) records", expected: "fewer")
    }
    let isOwn = others == nil
    return { record in Array(all.shots.indices.lazy.filter { !isOwn || $0 != record }.prefix(count).map { all.shots[$0] }) }
  }

  func requireGenerator() throws(ArgumentError) -> any TextGenerator {
    guard let generator else { throw ArgumentError("the model does not write text", expected: "a language model for this task") }
    return generator
  }

  func requireEmbedder() throws(ArgumentError) -> any TextEmbedder {
    guard let embedder else { throw ArgumentError("the model makes no vectors", expected: "a model that embeds texts for this task") }
    return embedder
  }

  /// The results of the body for each index, in their order, several at a time.
  func parallel<Result: Sendable>(
    _ count: Int, progress: @escaping @Sendable (Int) -> Void, _ body: @escaping @Sendable (Int) async throws -> Result
  ) async throws -> [Result] {
    try await withThrowingTaskGroup(of: (Int, Result).self) { group in
      var results = [Result?](repeating: nil, count: count)
      var next = 0, done = 0
      func add() {
        guard next < count else { return }
        let index = next
        next += 1
        group.addTask { (index, try await body(index)) }
      }
      for _ in 0..<max(1, options.parallel) { add() }
      while let (index, result) = try await group.next() {
        results[index] = result
        done += 1
        progress(done)
        add()
      }
      return results.compactMap { $0 }
    }
  }
}

/// What a kind of task gives.
struct TextTaskOutcome: Sendable {
  var metrics: [String: Estimate]
  var predictions: [JSONValue] = []
  var tokens = 0
}

/// Solved examples.
struct TextShots: Sendable {
  struct Shot: Sendable {
    var prompt: String
    /// With what stands between prompt and answer.
    var answer: String
  }

  let shots: [Shot]

  init(_ task: TextTask) {
    switch task.records {
    case .choices(let records):
      shots = records.map { record in
        let (context, choice) = TextHarness.join(record.prompt, record.separator, record.choices[record.answer])
        return Shot(prompt: context, answer: choice)
      }
    case .answers(let records):
      shots = records.map { record in
        let (context, answer) = TextHarness.join(record.prompt, " ", record.targets[0])
        return Shot(prompt: context, answer: answer)
      }
    default: shots = []
    }
  }
}

/// What a task came to.
public struct TextTaskReport: Sendable, Hashable, Codable {
  public let task: String
  public let kind: TextTask.Kind
  public let records: Int
  /// Solved examples before each question.
  public let shots: Int
  /// By name; see ``TextMetric/all``.
  public let metrics: [String: Estimate]
  /// What was answered, record by record, where that can be shown.
  public let predictions: [JSONValue]
  /// Tokens that the model read and wrote, as far as it says.
  public let tokens: Int
  public let seconds: Double
}
