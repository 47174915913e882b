import HTTPTypes
import Web

extension HTTPProblem {
  static func queueFull(model: String, waiting: Int) -> HTTPProblem {
    var problem = HTTPProblem(.serviceUnavailable, "model '\(model)' is busy and \(waiting) requests wait already", remedy: "again later")
    problem.headers = [(.retryAfter, "1")]
    return problem
  }

  static var stopping: HTTPProblem {
    var problem = HTTPProblem(.serviceUnavailable, "the server is stopping", remedy: "again later")
    problem.headers = [(.retryAfter, "1")]
    return problem
  }

  static func tooSlow(model: String, seconds: Double) -> HTTPProblem {
    HTTPProblem(
      .gatewayTimeout, "model '\(model)' did not answer within \(seconds) s", remedy: "fewer items in one request, or again later")
  }
}

extension ModelRunner {
  /// Its name and version, for the log.
  var answering: AnsweringModel { AnsweringModel(name: model.name, version: model.version) }
}
