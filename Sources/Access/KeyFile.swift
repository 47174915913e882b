public import Foundation
import MartletCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The file with what is known of API keys, usually `keys.json`. Written whole, readable and writable by its owner only.
public struct KeyFile: Sendable {
  public let path: String

  public init(path: String) { self.path = path }

  private struct Document: Codable {
    var version = 1
    var keys: [APIKey]
  }

  /// All keys, expired and revoked ones included, the oldest first.
  /// - Throws: `FileError` if the file is missing, is no key file, or may be written by others than its owner.
  public func load() throws -> [APIKey] {
    var status = stat()
    guard stat(path, &status) == 0, let data = FileManager.default.contents(atPath: path) else {
      throw FileError(
        path: path, problem: "cannot be read: \(AtomicFile.systemReason())", remedy: "martlet keys create NAME --file \(path)")
    }
    guard status.st_mode & 0o022 == 0 else {
      throw FileError(
        path: path, problem: "others may write to it, so that anyone could add a key", expected: "a file that only its owner may write",
        remedy: "chmod 600 \(path)")
    }
    let document = try JSON.decode(Document.self, from: data, source: path)
    guard document.version == 1 else {
      throw FileError(path: path, problem: "has version \(document.version)", expected: "version 1", remedy: "a newer martlet")
    }
    return document.keys
  }

  /// Makes a key and adds it to the file, which comes into being where it is missing.
  /// - Returns: the key itself, which is nowhere else from then on, and what is kept of it.
  /// - Throws: `ArgumentError` where a key that still works has the name; `FileError`.
  public func create(
    name: String, roles: [Role], models: [ModelPattern], limits: UsageLimits = UsageLimits(), now: Date = Date(), expires: Date? = nil
  ) throws -> (secret: String, record: APIKey) {
    guard (1...128).contains(name.utf8.count), name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
      throw ArgumentError(
        "a key's name is \(name.isEmpty ? "empty" : "too long or has control characters")", expected: "1 to 128 characters")
    }
    // The file has whole seconds.
    let now = Date(timeIntervalSince1970: now.timeIntervalSince1970.rounded(.down))
    return try change { keys in
      if let other = keys.first(where: { $0.name == name && $0.revoked == nil && $0.expires.map { $0 > now } ?? true }) {
        throw ArgumentError(
          "there is a key named '\(name)' already, \(other.id)", expected: "another name", remedy: "martlet keys revoke \(other.id)")
      }
      var made = APIKey.make(name: name, roles: roles, models: models, limits: limits, created: now, expires: expires)
      // Ids are 60 random bits; the file decides.
      while keys.contains(where: { $0.id == made.record.id }) {
        made = APIKey.make(name: name, roles: roles, models: models, limits: limits, created: now, expires: expires)
      }
      keys.append(made.record)
      return made
    }
  }

  /// Marks a key as revoked; it stays in the file, so that logs can be read later.
  /// - Parameter key: its id, or its name where one key that still works has it.
  /// - Throws: `ArgumentError` where there is no such key.
  public func revoke(_ key: String, now: Date = Date()) throws -> APIKey {
    try change { keys in
      guard let index = keys.firstIndex(where: { $0.id == key }) ?? keys.firstIndex(where: { $0.name == key && $0.revoked == nil }) else {
        let names = keys.filter { $0.revoked == nil }.flatMap { [$0.id, $0.name] }
        throw ArgumentError(
          "there is no key '\(key)' in \(path)", expected: "the id or the name of a key",
          remedy: NearestName.of(key, among: names).map { "'\($0)'" } ?? "martlet keys list")
      }
      if keys[index].revoked == nil { keys[index].revoked = Date(timeIntervalSince1970: now.timeIntervalSince1970.rounded(.down)) }
      return keys[index]
    }
  }

  /// Reads, changes and writes while no other process does.
  private func change<Result>(_ body: (inout [APIKey]) throws -> Result) throws -> Result {
    let lock = open(path + ".lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard lock >= 0 else { throw FileError(path: path + ".lock", problem: "cannot be written: \(AtomicFile.systemReason())") }
    defer { close(lock) }
    while flock(lock, LOCK_EX) != 0 {
      guard errno == EINTR else { throw FileError(path: path + ".lock", problem: "cannot be locked: \(AtomicFile.systemReason())") }
    }
    var keys = FileManager.default.fileExists(atPath: path) ? try load() : []
    let result = try body(&keys)
    let data = try JSON.encode(Document(keys: keys))
    try AtomicFile.write(to: path) { (descriptor) throws(FileError) in
      guard fchmod(descriptor, 0o600) == 0 else {
        throw FileError(path: path, problem: "cannot be protected: \(AtomicFile.systemReason())")
      }
      try data.withUnsafeBytes { bytes in
        Swift.Result { () throws(FileError) in try AtomicFile.writeAll(bytes, to: descriptor, path: path) }
      }.get()
    }
    return result
  }
}
