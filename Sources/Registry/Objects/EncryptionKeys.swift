import Crypto
import Foundation
import Glibc
import MartletCore

/// Where the team's keys for encryption at rest come from: a file, or what a command prints (of a key store's client, say).
///
/// One key a line, `NAME BASE64`, 32 bytes each; empty lines and lines that begin with `#` are passed over. The first one is for what is
/// new; the others open what is old.
public enum EncryptionKeys: Sendable, Hashable {
  /// A file that only its owner may read.
  case file(String)
  /// A command line for the shell, at most 30 seconds.
  case command(String)

  struct Key: Sendable {
    let identifier: String
    let key: SymmetricKey
  }

  /// What `MARTLET_ENCRYPTION_KEY_FILE` or `MARTLET_ENCRYPTION_KEY_COMMAND` says; `nil` for neither.
  public init?(environment: [String: String]) {
    if let path = environment["MARTLET_ENCRYPTION_KEY_FILE"], !path.isEmpty {
      self = .file(path)
    } else if let command = environment["MARTLET_ENCRYPTION_KEY_COMMAND"], !command.isEmpty {
      self = .command(command)
    } else {
      return nil
    }
  }

  /// Makes a key and puts it before the others in a file, which is made where there is none.
  /// - Returns: the key's name.
  /// - Throws: `RegistryError` `.encryption`, `FileError`.
  @discardableResult
  public static func addKey(to path: String, named name: String? = nil) throws -> String {
    let name = name ?? "key-" + UUID().uuidString.prefix(8).lowercased()
    try KeyLines.check(name: name)
    let old = access(path, F_OK) == 0 ? try EncryptionKeys.file(path).keys() : []
    guard !old.contains(where: { $0.identifier == name }) else { throw RegistryError(.exists, "\(path) has a key '\(name)' already") }
    let new = Key(identifier: name, key: SymmetricKey(size: .bits256))
    let text = ([new] + old).map { "\($0.identifier) \($0.key.withUnsafeBytes { Data($0) }.base64EncodedString())\n" }.joined()
    try KeyLines.write(text, to: path)
    return name
  }

  func active() throws -> Key {
    guard let key = try keys().first else { throw wrong("holds no key") }
    return key
  }

  func key(_ identifier: String) throws -> Key {
    let keys = try keys()
    guard let key = keys.first(where: { $0.identifier == identifier }) else {
      throw RegistryError(
        .encryption, "the key '\(identifier)' is not in \(place)", expected: "one of " + keys.map(\.identifier).joined(separator: ", "),
        remedy: "keep old keys below the new one until 'martlet keys rotate' has been run")
    }
    return key
  }

  private func keys() throws -> [Key] {
    let text: String
    switch self {
    case .file(let path):
      var status = stat()
      guard stat(path, &status) == 0 else { throw wrong("cannot be read: \(AtomicFile.systemReason())") }
      guard status.st_mode & 0o077 == 0 else {
        throw RegistryError(
          .encryption, "\(path) can be read by others", expected: "a file that only its owner may read", remedy: "chmod 600 \(path)")
      }
      guard let data = FileManager.default.contents(atPath: path) else { throw wrong("cannot be read") }
      text = String(decoding: data, as: UTF8.self)
    case .command(let command): text = try Self.output(of: command)
    }
    let lines: [KeyLines.Line]
    do { lines = try KeyLines.parse(text, source: place) } catch { throw wrong("has a line that is no key") }
    guard lines.allSatisfy({ $0.bytes.count == 32 }) else { throw wrong("has a key that has not 32 bytes") }
    return lines.map { Key(identifier: $0.name, key: SymmetricKey(data: $0.bytes)) }
  }

  private var place: String {
    switch self {
    case .file(let path): path
    case .command: "what MARTLET_ENCRYPTION_KEY_COMMAND prints"
    }
  }

  private func wrong(_ what: String) -> RegistryError {
    RegistryError(.encryption, "\(place) \(what)", expected: "lines 'NAME BASE64' with 32 bytes each", remedy: "martlet keys new FILE")
  }

  private static func output(of command: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "exec timeout 30 /bin/sh -c \"$0\"", command]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardInput = FileHandle.nullDevice
    do { try process.run() } catch { throw RegistryError(.encryption, "the command for the keys cannot be started: \(error)") }
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw RegistryError(.encryption, "the command for the keys ended with \(process.terminationStatus)", remedy: "run it by hand")
    }
    return String(decoding: data, as: UTF8.self)
  }
}
