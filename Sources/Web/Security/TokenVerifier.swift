package import Access
package import Foundation
import JWTKit
package import Logging
import MartletCore

/// Why a token is refused. The reason is told to the client, so it names no key and no file.
package struct TokenRefusal: Error, Sendable, Hashable {
  package let reason: String
}

/// Checks JSON Web Tokens against an identity provider's public keys.
///
/// Which algorithms are taken is decided here and by the key, never by the token alone: `none` and the symmetric ones (whose secret would be
/// a public key) are not among them, and a token's algorithm must fit the type of the key that it names.
package final class TokenVerifier: Sendable {
  private let settings: TokenSettings
  private let source: KeySetSource

  /// - Throws: `FileError` where the key set is a file that cannot be read, or has no key that can be used.
  package init(_ settings: TokenSettings, logger: Logger) throws {
    self.settings = settings
    source = try KeySetSource(settings.keys, logger: logger)
  }

  /// Reads the provider's keys again now.
  package func reload() async { await source.reload() }

  /// Who comes with a token.
  package func principal(of token: String, now: Date = Date()) async throws(TokenRefusal) -> Principal {
    guard token.utf8.count <= 16_384 else { throw TokenRefusal(reason: "it is too long") }
    let header = try Self.header(of: token)
    guard let algorithm = header["alg"]?.stringValue, let type = Self.keyTypes[algorithm] else {
      throw TokenRefusal(reason: "its algorithm is not taken; expected one of \(Self.keyTypes.keys.sorted().joined(separator: ", "))")
    }
    // Extensions that must be understood are not understood.
    guard header["crit"] == nil else { throw TokenRefusal(reason: "its header has critical extensions") }
    guard let key = await source.key(id: header["kid"]?.stringValue, type: type, algorithm: algorithm) else {
      throw TokenRefusal(reason: "no key of the provider fits it")
    }
    let claims: Claims
    do {
      claims = try await Self.keys(key, algorithm).verify(token, as: Claims.self)
    } catch {
      throw TokenRefusal(reason: "its signature does not hold")
    }
    return try principal(claims.all, now: now)
  }

  private func principal(_ claims: JSONValue, now: Date) throws(TokenRefusal) -> Principal {
    let seconds = now.timeIntervalSince1970
    guard claims["iss"]?.stringValue == settings.issuer else { throw TokenRefusal(reason: "it is another issuer's") }
    let audiences = claims["aud"]?.stringValue.map { [$0] } ?? claims["aud"]?.arrayValue?.compactMap(\.stringValue) ?? []
    guard audiences.contains(settings.audience) else { throw TokenRefusal(reason: "it is for another audience") }
    guard let expires = claims["exp"]?.doubleValue else { throw TokenRefusal(reason: "it does not say when it expires") }
    guard seconds < expires + settings.leeway else { throw TokenRefusal(reason: "it has expired") }
    if let start = claims["nbf"] {
      guard let start = start.doubleValue, seconds >= start - settings.leeway else { throw TokenRefusal(reason: "it is not valid yet") }
    }
    guard let subject = claims["sub"]?.stringValue, !subject.isEmpty else { throw TokenRefusal(reason: "it names nobody") }
    let roles = Self.strings(claims, settings.rolesClaim).compactMap { text in
      settings.roles.isEmpty ? Role(rawValue: text) : settings.roles[text]
    }
    let models = Self.value(claims, settings.modelsClaim).map { _ in Self.strings(claims, settings.modelsClaim).map(ModelPattern.init) }
    let name = claims["preferred_username"]?.stringValue ?? claims["email"]?.stringValue ?? subject
    return Principal(
      name: String(name.prefix(128)), source: .token, credential: String(subject.prefix(256)), roles: roles, models: models ?? [.all])
  }

  // MARK: Parts of a token

  /// Algorithms that are taken, and the type of key that each needs.
  static let keyTypes = [
    "RS256": "RSA", "RS384": "RSA", "RS512": "RSA", "PS256": "RSA", "PS384": "RSA", "PS512": "RSA", "ES256": "EC", "ES384": "EC",
    "ES512": "EC", "EdDSA": "OKP",
  ]

  private static func header(of token: String) throws(TokenRefusal) -> JSONValue {
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isBase64URL) }),
      let data = Data(base64Encoded: padded(parts[0])), let header = try? JSON.decode(JSONValue.self, from: data, source: "token"),
      case .object = header
    else { throw TokenRefusal(reason: "it is not three parts of base64url with a header") }
    return header
  }

  private static func isBase64URL(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }
  }

  private static func padded(_ text: Substring) -> String {
    let plain = text.replacing("-", with: "+").replacing("_", with: "/")
    return plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
  }

  private static func value(_ claims: JSONValue, _ path: String) -> JSONValue? {
    // A claim's own name may have dots, as those of some providers do.
    claims[path] ?? path.split(separator: ".").reduce(claims as JSONValue?) { $0?[String($1)] }
  }

  /// The texts of a claim: a list, or one text with spaces in between.
  private static func strings(_ claims: JSONValue, _ path: String) -> [String] {
    switch value(claims, path) {
    case .array(let values): values.compactMap(\.stringValue)
    case .string(let text): text.split(separator: " ").map(String.init)
    default: []
    }
  }

  private static func keys(_ key: JWK, _ algorithm: String) async throws -> JWTKeyCollection {
    var key = key
    key.algorithm = JWK.Algorithm(rawValue: algorithm)
    key.keyIdentifier = JWKIdentifier(string: "key")
    return try await JWTKeyCollection().add(jwk: key, isDefault: true)
  }

  /// All claims; they are checked by the verifier, which knows the clock.
  private struct Claims: JWTPayload {
    let all: JSONValue

    init(from decoder: any Decoder) throws { all = try JSONValue(from: decoder) }
    func encode(to encoder: any Encoder) throws { try all.encode(to: encoder) }
    func verify(using algorithm: some JWTAlgorithm) {}
  }
}
