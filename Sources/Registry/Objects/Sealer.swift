import Bundles
import Crypto
import Foundation
import Glibc

/// Encrypts objects with AES-256-GCM in frames of 64 KiB (NIST SP 800-38D), so that a large file is never in memory.
///
/// A sealed object is a header (magic, format, data key, salt) and its frames. Each object has a key of its own, derived from the data key
/// with HKDF (RFC 5869) over the salt, the whole header and the object's name; a frame's nonce is its number and whether it is the last.
/// So a frame cannot be changed, moved, taken from another object, repeated or left out, and no nonce is used twice with a key.
struct Sealer: Sendable {
  static let frame = 64 << 10, tag = 16
  private static let magic = Data("MRTLSEAL".utf8), format: UInt8 = 1
  /// Magic, format, the data key's number, salt.
  static let headerSize = 8 + 1 + 16 + 32

  let keys: DataKeys

  static func sealedSize(_ size: Int) -> Int { headerSize + size + tag * max(1, (size + frame - 1) / frame) }

  /// The writer of a new object.
  func begin(_ digest: String) throws -> Writer {
    let (identifier, key) = try keys.current()
    var header = Self.magic + [Self.format]
    header.append(contentsOf: withUnsafeBytes(of: identifier.uuid) { Array($0) })
    header.append(contentsOf: SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) })
    return Writer(header: header, frames: Frames(key: key, header: header, digest: digest))
  }

  func reader(_ digest: String, path: String) -> Reader { Reader(keys: keys, digest: digest, path: path) }

  /// What both directions know: the object's key, and the frames' nonces.
  fileprivate struct Frames {
    let key: SymmetricKey
    let name: Data
    private var number: UInt64 = 0

    init(key: SymmetricKey, header: Data, digest: String) {
      name = Data(digest.utf8)
      self.key = HKDF<SHA256>.deriveKey(
        inputKeyMaterial: key, salt: header.suffix(32), info: Data("martlet object".utf8) + header + name, outputByteCount: 32)
    }

    private mutating func nonce(isLast: Bool) throws -> AES.GCM.Nonce {
      var bytes: [UInt8] = [isLast ? 1 : 0, 0, 0, 0]
      withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
      number += 1
      return try AES.GCM.Nonce(data: bytes)
    }

    mutating func seal(_ plain: Data, isLast: Bool) throws -> Data {
      let box = try AES.GCM.seal(plain, using: key, nonce: nonce(isLast: isLast), authenticating: name)
      return box.ciphertext + box.tag
    }

    mutating func open(_ sealed: Data, isLast: Bool) throws -> Data {
      let box = try AES.GCM.SealedBox(nonce: nonce(isLast: isLast), ciphertext: sealed.dropLast(tag), tag: sealed.suffix(tag))
      return try AES.GCM.open(box, using: key, authenticating: name)
    }
  }

  /// Encrypts what it is given, piece by piece.
  struct Writer {
    let header: Data
    fileprivate var frames: Frames
    private var waiting = Data()

    fileprivate init(header: Data, frames: Frames) {
      self.header = header
      self.frames = frames
    }

    /// - Returns: the frames that are full. The last one waits for `finish`, which marks it.
    mutating func add(_ piece: Data) throws -> Data {
      waiting.append(piece)
      var sealed = Data()
      var start = waiting.startIndex
      while waiting.endIndex - start > frame {
        sealed.append(try frames.seal(waiting[start..<start + frame], isLast: false))
        start += frame
      }
      waiting = Data(waiting[start...])
      return sealed
    }

    mutating func finish() throws -> Data { try frames.seal(waiting, isLast: true) }
  }

  /// Decrypts what it is given, piece by piece. Nothing is handed out that was not found right.
  struct Reader {
    fileprivate let keys: DataKeys
    fileprivate let digest: String
    fileprivate let path: String
    private var frames: Frames?
    private var waiting = Data()

    fileprivate init(keys: DataKeys, digest: String, path: String) {
      self.keys = keys
      self.digest = digest
      self.path = path
    }

    mutating func add(_ piece: Data) throws -> Data {
      waiting.append(piece)
      if frames == nil {
        guard waiting.count >= headerSize else { return Data() }
        frames = try begin(Data(waiting.prefix(headerSize)))
        waiting = Data(waiting.dropFirst(headerSize))
      }
      var open = Data()
      var start = waiting.startIndex
      while waiting.endIndex - start > frame + tag {
        open.append(try opened(waiting[start..<start + frame + tag], isLast: false))
        start += frame + tag
      }
      waiting = Data(waiting[start...])
      return open
    }

    mutating func finish() throws -> Data { try opened(waiting, isLast: true) }

    private mutating func opened(_ sealed: Data, isLast: Bool) throws -> Data {
      guard sealed.count >= tag, let open = try? frames?.open(sealed, isLast: isLast) else { throw changed("has been changed or cut off") }
      return open
    }

    private func begin(_ header: Data) throws -> Frames {
      guard header.prefix(8) == magic, header[8] == format else { throw changed("is not a sealed object of this format") }
      let bytes = Array(header[9..<25])
      let identifier = bytes.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
      guard let key = try keys.find(identifier) else { throw changed("names a data key that the registry does not have") }
      return Frames(key: key, header: header, digest: digest)
    }

    private func changed(_ detail: String) -> SystemFailure { SystemFailure(path: path, code: EBADMSG, detail: detail) }
  }
}
