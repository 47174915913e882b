import Access
import GRPCCore
import InferenceProtocol
import SwiftProtobuf
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
}
