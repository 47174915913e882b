import Foundation
import HTTPTypes
import HummingbirdTesting
import Logging
import MartletCore
import NIOCore
import ServiceLifecycle
import Testing

@testable import Serving
@testable import Web

@Suite struct LanguageServerTests {
  @Test(arguments: Way.allCases) func `models of both kinds beside each other`(way: Way) async throws {
    try await withLanguages(way, models: [LinearClassifier.served()]) { client in
      let list = try await client.get("/v1/models").json
      #expect(list["object"] == "list")
      #expect(list["data"]?.arrayValue?.map { $0["id"] } == ["echo", "echo@1", "echo@2", "vectors"])
      #expect(list["data"]?[0] == ["id": "echo", "object": "model", "created": 1_700_000_000, "owned_by": "martlet"])
      #expect(try await client.get("/v1/models/echo").json["object"] == "model")
      #expect(try await client.get("/v1/models/echo%401").json["id"] == "echo@1")
      // A predictor is told as TensorFlow Serving does.
      #expect(try await client.get("/v1/models/fashion").json["model_version_status"]?[0]?["state"] == "AVAILABLE")
      let unknown = try await client.get("/v1/models/ehco")
      #expect(unknown.status == 404 && unknown.code == "model_not_found" && unknown.message.contains("`echo`"))
      #expect(try await client.get("/v1/models/echo@7").status == 404)
      let all = try await client.get("/models").json["models"]?.arrayValue ?? []
      #expect(all.map { $0["name"] } == ["fashion", "echo", "echo", "vectors"])
      let one = try await client.get("/models/echo").json
      #expect(
        one["version"] == "2" && one["abilities"] == ["generation"] && one["context"] == 512 && one["metrics"] == ["perplexity": 12.5])
      #expect(try await client.get("/").json["models"] == ["echo", "fashion", "vectors"])
      #expect(try await client.post("/v1/models/fashion:predict", #"{"instances": [[1,2,3,4]]}"#).status == 200)
    }
  }

  @Test func `names must differ`() throws {
    let language = ServedLanguageModel(name: "fashion", version: "1", generator: FakeGenerator())
    for models in [[LinearClassifier.served()], []] {
      let error = #expect(throws: ServerError.self) { try ModelServer(models: models, languageModels: [language, language]) }
      #expect(error?.kind == .duplicateModel(name: "fashion", version: "1"))
    }
    let error = #expect(throws: ServerError.self) { try ModelServer(models: [LinearClassifier.served()], languageModels: [language]) }
    #expect(error?.kind == .duplicateModel(name: "fashion", version: "1"))
    _ = try ModelServer(models: [], languageModels: [language])
  }

  @Test(arguments: Way.allCases) func `figures and log lines`(way: Way) async throws {
    let log = LogLines()
    var options = quietOptions()
    options.logsRequests = true
    try await withLanguages(way, options: options, logger: log.logger) { client in
      _ = try await client.post(ChatTests.path, chat("a b c"), [.requestID: "whole"])
      _ = try await client.post(ChatTests.path, chat("a b c", #""stream": true"#), [.requestID: "streamed"])
      _ = try await client.post("/v1/embeddings", #"{"model": "vectors", "input": "abc"}"#)
      while !log.all.contains(where: { $0.contains("streamed") }) { try await Task.sleep(for: .milliseconds(2)) }
      let text = try await client.get("/metrics").text
      for line in [
        #"martlet_language_generations_total{model="echo",version="2",outcome="complete"} 2"#,
        #"martlet_language_prompt_tokens_total{model="echo",version="2"} 6"#,
        #"martlet_language_cached_tokens_total{model="echo",version="2"} 4"#,
        #"martlet_language_completion_tokens_total{model="echo",version="2"} 6"#,
        #"martlet_language_first_token_seconds_count{model="echo",version="2"} 2"#,
        #"martlet_language_tokens_per_second_count{model="echo",version="2"} 2"#,
        #"martlet_language_requests_active{model="echo",version="2"} 0"#,
        #"martlet_embedding_tokens_total{model="vectors",version="1"} 3"#,
        #"martlet_model_info{model="echo",version="2",platform="fake"} 1"#,
        #"martlet_http_requests_total{method="POST",route="/v1/chat/completions",status="200"} 2"#, "martlet_http_requests_in_flight 1",
      ] { #expect(text.contains(line + "\n"), "\(line)") }
    }
    for id in ["whole", "streamed"] {
      let line = try #require(log.all.first { $0.contains("\"id\":\"\(id)\"") })
      #expect(line.contains("\"model\":\"echo\"") && line.contains("\"version\":\"2\"") && line.contains("\"status\":200"))
      #expect(!line.contains("\"bytes\":0,"))
    }
  }

  @Test(arguments: Way.allCases) func `a silent stream shows that it lives`(way: Way) async throws {
    var options = quietOptions()
    options.streamSilence = .milliseconds(20)
    try await withLanguages(way, FakeGenerator(delay: .milliseconds(70)), options: options) { client in
      let stream = try await client.post(ChatTests.path, chat("a", #""stream": true"#))
      #expect(stream.isDone && stream.text.contains(": \n\n"))
      #expect(stream.chunks.count == 3)
    }
  }

  @Test func `a client that reads nothing is dropped`() async throws {
    let generator = FakeGenerator(delay: .milliseconds(1))
    var options = quietOptions()
    options.streamWriteTimeout = .milliseconds(150)
    try await withLanguages(.live, generator, options: options) { client in
      let port = try #require(client.port)
      let request = post(ChatTests.path, chat("endless " + String(repeating: "x", count: 200_000), #""stream": true"#))
      await RawClient.leave(port: port, request) { generator.cancelled == 1 }
      // The server is well.
      #expect(try await client.post(ChatTests.path, chat("a b")).status == 200)
    }
  }

  @Test func `a client of HTTP 1.0 gets a stream without chunks`() async throws {
    try await withLanguages(.live) { client in
      let port = try #require(client.port)
      let request = post(ChatTests.path, chat("a b", #""stream": true"#)).replacing("HTTP/1.1", with: "HTTP/1.0")
      let text = await RawClient.exchange(port: port, [request])
      #expect(text.hasPrefix("HTTP/1.0 200") && !text.lowercased().contains("transfer-encoding"), "\(text)")
      #expect(text.contains("\r\n\r\ndata: {") && text.hasSuffix("data: [DONE]\n\n"), "\(text)")
    }
  }

  @Test(arguments: Way.allCases) func `many at once`(way: Way) async throws {
    let generator = FakeGenerator(delay: .milliseconds(1))
    try await withLanguages(.live, generator) { client in
      let port = try #require(client.port)
      let texts = await withTaskGroup(of: (Int, String).self) { group in
        for index in 0..<32 {
          group.addTask {
            let body = chat("w\(index) x y z", #""stream": true"#)
            return (index, await RawClient.exchange(port: port, [post(ChatTests.path, body)]))
          }
        }
        return await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
      }
      for (index, text) in texts {
        #expect(text.hasPrefix("HTTP/1.1 200") && text.contains("\"content\":\"w\(index)\"") && text.contains("data: [DONE]"))
      }
    }
    #expect(generator.requests.count == 32 && generator.active == 0 && generator.cancelled == 0)
  }

  @Test(arguments: [#""stream": true"#, ""]) func `a client that leaves ends the work at once`(more: String) async throws {
    let log = LogLines()
    var options = quietOptions()
    options.logsRequests = true
    // A second between tokens: only the end of the connection can end this so soon.
    let generator = FakeGenerator(delay: .seconds(60))
    try await withLanguages(.live, generator, options: options, logger: log.logger) { client in
      let port = try #require(client.port)
      let leaving = Task {
        await RawClient.leave(port: port, post(ChatTests.path, chat("endless", more), id: "gone"), after: { generator.active > 0 })
      }
      await leaving.value
      while generator.active > 0 { try await Task.sleep(for: .milliseconds(2)) }
      #expect(generator.cancelled == 1)
      while !(try await client.get("/metrics").text).contains(
        #"martlet_language_generations_total{model="echo",version="2",outcome="cancelled"} 1"#)
      { try await Task.sleep(for: .milliseconds(2)) }
      while !(try await client.get("/metrics").text).contains("martlet_http_requests_in_flight 1\n") {
        try await Task.sleep(for: .milliseconds(2))
      }
      #expect(try await client.get("/metrics").text.contains(#"route="/v1/chat/completions",status="499"} 1"#))
    }
  }

  @Test func `embeddings that nobody waits for`() async throws {
    let embedder = FakeEmbedder(delay: .seconds(60))
    try await withLanguages(.live, FakeGenerator(), embedder) { client in
      let port = try #require(client.port)
      let body = #"{"model": "vectors", "input": "a"}"#
      await RawClient.leave(port: port, post("/v1/embeddings", body), after: { true })
      while embedder.cancelled == 0 { try await Task.sleep(for: .milliseconds(2)) }
    }
  }

  @Test func `stopping ends what does not end by itself`() async throws {
    var options = quietOptions()
    options.port = 0
    options.drainTimeout = .milliseconds(100)
    let (ports, continuation) = AsyncStream<Int>.makeStream()
    let generator = FakeGenerator()
    let server = try ModelServer(
      models: [], languageModels: [ServedLanguageModel(name: "echo", version: "1", generator: generator)], options: options,
      logger: LogLines().logger
    ) { continuation.yield($0.port) }
    let group = ServiceGroup(configuration: .init(services: [server], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      var iterator = ports.makeAsyncIterator()
      let port = await iterator.next() ?? 0
      async let stream = RawClient.exchange(port: port, [post(ChatTests.path, chat("endless", #""stream": true"#))])
      async let whole = RawClient.exchange(port: port, [post(ChatTests.path, chat("endless"))])
      while generator.active < 2 { try await Task.sleep(for: .milliseconds(2)) }
      await group.triggerGracefulShutdown()
      let streamed = await stream, answered = await whole
      #expect(streamed.hasPrefix("HTTP/1.1 200") && streamed.contains("server_stopping"), "\(streamed.suffix(300))")
      #expect(answered.hasPrefix("HTTP/1.1 503") && answered.contains("server_stopping"), "\(answered)")
      try await tasks.waitForAll()
    }
    #expect(generator.active == 0 && generator.cancelled == 2)
  }
}

/// The bytes of a request.
private func post(_ path: String, _ body: String, id: String = "raw") -> String {
  "POST \(path) HTTP/1.1\r\nHost: a\r\nX-Request-ID: \(id)\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
    + "Connection: close\r\n\r\n" + body
}
