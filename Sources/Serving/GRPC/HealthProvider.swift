import GRPCCore
import InferenceProtocol
import SwiftProtobuf

/// gRPC's own health service: the empty name is the whole server.
struct HealthProvider: Grpc_Health_V1_Health.SimpleServiceProtocol {
  let readiness: Readiness
  /// The names that are known beside the empty one.
  let services: Set<String>
  /// How often a watched state is looked at.
  var interval: Duration = .milliseconds(200)

  private func status(_ service: String) -> Grpc_Health_V1_HealthCheckResponse.ServingStatus? {
    guard service.isEmpty || services.contains(service) else { return nil }
    return readiness.isReady ? .serving : .notServing
  }

  func check(
    request: Grpc_Health_V1_HealthCheckRequest, context: ServerContext
  ) async throws -> Grpc_Health_V1_HealthCheckResponse {
    guard let status = status(request.service) else {
      throw RPCError(code: .notFound, message: "this server does not know the service")
    }
    return .with { $0.status = status }
  }

  func watch(
    request: Grpc_Health_V1_HealthCheckRequest, response: RPCWriter<Grpc_Health_V1_HealthCheckResponse>, context: ServerContext
  ) async throws {
    var told: Grpc_Health_V1_HealthCheckResponse.ServingStatus?
    while true {
      let status = status(request.service) ?? .serviceUnknown
      if status != told { try await response.write(.with { $0.status = status }) }
      told = status
      // A stopping server would wait for its watchers, and they for it.
      if status == .notServing || context.cancellation.isCancelled { return }
      try await Task.sleep(for: interval)
    }
  }
}
