import HTTPTypes
import MartletCore

/// How errors are written where a request is refused before its endpoint has seen it, so that each client reads them as its own.
package enum ErrorDialect: Sendable, Hashable {
  /// `{"error": text}`, as the Open Inference Protocol and TensorFlow Serving have it.
  case plain
  /// `{"error": {"message", "type", "param", "code"}}`.
  case openAI
  /// `{"error_code", "message"}`.
  case mlflow

  /// The dialect of a route, or of a path that no route has.
  package init(path: some StringProtocol) {
    if path.hasPrefix("/api/2.0/") || path.hasPrefix("/api/3.0/") || path.hasPrefix("/ajax-api/") {
      self = .mlflow
    } else if path.hasPrefix("/v1/"), !path.contains(":"), !path.hasPrefix("/v1/models/"), !path.hasPrefix("/v1/traces") {
      self = .openAI
    } else {
      self = .plain
    }
  }
}

extension Reply {
  /// The error as a dialect writes it.
  package init(_ problem: HTTPProblem, dialect: ErrorDialect) {
    let text = problem.description
    switch dialect {
    case .plain:
      self.init(problem)
      return
    case .openAI:
      self.init { writer in
        writer.raw("{\"error\":{\"message\":")
        writer.string(text)
        writer.raw(",\"type\":")
        writer.string(Self.openAIType(problem.status))
        writer.raw(",\"param\":null,\"code\":")
        if let code = Self.openAICode(problem.status) { writer.string(code) } else { writer.raw("null") }
        writer.raw("}}")
      }
    case .mlflow:
      self.init { writer in
        writer.raw("{\"error_code\":")
        writer.string(Self.mlflowCode(problem.status))
        writer.raw(",\"message\":")
        writer.string(text)
        writer.raw("}")
      }
    }
    status = problem.status
    headers = problem.headers
    closesConnection = problem.closesConnection
    detail = problem.detail
  }

  private static func openAIType(_ status: HTTPResponse.Status) -> String {
    switch status.code {
    case 429: "rate_limit_error"
    case 500...: "server_error"
    default: "invalid_request_error"
    }
  }

  private static func openAICode(_ status: HTTPResponse.Status) -> String? {
    switch status.code {
    case 401: "invalid_api_key"
    case 403: "permission_denied"
    case 429: "rate_limit_exceeded"
    default: nil
    }
  }

  private static func mlflowCode(_ status: HTTPResponse.Status) -> String {
    switch status.code {
    case 401: "UNAUTHENTICATED"
    case 403: "PERMISSION_DENIED"
    case 404: "ENDPOINT_NOT_FOUND"
    case 429: "REQUEST_LIMIT_EXCEEDED"
    case 503: "TEMPORARILY_UNAVAILABLE"
    case 500...: "INTERNAL_ERROR"
    default: "BAD_REQUEST"
    }
  }
}
