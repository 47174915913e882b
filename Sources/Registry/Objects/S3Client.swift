import AsyncHTTPClient
import Foundation
import Glibc
import MartletCore
import NIOCore
import NIOHTTP1

/// Requests to one bucket: signed, tried again after failures of the network and of the server.
struct S3Client: Sendable {
  struct Answer {
    let status: Int
    let headers: HTTPHeaders
    let body: Data
  }

  let bucket: String
  /// Where the bucket is: `http://host:port/bucket` or `https://bucket.host`.
  private let base: String
  private let host: String
  private let basePath: String
  private let region: String
  private let credentials: S3Credentials
  private let attempts: Int

  // One for the process: it lives as long as there may be requests.
  private static let client = HTTPClient(
    eventLoopGroupProvider: .singleton,
    configuration: HTTPClient.Configuration(
      redirectConfiguration: .disallow, timeout: HTTPClient.Configuration.Timeout(connect: .seconds(10), read: .seconds(60))))

  /// - Throws: `RegistryError` for an endpoint that is no URL, or without credentials.
  init(bucket: String, environment: [String: String], attempts: Int = 5) throws {
    self.bucket = bucket
    self.attempts = attempts
    region = S3Credentials.region(in: environment)
    credentials = try S3Credentials.find(in: environment)
    let endpoint = environment["AWS_ENDPOINT_URL_S3"] ?? environment["AWS_ENDPOINT_URL"] ?? ""
    let text = endpoint.isEmpty ? "https://\(bucket).s3.\(region).amazonaws.com" : endpoint
    guard let url = URL(string: text), let scheme = url.scheme, ["http", "https"].contains(scheme), let name = url.host else {
      throw RegistryError(.artifacts, "AWS_ENDPOINT_URL is '\(text)'", expected: "https://host or http://host:port")
    }
    host = name + (url.port.map { ":\($0)" } ?? "")
    base = "\(scheme)://\(host)"
    // Buckets of an endpoint of one's own are named in the path.
    let path = url.path.hasSuffix("/") ? String(url.path.dropLast()) : url.path
    basePath = S3Request.escape(path, slashes: true) + (endpoint.isEmpty ? "" : "/\(bucket)")
  }

  /// Sends a request.
  /// - Parameter key: the object, or `nil` for the bucket itself.
  /// - Returns: the answer where its status is below 300 or one of `accepted`.
  /// - Throws: `RegistryError` `.unreachable` with the server's words.
  func send(
    _ method: String, _ key: String?, query: [(String, String)] = [], headers: [String: String] = [:], body: Data = Data(),
    largest: Int = 16 << 20, accepted: Set<Int> = []
  ) throws -> Answer {
    let path = basePath + (key.map { "/" + S3Request.escape($0, slashes: true) } ?? (basePath.isEmpty ? "/" : ""))
    let request = S3Request(method: method, host: host, path: path, query: query, headers: headers, body: body)
    var last = ""
    for attempt in 0..<attempts {
      if attempt > 0 { usleep(UInt32(50_000 << attempt) + UInt32.random(in: 0..<50_000)) }
      let answer: Answer
      do { answer = try once(request, largest: largest) } catch {
        last = "\((error as? HTTPClientError)?.description ?? "\(error)")"
        continue
      }
      if answer.status < 300 || accepted.contains(answer.status) { return answer }
      let code = S3XML.first("Code", in: String(decoding: answer.body.prefix(1 << 16), as: UTF8.self)) ?? ""
      let message = S3XML.first("Message", in: String(decoding: answer.body.prefix(1 << 16), as: UTF8.self)) ?? ""
      last = "\(method) \(key ?? bucket) is answered with \(answer.status) \(code) \(message)".trimmingCharacters(in: .whitespaces)
      guard answer.status >= 500 || [408, 425, 429].contains(answer.status) || code == "RequestTimeout" else {
        let isRefused = [401, 403].contains(answer.status)
        throw RegistryError(
          .unreachable, "the bucket '\(bucket)' at \(base): \(last)",
          remedy: isRefused ? "check the credentials and what they may do" : answer.status == 404 ? "make the bucket first" : nil)
      }
    }
    throw RegistryError(
      .unreachable, "the bucket '\(bucket)' at \(base) cannot be reached: \(last)", remedy: "again when it can be reached; nothing is lost")
  }

  private func once(_ request: S3Request, largest: Int) throws -> Answer {
    let url = base + request.path + (request.query.isEmpty ? "" : "?" + request.queryText)
    var headers = HTTPHeaders()
    for (name, value) in request.signed(with: credentials, region: region, at: Date()) { headers.add(name: name, value: value) }
    headers.add(name: "Host", value: host)
    let body: HTTPClient.Body? = request.body.isEmpty && request.method != "PUT" ? nil : .data(request.body)
    let made = try HTTPClient.Request(url: url, method: HTTPMethod(rawValue: request.method), headers: headers, body: body)
    let answer = try Self.client.execute(
      request: made, delegate: ResponseAccumulator(request: made, maxBodySize: largest), deadline: .now() + .seconds(300)
    ).wait()
    return Answer(status: Int(answer.status.code), headers: answer.headers, body: answer.body.map { Data($0.readableBytesView) } ?? Data())
  }
}

/// The little of XML that a bucket's answers need.
enum S3XML {
  /// The text of the first element of a name.
  static func first(_ name: String, in text: String) -> String? { elements(name, in: text).first.map { unescape(String($0)) } }

  /// What is between the tags of all elements of a name, as it is written. Elements of one name do not nest in these answers.
  static func elements(_ name: String, in text: String) -> [Substring] {
    var found: [Substring] = []
    var rest = text[...]
    while let open = rest.range(of: "<\(name)>"), let close = rest.range(of: "</\(name)>", range: open.upperBound..<rest.endIndex) {
      found.append(rest[open.upperBound..<close.lowerBound])
      rest = rest[close.upperBound...]
    }
    return found
  }

  static func unescape(_ text: String) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&amp;", "&")].reduce(text) {
      $0.replacing($1.0, with: $1.1)
    }
  }
}
