import Foundation
import MartletCore
import Synchronization
import Testing

@testable import Streams

/// Where RabbitMQ's server is missing these tests are skipped and say so; `scripts/setup` installs it.
@Suite(.serialized, .timeLimit(.minutes(2)), .enabled(if: TemporaryRabbit.isInstalled, "rabbitmq-server is not installed"))
struct RabbitTests {
  /// A source that dies as a killed process does.
  private final class DyingSource: StreamSource {
    struct Killed: Error {}
    private let source: RabbitSource
    private let life: Int
    private let acknowledged = Mutex(0)
    /// Messages that the broker knows to be done.
    let kept = Mutex(0)

    init(_ source: RabbitSource, life: Int) {
      self.source = source
      self.life = life
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
    func close() async { await source.close(committing: true) }
  }

  private func publish(_ rabbit: TemporaryRabbit, _ numbers: Range<Int>) async {
    let sink = try? RabbitSink(rabbit.settings("in"))
    let failures = await sink?.send(
      numbers.map { number in
        OutgoingMessage(
          key: Array("k\(number)".utf8), value: Array((number % 50 == 7 ? "bad\(number)" : "q\(number)").utf8),
          headers: [StreamHeader("trace", "t\(number)")], id: "m\(number)")
      })
    #expect(failures?.allSatisfy { $0 == nil } == true)
    await sink?.close()
  }

  private func processor(
    _ rabbit: TemporaryRabbit, _ source: (any StreamSource)? = nil, answer: @escaping StreamAnswerer = bracketing
  ) throws -> StreamProcessor {
    var settings = StreamSettings()
    settings.batch = 50
    settings.backoff = .milliseconds(50)
    settings.longestBackoff = .milliseconds(400)
    return StreamProcessor(
      from: try source ?? RabbitSource(rabbit.settings("in")), to: try RabbitSink(rabbit.settings("out")),
      dead: try RabbitSink(rabbit.settings("dead")), model: "m@1", settings: settings, answer: answer)
  }

  private func run(_ processor: StreamProcessor, until isDone: (StreamFigures) -> Bool) async throws -> StreamFigures {
    let task = Task { try await processor.run() }
    for _ in 0..<4000 where !isDone(processor.figures) { try await Task.sleep(for: .milliseconds(5)) }
    task.cancel()
    return try await task.value
  }

  /// Takes everything out of a queue: all that comes before a message of our own.
  private func drain(_ rabbit: TemporaryRabbit, _ queue: String) async throws -> [StreamMessage] {
    let sink = try RabbitSink(rabbit.settings(queue))
    #expect(await sink.send([OutgoingMessage(key: nil, value: Array("end".utf8), headers: [], id: "end")]) == [nil])
    await sink.close()
    let source = try RabbitSource(rabbit.settings(queue))
    var all: [StreamMessage] = []
    while all.last?.text != "end" {
      let batch = try await source.receive(1000, within: .milliseconds(100))
      try #require(!batch.isEmpty)
      try await source.acknowledge(batch)
      all += batch
    }
    await source.close()
    return all.dropLast()
  }

  @Test func `messages are answered at least once through kills of both sides`() async throws {
    let rabbit = try TemporaryRabbit(queues: ["in", "out", "dead"])

    // A thousand messages, a fiftieth of them poison.
    await publish(rabbit, 0..<1000)
    let done = try await run(processor(rabbit)) { $0.answered + $0.dead == 1000 }
    #expect(done.consumed == 1000 && done.answered == 980 && done.dead == 20 && done.duplicates == 0)
    let answers = try await drain(rabbit, "out")
    #expect(answers.count == 980 && Set(answers.map(\.text)) == Set((0..<1000).filter { $0 % 50 != 7 }.map { "[q\($0)]" }))
    let answer = try #require(answers.first { $0.text == "[q3]" })
    #expect(answer.key == Array("k3".utf8) && answer.header("trace") == "t3" && answer.header("martlet-model") == "m@1")
    #expect(answer.messageID == answer.header("martlet-id"))
    let dead = try await drain(rabbit, "dead")
    #expect(dead.count == 20 && dead.allSatisfy { $0.text.hasPrefix("bad") && $0.header("martlet-error") == "bad-request" })
    #expect(dead.allSatisfy { $0.header("martlet-attempts") == "1" && $0.header("martlet-source")?.hasPrefix("in/") == true })

    // A consumer that is killed half-way: what it did not acknowledge comes again, and its answer has the same id.
    await publish(rabbit, 1000..<1400)
    let source = DyingSource(try RabbitSource(rabbit.settings("in", prefetch: 100)), life: 200)
    let dying = try processor(rabbit, source)
    await #expect(throws: DyingSource.Killed.self) { _ = try await dying.run() }
    let left = 400 - source.kept.withLock { $0 }, before = dying.figures
    #expect(left > 200 && before.answered + before.dead > 400 - left)
    let second = try await run(processor(rabbit)) { $0.answered + $0.dead == left }
    #expect(second.answered + second.dead == left)
    let again = try await drain(rabbit, "out")
    #expect(again.count == before.answered + second.answered && again.count > 392)
    #expect(Set(again.map(\.text)).count == 392 && Set(again.map(\.messageID)).count == 392)

    // The server is killed and comes back: what was confirmed is there, what was not is sent again.
    await publish(rabbit, 1400..<1600)
    let slow = try processor(rabbit) { messages in
      try? await Task.sleep(for: .milliseconds(60))
      return await bracketing(messages)
    }
    let task = Task { try await slow.run() }
    while slow.figures.answered < 50 { try await Task.sleep(for: .milliseconds(2)) }
    rabbit.stop()
    try rabbit.start()
    for _ in 0..<4000 where slow.figures.answered + slow.figures.dead + slow.figures.duplicates < 200 || slow.figures.lag != 0 {
      try await Task.sleep(for: .milliseconds(5))
    }
    task.cancel()
    _ = try await task.value
    let last = try await drain(rabbit, "out")
    #expect(Set(last.map(\.text)).isSuperset(of: Set((1400..<1600).filter { $0 % 50 != 7 }.map { "[q\($0)]" })))
  }

  @Test func `a queue that is not there is named`() async throws {
    let rabbit = try TemporaryRabbit(queues: ["in"])
    let source = try RabbitSource(rabbit.settings("nowhere"))
    do {
      _ = try await source.receive(1, within: .zero)
      Issue.record("there is no such queue")
    } catch let error as StreamError { #expect(error.kind == .refused && error.problem.contains("nowhere")) }
    await source.close()
    let sink = try RabbitSink(rabbit.settings("nowhere"))
    let outcome = await sink.send([OutgoingMessage(key: nil, value: [1], headers: [], id: "a")])
    #expect(outcome.first??.isFatal == true)
    await sink.close()
    var stranger = rabbit.settings("in")
    stranger.security.user = "somebody"
    stranger.security.password = "wrong"
    #expect(throws: StreamError.self) { _ = try RabbitConnection(stranger) }
  }
}
