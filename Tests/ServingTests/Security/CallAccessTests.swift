import Access
import GRPCCore
import InferenceProtocol
import SwiftProtobuf
import Synchronization
import Testing

@testable import Serving
@testable import Web

@Suite struct CallAccessTests {
  @Test func `every method says what it takes`() {
    let methods = Inference_GRPCInferenceService.Method.descriptors + Grpc_Health_V1_Health.Method.descriptors
    let offered = methods.map(\.method).filter { !$0.contains("SharedMemory") && !["TraceSetting", "LogSettings"].contains($0) }
    let missing = Set(offered).subtracting(AccessInterceptor.access.keys)
    #expect(missing.isEmpty, "add to the list, after thinking about who may call it: \(missing.sorted())")
  }

  @Test func `calls take the same rights as requests`() async throws {
    var keys = try Keys()
    try keys.add("ann", [.client], models: ["echo"])
    try keys.add("root", [.admin])
    let known = keys
    try await withGRPC([Echo().served(), Echo().served("other")], options: keys.options) { (client, _, _) async throws in
      func metadata(_ name: String) -> Metadata { ["authorization": "Bearer \(known.secrets[name] ?? "")"] }
      func code(_ body: () async throws -> Void) async -> RPCError.Code? {
        do {
          try await body()
          return nil
        } catch {
          return (error as? RPCError)?.code
        }
      }
      #expect(await code { _ = try await client.serverLive(.init()) } == nil)
      let request = Inference_ModelReadyRequest.with { $0.name = "echo" }, other = Inference_ModelReadyRequest.with { $0.name = "other" }
      #expect(await code { _ = try await client.modelReady(request) } == .unauthenticated)
      #expect(await code { _ = try await client.modelReady(request, metadata: ["x-api-key": "mrt_wrong"]) } == .unauthenticated)
      #expect(await code { _ = try await client.modelReady(request, metadata: metadata("ann")) } == nil)
      #expect(await code { _ = try await client.modelReady(other, metadata: metadata("ann")) } == .permissionDenied)
      #expect(await code { _ = try await client.modelStatistics(.init(), metadata: metadata("ann")) } == .permissionDenied)
      let unload = Inference_RepositoryModelUnloadRequest.with { $0.modelName = "other" }
      #expect(await code { _ = try await client.repositoryModelUnload(unload, metadata: metadata("ann")) } == .permissionDenied)
      let index = try await client.repositoryIndex(.init(), metadata: metadata("ann"))
      #expect(index.models.map(\.name) == ["echo"])
      #expect(await code { _ = try await client.repositoryModelUnload(unload, metadata: metadata("root")) } == nil)
    }
  }

  @Test func `calls that are refused are counted, logged and kept like others`() async throws {
    var keys = try Keys()
    try keys.add("ann", [.client])
    try keys.add("root", [.admin])
    let known = keys, lines = LogLines(), kept = KeptEvents()
    var options = keys.options
    options.logsRequests = true
    options.audit = kept
    try await withGRPC(
      [Echo().served(), Echo().served("other")], options: options, lines: lines,
      server: { server in
        func statuses(_ method: String) -> [Int: UInt64] {
          server.grpc?.metrics.first { $0.route.hasSuffix("/" + method) }?.snapshot.statuses ?? [:]
        }
        #expect(statuses("ModelReady") == [RPCError.Code.unauthenticated.rawValue: 1, 0: 1])
        #expect(statuses("RepositoryModelUnload") == [RPCError.Code.permissionDenied.rawValue: 1, 0: 1])
      }
    ) { (client, _, _) async throws in
      func metadata(_ name: String) -> Metadata { ["authorization": "Bearer \(known.secrets[name] ?? "")"] }
      let request = Inference_ModelReadyRequest.with { $0.name = "echo" }
      let unload = Inference_RepositoryModelUnloadRequest.with { $0.modelName = "other" }
      await #expect(throws: RPCError.self) { try await client.modelReady(request) }
      _ = try await client.modelReady(request, metadata: metadata("ann"))
      await #expect(throws: RPCError.self) { try await client.repositoryModelUnload(unload, metadata: metadata("ann")) }
      _ = try await client.repositoryModelUnload(unload, metadata: metadata("root"))
    }
    let calls = lines.all.filter { $0.contains("\"message\":\"call\"") || $0.contains("\"call\"") }
    #expect(calls.count { $0.contains("ModelReady") } == 2 && calls.count { $0.contains("RepositoryModelUnload") } == 2)
    let events = kept.all
    #expect(events.map(\.status) == [RPCError.Code.permissionDenied.rawValue, 0])
    #expect(events.map(\.actor) == ["ann", "root"] && events.last?.object == "name=other" && events.last?.model == "other")
    #expect(events.allSatisfy { $0.action == "GRPC /inference.GRPCInferenceService/RepositoryModelUnload" })
  }
}

/// Keeps events in memory.
final class KeptEvents: AuditSink {
  private let state = Mutex<[AuditEvent]>([])
  var all: [AuditEvent] { state.withLock { $0 } }
  func record(_ event: AuditEvent) { state.withLock { $0.append(event) } }
}
