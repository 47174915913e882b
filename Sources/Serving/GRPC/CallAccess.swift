import GRPCCore
import InferenceProtocol
package import Web

/// What somebody must be allowed to do to make a call over gRPC, as routes name it for HTTP.
enum CallAccess {
  /// By service and method. What is not here is for administrators: a call that somebody forgot is closed, not open.
  static let table: [String: RouteAccess] = [
    "inference.GRPCInferenceService/ServerLive": .open, "inference.GRPCInferenceService/ServerReady": .open,
    "inference.GRPCInferenceService/ServerMetadata": .open, "inference.GRPCInferenceService/ModelReady": .predict,
    "inference.GRPCInferenceService/ModelMetadata": .predict, "inference.GRPCInferenceService/ModelInfer": .predict,
    "inference.GRPCInferenceService/ModelStreamInfer": .predict, "inference.GRPCInferenceService/ModelConfig": .predict,
    "inference.GRPCInferenceService/ModelStatistics": .observe, "inference.GRPCInferenceService/RepositoryIndex": .predict,
    "inference.GRPCInferenceService/RepositoryModelLoad": .admin, "inference.GRPCInferenceService/RepositoryModelUnload": .admin,
    "inference.GRPCInferenceService/SystemSharedMemoryStatus": .admin,
    "inference.GRPCInferenceService/SystemSharedMemoryRegister": .admin,
    "inference.GRPCInferenceService/SystemSharedMemoryUnregister": .admin,
    "inference.GRPCInferenceService/CudaSharedMemoryStatus": .admin, "inference.GRPCInferenceService/CudaSharedMemoryRegister": .admin,
    "inference.GRPCInferenceService/CudaSharedMemoryUnregister": .admin, "inference.GRPCInferenceService/TraceSetting": .admin,
    "inference.GRPCInferenceService/LogSettings": .admin, "grpc.health.v1.Health/Check": .open, "grpc.health.v1.Health/Watch": .open,
  ]

  static func of(_ method: MethodDescriptor) -> RouteAccess { table[method.fullyQualifiedMethod] ?? .admin }
}

/// Decides whether a call over gRPC may be made.
package protocol CallAuthorization: Sendable {
  /// - Parameters:
  ///   - access: what the call needs.
  ///   - credentials: the call's metadata by lower-case name: `authorization`, `x-api-key` …
  ///   - peer: the client's address, as gRPC writes it.
  /// - Throws: `HTTPProblem` 401, 403 or 429; the call ends with the same in gRPC's terms.
  func authorize(_ access: RouteAccess, credentials: [String: String], peer: String) async throws
}
