import HTTPTypes
import MartletCore
import Tracking
import Web

/// Answers as MLflow's clients expect them.
enum MLflowReply {
  static func document(_ value: JSONValue) -> Reply { Reply { $0.value(value) } }

  static func text(_ text: String) -> Reply {
    var reply = Reply(Array(text.utf8))
    reply.contentType = "text/plain; charset=utf-8"
    return reply
  }

  /// `{"error_code": …, "message": …}`. Clients tell errors apart by the code, and try again where the status is 429 or 5xx.
  static func problem(_ error: any Error, requestID: String) -> Reply {
    switch error {
    case let error as TrackingError:
      let (status, code) = status(of: error.kind)
      return problem(status, code, error.description)
    case let error as BadRequest: return problem(.badRequest, "BAD_REQUEST", error.description)
    case let error as HTTPProblem:
      var reply = problem(error.status, code(of: error.status), error.description)
      reply.headers = error.headers
      reply.closesConnection = error.closesConnection
      reply.detail = error.detail
      return reply
    default:
      let found = HTTPProblem.from(error, requestID: requestID)
      var reply = problem(found.status, code(of: found.status), found.description)
      reply.detail = found.detail
      return reply
    }
  }

  private static func problem(_ status: HTTPResponse.Status, _ code: String, _ message: String) -> Reply {
    var reply = document(["error_code": .string(code), "message": .string(message)])
    reply.status = status
    return reply
  }

  private static func status(of kind: TrackingError.Kind) -> (HTTPResponse.Status, String) {
    switch kind {
    case .notFound: (.notFound, "RESOURCE_DOES_NOT_EXIST")
    // 400, not 409: that is what lets `register_model` go on with a model that is there.
    case .exists: (.badRequest, "RESOURCE_ALREADY_EXISTS")
    case .invalid: (.badRequest, "INVALID_PARAMETER_VALUE")
    case .state: (.badRequest, "INVALID_STATE")
    case .forbidden: (.forbidden, "PERMISSION_DENIED")
    case .unsupported: (.notImplemented, "NOT_IMPLEMENTED")
    case .busy: (.serviceUnavailable, "TEMPORARILY_UNAVAILABLE")
    case .diskFull: (.init(code: 507, reasonPhrase: "Insufficient Storage"), "INTERNAL_ERROR")
    case .io, .place: (.internalServerError, "INTERNAL_ERROR")
    }
  }

  private static func code(of status: HTTPResponse.Status) -> String {
    switch status.code {
    case 401: "UNAUTHENTICATED"
    case 403: "PERMISSION_DENIED"
    case 404: "ENDPOINT_NOT_FOUND"
    case 413, 429: "REQUEST_LIMIT_EXCEEDED"
    case 503: "TEMPORARILY_UNAVAILABLE"
    case 500...: "INTERNAL_ERROR"
    default: "BAD_REQUEST"
    }
  }
}
