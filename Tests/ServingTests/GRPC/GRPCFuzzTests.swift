import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2
import InferenceProtocol
import MartletCore
import NIOCore
import SwiftProtobuf
import Testing

@testable import Serving
@testable import Web

/// No message can end the process, and none that the model survives is the server's fault.
@Suite struct GRPCFuzzTests {
  private static func seeds() throws -> [[UInt8]] {
    var small = Inference_ModelInferRequest.numbers([1, 2, 3])
    small.parameters["timeout"] = .with { $0.int64Param = 5_000_000 }
    small.parameters["priority"] = .with { $0.uint64Param = 1 }
    small.outputs = [.with { $0.name = "y" }]
    let image = Inference_ModelInferRequest.with {
      $0.modelName = "fashion"
      $0.inputs = [
        .with {
          $0.name = "image"
          $0.datatype = "FP32"
          $0.shape = [1, 1, 2, 2]
          $0.contents.fp32Contents = [0.5, 1, 0.25, -2]
        }
      ]
      $0.outputs = [
        .with {
          $0.name = "logits"
          $0.parameters["classification"] = .with { $0.int64Param = 2 }
        }
      ]
    }
    let messages: [Inference_ModelInferRequest] = [small, image, .text("a b c", model: "words", ["max_tokens": 3, "temperature": 0.5])]
    return try messages.map { [UInt8](try $0.serializedData()) } + [[]]
  }

  private static func mutate(_ seed: [UInt8], _ random: inout SplitMix) -> [UInt8] {
    var bytes = seed
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      let place = Int.random(in: 0...bytes.count, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 1 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
      case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...6, using: &random)))
      case 3: bytes.insert(contentsOf: [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F].prefix(place % 10), at: place)
      case 4:
        let part = bytes[place..<min(bytes.count, place + Int.random(in: 1...30, using: &random))]
        bytes.insert(contentsOf: Array(part), at: Int.random(in: 0...bytes.count, using: &random))
      default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
      }
    }
    return bytes
  }

  static func run(_ client: AnyGRPCClient, count: Int, seed: UInt64) async throws -> [RPCError.Code?: Int] {
    let seeds = try seeds()
    let descriptors = Inference_GRPCInferenceService.Method.descriptors.filter { $0.method != "ModelStreamInfer" }
    let infer = Inference_GRPCInferenceService.Method.ModelInfer.descriptor
    var random = SplitMix(state: seed)
    var codes: [RPCError.Code?: Int] = [:]
    for _ in 0..<count {
      let bytes = mutate(seeds.randomElement(using: &random) ?? [], &random)
      let method = Int.random(in: 0..<4, using: &random) == 0 ? descriptors.randomElement(using: &random) ?? infer : infer
      var metadata: Metadata = [:]
      switch Int.random(in: 0..<8, using: &random) {
      case 0: metadata = ["grpc-timeout": "99999999H"]
      case 1: metadata = ["x-request-id": "\(String(repeating: "a", count: 200))", "x-client-id": "c"]
      default: break
      }
      let found = await code {
        try await client.unary(
          request: ClientRequest(message: bytes, metadata: metadata), descriptor: method, serializer: RawCoder(), deserializer: RawCoder(),
          options: .defaults
        ) { try $0.message }
      }
      codes[found, default: 0] += 1
      #expect(found != .internalError && found != .unknown, "\(method.method) \(bytes): \(found.map { "\($0)" } ?? "ok")")
    }
    return codes
  }

  @Test func `mutated messages`() async throws {
    let models = [LinearClassifier.served(), Echo(.float64, shape: [nil]).served()]
    try await withGRPC(models, [ServedLanguageModel(name: "words", version: "1", generator: FakeGenerator())]) { client, raw, _ in
      let codes = try await Self.run(raw, count: 1500 * FuzzTests.times, seed: 11)
      // The mutations must reach the good paths as well as the bad ones.
      #expect(codes[nil] ?? 0 > 100 && codes[.invalidArgument] ?? 0 > 100 && codes[.notFound] ?? 0 > 10, "\(codes)")
      #expect(try await client.serverLive(.init()).live)
    }
  }

  @Test func `timeouts as they may come`() {
    for (text, duration) in [
      ("1S", .seconds(1)), ("99999999H", .seconds(99_999_999 * 3600)), ("5m", .milliseconds(5)), ("7u", .microseconds(7)), ("", nil),
      ("S", nil), ("123456789S", nil), ("-1S", nil), ("1x", nil), ("1.5S", nil), ("0n", .zero),
    ] as [(String, Duration?)] {
      #expect(CallDeadline.duration(text) == duration, "\(text)")
    }
    let deadline = CallDeadline(["grpc-timeout": "99999999H"], .now)
    #expect(deadline.remaining.map { $0.nanoseconds <= 86_400_000_000_000 } == true)
  }
}
