import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTesting
import Logging
import MartletCore
import NIOCore
import Synchronization
import Testing

@testable import Serving
@testable import Web

/// How a test talks to the server: straight to the responder, or over a socket.
enum Way: String, CaseIterable, Sendable {
  case router, live

  var setup: TestingSetup { self == .router ? .router : .live }
}

/// Collects log lines.
final class LogLines: Sendable {
  private let lines = Mutex<[String]>([])

  var all: [String] { lines.withLock { $0 } }

  var logger: Logger {
    Logger(label: "test") { label in
      JSONLogHandler(label: label) { bytes in
        let line = String(decoding: bytes, as: UTF8.self)
        self.lines.withLock { $0.append(line) }
      }
    }
  }
}

/// What came back, with its JSON.
struct Answer {
  let status: Int
  let headers: HTTPFields
  let text: String
  let bytes: [UInt8]

  var json: JSONValue { (try? JSON.decode(JSONValue.self, from: Data(bytes), source: "answer")) ?? .null }
  var error: String { json["error"]?.stringValue ?? "" }
}

extension TestClientProtocol {
  func get(_ path: String, _ headers: HTTPFields = [:]) async throws -> Answer { try await send(.get, path, headers: headers) }

  func post(_ path: String, _ body: String, type: String? = "application/json", _ headers: HTTPFields = [:]) async throws -> Answer {
    try await post(path, bytes: Array(body.utf8), type: type, headers)
  }

  func post(_ path: String, bytes: [UInt8], type: String?, _ headers: HTTPFields = [:]) async throws -> Answer {
    var headers = headers
    if let type { headers[.contentType] = type }
    return try await send(.post, path, headers: headers, body: ByteBuffer(bytes: bytes))
  }

  func send(_ method: HTTPRequest.Method, _ path: String, headers: HTTPFields = [:], body: ByteBuffer? = nil) async throws -> Answer {
    let response = try await executeRequest(uri: path, method: method, headers: headers, body: body)
    return Answer(
      status: response.status.code, headers: response.headers, text: String(buffer: response.body),
      bytes: Array(response.body.readableBytesView))
  }
}

func quietOptions() -> ServerOptions {
  var options = ServerOptions()
  options.logsRequests = false
  // Models that are held by their test would hold the start, too.
  options.warmsUp = false
  // The tests' own connections call the server as they like.
  options.hosts = ["*"]
  return options
}

/// Starts a server with the models and hands over a client.
func withServer<Result: Sendable>(
  _ way: Way, _ models: [ServedModel], ensembles: [EnsembleSpec] = [], options: ServerOptions = quietOptions(), logger: Logger? = nil,
  _ body: @Sendable (any TestClientProtocol) async throws -> Result
) async throws -> Result {
  let server = try ModelServer(models: models, ensembles: ensembles, options: options, logger: logger ?? LogLines().logger)
  return try await server.application.test(way.setup, body)
}

struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}

/// Hands over a client of a responder without a server around it.
func withResponder(_ responder: WebResponder, _ body: @Sendable (any TestClientProtocol) async throws -> Void) async throws {
  try await Application(responder: responder, logger: LogLines().logger).test(.router, body)
}
