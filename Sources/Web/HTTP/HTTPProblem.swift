package import Access
package import HTTPTypes
import Hummingbird
package import MartletCore

/// Why a request gets no answer: a status, and a sentence for the client.
package struct HTTPProblem: MartletError {
  package let status: HTTPResponse.Status
  package let problem: String
  package let expected: String?
  package let remedy: String?
  /// Headers that belong to the status, such as `Allow` and `Retry-After`.
  package var headers: [(HTTPField.Name, String)] = []
  /// Nothing more is read from this connection.
  package var closesConnection = false
  /// Who was refused, where that is known: for the logs, not for the client.
  package var principal: Principal?
  /// What goes to the log and not to the client.
  package var detail: String?

  package init(_ status: HTTPResponse.Status, _ problem: String, expected: String? = nil, remedy: String? = nil) {
    self.status = status
    self.problem = problem
    self.expected = expected
    self.remedy = remedy
  }

  package init(_ status: HTTPResponse.Status, because error: any MartletError) {
    self.init(status, error.problem, expected: error.expected, remedy: error.remedy)
  }

  /// What the client is told about an error of any kind. Errors that are not about the request are not described to it.
  package static func from(_ error: any Error, requestID: String) -> HTTPProblem {
    switch error {
    case let problem as HTTPProblem: return problem
    case let problem as JSONProblem: return HTTPProblem(.badRequest, because: problem)
    case let problem as TensorTooLarge: return HTTPProblem(.contentTooLarge, because: problem)
    // A predictor throws this where the inputs do not fit it.
    case let problem as ArgumentError: return HTTPProblem(.badRequest, because: problem)
    default:
      var problem = HTTPProblem(
        .internalServerError, "the server failed to answer this request",
        remedy: "ask whoever runs the server to look for request \(requestID) in its log")
      problem.detail = "\(error)"
      return problem
    }
  }

  package static func bodyTooLarge(limit: Int, declared: Int?) -> HTTPProblem {
    let size = declared.map { "the body is \($0) bytes long" } ?? "the body is too long"
    var problem = HTTPProblem(.contentTooLarge, size, expected: "at most \(limit) bytes", remedy: "send fewer items in one request")
    problem.closesConnection = true
    return problem
  }
}
