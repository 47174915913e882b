import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTesting
import Logging
import MartletCore
import NIOCore
import Testing

@testable import Serving
@testable import Web

extension Answer {
  /// What the endpoints of OpenAI's clients say about an error.
  var problem: JSONValue { json["error"] ?? .null }
  var message: String { problem["message"]?.stringValue ?? "" }
  var code: String? { problem["code"]?.stringValue }
  var param: String? { problem["param"]?.stringValue }

  /// The documents of a stream, without the end mark and the comments.
  var chunks: [JSONValue] {
    text.components(separatedBy: "\n\n").compactMap { event in
      guard event.hasPrefix("data: "), event != "data: [DONE]" else { return nil }
      return try? JSON.decode(JSONValue.self, from: Data(event.dropFirst(6).utf8), source: "chunk")
    }
  }

  var isDone: Bool { text.hasSuffix("data: [DONE]\n\n") }
}

extension JSONValue {
  subscript(index: Int) -> JSONValue? { arrayValue.flatMap { $0.indices.contains(index) ? $0[index] : nil } }

  var choice: JSONValue { self["choices"]?[0] ?? .null }
}

/// Starts a server with a language model called `echo` and one called `vectors`.
func withLanguages<Result: Sendable>(
  _ way: Way, _ generator: FakeGenerator = FakeGenerator(), _ embedder: FakeEmbedder = FakeEmbedder(),
  models: [ServedModel] = [], options: ServerOptions = quietOptions(), logger: Logger? = nil,
  _ body: @Sendable (any TestClientProtocol) async throws -> Result
) async throws -> Result {
  let created = Date(timeIntervalSince1970: 1_700_000_000)
  let server = try ModelServer(
    models: models,
    languageModels: [
      ServedLanguageModel(name: "echo", version: "1", generator: FakeGenerator(), created: created),
      ServedLanguageModel(
        name: "echo", version: "2", generator: generator, platform: "fake", metrics: ["perplexity": 12.5], created: created),
      ServedLanguageModel(name: "vectors", version: "1", embedder: embedder, created: created),
    ], options: options, logger: logger ?? LogLines().logger)
  return try await server.application.test(way.setup, body)
}

/// A conversation of one message.
func chat(_ text: String, _ more: String = "") -> String {
  #"{"model": "echo", "messages": [{"role": "user", "content": "\#(text)"}]\#(more.isEmpty ? "" : ", " + more)}"#
}
