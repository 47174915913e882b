import AsyncHTTPClient
import Foundation
import MartletCore
import NIOCore
import NIOHTTP1
import NIOPosix

/// Requests to a hub: where the token goes, which redirects are followed, what is tried again.
struct HubTransport: Sendable {
  let client: HTTPClient
  let settings: HubSettings
  /// How to wait; tests do not.
  let sleep: @Sendable (Duration) async throws -> Void

  /// A failure that another attempt may mend.
  struct Passing: Error {
    let error: HubError
    /// How long the hub wants to be left alone.
    var pause: Duration?
    /// Something new came before the failure.
    var hasProgress = false
    /// No connection at all: trying often only makes people wait.
    var isUnreachable = false
  }

  static func with<Result: Sendable>(
    _ settings: HubSettings, sleep: @escaping @Sendable (Duration) async throws -> Void,
    _ body: @Sendable (HubTransport) async throws -> Result
  ) async throws -> Result {
    var configuration = HTTPClient.Configuration()
    configuration.redirectConfiguration = .disallow
    // A compressed body has another length and cannot be resumed.
    configuration.decompression = .disabled
    configuration.timeout = HTTPClient.Configuration.Timeout(
      connect: TimeAmount(settings.connectTimeout), read: TimeAmount(settings.silence))
    configuration.connectionPool.retryConnectionEstablishment = false
    return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
      try await body(HubTransport(client: client, settings: settings, sleep: sleep))
    }
  }

  // MARK: One request

  /// Sends a request and follows redirects.
  /// - Parameter staysOnHub: a redirect to another host, or one that says what it leads to, is the answer.
  /// - Throws: `Passing` for what may mend itself, `HubError`, `CancellationError`.
  func send(
    _ method: HTTPMethod, _ address: String, headers: HTTPHeaders = [:], staysOnHub: Bool = false
  ) async throws -> HTTPClientResponse {
    var address = address
    for _ in 0..<10 {
      var request = HTTPClientRequest(url: address)
      request.method = method
      request.headers = headers
      request.headers.replaceOrAdd(name: "User-Agent", value: "martlet/\(MartletVersion.current)")
      request.headers.replaceOrAdd(name: "Accept-Encoding", value: "identity")
      if let token = settings.token, isHub(address) { request.headers.replaceOrAdd(name: "Authorization", value: "Bearer \(token)") }
      let response = try await answer(request, address)
      let status = Int(response.status.code)
      if let passing = passing(status, response.headers, address) { throw passing }
      guard [301, 302, 303, 307, 308].contains(status), let location = response.headers.first(name: "Location") else { return response }
      let next = try target(location, from: address)
      if staysOnHub, !isHub(next) || response.headers.contains(name: "X-Linked-Etag") { return response }
      address = next
    }
    throw HubError(.badRedirect(from: Self.shown(address), reason: "it goes on after ten"))
  }

  private func answer(_ request: HTTPClientRequest, _ address: String) async throws -> HTTPClientResponse {
    do {
      return try await client.execute(request, deadline: .distantFuture)
    } catch let error {
      throw Self.network(error, address)
    }
  }

  /// An error of the connection, as what it means; cancellation stays what it is.
  static func network(_ error: any Error, _ address: String) -> any Error {
    if error is CancellationError || Task.isCancelled { return CancellationError() }
    if let error = error as? HTTPClientError, error == .cancelled { return CancellationError() }
    let host = URLComponents(string: address)?.host ?? address
    // Before anything was said, all but silence and a connection that was let go mean that nobody is there.
    let isUnreachable = (error as? HTTPClientError).map { $0 != .readTimeout && $0 != .remoteConnectionClosed } ?? true
    return Passing(error: HubError(.noNetwork(host: host, reason: reason(error))), isUnreachable: isUnreachable)
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case let error as HTTPClientError: return error.shortDescription
    case let error as NIOConnectionError:
      if let first = error.connectionErrors.first { return "\(first.error)" }
      return error.dnsAError ?? error.dnsAAAAError != nil ? "its name is not known" : "no connection"
    default: return "\(error)"
    }
  }

  /// The statuses that may be others soon.
  private func passing(_ status: Int, _ headers: HTTPHeaders, _ address: String) -> Passing? {
    guard [408, 425, 429, 500, 502, 503, 504].contains(status) else { return nil }
    let pause = RetryAfter.pause(headers, now: Date())
    let error =
      status == 429 && pause != nil
      ? HubError(.rateLimited(seconds: Int((pause ?? .zero).components.seconds)))
      : HubError(.failed(status: status, address: Self.shown(address), message: headers.first(name: "X-Error-Message") ?? ""))
    return Passing(error: error, pause: pause)
  }

  /// Whether an address has the endpoint's scheme, host and port: only there the token is sent.
  func isHub(_ address: String) -> Bool { Self.origin(address).map { $0 == Self.origin(settings.endpoint) } ?? false }

  private static func origin(_ address: String) -> String? {
    guard let parts = URLComponents(string: address), let scheme = parts.scheme?.lowercased(), let host = parts.host?.lowercased() else {
      return nil
    }
    return "\(scheme)://\(host):\(parts.port ?? (scheme == "https" ? 443 : 80))"
  }

  /// Where a redirect leads: to the web, and never from an encrypted connection to a plain one.
  private func target(_ location: String, from address: String) throws -> String {
    let from = Self.shown(address)
    guard let base = URL(string: address), let next = URL(string: location, relativeTo: base)?.absoluteURL,
      let scheme = next.scheme?.lowercased(),
      next.host != nil
    else { throw HubError(.badRedirect(from: from, reason: "it is no address")) }
    guard ["http", "https"].contains(scheme) else { throw HubError(.badRedirect(from: from, reason: "it is no address of the web")) }
    guard scheme == "https" || base.scheme?.lowercased() == "http" else {
      throw HubError(.badRedirect(from: from, reason: "it is not encrypted"))
    }
    return next.absoluteString
  }

  /// An address for messages: queries of signed addresses are secrets.
  static func shown(_ address: String) -> String { String(address.prefix { $0 != "?" }) }

  // MARK: Several attempts

  /// Runs the body until it does not fail, or fails for good.
  func retrying<Result>(_ body: () async throws -> Result) async throws -> Result {
    var attempts = 0
    while true {
      do {
        return try await body()
      } catch let failure as Passing {
        if failure.hasProgress { attempts = 0 }
        attempts += 1
        let limit = failure.isUnreachable ? min(settings.retries, 2) : settings.retries
        guard attempts <= limit, failure.pause ?? .zero <= settings.longestPause else { throw failure.error }
        let doubled = settings.firstPause * Double(1 << min(attempts - 1, 16))
        // Clients that failed together do not come back together.
        let jittered = min(doubled, settings.longestPause) * Double.random(in: 0.75...1.25)
        try await sleep(max(failure.pause ?? .zero, jittered))
      }
    }
  }

  /// A JSON document of at most 64 MB, and the headers that came with it.
  func document<Value: Decodable>(
    _ type: Value.Type, _ address: String, _ refusal: (HTTPClientResponse) -> HubError?
  ) async throws -> (
    value: Value, headers: HTTPHeaders
  ) {
    try await retrying {
      let response = try await send(.GET, address, headers: ["Accept": "application/json"])
      if let error = refusal(response) { throw error }
      let body: ByteBuffer
      do { body = try await response.body.collect(upTo: 64 << 20) } catch is NIOTooManyBytesError {
        throw HubError(.badAnswer(address: Self.shown(address), reason: "it is longer than 64 MB"))
      } catch {
        throw Self.network(error, address)
      }
      do {
        return (try JSON.decode(type, from: Data(body.readableBytesView), source: "it"), response.headers)
      } catch {
        throw Passing(error: HubError(.badAnswer(address: Self.shown(address), reason: "\(error)")))
      }
    }
  }
}

extension TimeAmount {
  init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
  }
}
