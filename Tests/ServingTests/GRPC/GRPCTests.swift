import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2
import InferenceProtocol
import MartletCore
import ServiceLifecycle
import SwiftProtobuf
import Testing

@testable import Serving
@testable import Web

@Suite struct GRPCTests {
  private static func models() -> [ServedModel] {
    [LinearClassifier.served(version: "v10"), Echo(.float64, shape: [nil]).served(), Echo(.int8, shape: [nil]).served("small")]
  }

  private static let image = Inference_ModelInferRequest.with {
    $0.modelName = "fashion"
    $0.id = "a1"
    $0.inputs = [
      .with {
        $0.name = "image"
        $0.datatype = "FP32"
        $0.shape = [1, 1, 2, 2]
        $0.contents.fp32Contents = [0.5, 1, 0.25, -2]
      }
    ]
  }

  @Test func `the server, its models and their figures`() async throws {
    try await withGRPC(Self.models()) { client, _, _ in
      #expect(try await client.serverLive(.init()).live)
      #expect(try await client.serverReady(.init()).ready)
      let server = try await client.serverMetadata(.init())
      #expect(server.name == "martlet" && server.extensions.contains("classification"))
      #expect(try await client.modelReady(.with { $0.name = "fashion" }).ready)
      #expect(await code { try await client.modelReady(.with { $0.name = "fashin" }) } == .notFound)
      let metadata = try await client.modelMetadata(.with { $0.name = "fashion" })
      #expect(metadata.versions == ["v10"] && metadata.inputs.first?.shape == [-1, 1, 2, 2] && metadata.outputs.count == 2)
      let config = try await client.modelConfig(.with { $0.name = "fashion" }).config
      #expect(config.maxBatchSize == 8 && config.input.first?.dims == [1, 2, 2] && config.input.first?.dataType == .typeFp32)
      #expect(config.instanceGroup.first?.kind == .cpu)
      _ = try await client.modelInfer(Self.image)
      let statistics = try await client.modelStatistics(.with { $0.name = "fashion" }).modelStats
      #expect(statistics.count == 1 && statistics.first?.inferenceStats.success.count == 1 && statistics.first?.batchStats.count == 1)
      #expect(try await client.modelStatistics(.init()).modelStats.count == 3)
      #expect(try await client.repositoryIndex(.init()).models.map(\.state) == ["READY", "READY", "READY"])
      _ = try await client.repositoryModelUnload(.with { $0.modelName = "small" })
      #expect(try await client.repositoryIndex(.with { $0.ready = true }).models.count == 2)
      #expect(try await client.modelReady(.with { $0.name = "small" }).ready == false)
      #expect(await code { try await client.modelMetadata(.with { $0.name = "small" }) } == .unavailable)
      #expect(await code { try await client.repositoryModelLoad(.with { $0.modelName = "small" }) } == .unimplemented)
      #expect(await code { try await client.repositoryModelUnload(.with { $0.modelName = "none" }) } == .notFound)
      #expect(await code { try await client.systemSharedMemoryStatus(.init()) } == .unimplemented)
      #expect(await code { try await client.cudaSharedMemoryRegister(.init()) } == .unimplemented)
      #expect(await code { try await client.logSettings(.init()) } == .unimplemented)
    }
  }

  @Test(arguments: [false, true]) func `tensors in contents, raw, and packed`(isPacked: Bool) async throws {
    try await withGRPC(Self.models(), isPacked: isPacked) { client, _, _ in
      let answer = try await client.modelInfer(Self.image)
      #expect(answer.id == "a1" && answer.modelVersion == "v10" && answer.outputs.map(\.name) == ["probabilities", "logits"])
      #expect(answer.outputs[1].contents.fp32Contents == LinearClassifier.logits([0.5, 1, 0.25, -2]))
      var raw = Self.image
      raw.inputs[0].clearContents()
      raw.rawInputContents = [([0.5, 1, 0.25, -2] as [Float]).withUnsafeBytes { Data($0) }]
      raw.outputs = [.with { $0.name = "logits" }]
      let bytes = try await client.modelInfer(raw)
      #expect(bytes.outputs.count == 1 && bytes.rawOutputContents.count == 1)
      #expect(bytes.rawOutputContents[0] == LinearClassifier.logits([0.5, 1, 0.25, -2]).withUnsafeBytes { Data($0) })
      raw.outputs[0].parameters["classification"] = .with { $0.int64Param = 1 }
      #expect(try await client.modelInfer(raw).outputs[0].datatype == "BYTES")
      let many = (0..<20_000).map { Double($0) / 7 }
      #expect(try await client.modelInfer(.numbers(many)).numbers == many)
    }
  }

  @Test func `what is wrong has its status`() async throws {
    try await withGRPC(Self.models()) { client, _, _ in
      func expect(_ expected: RPCError.Code, _ part: String, _ change: (inout Inference_ModelInferRequest) -> Void) async {
        var request = Self.image
        change(&request)
        do {
          _ = try await client.modelInfer(request)
          Issue.record("no error: \(part)")
        } catch let error as RPCError {
          #expect(error.code == expected && error.message.contains(part), "\(error)")
        } catch {
          Issue.record(error)
        }
      }
      await expect(.notFound, "unknown model") { $0.modelName = "none" }
      await expect(.notFound, "no version") { $0.modelVersion = "1" }
      await expect(.invalidArgument, "contents beside raw") { $0.rawInputContents = [Data(count: 16)] }
      await expect(.invalidArgument, "raw_input_contents for") { $0.rawInputContents = [Data(count: 16), Data()] }
      await expect(.invalidArgument, "negative") { $0.inputs[0].shape = [-1, 1, 2, 2] }
      await expect(.invalidArgument, "more elements") { $0.inputs[0].shape = [.max, .max] }
      await expect(.resourceExhausted, "takes more than") { $0.inputs[0].shape = [1 << 40, 1, 2, 2] }
      await expect(.invalidArgument, "elements") { $0.inputs[0].shape = [2, 1, 2, 2] }
      await expect(.invalidArgument, "expected at most 32") { $0.inputs[0].shape = [Int64](repeating: 1, count: 40) }
      await expect(.invalidArgument, "datatype") { $0.inputs[0].datatype = "FLOAT" }
      await expect(.invalidArgument, "elements") { $0.inputs[0].datatype = "FP64" }
      await expect(.invalidArgument, "raw_input_contents") { $0.inputs[0].datatype = "FP16" }
      await expect(.invalidArgument, "appears twice") { $0.inputs.append($0.inputs[0]) }
      await expect(.invalidArgument, "missing") { $0.inputs = [] }
      await expect(.invalidArgument, "unknown output") { $0.outputs = [.with { $0.name = "logit" }] }
      await expect(.invalidArgument, "appears twice") { $0.outputs = [.with { $0.name = "logits" }, .with { $0.name = "logits" }] }
      await expect(.invalidArgument, "shared memory") { $0.inputs[0].parameters["shared_memory_region"] = .with { $0.stringParam = "a" } }
      let large = Inference_ModelInferRequest.with {
        $0.modelName = "small"
        $0.inputs = [
          .with {
            $0.name = "x"
            $0.datatype = "INT8"
            $0.shape = [1]
            $0.contents.intContents = [200]
          }
        ]
      }
      #expect(await code { try await client.modelInfer(large) } == .invalidArgument)
    }
  }

  @Test func `messages have a largest size, packed or not`() async throws {
    var options = quietOptions()
    options.maxBodyBytes = 100_000
    for isPacked in [false, true] {
      try await withGRPC(Self.models(), options: options, isPacked: isPacked) { client, _, _ in
        let zeros = [Double](repeating: 0, count: 100_000)
        #expect(await code { try await client.modelInfer(.numbers(zeros)) } != nil)
        let small = try await client.modelInfer(.numbers([1, 2]))
        #expect(small.numbers == [1, 2])
      }
    }
  }

  @Test func `deadlines and cancelled calls reach the queue`() async throws {
    let echo = Echo(.float64, shape: [nil], held: true)
    try await withGRPC([echo.served()]) { client, _, _ in
      async let first = client.modelInfer(.numbers([1]))
      while echo.waiting == 0 { try await Task.sleep(for: .milliseconds(2)) }
      var options = CallOptions.defaults
      options.timeout = .milliseconds(100)
      let late = options
      #expect(await code { try await client.modelInfer(.numbers([2]), options: late) } == .deadlineExceeded)
      let cancelled = Task { try await client.modelInfer(.numbers([3])) }
      try await Task.sleep(for: .milliseconds(50))
      cancelled.cancel()
      #expect(await code { try await cancelled.value } != nil)
      try await Task.sleep(for: .milliseconds(100))
      echo.release()
      #expect(try await first.numbers == [1])
      #expect(try await client.modelInfer(.numbers([4])).numbers == [4])
      // Neither the late nor the cancelled call came to the model.
      #expect(echo.calls == [1, 1])
    }
  }

  @Test func `stopping lets calls in flight finish`() async throws {
    let echo = Echo(.float64, shape: [nil], held: true)
    try await withGRPC([echo.served()]) { client, _, group in
      async let answer = client.modelInfer(.numbers([5]))
      while echo.waiting == 0 { try await Task.sleep(for: .milliseconds(2)) }
      await group.triggerGracefulShutdown()
      try await Task.sleep(for: .milliseconds(50))
      echo.release()
      #expect(try await answer.numbers == [5])
    }
  }

  @Test func `streams keep their order, and a failure does not end them`() async throws {
    try await withGRPC(Self.models(), [ServedLanguageModel(name: "words", version: "1", generator: FakeGenerator())]) { client, _, _ in
      let requests = (0..<60).map { index in
        index % 10 == 3
          ? .numbers([1], model: "none", id: "\(index)") : Inference_ModelInferRequest.numbers([Double(index)], id: "\(index)")
      }
      let answers = try await client.modelStreamInfer { writer in
        for request in requests { try await writer.write(request) }
      } onResponse: { response in
        try await response.messages.reduce(into: [Inference_ModelStreamInferResponse]()) { $0.append($1) }
      }
      #expect(answers.map(\.inferResponse.id) == requests.map(\.id))
      for (index, answer) in answers.enumerated() {
        if index % 10 == 3 {
          #expect(answer.errorMessage.contains("unknown model 'none'"))
        } else {
          #expect(answer.errorMessage.isEmpty && answer.inferResponse.numbers == [Double(index)])
          #expect(answer.inferResponse.parameters["triton_final_response"]?.boolParam == true)
        }
      }
      let text = Inference_ModelInferRequest.text(
        "a b c", model: "words", id: "t", ["stream": true, "max_tokens": 2, "triton_enable_empty_final_response": true])
      let pieces = try await client.modelStreamInfer { writer in
        try await writer.write(text)
        try await writer.write(.text("fail now", model: "words", id: "f"))
      } onResponse: { response in
        try await response.messages.reduce(into: [Inference_ModelStreamInferResponse]()) { $0.append($1) }
      }
      let texts = pieces.map { $0.inferResponse.outputs.first.map { String(decoding: $0.contents.bytesContents[0], as: UTF8.self) } }
      #expect(texts == ["a", " b", nil, nil])
      #expect(pieces[2].inferResponse.parameters["triton_final_response"]?.boolParam == true)
      #expect(pieces[3].errorMessage.contains("failed") && pieces[3].inferResponse.id == "f")
      let whole = try await client.modelInfer(.text("x y", model: "words", ["max_tokens": "8"]))
      #expect(whole.outputs[0].contents.bytesContents == [Data("x y".utf8)])
      #expect(await code { try await client.modelInfer(.text("", model: "words")) } == .invalidArgument)
    }
  }

  @Test func `health is told, and watched until the server stops`() async throws {
    try await withGRPC(Self.models()) { _, client, group in
      let health = Grpc_Health_V1_Health.Client(wrapping: client)
      #expect(try await health.check(.init()).status == .serving)
      #expect(try await health.check(.with { $0.service = "inference.GRPCInferenceService" }).status == .serving)
      #expect(await code { try await health.check(.with { $0.service = "none" }) } == .notFound)
      let seen = try await health.watch(.init()) { response in
        var seen: [Grpc_Health_V1_HealthCheckResponse.ServingStatus] = []
        for try await message in response.messages {
          seen.append(message.status)
          if seen == [.serving] { await group.triggerGracefulShutdown() }
        }
        return seen
      }
      #expect(seen == [.serving, .notServing])
    }
  }
}
