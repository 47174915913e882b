import HTTPTypes
import MartletCore
import Web

extension HTTPProblem {
  static func queueFull(model: String, waiting: Int) -> HTTPProblem {
    later(HTTPProblem(.serviceUnavailable, "model '\(model)' is busy and \(waiting) requests wait already", remedy: "again later"))
  }

  static var stopping: HTTPProblem { later(HTTPProblem(.serviceUnavailable, "the server is stopping", remedy: "again later")) }

  static func tooSlow(model: String, seconds: Double) -> HTTPProblem {
    HTTPProblem(
      .gatewayTimeout, "model '\(model)' did not answer within \(seconds) s", remedy: "fewer items in one request, or again later")
  }

  static func hanging(model: String) -> HTTPProblem {
    later(HTTPProblem(.serviceUnavailable, "model '\(model)' did not answer and is replaced", remedy: "again later"))
  }

  /// A version that is known and does not answer now.
  static func notReady(model: String, version: String, _ state: ModelState, reason: String) -> HTTPProblem {
    switch state {
    case .unavailable:
      HTTPProblem(
        .serviceUnavailable, "model '\(model)' version '\(version)' is not loaded" + (reason.isEmpty ? "" : ": \(reason)"),
        remedy: "POST /v2/repository/models/\(model)/load")
    default: later(HTTPProblem(.serviceUnavailable, "model '\(model)' version '\(version)' is \(state.rawValue)", remedy: "again later"))
    }
  }

  static func stillLoading(model: String) -> HTTPProblem {
    later(HTTPProblem(.serviceUnavailable, "model '\(excerpt(model))' is being loaded", remedy: "again later"), seconds: 2)
  }

  static func noRoom(model: String, needs: Int, budget: Int) -> HTTPProblem {
    later(
      HTTPProblem(
        .serviceUnavailable, "model '\(model)' needs \(needs) bytes, and the models that are in use fill the \(budget) that there are",
        remedy: "again later, or a larger budget"))
  }

  static func unknownModel(_ name: String, known: [String]) -> HTTPProblem {
    let near = NearestName.of(String(name.prefix(64)), among: known)
    return HTTPProblem(
      .notFound, "unknown model '\(excerpt(name))'", expected: known.joined(separator: ", "), remedy: near.map { "'\($0)'" })
  }

  private static func later(_ problem: HTTPProblem, seconds: Int = 1) -> HTTPProblem {
    var problem = problem
    problem.headers = [(.retryAfter, String(seconds))]
    return problem
  }
}
