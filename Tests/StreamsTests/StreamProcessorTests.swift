import Foundation
import MartletCore
import Synchronization
import Testing

@testable import Streams

/// Messages in memory: what is not acknowledged comes again from another source over the same queue.
final class MemoryQueue: Sendable {
  let messages: Mutex<[StreamMessage]>
  let done = Mutex<Set<Int64>>([])

  init(_ values: [String], keys: Bool = true) {
    messages = Mutex(
      values.enumerated().map { place, value in
        StreamMessage(
          key: keys ? Array("k\(place)".utf8) : nil, value: Array(value.utf8), headers: [StreamHeader("trace", "t\(place)")],
          place: StreamPlace(source: "in", partition: 0, offset: Int64(place)))
      })
  }
}

final class MemorySource: StreamSource {
  private let queue: MemoryQueue
  private let waiting: Mutex<[StreamMessage]>
  /// Called when nothing is left.
  private let empty: @Sendable () -> Void

  init(_ queue: MemoryQueue, empty: @escaping @Sendable () -> Void = {}) {
    self.queue = queue
    self.empty = empty
    waiting = Mutex(queue.messages.withLock { all in queue.done.withLock { done in all.filter { !done.contains($0.place.offset) } } })
  }

  func receive(_ count: Int, within delay: Duration) async throws -> [StreamMessage] {
    let taken = waiting.withLock { waiting in
      let taken = Array(waiting.prefix(count))
      waiting.removeFirst(taken.count)
      return taken
    }
    if taken.isEmpty {
      empty()
      await Task.yield()
    }
    return taken
  }

  func acknowledge(_ messages: [StreamMessage]) async throws {
    queue.done.withLock { done in for message in messages { done.insert(message.place.offset) } }
  }

  func lag() -> Int? { waiting.withLock { $0.count } }
  var connection: StreamConnection { StreamConnection() }
  func close() async {}
}

/// A source that dies as a killed process does: after so many messages it neither acknowledges nor takes any more.
final class DyingSource: StreamSource {
  struct Killed: Error {}
  private let source: any StreamSource
  private let life: Int
  private let end: @Sendable () async -> Void
  private let acknowledged = Mutex(0)
  /// Messages that the broker knows to be done.
  let kept = Mutex(0)

  /// - Parameter end: how it leaves the broker; by default as usual.
  init(_ source: any StreamSource, life: Int, end: (@Sendable () async -> Void)? = nil) {
    self.source = source
    self.life = life
    self.end = end ?? { await source.close() }
  }

  func receive(_ count: Int, within delay: Duration) async throws -> [StreamMessage] { try await source.receive(count, within: delay) }

  func acknowledge(_ messages: [StreamMessage]) async throws {
    let all = acknowledged.withLock { all in
      all += messages.count
      return all
    }
    guard all < life else { throw Killed() }
    kept.withLock { $0 += messages.count }
    try await source.acknowledge(messages)
  }

  func lag() -> Int? { source.lag() }
  var connection: StreamConnection { source.connection }
  func close() async { await end() }
}

/// Runs a processor until it has done so much.
func run(_ processor: StreamProcessor, until isDone: (StreamFigures) -> Bool) async throws -> StreamFigures {
  let task = Task { try await processor.run() }
  for _ in 0..<4000 where !isDone(processor.figures) { try await Task.sleep(for: .milliseconds(5)) }
  task.cancel()
  return try await task.value
}

final class MemorySink: StreamSink {
  let sent = Mutex<[OutgoingMessage]>([])
  /// Outcomes for the next calls, before all succeeds.
  private let outcomes: Mutex<[@Sendable (OutgoingMessage) -> SendFailure?]>

  init(_ outcomes: [@Sendable (OutgoingMessage) -> SendFailure?] = []) { self.outcomes = Mutex(outcomes) }

  func send(_ messages: [OutgoingMessage]) async -> [SendFailure?] {
    let outcome = outcomes.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    let failures = messages.map { outcome?($0) }
    sent.withLock { sent in for (message, failure) in zip(messages, failures) where failure == nil { sent.append(message) } }
    return failures
  }

  func recentIDs(_ limit: Int, of name: String) async throws -> [String] {
    sent.withLock { sent in sent.suffix(limit).compactMap { StreamHeaders.questionID(in: $0.headers, of: name) } }
  }
  func close() async {}

  var texts: [String] { sent.withLock { $0.map { String(decoding: $0.value, as: UTF8.self) } } }
}

/// A source whose end hangs, where it is told how.
final class HangingSource: StreamSource {
  private let source: MemorySource
  private let hang: (@Sendable () async -> Void)?

  init(_ source: MemorySource, hang: (@Sendable () async -> Void)?) {
    self.source = source
    self.hang = hang
  }

  func receive(_ count: Int, within delay: Duration) async throws -> [StreamMessage] { try await source.receive(count, within: delay) }
  func acknowledge(_ messages: [StreamMessage]) async throws { try await source.acknowledge(messages) }
  func lag() -> Int? { source.lag() }
  var connection: StreamConnection { source.connection }
  func close() async { await hang?() }
}

/// A sink that never confirms, where it is told how.
final class HangingSink: StreamSink {
  private let hang: (@Sendable () async -> Void)?

  init(hang: (@Sendable () async -> Void)?) { self.hang = hang }

  func send(_ messages: [OutgoingMessage]) async -> [SendFailure?] {
    await hang?()
    return messages.map { _ in nil }
  }

  func recentIDs(_ limit: Int, of name: String) async throws -> [String] { [] }
  func close() async {}
}

extension OutgoingMessage {
  func header(_ name: String) -> String? { headers.last { $0.name == name }.map { String(decoding: $0.value, as: UTF8.self) } }
}

extension StreamMessage {
  func header(_ name: String) -> String? { headers.last { $0.name == name }.map { String(decoding: $0.value, as: UTF8.self) } }
  var text: String { String(decoding: value, as: UTF8.self) }
}

/// Answers with the value in brackets; `bad…` is the message's own fault.
let bracketing: StreamAnswerer = { messages in
  messages.map { message in
    message.text.hasPrefix("bad")
      ? .failure(StreamFailure(kind: "bad-request", reason: "'\(message.text)' is no question", isTemporary: false))
      : .success(Array("[\(message.text)]".utf8))
  }
}

@Suite struct StreamProcessorTests {
  private func settings() -> StreamSettings {
    var settings = StreamSettings()
    settings.batch = 7
    settings.backoff = .milliseconds(1)
    settings.longestBackoff = .milliseconds(4)
    return settings
  }

  /// Runs until the source is empty.
  private func run(
    _ queue: MemoryQueue, _ answers: MemorySink, _ dead: MemorySink, _ settings: StreamSettings? = nil,
    answer: @escaping StreamAnswerer = bracketing
  ) async throws -> StreamFigures {
    let (empty, signal) = AsyncStream<Void>.makeStream()
    let processor = StreamProcessor(
      from: MemorySource(queue) { signal.yield() }, to: answers, dead: dead, model: "m@1", settings: settings ?? self.settings(),
      answer: answer)
    let task = Task { try await processor.run() }
    let stopper = Task { for await _ in empty { return task.cancel() } }
    defer {
      signal.finish()
      stopper.cancel()
    }
    return try await task.value
  }

  @Test func `every message is answered or dead, and says where it came from`() async throws {
    let queue = MemoryQueue((0..<50).map { $0 % 10 == 3 ? "bad \($0)" : "q\($0)" })
    let answers = MemorySink(), dead = MemorySink()
    let figures = try await run(queue, answers, dead)
    #expect(figures.consumed == 50 && figures.answered == 45 && figures.dead == 5 && figures.duplicates == 0 && figures.lag == 0)
    #expect(answers.texts == (0..<50).filter { $0 % 10 != 3 }.map { "[q\($0)]" })
    let first = try #require(answers.sent.withLock { $0.first })
    #expect(first.key == Array("k0".utf8) && first.header("trace") == "t0" && first.header("martlet-model") == "m@1")
    #expect(first.header("martlet-id") == first.id && first.id.count == 32 && first.header("martlet-source") == "in/0/0")
    let letter = try #require(dead.sent.withLock { $0.first })
    #expect(String(decoding: letter.value, as: UTF8.self) == "bad 3" && letter.header("trace") == "t3" && letter.key == Array("k3".utf8))
    #expect(letter.header("martlet-error") == "bad-request" && letter.header("martlet-attempts") == "1")
    #expect(letter.header("martlet-reason") == "'bad 3' is no question" && letter.header("martlet-source") == "in/0/3")
    #expect(queue.done.withLock { $0.count } == 50)
  }

  @Test func `what is delivered again is answered once`() async throws {
    let queue = MemoryQueue((0..<20).map { "q\($0 % 10)" }, keys: false)
    queue.messages.withLock { messages in
      // The second ten are the first ten again, with their keys.
      messages = messages.map { StreamMessage(key: $0.value, value: $0.value, place: $0.place) }
    }
    let answers = MemorySink(), dead = MemorySink()
    let figures = try await run(queue, answers, dead)
    #expect(figures.answered == 10 && figures.duplicates == 10 && Set(answers.texts).count == 10)
    // A process that died before it acknowledged: another one finds the answers at the broker.
    queue.done.withLock { $0 = [] }
    let again = try await run(queue, answers, dead)
    #expect(again.answered == 0 && again.duplicates == 20 && answers.texts.count == 10)
    #expect(queue.done.withLock { $0.count } == 20)
  }

  @Test func `the identity tells questions apart`() {
    func message(_ key: String?, _ value: String, id: String? = nil, offset: Int64 = 0) -> StreamMessage {
      StreamMessage(
        key: key.map { Array($0.utf8) }, value: Array(value.utf8), messageID: id,
        place: StreamPlace(source: "in", partition: 0, offset: offset))
    }
    let byMessage = StreamIdentity.message, byKey = StreamIdentity.key
    #expect(byMessage.id(of: message("a", "1")) == byMessage.id(of: message("a", "1", offset: 9)))
    #expect(byMessage.id(of: message("a", "1")) != byMessage.id(of: message("a", "2")))
    #expect(byMessage.id(of: message("a", "11")) != byMessage.id(of: message("a1", "1")))
    #expect(byKey.id(of: message("a", "1")) == byKey.id(of: message("a", "2")))
    #expect(byMessage.id(of: message("a", "1", id: "x")) == byMessage.id(of: message("b", "2", id: "x")))
    #expect(byMessage.id(of: message(nil, "1")) != byMessage.id(of: message(nil, "1", offset: 1)))
  }

  @Test func `a failure that may pass is tried again, so often and no more`() async throws {
    let queue = MemoryQueue(["slow", "broken", "fine"])
    let answers = MemorySink(), dead = MemorySink(), calls = Mutex<[String: Int]>([:])
    let figures = try await run(queue, answers, dead) { messages in
      messages.map { message in
        let call = calls.withLock { calls in
          calls[message.text, default: 0] += 1
          return calls[message.text] ?? 0
        }
        if message.text == "broken" || message.text == "slow" && call < 3 {
          return .failure(StreamFailure(kind: "model-error", reason: "out of memory", isTemporary: true))
        }
        return .success(message.value)
      }
    }
    #expect(calls.withLock { $0 } == ["slow": 3, "broken": 5, "fine": 1])
    #expect(figures.answered == 2 && figures.dead == 1 && figures.retries == 2 + 2 + 1 + 1)
    #expect(dead.sent.withLock { $0.first?.header("martlet-attempts") } == "5")
  }

  @Test func `sending is repeated until the broker confirms, and what it never takes is a dead letter`() async throws {
    let queue = MemoryQueue((0..<7).map { "q\($0)" })
    let answers = MemorySink([
      { _ in .temporary("timed out") },
      { message in
        switch String(decoding: message.value, as: UTF8.self) {
        case "[q1]": .refused("too large")
        case "[q2]": .temporary("timed out")
        default: nil
        }
      },
    ])
    let dead = MemorySink()
    let figures = try await run(queue, answers, dead)
    #expect(Set(answers.texts) == ["[q0]", "[q2]", "[q3]", "[q4]", "[q5]", "[q6]"] && answers.texts.count == 6)
    #expect(figures.answered == 6 && figures.dead == 1 && figures.sendFailures == 7 + 2)
    #expect(dead.sent.withLock { $0.first?.header("martlet-error") } == "answer-refused")
    #expect(dead.texts == ["q1"] && queue.done.withLock { $0.count } == 7)
  }

  @Test func `a connection that cannot be used ends it, and nothing is acknowledged`() async throws {
    let queue = MemoryQueue(["q0", "q1"])
    let answers = MemorySink([{ _ in .fatal("fenced") }])
    do {
      _ = try await run(queue, answers, MemorySink())
      Issue.record("the connection is gone")
    } catch let error as StreamError { #expect(error.kind == .fatal && error.problem.contains("fenced")) }
    #expect(queue.done.withLock { $0.isEmpty })
  }

  @Test func `a stop finishes the batch at hand and takes no other`() async throws {
    let queue = MemoryQueue((0..<100).map { "q\($0)" }), answers = MemorySink()
    let holder = Mutex<Task<StreamFigures, any Error>?>(nil)
    let processor = StreamProcessor(from: MemorySource(queue), to: answers, dead: MemorySink(), model: "m@1", settings: settings()) {
      messages in
      // The stop comes while the third batch is being answered.
      if messages.contains(where: { $0.text == "q15" }) {
        while holder.withLock({ $0 }) == nil { await Task.yield() }
        holder.withLock { $0?.cancel() }
      }
      return await bracketing(messages)
    }
    let task = Task { try await processor.run() }
    holder.withLock { $0 = task }
    let figures = try await task.value
    #expect(figures.answered == 21 && answers.texts.count == 21 && queue.done.withLock { $0.count } == 21)
  }

  @Test(arguments: ["model", "answers", "source"]) func `a stop is over in time, whatever hangs`(_ hanging: String) async throws {
    let (hangs, signal) = AsyncStream<Void>.makeStream()
    let hang: @Sendable () async -> Void = {
      signal.yield()
      // Cancellation does not help, as with a broker that is away.
      await Task { try? await Task.sleep(for: .seconds(600)) }.value
    }
    var settings = settings()
    settings.drain = .milliseconds(50)
    let queue = MemoryQueue(["q0"])
    let processor = StreamProcessor(
      from: HangingSource(MemorySource(queue), hang: hanging == "source" ? hang : nil),
      to: HangingSink(hang: hanging == "answers" ? hang : nil), dead: MemorySink(), model: "m@1", settings: settings
    ) { messages in
      if hanging == "model" { await hang() }
      return await bracketing(messages)
    }
    let task = Task { try await processor.run() }
    if hanging == "source" {
      // It hangs when it is closed.
      for _ in 0..<4000 where queue.done.withLock({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(1)) }
    } else {
      for await _ in hangs { break }
    }
    task.cancel()
    do {
      _ = try await task.value
      Issue.record("nothing has confirmed it")
    } catch let error as StreamError { #expect(error.kind == .stopped && error.expected?.contains("delivered again") == true) }
    #expect(queue.done.withLock { $0.isEmpty } == (hanging != "source"))
  }

  @Test func `what goes wrong is told, also where the goodbye hangs`() async throws {
    var settings = settings()
    settings.drain = .milliseconds(50)
    let processor = StreamProcessor(
      from: HangingSource(MemorySource(MemoryQueue(["q0"]))) { await Task { try? await Task.sleep(for: .seconds(600)) }.value },
      to: MemorySink([{ _ in .fatal("fenced") }]), dead: MemorySink(), model: "m@1", settings: settings, answer: bracketing)
    do {
      _ = try await processor.run()
      Issue.record("the connection is gone")
    } catch let error as StreamError { #expect(error.kind == .fatal && error.problem.contains("fenced")) }
  }

  @Test func `a source tells of its connection until something comes again`() {
    var connection = StreamConnection()
    connection.failed("refused")
    connection.failed("silent")
    #expect(connection.failures == 2 && connection.trouble == "silent")
    connection.works()
    #expect(connection.failures == 2 && connection.trouble == nil)
    #expect(KafkaIntake.lasting("a:1: Connect failed: refused (after 0ms in state CONNECT)") == "a:1: Connect failed: refused")
  }

  @Test func `only a model's own answers count as answered`() {
    func id(_ model: String?, _ id: String = "a") -> String? {
      StreamHeaders.questionID(in: model.map { [StreamHeader("martlet-model", $0), StreamHeader("martlet-id", id)] } ?? [], of: "m")
    }
    #expect(id("m@1") == "a" && id("m@2") == "a")
    #expect([id("n@1"), id("mm@1"), id(nil), id("m@1", "")].allSatisfy { $0 == nil })
  }

  @Test func `a message of RabbitMQ without name and key is nobody's duplicate`() {
    #expect(RabbitIntake.name(Array("x".utf8), key: nil) == "x" && RabbitIntake.name([], key: [1]) == nil)
    #expect(RabbitIntake.name(nil, key: [1]) == nil)
    let first = RabbitIntake.name(nil, key: nil), second = RabbitIntake.name([], key: [])
    #expect(first != nil && second != nil && first != second)
  }

  @Test func `what AMQP cannot carry is refused at once, and fits as a dead letter`() {
    func message(_ key: Int, _ headers: [StreamHeader] = []) -> OutgoingMessage {
      OutgoingMessage(key: [UInt8](repeating: 1, count: key), value: [2], headers: headers, id: "a")
    }
    let long = StreamHeader(String(repeating: "n", count: 256), "v"), large = StreamHeader("h", [UInt8](repeating: 3, count: 120_000))
    let error = StreamHeader("martlet-error", "bad-request")
    #expect(RabbitOutlet.obstacle(message(255)) == nil)
    for wrong in [message(256), message(1, [long]), message(1, [large])] {
      guard case .refused? = RabbitOutlet.obstacle(wrong) else {
        Issue.record("AMQP cannot carry it")
        continue
      }
      #expect(RabbitOutlet.fitted(wrong) == wrong)
      let letter = OutgoingMessage(key: wrong.key, value: wrong.value, headers: wrong.headers + [error], id: wrong.id)
      let fitted = RabbitOutlet.fitted(letter)
      #expect(RabbitOutlet.obstacle(fitted) == nil && fitted.value == [2] && fitted.headers.contains(error))
    }
    let letter = RabbitOutlet.fitted(message(256, [error]))
    #expect(letter.key == nil && letter.headers.last == StreamHeader("martlet-key", [UInt8](repeating: 1, count: 256)))
    #expect(RabbitOutlet.fitted(message(200_000, [error])).headers.last == StreamHeader("martlet-dropped", "key"))
  }

  @Test func `the memory holds so many ids and no more`() {
    var recent = RecentKeys(limit: 3)
    for id in ["a", "b", "c", "b", "d", "e"] { recent.insert(id) }
    #expect(["a", "b", "c", "d", "e"].map { recent.contains($0) } == [false, false, true, true, true] && recent.count == 3)
  }

  @Test func `pauses double and stay bounded`() {
    var settings = StreamSettings()
    settings.backoff = .milliseconds(100)
    settings.longestBackoff = .seconds(1)
    #expect((2...7).map { settings.pause(before: $0) } == [100, 200, 400, 800, 1000, 1000].map { .milliseconds($0) })
    #expect(settings.pause(before: 1000) == .seconds(1))
  }

  @Test func `figures are written for Prometheus`() {
    var figures = StreamFigures()
    figures.answered = 3
    figures.lag = 17
    let text = figures.prometheus(model: "churn@3")
    #expect(
      text.contains("martlet_stream_answered_total{model=\"churn@3\"} 3\n") && text.contains("martlet_stream_lag{model=\"churn@3\"} 17\n"))
    #expect(text.split(separator: "\n").count == 8 * 3)
  }
}
