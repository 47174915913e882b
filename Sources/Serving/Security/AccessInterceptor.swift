import Access
import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2
import HTTPTypes
import InferenceProtocol
import Logging
import NIOCertificateReloading
import NIOSSL
import Synchronization
import Web

/// Asks the gatekeeper before every call over gRPC, as over HTTP. A method that is not in its list takes the right of an admin.
struct AccessInterceptor: ServerInterceptor {
  let gate: Gatekeeper
  /// Keeps what is done by methods for admins; `nil` keeps nothing.
  let audit: (any AuditSink)?
  /// Counts and logs calls; here those that were refused.
  let calls: CallInterceptor

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
    let start = ContinuousClock.now
    let id = calls.ids.id(given: request.metadata[stringValues: "x-request-id"].first { _ in true })
    var headers = HTTPFields()
    for name in ["authorization", "x-api-key", "api-key"] {
      guard let field = HTTPField.Name(name) else { continue }
      for value in request.metadata[stringValues: name] { headers.append(HTTPField(name: field, value: value)) }
    }
    let access = Self.access[context.descriptor.method] ?? .admin
    let record =
      access == .admin ? audit.map { CallRecord(audit: $0, method: context.descriptor.fullyQualifiedMethod, id: id, calls.logger) } : nil
    let admission = Admission(gate)
    let caller: Caller
    do { caller = try await admission.begin(access, headers, nil) } catch {
      // What an interceptor throws would become an unknown error on the way.
      let problem = RPCError.from(error, requestID: id).error
      calls.count(context, id: id, code: problem.code, since: start)
      await record?.keep(error.principal ?? .nobody, status: problem.code.rawValue)
      return StreamingServerResponse(error: problem)
    }
    let watched = record.map { record in
      StreamingServerRequest(metadata: request.metadata, messages: RPCAsyncSequence(wrapping: request.messages.map { record.see($0) }))
    }
    let response = try await CallIdentity.$current.withValue(RequestIdentity(requestID: id)) {
      try await Caller.$current.withValue(caller) { try await next(watched ?? request, context) }
    }
    var status = 0
    if case .failure(let error) = response.accepted { status = error.code.rawValue }
    await record?.keep(caller.principal, status: status)
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

/// What is kept of one call of a method for admins.
private final class CallRecord: Sendable {
  private let audit: any AuditSink
  private let method: String
  private let id: String
  private let logger: Logger
  private let model = Mutex<String?>(nil)

  init(audit: any AuditSink, method: String, id: String, _ logger: Logger) {
    self.audit = audit
    self.method = method
    self.id = id
    self.logger = logger
  }

  /// Notes what a message is about.
  func see<Message>(_ message: Message) -> Message {
    let name: String? =
      switch message {
      case let message as Inference_RepositoryModelLoadRequest: message.modelName
      case let message as Inference_RepositoryModelUnloadRequest: message.modelName
      default: nil
      }
    if let name { model.withLock { $0 = excerpt(name, limit: 256) } }
    return message
  }

  func keep(_ principal: Principal, status: Int) async {
    let model = model.withLock { $0 }
    let event = AuditEvent(
      time: Date(), actor: principal.name, credential: principal.credential, action: "GRPC /\(method)",
      object: model.map { "name=\($0)" } ?? "", status: status, request: id, model: model)
    await audit.keep(event, logger)
  }
}

/// Shows connections over gRPC what those over HTTP are shown: files that have changed are read again.
private struct SharedIdentity: CertificateReloader {
  let identity: TLSIdentity

  var sslContextConfigurationOverride: NIOSSLContextConfigurationOverride {
    let current = identity.current
    var shown = NIOSSLContextConfigurationOverride()
    shown.certificateChain = current.chain.map { .certificate($0) }
    shown.privateKey = .privateKey(current.key)
    return shown
  }
}

extension HTTP2ServerTransport.Posix.TransportSecurity {
  /// The certificates of the other listeners. The authority of clients' certificates is read once: the transport has one context, and what
  /// reloads its certificate does not reach what it trusts.
  static func tls(_ identity: TLSIdentity) -> Self {
    let settings = identity.settings
    return .tls(
      certificateChain: [.file(path: settings.certificate, format: .pem)], privateKey: .file(path: settings.key, format: .pem)
    ) { configuration in
      configuration.certificateReloader = SharedIdentity(identity: identity)
      guard let clients = settings.clients else { return }
      configuration.trustRoots = .certificates([.file(path: clients, format: .pem)])
      // The rules for certificates are those of HTTP; here a client that must have one must have one, and comes with a key.
      if settings.requiresClients { configuration.clientCertificateVerification = .noHostnameVerification }
    }
  }
}
