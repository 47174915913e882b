import AsyncHTTPClient
import Foundation
import JWTKit
import Logging
import MartletCore
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import Synchronization

/// An identity provider's public keys, from a file or an address. They are fetched again when a token names an unknown key, and from time to
/// time, but never more often than twice a minute; while that fails the known ones stay.
final class KeySetSource: Sendable {
  private let place: Place
  private let logger: Logger
  private let state = Mutex(State())

  private enum Place: Sendable { case file(String), address(String) }

  private struct State {
    var keys: [JWK] = []
    var fetched: ContinuousClock.Instant?
    var tried: ContinuousClock.Instant?
  }

  static let maxBytes = 1 << 20
  static let lifetime = Duration.seconds(600)
  static let pause = Duration.seconds(30)

  /// - Throws: `FileError` where it is a file that is none of keys; `ArgumentError` for an address that is neither `https` nor on this machine.
  init(_ text: String, logger: Logger) throws {
    self.logger = logger
    guard text.contains("://") else {
      place = .file(text)
      let keys = try Self.read(file: text)
      state.withLock { state in
        state.keys = keys
        state.fetched = .now
      }
      return
    }
    guard let url = URLComponents(string: text), let host = url.host, url.user == nil,
      url.scheme == "https" || url.scheme == "http" && ["localhost", "127.0.0.1", "[::1]", "::1"].contains(host)
    else {
      throw ArgumentError("the key set's address '\(text)' is not safe", expected: "https://…, or http:// on this machine")
    }
    place = .address(text)
  }

  /// The key that a token names, or the only one of its type where it names none.
  func key(id: String?, type: String, algorithm: String) async -> JWK? {
    if let key = find(id, type, algorithm), !isOld { return key }
    await refresh()
    return find(id, type, algorithm)
  }

  private func find(_ id: String?, _ type: String, _ algorithm: String) -> JWK? {
    let fitting = state.withLock { $0.keys }.filter { key in
      key.keyType.rawValue == type && key.algorithm.map { $0.rawValue == algorithm } ?? true
    }
    if let id { return fitting.first { $0.keyIdentifier?.string == id } }
    return fitting.count == 1 ? fitting.first : nil
  }

  /// Reads the keys again now.
  func reload() async {
    state.withLock { $0.tried = nil }
    await refresh()
  }

  private var isOld: Bool { state.withLock { $0.fetched.map { .now - $0 > Self.lifetime } ?? true } }

  private func refresh() async {
    let isDue = state.withLock { state in
      guard state.tried.map({ .now - $0 > Self.pause }) ?? true else { return false }
      state.tried = .now
      return true
    }
    guard isDue else { return }
    do {
      let keys =
        switch place {
        case .file(let path): try Self.read(file: path)
        case .address(let address): try await Self.fetch(address)
        }
      state.withLock { state in
        state.keys = keys
        state.fetched = .now
      }
    } catch {
      logger.error("the key set of the tokens stays as it was", metadata: ["detail": .string("\(error)")])
    }
  }

  private static func read(file path: String) throws -> [JWK] {
    guard let data = FileManager.default.contents(atPath: path), data.count <= maxBytes else {
      throw FileError(path: path, problem: "cannot be read", expected: "a JSON Web Key Set of at most \(maxBytes) bytes")
    }
    return try keys(in: data, source: path)
  }

  private static func fetch(_ address: String) async throws -> [JWK] {
    var request = HTTPClientRequest(url: address)
    request.headers.add(name: "accept", value: "application/json")
    var configuration = HTTPClient.Configuration(timeout: .init(connect: .seconds(3), read: .seconds(5)))
    // Where the keys come from must not be the answer's choice.
    configuration.redirectConfiguration = .disallow
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    do {
      let response = try await client.execute(request, timeout: .seconds(10))
      guard response.status == .ok else { throw ArgumentError("\(address) answers \(response.status.code)", expected: "200") }
      let body = try await response.body.collect(upTo: maxBytes)
      try await client.shutdown()
      return try keys(in: Data(buffer: body), source: address)
    } catch {
      try? await client.shutdown()
      throw error
    }
  }

  /// The keys that can be used: of a known type, for signatures, and long enough. Others may be in the set, too.
  static func keys(in data: Data, source: String) throws -> [JWK] {
    let document = try JSON.decode(JSONValue.self, from: data, source: source)
    guard let entries = document["keys"]?.arrayValue else {
      throw FileError(path: source, problem: "is no JSON Web Key Set", expected: "{\"keys\": […]}")
    }
    let keys = entries.compactMap { entry -> JWK? in
      guard ["RSA", "EC", "OKP"].contains(entry["kty"]?.stringValue ?? ""), entry["use"]?.stringValue ?? "sig" == "sig" else { return nil }
      // 2048 bits are 256 bytes, which are 342 characters of base64url.
      if entry["kty"] == "RSA", (entry["n"]?.stringValue ?? "").utf8.count < 342 { return nil }
      return try? JWK(json: String(decoding: JSON.encode(entry, pretty: false), as: UTF8.self))
    }
    guard !keys.isEmpty else {
      throw FileError(path: source, problem: "has no key that can be used", expected: "RSA of 2048 bits or more, EC or Ed25519")
    }
    return keys
  }
}
