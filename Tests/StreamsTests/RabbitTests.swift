import Foundation
import MartletCore
import Synchronization
import Testing

@testable import Streams

/// Where RabbitMQ's server is missing these tests are skipped and say so; `scripts/setup` installs it.
@Suite(.serialized, .timeLimit(.minutes(2)), .enabled(if: TemporaryRabbit.isInstalled, "rabbitmq-server is not installed"))
struct RabbitTests {
  private func publish(_ rabbit: TemporaryRabbit, _ numbers: Range<Int>) async {
    let sink = RabbitSink(rabbit.settings("in"))
    let failures = await sink.send(
      numbers.map { number in
        OutgoingMessage(
          key: Array("k\(number)".utf8), value: Array((number % 50 == 7 ? "bad\(number)" : "q\(number)").utf8),
          headers: [StreamHeader("trace", "t\(number)")], id: "m\(number)")
      })
    #expect(failures.allSatisfy { $0 == nil })
    await sink.close()
  }

  private func processor(
    _ rabbit: TemporaryRabbit, _ source: (any StreamSource)? = nil, answer: @escaping StreamAnswerer = bracketing
  ) -> StreamProcessor {
    var settings = StreamSettings()
    settings.batch = 50
    settings.backoff = .milliseconds(50)
    settings.longestBackoff = .milliseconds(400)
    return StreamProcessor(
      from: source ?? RabbitSource(rabbit.settings("in")), to: RabbitSink(rabbit.settings("out")),
      dead: RabbitSink(rabbit.settings("dead")), model: "m@1", settings: settings, answer: answer)
  }

  /// Takes everything out of a queue: all that comes before a message of our own.
  private func drain(_ rabbit: TemporaryRabbit, _ queue: String) async throws -> [StreamMessage] {
    let sink = RabbitSink(rabbit.settings(queue))
    #expect(await sink.send([OutgoingMessage(key: nil, value: Array("end".utf8), headers: [], id: "end")]) == [nil])
    await sink.close()
    let source = RabbitSource(rabbit.settings(queue))
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
    let source = DyingSource(RabbitSource(rabbit.settings("in", prefetch: 100)), life: 200)
    let dying = processor(rabbit, source)
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
    let slow = processor(rabbit) { messages in
      try? await Task.sleep(for: .milliseconds(60))
      return await bracketing(messages)
    }
    let task = Task { try await slow.run() }
    while slow.figures.answered < 50 { try await Task.sleep(for: .milliseconds(2)) }
    rabbit.stop()
    // It is told that the broker is away, and for how long it is.
    for _ in 0..<4000 where slow.figures.connectionFailures == 0 { try await Task.sleep(for: .milliseconds(5)) }
    #expect(slow.trouble?.contains("does not answer") == true)
    try rabbit.start()
    for _ in 0..<4000 where slow.figures.answered + slow.figures.dead + slow.figures.duplicates < 200 || slow.figures.lag != 0 {
      try await Task.sleep(for: .milliseconds(5))
    }
    #expect(slow.figures.connectionFailures > 0 && slow.trouble == nil)
    task.cancel()
    _ = try await task.value
    let last = try await drain(rabbit, "out")
    #expect(Set(last.map(\.text)).isSuperset(of: Set((1400..<1600).filter { $0 % 50 != 7 }.map { "[q\($0)]" })))
  }

  @Test func `headers of all types come as texts, however deep`() async throws {
    let rabbit = try TemporaryRabbit(queues: ["in"])
    try rabbit.evaluate(
      """
      {_, Deep} = lists:foldl(fun(_, Value) -> {array, [Value]} end, {long, 1}, lists:seq(1, 26000)),
      Headers = [{<<"text">>, longstr, <<"caf\u{E9}"/utf8>>}, {<<"raw">>, binary, <<255, 0>>}, {<<"whole">>, long, -5},
        {<<"small">>, byte, -3}, {<<"natural">>, unsignedint, 4294967295}, {<<"number">>, double, 1.5}, {<<"cost">>, decimal, {2, 123}},
        {<<"yes">>, bool, true}, {<<"leap">>, timestamp, 1709164800}, {<<"nothing">>, void, undefined},
        {<<"list">>, array, [{long, 1}, {longstr, <<"a">>}, {void, undefined}]},
        {<<"table">>, table, [{<<"k">>, bool, false}, {<<"at">>, timestamp, 0}]}],
      Exchange = rabbit_misc:r(<<"/">>, exchange, <<>>),
      ok = element(1, {ok, rabbit_basic:publish(Exchange, <<"in">>, [{headers, Headers}], <<"q1">>)}),
      rabbit_basic:publish(Exchange, <<"in">>, [{headers, [{<<"deep">>, array, Deep}]}], <<"q2">>).
      """)
    let source = RabbitSource(rabbit.settings("in"))
    let messages = try await source.receive(2, within: .seconds(30))
    let message = try #require(messages.first { $0.text == "q1" })
    let texts = [
      "text": "caf\u{E9}", "whole": "-5", "small": "-3", "natural": "4294967295", "number": "1.5", "cost": "1.23", "yes": "true",
      "leap": "2024-02-29T00:00:00Z", "nothing": "", "list": #"[1,"a",null]"#, "table": #"{"at":"1970-01-01T00:00:00Z","k":false}"#,
    ]
    for (name, text) in texts { #expect(message.header(name) == text, "\(name)") }
    #expect(message.headers.first { $0.name == "raw" }?.value == [255, 0] && message.headers.count == texts.count + 1)
    // A table that is nested to hurt whoever reads it.
    let deep = try #require(messages.first { $0.text == "q2" })
    #expect(deep.header("deep") == String(repeating: "[", count: 32) + "\"…\"" + String(repeating: "]", count: 32))
    await source.close()
  }

  @Test func `over TLS both sides know each other`() async throws {
    let certificates = try BrokerCertificates(), strangers = try BrokerCertificates()
    let rabbit = try TemporaryRabbit(queues: ["in", "out", "dead"], certificates: certificates)
    await publish(rabbit, 0..<20)
    let done = try await run(processor(rabbit)) { $0.answered + $0.dead == 20 }
    #expect(done.answered == 19 && done.dead == 1)
    // A broker of another authority, one that is called otherwise, a client without a certificate, one of another authority.
    for change: (inout RabbitSettings) -> Void in [
      { $0.security.authority = strangers.authority }, { $0.host = "127.0.0.1" },
      {
        $0.security.certificate = nil
        $0.security.key = nil
      },
      {
        $0.security.certificate = strangers.client.certificate
        $0.security.key = strangers.client.key
      }, { $0.isSecure = false },
    ] {
      var settings = rabbit.settings("in")
      change(&settings)
      settings.timeout = .seconds(3)
      #expect(throws: StreamError.self) { _ = try RabbitConnection(settings) }
    }
  }

  @Test func `a queue that is not there is named`() async throws {
    let rabbit = try TemporaryRabbit(queues: ["in"])
    let source = RabbitSource(rabbit.settings("nowhere"))
    do {
      _ = try await source.receive(1, within: .zero)
      Issue.record("there is no such queue")
    } catch let error as StreamError { #expect(error.kind == .refused && error.problem.contains("nowhere")) }
    await source.close()
    let sink = RabbitSink(rabbit.settings("nowhere"))
    let outcome = await sink.send([OutgoingMessage(key: nil, value: [1], headers: [], id: "a")])
    guard case .fatal? = outcome[0] else {
      Issue.record("\(outcome)")
      return
    }
    await sink.close()
    var stranger = rabbit.settings("in")
    stranger.security.user = "somebody"
    stranger.security.password = "wrong"
    #expect(throws: StreamError.self) { _ = try RabbitConnection(stranger) }
  }
}
