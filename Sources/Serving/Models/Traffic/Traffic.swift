import Access
import Foundation
package import HTTPTypes
import HummingbirdCore
package import MartletCore
package import Web

/// Who asks, as far as the choice of a version is concerned.
package struct RequestIdentity: Sendable, Hashable {
  /// The request's own name, never empty for a request over HTTP.
  package var requestID: String
  /// What keeps somebody on one version: the header `X-Client-ID`, or the key or user that the server knows; `nil` where nothing does.
  package var client: String?

  package init(requestID: String, client: String? = nil) {
    self.requestID = requestID
    self.client = client
  }

  /// What the client's headers say.
  package init(_ exchange: Exchange) {
    let named = exchange.request.headers[.clientID].flatMap { $0.isEmpty || $0.utf8.count > 256 ? nil : $0 }
    let credential = exchange.caller.principal.credential
    self.init(requestID: exchange.id, client: named ?? (credential.isEmpty ? nil : credential))
  }
}

extension HTTPField.Name {
  /// Keeps somebody on one version while traffic is split.
  package static let clientID = HTTPField.Name("X-Client-ID") ?? .via
}

/// Which version answers a request that names none, and which others see it, too.
package struct TrafficDecision: Sendable, Hashable {
  /// `nil` leaves it to the default version; so does a version that is not ready.
  package var version: String?
  /// Versions that compute the same request after the answer was given. Nobody waits for them.
  package var shadows: [String]

  package init(version: String? = nil, shadows: [String] = []) {
    self.version = version
    self.shadows = shadows
  }
}

/// Chooses versions. Is called for every request that names no version, from many tasks at once: it must be quick and may not block.
package protocol TrafficPolicy: Sendable {
  func choose(model: String, request: RequestIdentity) -> TrafficDecision
}

/// How a request to a version ended.
package struct TrafficOutcome: Sendable, Hashable {
  package enum Status: String, Sendable, Hashable, CaseIterable {
    case succeeded
    /// The client's fault: 4xx.
    case refused
    /// The model failed: 5xx.
    case failed
    /// The queue was full, or the version was stopping: 503.
    case rejected
    /// The deadline passed: 504.
    case late
    /// The client went away before the answer.
    case abandoned
  }

  package let status: Status
  /// From submission to answer, waiting included.
  package let seconds: Double

  package init(status: Status, seconds: Double) {
    self.status = status
    self.seconds = seconds
  }

  init(_ error: any Error, seconds: Double) {
    let status: Status =
      switch HTTPProblem.from(error, requestID: "").status.code {
      case _ where ClientGone.explains(error): .abandoned
      case 503: .rejected
      case 504: .late
      case 400..<500: .refused
      default: .failed
      }
    self.init(status: status, seconds: seconds)
  }
}

/// Sees what became of requests. Is called on the way of the answer, from many tasks at once: it must be quick and may not block.
package protocol TrafficObserver: Sendable {
  /// A version answered or failed. Every request is reported, those that name a version, too.
  /// - Parameter outputs: `nil` where the request failed.
  func answered(
    model: String, version: String, request: RequestIdentity, outcome: TrafficOutcome, outputs: [String: HostArray]?)

  /// A shadow computed a request that `primary` had answered with `expected`.
  func shadowed(
    model: String, version: String, primary: String, request: RequestIdentity, outcome: TrafficOutcome, outputs: [String: HostArray]?,
    expected: [String: HostArray])

  /// A shadow did not see a request, because it had enough to do.
  func dropped(model: String, version: String, request: RequestIdentity)
}
