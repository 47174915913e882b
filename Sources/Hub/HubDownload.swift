import AsyncHTTPClient
import Foundation
import Glibc
import MartletCore
import NIOCore
import NIOHTTP1

/// Brings one file's content into the cache: goes on where an earlier attempt stopped, and gives it its name only when the checksum is right.
struct HubDownload {
  let api: HubAPI
  let cache: HubCache
  let commit: String
  let file: HubFile
  /// Bytes that have come since the last call; negative where some were thrown away.
  let progress: @Sendable (Int) -> Void

  private var incomplete: String { cache.blob(file.checksum) + ".incomplete" }
  private var transport: HubTransport { api.transport }

  /// - Throws: `HubError`, `FileError`, `CancellationError`. What has come stays for the next attempt, unless it is wrong.
  func run() async throws {
    let lock = try await FileLock(cache.lock(file.checksum))
    defer { _ = lock }
    // Another process may have fetched it while this one waited.
    if cache.hasBlob(file.checksum, size: file.size) {
      progress(file.size)
      return
    }
    let kept = size()
    if kept > 0 { progress(kept) }
    var origin = Origin()
    try await transport.retrying { try await attempt(&origin) }
    do {
      try verify()
    } catch let error as HubError where origin.isPatched || kept == file.size {
      // One of the parts was wrong, perhaps what an earlier process left: once more in one piece.
      origin = Origin()
      do { try await transport.retrying { try await attempt(&origin) } } catch is HubError { throw error }
      try verify()
    }
  }

  private func size() -> Int {
    var info = stat()
    return lstat(incomplete, &info) == 0 ? Int(info.st_size) : 0
  }

  /// Where the kept bytes come from.
  private struct Origin {
    /// The strong entity tag of what they belong to, where it is known. The file's name is its checksum, so a mistake is found in any case;
    /// the tag finds it before the bytes come.
    var validator: String?
    /// They came in several answers.
    var isPatched = false
  }

  /// Asks for what is missing and appends it.
  private func attempt(_ origin: inout Origin) async throws {
    let descriptor = open(incomplete, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw FileError(path: incomplete, problem: "cannot be written: \(AtomicFile.systemReason())") }
    defer { close(descriptor) }
    var have = size()
    if have > file.size { try restart(descriptor, &have) }
    guard have < file.size || file.size == 0 else { return }
    let address = api.address(of: file.path, at: commit)
    var headers: HTTPHeaders = [:]
    if have > 0 {
      headers.add(name: "Range", value: "bytes=\(have)-")
      if let validator = origin.validator { headers.add(name: "If-Range", value: validator) }
    }
    let response = try await transport.send(.GET, address, headers: headers)
    if response.status == .rangeNotSatisfiable {
      try restart(descriptor, &have)
      throw HubTransport.Passing(
        error: HubError(.failed(status: 416, address: HubTransport.shown(address), message: "no such range")))
    }
    if let error = api.refusal(response, path: file.path) { throw error }
    if have > 0, !continues(response, from: have) { try restart(descriptor, &have) }
    if have > 0 { origin.isPatched = true }
    let tag = response.headers.first(name: "ETag")
    origin.validator = tag.flatMap { $0.hasPrefix("\"") ? $0 : nil }
    let before = have
    do {
      for try await piece in response.body {
        have += piece.readableBytes
        guard have <= file.size else { throw HubError(.wrongSize(path: file.path, expected: file.size, found: have)) }
        try piece.withUnsafeReadableBytes { try write($0, to: descriptor) }
        progress(piece.readableBytes)
      }
    } catch let error as HubError {
      if case .wrongSize = error.kind { discard() }
      throw error
    } catch let error as FileError {
      throw error
    } catch {
      var error = HubTransport.network(error, address)
      if var passing = error as? HubTransport.Passing {
        passing.hasProgress = have > before
        error = passing
      }
      throw error
    }
    guard have == file.size else {
      let error = HubError(.wrongSize(path: file.path, expected: file.size, found: have))
      throw HubTransport.Passing(error: error, hasProgress: have > before)
    }
    guard fsync(descriptor) == 0 else {
      throw FileError(path: incomplete, problem: "cannot be written: \(AtomicFile.systemReason())")
    }
  }

  /// Whether an answer is the rest of the file and not the whole.
  private func continues(_ response: HTTPClientResponse, from have: Int) -> Bool {
    guard response.status == .partialContent, let range = response.headers.first(name: "Content-Range") else { return false }
    return range.hasPrefix("bytes \(have)-") && (range.hasSuffix("/\(file.size)") || range.hasSuffix("/*"))
  }

  private func restart(_ descriptor: Int32, _ have: inout Int) throws(FileError) {
    guard ftruncate(descriptor, 0) == 0 else {
      throw FileError(path: incomplete, problem: "cannot be emptied: \(AtomicFile.systemReason())")
    }
    progress(-have)
    have = 0
  }

  private func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws {
    do throws(FileError) {
      try AtomicFile.writeAll(bytes, to: descriptor, path: incomplete)
    } catch {
      guard errno == ENOSPC || errno == EDQUOT else { throw error }
      throw HubError(.diskFull(folder: cache.root, needed: file.size - size(), free: HubDisk.free(cache.root) ?? 0))
    }
  }

  private func discard() {
    progress(-size())
    unlink(incomplete)
  }

  /// Compares the checksum; what is right gets its name, what is wrong goes.
  private func verify() throws {
    let found = try file.checksum.found(in: incomplete)
    guard found == file.checksum.name else {
      discard()
      throw HubError(.wrongChecksum(path: file.path, expected: file.checksum.name, found: found))
    }
    let blob = cache.blob(file.checksum)
    guard rename(incomplete, blob) == 0 else {
      throw FileError(path: blob, problem: "cannot be written: \(AtomicFile.systemReason())")
    }
  }
}

/// Room on disks.
enum HubDisk {
  /// Bytes that this process may still write where a folder is, or will be; `nil` where the system does not say.
  static func free(_ folder: String) -> Int? {
    var path = folder
    while !path.isEmpty, access(path, F_OK) != 0 {
      let parent = (path as NSString).deletingLastPathComponent
      guard parent != path else { return nil }
      path = parent
    }
    var info = statvfs()
    guard statvfs(path.isEmpty ? "." : path, &info) == 0 else { return nil }
    return Int(clamping: UInt64(info.f_bavail).multipliedReportingOverflow(by: UInt64(info.f_frsize)).partialValue)
  }
}
