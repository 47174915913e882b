import CRDKafka
import Foundation
import MartletCore
import Testing

@testable import Streams

/// A cluster of Kafka's protocol inside this process: librdkafka's own mock.
///
/// `@unchecked Sendable`: the mock's functions may be called from any thread; it is destroyed by its one owner.
private final class MockKafka: @unchecked Sendable {
  private let owner: KafkaClient
  private let cluster: OpaquePointer
  let settings: KafkaSettings

  init() throws {
    owner = try KafkaClient(RD_KAFKA_PRODUCER, KafkaSettings(brokers: ["127.0.0.1:1"]), []) { configuration in
      rd_kafka_conf_set_error_cb(configuration) { _, _, _, _ in }
    }
    cluster = try #require(rd_kafka_mock_cluster_new(owner.handle, 1))
    var settings = KafkaSettings(brokers: [String(cString: try #require(rd_kafka_mock_cluster_bootstraps(cluster)))])
    settings.properties = ["reconnect.backoff.max.ms": "200"]
    self.settings = settings
    for topic in ["in", "out", "dead"] { rd_kafka_mock_topic_create(cluster, topic, topic == "in" ? 3 : 2, 1) }
  }

  deinit {
    rd_kafka_mock_cluster_destroy(cluster)
    rd_kafka_destroy(owner.handle)
  }

  func stop() { rd_kafka_mock_broker_set_down(cluster, 1) }
  func start() { rd_kafka_mock_broker_set_up(cluster, 1) }

  /// Messages `q0`… with keys, of which each with a number in `bad` is poison.
  func publish(_ numbers: Range<Int>, bad: (Int) -> Bool = { _ in false }) async throws {
    let sink = try KafkaSink("in", settings: settings)
    let messages = numbers.map { number in
      OutgoingMessage(
        key: Array("k\(number)".utf8), value: Array((bad(number) ? "bad\(number)" : "q\(number)").utf8),
        headers: [StreamHeader("trace", "t\(number)")], id: "")
    }
    let failures = await sink.send(messages).compactMap { $0 }
    #expect(failures.isEmpty, "\(failures)")
    await sink.close()
  }

  func all(_ topic: String) async throws -> [StreamMessage] {
    let settings = settings
    return try await BlockingThread.run("test") { try KafkaTail.messages(topic, limit: 100_000, settings: settings) }
  }

  func source(_ group: String = "g", prefetch: Int = 1000) throws -> KafkaSource {
    var settings = settings
    settings.prefetch = prefetch
    // The mock waits three seconds for more members; who is silent for longer than this is no member any more.
    settings.properties["session.timeout.ms"] = "5000"
    settings.properties["heartbeat.interval.ms"] = "200"
    return try KafkaSource("in", group: group, settings: settings)
  }

  func processor(_ source: any StreamSource, answer: @escaping StreamAnswerer = bracketing) throws -> StreamProcessor {
    var settings = StreamSettings()
    settings.batch = 50
    settings.backoff = .milliseconds(50)
    settings.longestBackoff = .milliseconds(400)
    return StreamProcessor(
      from: source, to: try KafkaSink("out", settings: self.settings), dead: try KafkaSink("dead", settings: self.settings), model: "m@1",
      settings: settings, answer: answer)
  }
}

@Suite(.timeLimit(.minutes(1))) struct KafkaTests {
  @Test func `a thousand messages with poison are answered, and a second process goes on where the first stopped`() async throws {
    let kafka = try MockKafka()
    try await kafka.publish(0..<1000) { $0 % 50 == 7 }
    let done = try await run(kafka.processor(kafka.source())) { $0.answered + $0.dead == 1000 }
    #expect(done.consumed == 1000 && done.answered == 980 && done.dead == 20 && done.duplicates == 0 && done.lag == 0)
    let answers = try await kafka.all("out")
    #expect(Set(answers.map(\.text)) == Set((0..<1000).filter { $0 % 50 != 7 }.map { "[q\($0)]" }) && answers.count == 980)
    let answer = try #require(answers.first { $0.text == "[q3]" })
    #expect(answer.key == Array("k3".utf8) && answer.header("trace") == "t3" && answer.header("martlet-model") == "m@1")
    let dead = try await kafka.all("dead")
    let letter = try #require(dead.first { $0.text == "bad57" })
    #expect(dead.count == 20 && letter.header("martlet-error") == "bad-request" && letter.header("martlet-attempts") == "1")
    #expect(letter.header("martlet-reason") == "'bad57' is no question" && letter.header("martlet-source")?.hasPrefix("in/") == true)

    try await kafka.publish(1000..<1100)
    let more = try await run(kafka.processor(kafka.source())) { $0.answered == 100 }
    #expect(more.consumed == 100 && more.answered == 100)
    #expect(try await kafka.all("out").count == 1080)
  }

  @Test func `after a kill nothing is lost and nothing is answered twice`() async throws {
    let kafka = try MockKafka()
    try await kafka.publish(0..<1000) { $0 % 100 == 1 }
    let source = try kafka.source()
    let dying = try kafka.processor(DyingSource(source, life: 500) { await source.close(committing: false) })
    await #expect(throws: DyingSource.Killed.self) { _ = try await dying.run() }
    let before = try await kafka.all("out").count
    #expect(before > 400 && before < 1000)
    let second = try await run(kafka.processor(kafka.source())) { $0.answered + before >= 990 && ($0.lag ?? 1) == 0 }
    #expect(second.duplicates > 0)
    let answers = try await kafka.all("out").map(\.text)
    #expect(answers.count == 990 && Set(answers).count == 990)
    #expect(try await kafka.all("dead").count == 10)
  }

  @Test func `while the broker is away nothing is given up`() async throws {
    let kafka = try MockKafka()
    try await kafka.publish(0..<300)
    let processor = try kafka.processor(kafka.source()) { messages in
      try? await Task.sleep(for: .milliseconds(30))
      return await bracketing(messages)
    }
    let task = Task { try await processor.run() }
    while processor.figures.answered < 100 { try await Task.sleep(for: .milliseconds(2)) }
    kafka.stop()
    // It is told that the broker is away, and for how long it is.
    for _ in 0..<4000 where processor.figures.connectionFailures == 0 { try await Task.sleep(for: .milliseconds(5)) }
    #expect(processor.figures.connectionFailures > 0 && processor.trouble?.contains(" (after ") == false)
    kafka.start()
    for _ in 0..<4000 where processor.figures.answered < 300 { try await Task.sleep(for: .milliseconds(5)) }
    task.cancel()
    _ = try await task.value
    let answers = try await kafka.all("out").map(\.text)
    #expect(answers.count == 300 && Set(answers).count == 300)
  }

  @Test func `two members of a group share the partitions, and a change answers nothing twice`() async throws {
    let kafka = try MockKafka()
    try await kafka.publish(0..<400)
    let slow: StreamAnswerer = { messages in
      try? await Task.sleep(for: .milliseconds(100))
      return await bracketing(messages)
    }
    let first = try kafka.processor(kafka.source(), answer: slow)
    let one = Task { try await first.run() }
    while first.figures.answered < 50 { try await Task.sleep(for: .milliseconds(2)) }
    let second = try kafka.processor(kafka.source(), answer: slow)
    let other = Task { try await second.run() }
    try await kafka.publish(400..<600)
    for _ in 0..<4000 where first.figures.answered + second.figures.answered < 600 { try await Task.sleep(for: .milliseconds(5)) }
    one.cancel()
    other.cancel()
    _ = try await (one.value, other.value)
    let answers = try await kafka.all("out").map(\.text)
    #expect(Set(answers).count == 600)
    // What is under way when partitions move may come twice, with one id.
    #expect(answers.count <= 650)
  }

  @Test func `no more messages are kept ready than wanted`() async throws {
    let kafka = try MockKafka()
    try await kafka.publish(0..<60)
    let source = try kafka.source(prefetch: 10)
    let firsts = try await source.receive(10, within: .seconds(5))
    #expect(firsts.count == 10)
    try await source.acknowledge(firsts)
    var all = firsts.count
    while all < 60 {
      let batch = try await source.receive(100, within: .milliseconds(30))
      // Nothing comes beyond what is kept ready, however much is asked for.
      #expect(batch.count <= 10)
      try #require(!batch.isEmpty)
      all += batch.count
      try await source.acknowledge(batch)
    }
    #expect(all == 60)
    await source.close()
  }

  @Test func `missing rights to read back are refused, silence is waited for`() {
    for error in [
      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR__AUTHENTICATION,
    ] {
      let failure = KafkaTail.failure(error, "out")
      #expect(failure.kind == .refused && failure.remedy?.contains("--dead") == true)
    }
    #expect(KafkaTail.failure(RD_KAFKA_RESP_ERR__TIMED_OUT, "out").kind == .unavailable)
  }

  @Test func `wrong settings are named without their values`() throws {
    var settings = KafkaSettings(brokers: ["127.0.0.1:1"])
    settings.properties = ["sasl.password.x": "secret"]
    do {
      _ = try KafkaSink("out", settings: settings)
      Issue.record("there is no such property")
    } catch let error as StreamError {
      #expect(error.kind == .configuration && error.problem.contains("sasl.password.x") && !error.problem.contains("secret"))
    }
  }
}
