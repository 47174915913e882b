import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2
import InferenceProtocol
import Logging
import MartletCore
import ServiceLifecycle
import SwiftProtobuf
import Testing

@testable import Serving
@testable import Web

typealias InferenceClient = Inference_GRPCInferenceService.Client<HTTP2ClientTransport.Posix>
typealias AnyGRPCClient = GRPCClient<HTTP2ClientTransport.Posix>

/// Starts a server with a gRPC listener on a free port, and hands over a client.
func withGRPC(
  _ models: [ServedModel], _ languages: [ServedLanguageModel] = [], options: ServerOptions = quietOptions(), isPacked: Bool = false,
  lines: LogLines = LogLines(), server look: (ModelServer) throws -> Void = { _ in },
  _ body: @Sendable @escaping (InferenceClient, AnyGRPCClient, ServiceGroup) async throws -> Void
) async throws {
  var options = options
  options.port = 0
  options.grpcPort = 0
  let (ports, continuation) = AsyncStream<Int>.makeStream()
  let server = try ModelServer(models: models, languageModels: languages, options: options, logger: lines.logger) {
    continuation.yield($0.grpcPort ?? 0)
  }
  let group = ServiceGroup(configuration: .init(services: [server], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
  try await withThrowingTaskGroup(of: Void.self) { tasks in
    tasks.addTask { try await group.run() }
    var iterator = ports.makeAsyncIterator()
    let port = await iterator.next() ?? 0
    let transport = try HTTP2ClientTransport.Posix(
      target: .ipv4(address: "127.0.0.1", port: port), transportSecurity: .plaintext,
      config: .defaults {
        if isPacked { $0.compression = .init(algorithm: .gzip, enabledAlgorithms: .gzip) }
      })
    try await withGRPCClient(transport: transport) { client in
      try await body(InferenceClient(wrapping: client), client, group)
    }
    try look(server)
    await group.triggerGracefulShutdown()
    try await tasks.waitForAll()
  }
}

extension Inference_ModelInferRequest {
  /// One input of 64-bit floats, raw.
  static func numbers(_ values: [Double], model: String = "echo", id: String = "") -> Inference_ModelInferRequest {
    .with {
      $0.modelName = model
      $0.id = id
      $0.inputs = [
        .with {
          $0.name = "x"
          $0.datatype = "FP64"
          $0.shape = [Int64(values.count)]
        }
      ]
      $0.rawInputContents = [values.withUnsafeBytes { Data($0) }]
    }
  }

  static func text(_ text: String, model: String = "echo", id: String = "", _ parameters: [String: JSONValue] = [:]) -> Self {
    .with {
      $0.modelName = model
      $0.id = id
      $0.parameters = parameters.mapValues { Inference_InferParameter($0) }
      $0.inputs = [
        .with {
          $0.name = "text_input"
          $0.datatype = "BYTES"
          $0.shape = [1]
          $0.contents.bytesContents = [Data(text.utf8)]
        }
      ]
    }
  }
}

extension Inference_ModelInferResponse {
  /// The first output's raw 64-bit floats.
  var numbers: [Double] {
    rawOutputContents.first.map { data in
      (0..<data.count / 8).map { index in
        [UInt8](data).withUnsafeBytes { $0.loadUnaligned(fromByteOffset: index * 8, as: Double.self) }
      }
    } ?? []
  }
}

/// The code that a call ends with, or `nil` where it succeeds.
func code(_ call: () async throws -> some Any) async -> RPCError.Code? {
  do {
    _ = try await call()
    return nil
  } catch {
    return (error as? RPCError)?.code ?? .unknown
  }
}

/// Messages as bytes, right or wrong.
struct RawCoder: MessageSerializer, MessageDeserializer {
  func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Bytes { Bytes(message) }
  func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> [UInt8] { bytes.withUnsafeBytes { Array($0) } }
}
