import Crypto
public import Foundation
import MartletCore

/// What a server knows of one API key: everything but the key.
///
/// A key is `mrt_`, its id (12 characters, public: it finds the record and stands in logs), `_`, and 256 random bits. Only the SHA-256 of the
/// whole text is kept. A slow hash, as for passwords, would protect what people make up; nobody can try through 2^256 values, however fast,
/// and a slow hash would be paid by every request.
public struct APIKey: Sendable, Hashable, Codable {
  public var id: String
  /// Whose it is.
  public var name: String
  /// The SHA-256 of the key, 64 hexadecimal digits.
  public var hash: String
  public var roles: [Role]
  public var models: [ModelPattern]
  public var limits: UsageLimits
  public var created: Date
  /// From when on it is refused; `nil` is never.
  public var expires: Date?
  /// Since when it is refused because somebody said so.
  public var revoked: Date?

  /// Who comes with the key.
  public var principal: Principal {
    Principal(name: name, source: .key, credential: id, roles: roles, models: models, limits: limits)
  }

  /// Makes a key of 256 random bits.
  /// - Returns: the key itself, to be shown once, and what is kept of it.
  public static func make(
    name: String, roles: [Role], models: [ModelPattern], limits: UsageLimits = UsageLimits(), created: Date, expires: Date?
  ) -> (secret: String, record: APIKey) {
    let id = String(decoding: (0..<KeyText.idLength).map { _ in KeyText.idAlphabet.randomElement() ?? 0x61 }, as: UTF8.self)
    let random = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }
    let secret = KeyText.prefix + id + "_" + KeyText.base64URL(random)
    let record = APIKey(
      id: id, name: name, hash: Digest.sha256(secret), roles: roles, models: models, limits: limits, created: created, expires: expires)
    return (secret, record)
  }

  /// Whether the text is this key. Takes as long for a wrong one as for the right one.
  public func isMade(of secret: String) -> Bool { KeyText.areEqual(Digest.sha256(secret), hash) }
}

/// How keys are written.
enum KeyText {
  static let prefix = "mrt_"
  static let idLength = 12
  static let secretLength = 43
  static let idAlphabet = Array("abcdefghijkmnpqrstuvwxyz23456789".utf8)

  /// The id in a key, or `nil` if the text is no key.
  static func id(in secret: String) -> String? {
    let bytes = Array(secret.utf8)
    guard bytes.count == prefix.utf8.count + idLength + 1 + secretLength, bytes.starts(with: prefix.utf8),
      bytes[prefix.utf8.count + idLength] == UInt8(ascii: "_")
    else { return nil }
    let id = bytes[prefix.utf8.count..<prefix.utf8.count + idLength]
    return id.allSatisfy(idAlphabet.contains) ? String(decoding: id, as: UTF8.self) : nil
  }

  static func base64URL(_ data: Data) -> String {
    data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  /// Compares all bytes whatever they are.
  static func areEqual(_ left: String, _ right: String) -> Bool {
    let left = Array(left.utf8), right = Array(right.utf8)
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for (a, b) in zip(left, right) { difference |= a ^ b }
    return difference == 0
  }
}
