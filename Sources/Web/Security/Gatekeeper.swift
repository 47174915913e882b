package import Access
package import Foundation
package import HTTPTypes
package import Logging
import MartletCore
package import NIOCore
import Synchronization

/// Decides who may call what. Every request passes here before its endpoint, and what is not allowed is refused.
package final class Gatekeeper: Sendable {
  package let settings: AccessSettings
  private let keys: KeyRing?
  private let tokens: TokenVerifier?
  package let certificates: ClientCertificates
  private let usage = UsageGate()
  /// What models did for whom.
  package let ledger = CostLedger()
  private let refusals = Mutex<[Refusal: UInt64]>([:])

  /// Why requests were refused, for the figures.
  package enum Refusal: String, Sendable, Hashable, CaseIterable {
    case unauthenticated, forbidden, limited
  }

  /// - Throws: `FileError` where the keys, or the key set of the tokens, cannot be read.
  package init(_ settings: AccessSettings, logger: Logger) throws {
    self.settings = settings
    keys = try settings.keys.map { path in
      try KeyRing(file: KeyFile(path: path)) { error in
        logger.error("the keys stay as they were", metadata: ["detail": .string("\(error)")])
      }
    }
    tokens = try settings.tokens.map { try TokenVerifier($0, logger: logger) }
    certificates = ClientCertificates(rules: settings.certificates)
  }

  /// Lets everybody do everything: for tests, and servers of this machine only.
  package static func open(logger: Logger) -> Gatekeeper {
    Gatekeeper(logger: logger)
  }

  private init(logger: Logger) {
    settings = AccessSettings()
    keys = nil
    tokens = nil
    certificates = ClientCertificates(rules: [])
  }

  /// Reads keys and key sets again now. Where that fails they stay as they were.
  package func reload() async {
    keys?.lookAgain(every: .zero, always: true)
    await tokens?.reload()
  }

  package var refused: [Refusal: UInt64] { refusals.withLock { $0 } }

  /// Finds out who makes a request and whether they may.
  /// - Returns: the caller; it must `leave`.
  /// - Throws: `HTTPProblem` 401 without a credential that holds, 403 where it does not reach so far, 429 where its limits are used up.
  package func enter(_ access: RouteAccess, _ headers: HTTPFields, _ channel: (any Channel)?) async throws(HTTPProblem) -> Caller {
    guard let right = access.right else {
      // What is open needs no credential and refuses none. One that holds counts, so that its owner sees what is theirs.
      let principal = try? await principal(headers, channel)
      return Caller(principal ?? .nobody)
    }
    let principal: Principal
    do {
      principal = try await self.principal(headers, channel)
    } catch {
      count(.unauthenticated)
      throw error
    }
    guard principal.may(right) else {
      count(.forbidden)
      var problem = HTTPProblem(
        .forbidden, "'\(excerpt(principal.name))' may not do this", expected: "a credential with the right '\(right.rawValue)'")
      problem.principal = principal
      throw problem
    }
    do {
      try usage.enter(principal)
    } catch {
      count(.limited)
      var problem = HTTPProblem.limited(error)
      problem.principal = principal
      throw problem
    }
    let work = RequestWork { [ledger] piece in ledger.add(piece, by: principal) }
    return Caller(principal, gate: usage, work: work)
  }

  /// A request that was let in is over.
  package func leave(_ caller: Caller, _ access: RouteAccess) {
    if access != .open { usage.leave(caller.principal) }
  }

  /// Who makes a request.
  /// - Throws: `HTTPProblem` 401.
  package func principal(_ headers: HTTPFields, _ channel: (any Channel)?) async throws(HTTPProblem) -> Principal {
    guard settings.isRequired else { return .local }
    let credentials = Credentials(headers)
    guard !credentials.isAmbiguous else {
      throw .unauthenticated("the request has several credentials, or one that is not known", expected: "Authorization: Bearer KEY")
    }
    guard let secret = credentials.secret else {
      if let principal = channel.flatMap(certificates.principal(of:)) { return principal }
      throw .unauthenticated("the request has no credential", expected: "Authorization: Bearer KEY, or x-api-key: KEY")
    }
    return try await principal(of: secret)
  }

  /// Who comes with an API key or a token, for protocols that are not HTTP/1.1.
  /// - Throws: `HTTPProblem` 401.
  package func principal(of secret: String, now: Date = Date()) async throws(HTTPProblem) -> Principal {
    if let tokens, secret.utf8.count(where: { $0 == UInt8(ascii: ".") }) == 2 {
      do {
        return try await tokens.principal(of: secret, now: now)
      } catch {
        throw .unauthenticated("the token is refused: \(error.reason)", code: "invalid_token")
      }
    }
    guard let keys else { throw .unauthenticated("the credential is unknown", code: "invalid_token") }
    do {
      return try keys.principal(of: secret, now: now)
    } catch {
      switch error {
      case .unknown: throw .unauthenticated("the API key is unknown", code: "invalid_token")
      case .expired(let date): throw .unauthenticated("the API key expired at \(date.ISO8601Format())", code: "invalid_token")
      case .revoked(let date): throw .unauthenticated("the API key was revoked at \(date.ISO8601Format())", code: "invalid_token")
      }
    }
  }

  private func count(_ refusal: Refusal) { refusals.withLock { $0[refusal, default: 0] += 1 } }
}

extension RouteAccess {
  /// What is needed to call it; `nil` where nothing is.
  package var right: Right? {
    switch self {
    case .open: nil
    case .predict: .predict
    case .observe: .observe
    case .read: .read
    case .write: .write
    case .admin: .admin
    }
  }
}

extension HTTPProblem {
  static func unauthenticated(_ problem: String, expected: String? = nil, code: String? = nil) -> HTTPProblem {
    var result = HTTPProblem(.unauthorized, problem, expected: expected)
    result.headers = [(.wwwAuthenticate, "Bearer realm=\"martlet\"" + (code.map { ", error=\"\($0)\"" } ?? ""))]
    return result
  }

  static func limited(_ exceeded: UsageExceeded) -> HTTPProblem {
    let text =
      switch exceeded.limit {
      case .requests: "too many requests with this credential"
      case .items: "too many items with this credential"
      case .concurrency: "too many requests at one time with this credential"
      }
    var result = HTTPProblem(.tooManyRequests, text, remedy: "again in \(Int(exceeded.wait.rounded(.up))) s")
    let milliseconds = Int((exceeded.wait * 1000).rounded(.up))
    result.headers = [
      (.retryAfter, String(Int(exceeded.wait.rounded(.up)))), (.retryAfterMilliseconds, String(milliseconds)),
    ]
    return result
  }
}
