import GRPCCore
import HTTPTypes
import Logging
import MartletCore
import Web

extension RPCError {
  /// What a gRPC client is told about an error of any kind, with the status that the same error has over REST in gRPC's terms.
  static func from(_ error: any Error, requestID: String) -> (error: RPCError, detail: String?) {
    switch error {
    case let error as RPCError: return (error, nil)
    case is CancellationError: return (RPCError(code: .cancelled, message: "the request was cancelled"), nil)
    default:
      let problem = HTTPProblem.from(language: error, requestID: requestID)
      return (RPCError(code: code(problem.status), message: problem.description), problem.detail)
    }
  }

  private static func code(_ status: HTTPResponse.Status) -> Code {
    switch status.code {
    case 400, 405, 406, 411, 415, 422: .invalidArgument
    case 401: .unauthenticated
    case 403: .permissionDenied
    case 404: .notFound
    case 408, 504: .deadlineExceeded
    case 409: .aborted
    case 412: .failedPrecondition
    case 413, 429: .resourceExhausted
    case 499: .cancelled
    case 501: .unimplemented
    case 503: .unavailable
    default: .internalError
    }
  }
}

/// Gives every call its status, its line in the log and its place in the figures.
struct CallInterceptor: ServerInterceptor {
  let ids: RequestIDs
  let metrics: ServerMetrics
  let routes: [String: RouteMetrics]
  let logger: Logger
  /// One line for every call.
  let logsCalls: Bool

  func intercept<Input: Sendable, Output: Sendable>(
    request: StreamingServerRequest<Input>, context: ServerContext,
    next: @Sendable (StreamingServerRequest<Input>, ServerContext) async throws -> StreamingServerResponse<Output>
  ) async throws -> StreamingServerResponse<Output> {
    let start = ContinuousClock.now
    let known = CallIdentity.current.requestID
    let id = known.isEmpty ? ids.id(given: request.metadata[stringValues: "x-request-id"].first { _ in true }) : known
    let client = request.metadata[stringValues: "x-client-id"].first { !$0.isEmpty && $0.utf8.count <= 256 }
    let identity = RequestIdentity(requestID: id, client: client)
    metrics.began()
    defer { metrics.ended() }
    let response: StreamingServerResponse<Output>
    var code: RPCError.Code?
    do {
      response = try await CallDeadline.$current.withValue(CallDeadline(request.metadata, start)) {
        try await CallIdentity.$current.withValue(identity) { try await next(request, context) }
      }
    } catch {
      let (problem, detail) = RPCError.from(error, requestID: id)
      if let detail { logger.error("call failed", metadata: ["id": .string(id), "detail": .string(detail)]) }
      code = problem.code
      response = StreamingServerResponse(error: problem)
    }
    if case .failure(let error) = response.accepted, code == nil { code = error.code }
    count(context, id: id, code: code, since: start)
    return response
  }

  /// One call is over, or was not let in.
  func count(_ context: ServerContext, id: String, code: RPCError.Code?, since start: ContinuousClock.Instant) {
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    routes[context.descriptor.method]?.count(status: code?.rawValue ?? 0, seconds: seconds, received: 0, sent: 0)
    if logsCalls {
      logger.info(
        "call",
        metadata: [
          "id": .string(id), "method": .string(context.descriptor.fullyQualifiedMethod), "status": .stringConvertible(code?.rawValue ?? 0),
          "ms": .stringConvertible((seconds * 1e6).rounded() / 1e3),
        ])
    }
  }
}

/// Who made the call that a task works for.
enum CallIdentity {
  @TaskLocal static var current = RequestIdentity(requestID: "")
}
