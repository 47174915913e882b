import Crypto
import Foundation
import Glibc
import MartletCore

/// A person's or a pipeline's key that signs versions: Ed25519 (RFC 8032).
public struct SigningKey: Sendable {
  /// Whose it is, as its file says.
  public let name: String
  private let key: Curve25519.Signing.PrivateKey

  /// Makes a new key and keeps it in a file that only its owner may read.
  /// - Throws: `RegistryError` `.exists` for a file that is there, `.invalidName`, `FileError`.
  public static func create(at path: String, name: String) throws -> SigningKey {
    try KeyLines.check(name: name)
    guard access(path, F_OK) != 0 else {
      throw RegistryError(.exists, "\(path) is there already", remedy: "another name; keys are not replaced")
    }
    let key = Curve25519.Signing.PrivateKey()
    try KeyLines.write("\(name) \(key.rawRepresentation.base64EncodedString())\n", to: path)
    return SigningKey(name: name, key: key)
  }

  /// Reads a key from its file.
  /// - Throws: `RegistryError` `.signature` for a file that others may read or that holds no key.
  public static func read(_ path: String) throws(RegistryError) -> SigningKey {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw RegistryError(.signature, "there is no key at \(path)", remedy: "martlet keys sign-new \(path)")
    }
    guard status.st_mode & 0o077 == 0 else {
      throw RegistryError(
        .signature, "\(path) can be read by others", expected: "a file that only its owner may read", remedy: "chmod 600 \(path)")
    }
    let lines = try KeyLines.read(path)
    guard lines.count == 1, let line = lines.first, let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: line.bytes) else {
      throw RegistryError(.signature, "\(path) holds no key", expected: "one line 'NAME BASE64'")
    }
    return SigningKey(name: line.name, key: key)
  }

  private init(name: String, key: Curve25519.Signing.PrivateKey) {
    self.name = name
    self.key = key
  }

  /// What others put into their list of trusted keys: `NAME BASE64`.
  public var publicLine: String { "\(name) \(key.publicKey.rawRepresentation.base64EncodedString())" }

  /// The number by which signatures name the key.
  public var identifier: String { TrustedKeys.identifier(key.publicKey.rawRepresentation) }

  func sign(_ digest: String) throws -> String { try key.signature(for: TrustedKeys.statement(digest)).base64EncodedString() }
}

/// Public keys of those whose signatures count. Where such a list is given, versions that none of them signed are not loaded.
public struct TrustedKeys: Sendable, Hashable {
  /// Names by the keys' numbers.
  public let names: [String: String]
  private let keys: [String: Data]

  /// Reads a list: `NAME BASE64` a line; empty lines and lines that begin with `#` are passed over.
  /// - Throws: `RegistryError` `.signature`.
  public init(file path: String) throws(RegistryError) {
    var names: [String: String] = [:], keys: [String: Data] = [:]
    for line in try KeyLines.read(path) {
      guard line.bytes.count == 32, (try? Curve25519.Signing.PublicKey(rawRepresentation: line.bytes)) != nil else {
        throw RegistryError(.signature, "\(path): '\(line.name)' is no public key", expected: "32 bytes in base64")
      }
      names[Self.identifier(line.bytes)] = line.name
      keys[Self.identifier(line.bytes)] = line.bytes
    }
    self.names = names
    self.keys = keys
  }

  static func identifier(_ key: Data) -> String { String(Digest.sha256(key).prefix(16)) }

  /// What is signed: the manifest's digest, which stands for every file, and what the signature is for.
  static func statement(_ digest: String) -> Data { Data("martlet signature 1\n\(digest)\n".utf8) }

  /// Whether a trusted key of that number made the signature.
  func accepts(_ signature: String, of digest: String, by identifier: String) -> Bool {
    guard let data = keys[identifier], let key = try? Curve25519.Signing.PublicKey(rawRepresentation: data),
      let bytes = Data(base64Encoded: signature)
    else { return false }
    return key.isValidSignature(bytes, for: Self.statement(digest))
  }
}

/// Files of keys: `NAME BASE64` a line.
enum KeyLines {
  struct Line {
    let name: String
    let bytes: Data
  }

  static func check(name: String) throws(RegistryError) {
    guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy({ (33...126).contains($0) }), !name.hasPrefix("#") else {
      throw RegistryError(
        .invalidName, "'\(name.prefix(80))' cannot be a key's name", expected: "1 to 64 letters, digits and signs without a space")
    }
  }

  /// Reads lines; empty ones and those that begin with `#` are passed over.
  static func parse(_ text: String, source: String) throws(RegistryError) -> [Line] {
    var lines: [Line] = []
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let parts = line.split(whereSeparator: \.isWhitespace)
      guard let first = parts.first, !first.hasPrefix("#") else { continue }
      guard parts.count == 2, let bytes = Data(base64Encoded: String(parts[1])) else {
        throw RegistryError(.signature, "\(source) has a line \(number + 1) that is no key", expected: "'NAME BASE64'")
      }
      lines.append(Line(name: String(first), bytes: bytes))
    }
    return lines
  }

  static func read(_ path: String) throws(RegistryError) -> [Line] {
    guard let data = FileManager.default.contents(atPath: path) else { throw RegistryError(.signature, "\(path) cannot be read") }
    return try parse(String(decoding: data, as: UTF8.self), source: path)
  }

  /// Writes a file that only its owner may read.
  static func write(_ text: String, to path: String) throws(FileError) {
    try AtomicFile.write(to: path) { (descriptor) throws(FileError) in
      fchmod(descriptor, 0o600)
      try Array(text.utf8).withUnsafeBytes { bytes in
        Result { () throws(FileError) in try AtomicFile.writeAll(bytes, to: descriptor, path: path) }
      }.get()
    }
  }
}
