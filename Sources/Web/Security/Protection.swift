import Foundation
package import HTTPTypes
import MartletCore

/// What guards a listener: who may call what, by which names it may be called, and whose web pages may call it.
package struct Protection: Sendable {
  package let gate: Gatekeeper
  /// Names by which the server may be called; `nil` is any.
  private let hosts: HostNames?
  /// Origins of web pages that may call it, besides its own.
  private let origins: Set<String>
  /// The listener speaks TLS.
  package let isEncrypted: Bool

  /// - Parameters:
  ///   - hosts: names as in `Host`, without a port; `*.example.org` stands for all names below one; `nil` takes any.
  ///   - origins: `https://app.example.org`; `*` is every page.
  package init(gate: Gatekeeper, hosts: [String]? = nil, origins: [String] = [], isEncrypted: Bool = false) {
    self.gate = gate
    self.hosts = hosts.map(HostNames.init)
    self.origins = Set(origins.map { $0.lowercased() })
    self.isEncrypted = isEncrypted
  }

  /// - Throws: `HTTPProblem` 400 or 421 for a wrong `Host`, 403 for a request that a web page of another origin makes.
  package func check(_ head: HTTPRequest) throws(HTTPProblem) {
    guard head.headerFields[values: .host].isEmpty else {
      throw HTTPProblem(.badRequest, "the request has several Host headers", expected: "one")
    }
    if let hosts {
      guard let authority = head.authority, !authority.isEmpty else { throw HTTPProblem(.badRequest, "the request has no Host header") }
      // A page of another name that leads here (DNS rebinding) would make the browser believe that this is its own server.
      guard hosts.contain(authority) else {
        throw HTTPProblem(
          .misdirectedRequest, "this server is not '\(excerpt(authority))'",
          remedy: "one of its own names, or --allow-host \(excerpt(authority))")
      }
    }
    guard head.method != .get, head.method != .head else { return }
    if let origin = head.headerFields[.origin] {
      guard isOwn(origin, head.authority) || allows(origin) else { throw Self.foreign(origin) }
    } else if let site = head.headerFields[.secFetchSite], site == "cross-site" || site == "same-site" {
      throw Self.foreign(site)
    }
  }

  private static func foreign(_ origin: String) -> HTTPProblem {
    HTTPProblem(
      .forbidden, "web pages of another origin (\(excerpt(origin))) may not call this server", remedy: "--allow-origin for pages of yours")
  }

  private func isOwn(_ origin: String, _ authority: String?) -> Bool {
    guard let authority, let scheme = origin.range(of: "://") else { return false }
    return origin[scheme.upperBound...].lowercased() == authority.lowercased()
  }

  private func allows(_ origin: String) -> Bool { origins.contains("*") || origins.contains(origin.lowercased()) }

  // MARK: Pages of other origins

  /// The request is made by a page whose origin may call the server.
  func allowsOrigin(_ headers: HTTPFields) -> Bool { !origins.isEmpty && headers[.origin].map(allows) ?? false }

  /// The answer to a browser that asks whether its page may make a request.
  static func preflight(_ head: HTTPRequest) -> Reply? {
    guard head.method == .options, head.headerFields[.accessControlRequestMethod] != nil else { return nil }
    var reply = Reply([])
    reply.status = .noContent
    reply.headers = [
      (.accessControlAllowMethods, "GET, POST, PUT, PATCH, DELETE"),
      (
        .accessControlAllowHeaders,
        "authorization, content-type, x-api-key, api-key, x-request-id, inference-header-content-length, traceparent"
      ),
      (.accessControlMaxAge, "600"),
    ]
    return reply
  }

  func crossOriginHeaders(_ headers: HTTPFields) -> [(HTTPField.Name, String)] {
    // The origin and not a star: an answer with a key in its request is nobody else's.
    [
      (.accessControlAllowOrigin, headers[.origin] ?? ""), (.vary, "Origin"),
      (.accessControlExposeHeaders, "x-request-id, retry-after, retry-after-ms, inference-header-content-length"),
      (.crossOriginResourcePolicy, "cross-origin"),
    ]
  }
}

/// Names by which a server may be called.
struct HostNames: Sendable {
  private let names: Set<String>
  private let suffixes: [String]

  init(_ names: [String]) {
    let names = names.map { $0.lowercased() }
    self.names = Set(names.filter { !$0.hasPrefix("*.") })
    suffixes = names.filter { $0.hasPrefix("*.") }.map { String($0.dropFirst()) }
  }

  /// - Parameter authority: a `Host` header, with or without a port.
  func contain(_ authority: String) -> Bool {
    if names.contains("*") { return true }
    var host = authority.lowercased()[...]
    if host.hasPrefix("[") {
      guard let end = host.firstIndex(of: "]") else { return false }
      host = host[host.index(after: host.startIndex)..<end]
    } else if let colon = host.firstIndex(of: ":") {
      // More than one is an address of version 6 without its brackets, which no client sends.
      guard host[host.index(after: colon)...].allSatisfy(\.isNumber) else { return false }
      host = host[..<colon]
    }
    if host.hasSuffix(".") { host = host.dropLast() }
    return names.contains(String(host)) || suffixes.contains { host.hasSuffix($0) && host.count > $0.count }
  }
}

extension HTTPField.Name {
  static let host = HTTPField.Name("host") ?? .via
  static let secFetchSite = HTTPField.Name("sec-fetch-site") ?? .via
}
