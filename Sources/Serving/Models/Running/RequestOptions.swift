import HTTPTypes
import HummingbirdCore
import MartletCore
package import NIOCore
package import Web

/// What a request asks for beside its inputs.
package struct RequestOptions: Sendable {
  /// Urgency: 0 for most, positive for what should go first, negative for what can wait, from -8 to 8. A step is worth a head start of
  /// a quarter of a second in the queue, so that nothing waits for ever.
  package var priority = 0
  /// How long the client waits; never longer than the server's own limit. `nil` leaves it to the server.
  package var timeout: TimeAmount?
  /// Where the client is; a request whose client has gone does not stay in the queue.
  package var channel: (any Channel)?

  package static let priorities = -8...8

  package init(priority: Int = 0, timeout: TimeAmount? = nil, channel: (any Channel)? = nil) {
    self.priority = min(max(priority, Self.priorities.lowerBound), Self.priorities.upperBound)
    self.timeout = timeout
    self.channel = channel
  }

  /// The headers `X-Priority` and `X-Request-Timeout` (seconds).
  /// - Throws: `HTTPProblem` 400 naming what was wrong.
  package init(_ exchange: Exchange) throws(HTTPProblem) {
    self.init(channel: exchange.channel)
    if let text = exchange.request.headers[.requestPriority] {
      guard let value = Int(text), Self.priorities.contains(value) else {
        throw HTTPProblem(.badRequest, "X-Priority is '\(excerpt(text))'", expected: "a whole number from -8 to 8")
      }
      priority = value
    }
    if let text = exchange.request.headers[.requestTimeout] {
      guard let seconds = Double(text), seconds > 0, seconds <= 86_400 else {
        throw HTTPProblem(.badRequest, "X-Request-Timeout is '\(excerpt(text))'", expected: "seconds, more than 0 and at most 86400")
      }
      timeout = .nanoseconds(Int64(seconds * 1e9))
    }
  }
}

extension HTTPField.Name {
  static let requestPriority = HTTPField.Name("X-Priority") ?? .via
  static let requestTimeout = HTTPField.Name("X-Request-Timeout") ?? .via
}
