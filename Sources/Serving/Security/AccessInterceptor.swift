import Access
import GRPCCore
import GRPCNIOTransportHTTP2
import HTTPTypes
import InferenceProtocol
import Web

/// Asks the gatekeeper before every call over gRPC, as over HTTP. A method that is not in its list takes the right of an admin.
struct AccessInterceptor: ServerInterceptor {
  let gate: Gatekeeper

  /// What each method takes, by its name.
  static let access: [String: RouteAccess] = [
    "ServerLive": .open, "ServerReady": .open, "ServerMetadata": .open, "Check": .open, "Watch": .open, "List": .open,
    "ModelReady": .predict, "ModelMetadata": .predict, "ModelConfig": .predict, "ModelInfer": .predict, "ModelStreamInfer": .predict,
    "ModelStatistics": .observe, "RepositoryIndex": .predict, "RepositoryModelLoad": .admin, "RepositoryModelUnload": .admin,
  ]

  func intercept<Input: Sendable, Output: Sendable>(
    request: StreamingServerRequest<Input>, context: ServerContext,
    next: @Sendable (StreamingServerRequest<Input>, ServerContext) async throws -> StreamingServerResponse<Output>
  ) async throws -> StreamingServerResponse<Output> {
    var headers = HTTPFields()
    for name in ["authorization", "x-api-key", "api-key"] {
      guard let field = HTTPField.Name(name) else { continue }
      for value in request.metadata[stringValues: name] { headers.append(HTTPField(name: field, value: value)) }
    }
    let access = Self.access[context.descriptor.method] ?? .admin
    let admission = Admission(gate)
    let caller: Caller
    do { caller = try await admission.begin(access, headers, nil) } catch {
      // What an interceptor throws would become an unknown error on the way.
      return StreamingServerResponse(error: RPCError.from(error, requestID: "").error)
    }
    let response = try await Caller.$current.withValue(caller) { try await next(request, context) }
    guard case .success(var contents) = response.accepted else {
      admission.end()
      return response
    }
    // An answer of many messages is produced after this call has returned.
    let produce = contents.producer
    contents.producer = { writer in
      defer { admission.end() }
      return try await Caller.$current.withValue(caller) { try await produce(writer) }
    }
    return StreamingServerResponse(accepted: .success(contents))
  }
}

extension HTTP2ServerTransport.Posix.TransportSecurity {
  /// The certificates of the other listeners, read once.
  static func tls(_ settings: TLSSettings) -> Self {
    .tls(
      certificateChain: [.file(path: settings.certificate, format: .pem)], privateKey: .file(path: settings.key, format: .pem)
    ) { configuration in
      guard let clients = settings.clients else { return }
      configuration.trustRoots = .certificates([.file(path: clients, format: .pem)])
      // The rules for certificates are those of HTTP; here a client that must have one must have one, and comes with a key.
      if settings.requiresClients { configuration.clientCertificateVerification = .noHostnameVerification }
    }
  }
}
