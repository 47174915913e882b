import Access
import Crypto
import CryptoExtras
import Foundation
import Logging
import MartletCore
import Testing

@testable import Web

/// Tokens are made here by hand, so that wrong ones can be made as well.
@Suite struct TokenTests {
  private static let elliptic = P256.Signing.PrivateKey()
  private static let edwards = Curve25519.Signing.PrivateKey()
  private static let now = Date(timeIntervalSince1970: 1_800_000_000)

  private static func text(_ bytes: some DataProtocol) -> String {
    Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  private static func part(_ value: JSONValue) throws -> String { text(try JSON.encode(value, pretty: false)) }

  private static let claims: [String: JSONValue] = [
    "iss": "https://id.example.org", "aud": ["other", "martlet"], "sub": "u1", "exp": .int(1_800_000_100), "nbf": .int(1_799_999_900),
    "realm_access": ["roles": ["ml-admins", "unknown"]], "models": ["fashion*"], "email": "ann@example.org",
  ]

  private enum Signer { case elliptic, edwards, none, other }

  private static func token(
    _ header: JSONValue = ["alg": "ES256", "kid": "ec"], _ changes: [String: JSONValue?] = [:], by signer: Signer = .elliptic
  ) throws -> String {
    var claims = claims
    for (key, value) in changes { claims[key] = value }
    let signed = try part(header) + "." + part(.object(claims))
    let signature: Data =
      switch signer {
      case .elliptic: try elliptic.signature(for: Data(signed.utf8)).rawRepresentation
      case .edwards: try edwards.signature(for: Data(signed.utf8))
      case .none: Data()
      case .other: try P256.Signing.PrivateKey().signature(for: Data(signed.utf8)).rawRepresentation
      }
    return signed + "." + text(signature)
  }

  private static func keySet(_ more: [JSONValue] = []) throws -> String {
    let point = elliptic.publicKey.rawRepresentation
    let keys: [JSONValue] = [
      ["kty": "EC", "crv": "P-256", "kid": "ec", "x": .string(text(point.prefix(32))), "y": .string(text(point.suffix(32)))],
      ["kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": .string(text(edwards.publicKey.rawRepresentation))],
      ["kty": "oct", "kid": "secret", "k": "c2VjcmV0"],
    ]
    let path = NSTemporaryDirectory() + "jwks-\(UUID().uuidString).json"
    try JSON.encode(["keys": .array(keys + more)] as JSONValue).write(to: URL(fileURLWithPath: path))
    return path
  }

  private static func verifier(_ more: [JSONValue] = []) throws -> TokenVerifier {
    var settings = TokenSettings(issuer: "https://id.example.org", audience: "martlet", keys: try keySet(more))
    settings.rolesClaim = "realm_access.roles"
    settings.roles = ["ml-admins": .admin]
    return try TokenVerifier(settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  private static func refusal(_ token: String, _ verifier: TokenVerifier, at now: Date = now) async -> String? {
    do {
      _ = try await verifier.principal(of: token, now: now)
      return nil
    } catch {
      return error.reason
    }
  }

  @Test func `a token that holds says who comes`() async throws {
    let verifier = try Self.verifier()
    let principal = try await verifier.principal(of: Self.token(), now: Self.now)
    #expect(principal.name == "ann@example.org" && principal.credential == "u1" && principal.source == .token)
    #expect(principal.may(.admin) && principal.mayUse(model: "fashion2") && !principal.mayUse(model: "other"))
    let edwards = try Self.token(["alg": "EdDSA", "kid": "ed"], by: .edwards)
    #expect(try await verifier.principal(of: edwards, now: Self.now).credential == "u1")
    // Without a key's name, the only one of the type.
    #expect(try await verifier.principal(of: Self.token(["alg": "ES256"]), now: Self.now).credential == "u1")
    // Roles that stand for nothing give no rights; no list of models is all of them.
    let plain = try await verifier.principal(
      of: Self.token(["alg": "ES256", "kid": "ec"], ["realm_access": nil, "models": nil]), now: Self.now)
    #expect(plain.rights.isEmpty && plain.mayUse(model: "other"))
  }

  @Test func `RSA, too, if it is long enough`() async throws {
    let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
    let parts = try key.publicKey.getKeyPrimitives()
    let verifier = try Self.verifier([
      ["kty": "RSA", "kid": "rsa", "alg": "RS256", "n": .string(Self.text(parts.modulus)), "e": .string(Self.text(parts.publicExponent))],
      ["kty": "RSA", "kid": "short", "n": .string(Self.text(parts.modulus.prefix(128))), "e": .string(Self.text(parts.publicExponent))],
    ])
    let signed = try Self.part(["alg": "RS256", "kid": "rsa"]) + "." + Self.part(.object(Self.claims))
    let signature = try key.signature(for: SHA256.hash(data: Data(signed.utf8)), padding: .insecurePKCS1v1_5)
    #expect(try await verifier.principal(of: signed + "." + Self.text(signature.rawRepresentation), now: Self.now).credential == "u1")
    #expect(await Self.refusal(try Self.token(["alg": "RS256", "kid": "short"]), verifier) == "no key of the provider fits it")
    // The key says RS256, so PS256 with it is refused.
    #expect(await Self.refusal(try Self.token(["alg": "PS256", "kid": "rsa"]), verifier) == "no key of the provider fits it")
  }

  @Test func `algorithms are ours to choose`() async throws {
    let verifier = try Self.verifier()
    let notTaken = "its algorithm is not taken"
    for algorithm in ["none", "None", "NONE", "nOnE", "", "HS256", "HS512", "ES256K", "es256"] {
      for signer in [Signer.none, .elliptic] {
        let reason = await Self.refusal(try Self.token(["alg": .string(algorithm), "kid": "ec"], by: signer), verifier)
        #expect(reason?.hasPrefix(notTaken) == true || reason?.contains("three parts") == true, "\(algorithm): \(reason ?? "taken")")
      }
    }
    #expect(await Self.refusal(try Self.token(["kid": "ec"]), verifier)?.hasPrefix(notTaken) == true)
    // Key confusion: a symmetric signature with the public key as its secret.
    let signed = try Self.part(["alg": "HS256", "kid": "ec"]) + "." + Self.part(.object(Self.claims))
    let secret = SymmetricKey(data: Self.elliptic.publicKey.pemRepresentation.utf8.map { $0 })
    let code = HMAC<SHA256>.authenticationCode(for: Data(signed.utf8), using: secret)
    #expect(await Self.refusal(signed + "." + Self.text(Data(code)), verifier)?.hasPrefix(notTaken) == true)
    // A key of another type than the algorithm's, or of no provider.
    for header: JSONValue in [
      ["alg": "ES256", "kid": "ed"], ["alg": "EdDSA", "kid": "ec"], ["alg": "RS256", "kid": "ec"], ["alg": "ES256", "kid": "nobody"],
      ["alg": "ES256", "kid": "../../etc/passwd"],
    ] { #expect(await Self.refusal(try Self.token(header), verifier) == "no key of the provider fits it") }
    #expect(await Self.refusal(try Self.token(["alg": "ES384", "kid": "ec"]), verifier) == "its signature does not hold")
    // Keys in the token's own header are not looked at.
    let own: JSONValue = ["alg": "ES256", "kid": "ec", "jwk": ["kty": "EC"], "jku": "https://evil.example.org/keys"]
    #expect(await Self.refusal(try Self.token(own, by: .other), verifier) == "its signature does not hold")
    #expect(
      await Self.refusal(try Self.token(["alg": "ES256", "kid": "ec", "crit": ["b64"], "b64": false]), verifier)?.contains("critical")
        == true)
  }

  @Test func `what is in it must fit`() async throws {
    let verifier = try Self.verifier()
    let header: JSONValue = ["alg": "ES256", "kid": "ec"]
    let cases: [([String: JSONValue?], String)] = [
      (["iss": "https://evil.example.org"], "another issuer"), (["iss": nil], "another issuer"), (["aud": "other"], "another audience"),
      (["aud": nil], "another audience"), (["exp": nil], "when it expires"), (["exp": "tomorrow"], "when it expires"),
      (["exp": .int(1_799_999_900)], "expired"), (["nbf": .int(1_800_000_100)], "not valid yet"), (["nbf": "x"], "not valid yet"),
      (["sub": nil], "names nobody"), (["sub": ""], "names nobody"),
    ]
    for (changes, reason) in cases {
      let refused = await Self.refusal(try Self.token(header, changes), verifier)
      #expect(refused?.contains(reason) == true, "\(changes): \(refused ?? "taken")")
    }
    // Clocks may differ by the leeway and no more.
    #expect(await Self.refusal(try Self.token(), verifier, at: Self.now.addingTimeInterval(159)) == nil)
    #expect(await Self.refusal(try Self.token(), verifier, at: Self.now.addingTimeInterval(160)) == "it has expired")
  }

  @Test func `a changed or broken token is refused`() async throws {
    let verifier = try Self.verifier()
    let token = try Self.token()
    let parts = token.split(separator: ".").map(String.init)
    let others = try Self.token(["alg": "ES256", "kid": "ec"], ["sub": "u2"]).split(separator: ".").map(String.init)
    #expect(await Self.refusal([parts[0], others[1], parts[2]].joined(separator: "."), verifier) == "its signature does not hold")
    #expect(await Self.refusal(try Self.token(by: .other), verifier) == "its signature does not hold")
    for broken in [
      "", ".", "..", "...", "a.b.c", parts[0] + "." + parts[1], token + ".x", token + "=", " " + token, "\u{0}.\u{0}.\u{0}",
      parts[0] + ".." + parts[2],
      "W10.W10.W10", String(repeating: "a", count: 20_000) + ".a.a",
    ] { #expect(await Self.refusal(broken, verifier) != nil, "\(broken.prefix(40))") }
    // Every bit of a signature counts.
    var signature = Array(parts[2].utf8)
    signature[5] = signature[5] == 0x41 ? 0x42 : 0x41
    #expect(await Self.refusal(parts[0] + "." + parts[1] + "." + String(decoding: signature, as: UTF8.self), verifier) != nil)
  }

  @Test func `key sets that cannot be used are refused at the start`() throws {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    for keys in ["http://id.example.org/keys", "ftp://id.example.org/keys", "https://user:word@id.example.org/keys", "/no/such/file"] {
      #expect(throws: (any Error).self) { try TokenVerifier(TokenSettings(issuer: "i", audience: "a", keys: keys), logger: logger) }
    }
    let path = NSTemporaryDirectory() + "jwks-\(UUID().uuidString).json"
    for text in ["{}", "[]", #"{"keys": []}"#, #"{"keys": [{"kty": "oct", "k": "AA"}]}"#, "nonsense"] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      #expect(throws: FileError.self) { try TokenVerifier(TokenSettings(issuer: "i", audience: "a", keys: path), logger: logger) }
    }
  }
}
