import Foundation
import MartletCore
import Synchronization

/// How a stream is worked through.
public struct StreamSettings: Sendable, Hashable {
  /// Messages that are answered together, at most.
  public var batch = 32
  /// How long the first of them waits for the others.
  public var batchDelay: Duration = .milliseconds(20)
  /// How often a message is tried whose failure may pass.
  public var attempts = 5
  /// The pause before the second attempt, doubled before each further one.
  public var backoff: Duration = .milliseconds(200)
  /// No pause is longer.
  public var longestBackoff: Duration = .seconds(10)
  /// Ids of questions that are remembered, so that none of them is answered again.
  public var window = 100_000
  /// What makes two messages the same question.
  public var identity = StreamIdentity.message
  /// How long a stop may take in all: the batch at hand, and the goodbye to the brokers.
  public var drain: Duration = .seconds(30)

  public init() {}

  /// The pause before an attempt, from the second on.
  func pause(before attempt: Int) -> Duration {
    let doublings = min(max(0, attempt - 2), 30)
    return min(backoff * (1 << doublings), longestBackoff)
  }
}

/// Takes messages, has them answered, and sends answers and dead letters, at least once each.
///
/// A batch is acknowledged after the broker has confirmed all that came of it: killed anywhere before, the messages are delivered again. A
/// question that is among the remembered ones is acknowledged and not answered again; what the memory cannot know, the header `martlet-id`
/// tells the reader. While a broker is away nothing is lost and nothing is given up: sending is repeated with growing pauses.
public final class StreamProcessor: Sendable {
  private let source: any StreamSource
  private let answers: any StreamSink
  private let dead: any StreamSink
  private let model: String
  private let settings: StreamSettings
  private let answer: StreamAnswerer
  private let counters = StreamCounters()
  /// When sending is given up; set by a stop.
  private let deadline = Mutex<ContinuousClock.Instant?>(nil)
  private let memory: Mutex<Memory>
  private let problem = Mutex<String?>(nil)

  private struct Memory {
    var recent: RecentKeys
    /// The round whose beginning was looked up at the broker.
    var round: Int?
  }

  /// - Parameters:
  ///   - model: the version that answers, such as `churn@3`; a header of every answer.
  ///   - answer: is asked for batches, one at a time.
  public init(
    from source: any StreamSource, to answers: any StreamSink, dead: any StreamSink, model: String,
    settings: StreamSettings = StreamSettings(),
    answer: @escaping StreamAnswerer
  ) {
    self.source = source
    self.answers = answers
    self.dead = dead
    self.model = model
    self.settings = settings
    self.answer = answer
    // Answers and dead letters are looked up, so many of each.
    memory = Mutex(Memory(recent: RecentKeys(limit: 2 * settings.window)))
  }

  /// What was done so far, and what waits.
  public var figures: StreamFigures {
    var figures = counters.figures
    figures.lag = source.lag()
    figures.connectionFailures = source.connection.failures
    return figures
  }

  /// Why the brokers have to be asked again, while they have.
  public var trouble: String? { problem.withLock { $0 } ?? source.connection.trouble }

  /// Works until its task is cancelled, then finishes the batch at hand.
  ///
  /// From then on it takes no longer than `drain`, whatever a model or a broker does: what is not done by then is left to be delivered again.
  /// - Returns: what was done.
  /// - Throws: `StreamError` where a connection can no longer be used, or the stop took too long.
  public func run() async throws -> StreamFigures {
    let end = FirstResult<StreamFigures>()
    let working = Task {
      do { end.set(.success(try await self.work())) } catch {
        // Nor does a goodbye to a broker that is away hold up what went wrong.
        end.set(.failure(error), after: settings.drain)
        await close()
        end.set(.failure(error))
      }
    }
    return try await withTaskCancellationHandler {
      try await end.value()
    } onCancel: {
      working.cancel()
      deadline.withLock { $0 = ContinuousClock.now + settings.drain }
      end.set(.failure(stopped), after: settings.drain)
    }
  }

  private var stopped: StreamError {
    StreamError(
      .stopped, "the stop was not over within \(settings.drain)",
      expected: "answers of the model and confirmations of the brokers; what is not confirmed is delivered again")
  }

  private func work() async throws -> StreamFigures {
    while !Task.isCancelled {
      let batch = try await source.receive(max(1, settings.batch), within: settings.batchDelay)
      guard !batch.isEmpty else { continue }
      // A task of its own: a stop waits for the batch at hand.
      try await Task { try await self.work(batch) }.value
    }
    let figures = figures
    await close()
    return figures
  }

  private func close() async {
    await source.close()
    await answers.close()
    await dead.close()
  }

  // A batch -----------------------------------------------------------------------------------------------------------------------------

  private func work(_ batch: [StreamMessage]) async throws {
    counters.change { $0.consumed += batch.count }
    try await remember(round: batch.last?.round ?? 0)
    var fresh: [(message: StreamMessage, id: String)] = [], seen: Set<String> = []
    for message in batch {
      let id = settings.identity.id(of: message)
      let isKnown = memory.withLock { $0.recent.contains(id) }
      if isKnown || !seen.insert(id).inserted {
        counters.change { $0.duplicates += 1 }
      } else {
        fresh.append((message, id))
      }
    }
    let (answered, failed) = try await results(fresh)
    let refused = try await send(answered, to: answers)
    // A broker that never takes an answer, such as one that is too large, gets a dead letter instead.
    let byID = Dictionary(fresh.map { ($0.id, $0.message) }, uniquingKeysWith: { first, _ in first })
    let letters =
      failed
      + refused.compactMap { id, reason in
        byID[id].map { letter($0, id, StreamFailure(kind: "answer-refused", reason: reason, isTemporary: false), attempts: 1) }
      }
    counters.change { $0.answered += answered.count - refused.count }
    let lost = try await send(letters, to: dead)
    guard lost.isEmpty else {
      throw StreamError(
        .refused, "the broker takes no dead letter: \(lost.first?.reason ?? "")", remedy: "let the place of --dead take larger messages")
    }
    counters.change { $0.dead += letters.count }
    memory.withLock { memory in for (_, id) in fresh { memory.recent.insert(id) } }
    try await source.acknowledge(batch)
  }

  /// After places were given out anew, somebody else may have answered what comes again.
  private func remember(round: Int) async throws {
    guard memory.withLock({ $0.round != round }) else { return }
    let name = String(model[..<(model.lastIndex(of: "@") ?? model.endIndex)])
    var attempt = 1
    while true {
      do {
        let answered = try await answers.recentIDs(settings.window, of: name)
        let ids = try await answered + dead.recentIDs(settings.window, of: name)
        problem.withLock { $0 = nil }
        memory.withLock { memory in
          for id in ids { memory.recent.insert(id) }
          memory.round = round
        }
        return
      } catch let error as StreamError where error.kind == .unavailable {
        problem.withLock { $0 = error.problem }
        attempt += 1
        try await pause(before: attempt)
      }
    }
  }

  /// What the model says; failures that may pass are tried again.
  private func results(
    _ fresh: [(message: StreamMessage, id: String)]
  ) async throws -> (answered: [OutgoingMessage], failed: [OutgoingMessage]) {
    var outcomes = [Result<[UInt8], StreamFailure>?](repeating: nil, count: fresh.count)
    var attempts = [Int](repeating: 0, count: fresh.count)
    var open = Array(fresh.indices)
    while !open.isEmpty {
      let round = attempts[open[0]] + 1
      if round > 1 {
        counters.change { $0.retries += open.count }
        try await pause(before: round)
      }
      let said = await answer(open.map { fresh[$0].message })
      var again: [Int] = []
      for (number, place) in open.enumerated() {
        attempts[place] += 1
        let outcome =
          said.indices.contains(number)
          ? said[number] : .failure(StreamFailure(kind: "model-error", reason: "the model gave no answer", isTemporary: true))
        if case .failure(let failure) = outcome, failure.isTemporary, attempts[place] < settings.attempts { again.append(place) }
        outcomes[place] = outcome
      }
      open = again
    }
    var answered: [OutgoingMessage] = [], failed: [OutgoingMessage] = []
    for (place, (message, id)) in fresh.enumerated() {
      switch outcomes[place] {
      case .success(let value): answered.append(OutgoingMessage(key: message.key, value: value, headers: headers(message, id), id: id))
      case .failure(let failure): failed.append(letter(message, id, failure, attempts: attempts[place]))
      case nil: break
      }
    }
    return (answered, failed)
  }

  private func headers(_ message: StreamMessage, _ id: String) -> [StreamHeader] {
    var headers = message.headers.filter { !$0.name.hasPrefix("martlet-") && $0.name.lowercased() != "content-type" }
    headers.append(StreamHeader("content-type", "application/json"))
    headers.append(StreamHeader(StreamHeaders.id, id))
    headers.append(StreamHeader(StreamHeaders.model, model))
    headers.append(StreamHeader(StreamHeaders.source, message.place.text))
    return headers
  }

  private func letter(_ message: StreamMessage, _ id: String, _ failure: StreamFailure, attempts: Int) -> OutgoingMessage {
    var headers = message.headers.filter { !$0.name.hasPrefix("martlet-") }
    headers.append(StreamHeader(StreamHeaders.id, id))
    headers.append(StreamHeader(StreamHeaders.model, model))
    headers.append(StreamHeader(StreamHeaders.source, message.place.text))
    headers.append(StreamHeader(StreamHeaders.error, failure.kind))
    headers.append(StreamHeader(StreamHeaders.reason, String(failure.reason.prefix(2000))))
    headers.append(StreamHeader(StreamHeaders.attempts, String(attempts)))
    return OutgoingMessage(key: message.key, value: message.value, headers: headers, id: id)
  }

  // Sending -----------------------------------------------------------------------------------------------------------------------------

  /// Sends until the broker has confirmed all.
  /// - Returns: the messages that it will never take, and why.
  private func send(_ messages: [OutgoingMessage], to sink: any StreamSink) async throws -> [(id: String, reason: String)] {
    var open = messages, refused: [(id: String, reason: String)] = []
    var attempt = 0
    while !open.isEmpty {
      attempt += 1
      if attempt > 1 { try await pause(before: attempt) }
      let outcomes = await sink.send(open)
      var again: [OutgoingMessage] = [], trouble: String?
      for (message, failure) in zip(open, outcomes) {
        guard let failure else { continue }
        counters.change { $0.sendFailures += 1 }
        switch failure {
        case .temporary(let reason):
          again.append(message)
          trouble = trouble ?? reason
        case .refused(let reason): refused.append((message.id, reason))
        case .fatal(let reason):
          throw StreamError(.fatal, "the broker's connection cannot be used: \(reason)", remedy: "start it again")
        }
      }
      problem.withLock { $0 = trouble }
      open = again
    }
    return refused
  }

  /// - Throws: `StreamError` where a stop is over.
  private func pause(before attempt: Int) async throws {
    if let deadline = deadline.withLock({ $0 }), deadline < ContinuousClock.now { throw stopped }
    try await Task.sleep(for: settings.pause(before: attempt))
  }
}
