import Crypto
public import Foundation

/// SHA-256 as the package writes it: 64 lower-case hexadecimal digits.
public enum Digest {
  public static func sha256(_ data: Data) -> String { hex(SHA256.hash(data: data)) }

  public static func sha256(_ text: String) -> String { sha256(Data(text.utf8)) }

  /// Hashes a file in pieces, whatever its size.
  /// - Throws: `FileError` if it cannot be read.
  public static func sha256(file path: String) throws(FileError) -> String {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw FileError(path: path, problem: "cannot be read", expected: "a readable file")
    }
    defer { try? handle.close() }
    var hasher = SHA256()
    do {
      while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty { hasher.update(data: piece) }
    } catch {
      throw FileError(path: path, problem: "cannot be read: \(error.localizedDescription)")
    }
    return hex(hasher.finalize())
  }

  fileprivate static func hex(_ digest: SHA256Digest) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text = [UInt8]()
    for byte in digest {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}

/// SHA-256 of bytes that come one after another.
public struct RunningDigest: Sendable {
  private var hasher = SHA256()

  public init() {}

  public mutating func add(_ data: Data) { hasher.update(data: data) }

  public mutating func add(_ bytes: [UInt8]) { bytes.withUnsafeBytes { hasher.update(bufferPointer: $0) } }

  /// 64 lower-case hexadecimal digits.
  public func finish() -> String { Digest.hex(hasher.finalize()) }
}
