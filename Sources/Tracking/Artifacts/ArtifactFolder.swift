import Bundles
import Foundation
import Glibc
import MartletCore

/// One name in a folder of artifacts.
package struct ArtifactEntry: Sendable, Hashable {
  package let name: String
  package let isFolder: Bool
  package let size: Int

  package init(name: String, isFolder: Bool, size: Int) {
    self.name = name
    self.isFolder = isFolder
    self.size = size
  }
}

/// The files of runs and logged models below one folder. No link is ever followed, and no path leaves the folder.
package struct ArtifactFolder: Sendable {
  /// How clients spell the place: the server's own address is not part of it, so that it may move.
  package static let scheme = "mlflow-artifacts"
  /// Where clients may keep files by themselves; this server never looks there.
  private static let foreign: Set<String> = ["s3", "gs", "wasb", "wasbs", "abfs", "abfss", "hdfs", "dbfs", "sftp", "r2", "oss"]

  package let path: String

  package init(_ path: String) { self.path = path }

  /// Checks where an experiment's files shall be.
  /// - Throws: `TrackingError` `.invalid` for folders of this machine and unknown schemes.
  static func check(location: String) throws(TrackingError) {
    try TrackingNames.check(length: location, 512, "the artifact location")
    if try ArtifactPath.path(ofURI: location) != nil { return }
    let scheme = location.split(separator: ":", maxSplits: 1).first.map { $0.lowercased() } ?? ""
    guard location.contains("://"), foreign.contains(scheme), !location.contains("..") else {
      throw TrackingError(
        .invalid, "'\(excerpt(location))' cannot be where artifacts are", expected: "\(Self.scheme):/… or s3://…",
        remedy: "leave it out: then the server keeps them")
    }
  }

  static func isForeign(_ uri: String) -> Bool {
    uri.contains("://") && foreign.contains(uri.split(separator: ":", maxSplits: 1).first.map { $0.lowercased() } ?? "")
  }

  /// A path below a URI.
  static func join(_ uri: String, _ path: String) -> String { uri.hasSuffix("/") ? uri + path : uri + "/" + path }

  // MARK: Reading

  /// What lies in a folder, by name; empty where there is none.
  /// - Throws: `TrackingError`: `.invalid`, `.io`.
  package func list(_ path: String) throws(TrackingError) -> [ArtifactEntry] {
    guard let folder = try open(folder: try ArtifactPath.parts(path), create: false) else { return [] }
    defer { close(folder) }
    let names: [String]
    do throws(SystemFailure) { names = try FileTools.names(in: folder, path: path) } catch { throw TrackingError(error) }
    var found: [ArtifactEntry] = []
    for name in names where !ArtifactPath.isTemporary(name) {
      var status = stat()
      guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
      switch status.st_mode & S_IFMT {
      case S_IFDIR: found.append(ArtifactEntry(name: name, isFolder: true, size: 0))
      case S_IFREG: found.append(ArtifactEntry(name: name, isFolder: false, size: Int(status.st_size)))
      default: continue
      }
    }
    return found.sorted { $0.name < $1.name }
  }

  /// Opens a file; the caller closes it.
  /// - Throws: `TrackingError`: `.notFound`, `.invalid`, `.io`.
  package func open(_ path: String) throws(TrackingError) -> (descriptor: Int32, size: Int) {
    let parts = try ArtifactPath.parts(path)
    guard !parts.isEmpty, let root = try open(folder: [], create: false) else { throw Self.missing(path) }
    defer { close(root) }
    do throws(SystemFailure) {
      return try FileTools.openRegular(parts.joined(separator: "/"), inside: root)
    } catch {
      switch error.code {
      case ENOENT, ENOTDIR, EINVAL, ELOOP, EISDIR: throw Self.missing(path)
      default: throw TrackingError(error)
      }
    }
  }

  /// All files below a folder with their sizes, by path.
  /// - Throws: `TrackingError`: `.invalid` where there are too many, `.io`.
  package func files(below path: String, most: Int = 10_000) throws(TrackingError) -> [(path: String, size: Int)] {
    var found: [(path: String, size: Int)] = []
    var waiting = [""]
    while let folder = waiting.popLast() {
      for entry in try list(path + folder) {
        if entry.isFolder {
          waiting.append(folder + "/" + entry.name)
        } else {
          found.append((String((folder + "/" + entry.name).dropFirst()), entry.size))
        }
        guard found.count + waiting.count <= most else {
          throw TrackingError(.invalid, "'\(excerpt(path))' holds more than \(most) files", expected: "at most \(most)")
        }
      }
    }
    return found.sorted { $0.path < $1.path }
  }

  private static func missing(_ path: String) -> TrackingError { TrackingError(.notFound, "there is no file '\(excerpt(path))'") }

  // MARK: Writing

  /// Begins a file, under a name that nobody sees until it is whole. Folders above it are made.
  /// - Throws: `TrackingError`: `.invalid`, `.io`, `.diskFull`.
  package func upload(_ path: String) throws(TrackingError) -> ArtifactUpload {
    let parts = try ArtifactPath.parts(path)
    guard let name = parts.last, !path.hasSuffix("/") else { throw TrackingError(.invalid, "the path names no file", expected: "a/b/c") }
    guard let folder = try open(folder: Array(parts.dropLast()), create: true) else { throw Self.missing(path) }
    let temporary = "." + String(UInt64.random(in: .min ... .max), radix: 36) + ".partial"
    let descriptor = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      let failure = SystemFailure(path: path)
      close(folder)
      throw TrackingError(failure)
    }
    return ArtifactUpload(folder: folder, descriptor: descriptor, temporary: temporary, name: name, path: path)
  }

  /// Removes a file, or a folder with all that is in it. Does nothing where there is none.
  /// - Throws: `TrackingError`: `.invalid`, `.io`.
  package func delete(_ path: String) throws(TrackingError) {
    let parts = try ArtifactPath.parts(path)
    guard let name = parts.last else { throw TrackingError(.invalid, "all artifacts at once cannot be deleted", expected: "a path") }
    guard let folder = try open(folder: Array(parts.dropLast()), create: false) else { return }
    defer { close(folder) }
    guard unlinkat(folder, name, 0) != 0, errno != ENOENT else { return }
    do { try FileManager.default.removeItem(atPath: "/proc/self/fd/\(folder)/\(name)") } catch {
      var status = stat()
      guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0 else {
        throw TrackingError(.io, "'\(excerpt(path))' cannot be deleted")
      }
    }
  }

  /// Opens a folder step by step; `nil` where there is none.
  private func open(folder parts: [String], create: Bool) throws(TrackingError) -> Int32? {
    if create {
      do throws(SystemFailure) { try FileTools.makeFolders(path) } catch { throw TrackingError(error) }
    }
    var current = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard current >= 0 else {
      if errno == ENOENT { return nil }
      throw TrackingError(SystemFailure(path: path))
    }
    for part in parts {
      if create, mkdirat(current, part, 0o755) != 0, errno != EEXIST {
        let failure = SystemFailure(path: part)
        close(current)
        throw TrackingError(failure)
      }
      let next = openat(current, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      let failure = SystemFailure(path: part)
      close(current)
      guard next >= 0 else {
        if create {
          throw TrackingError(.invalid, "'\(excerpt(part))' is a file, so that nothing can lie in it", expected: "a folder")
        }
        if [ENOENT, ENOTDIR, ELOOP].contains(failure.code) { return nil }
        throw TrackingError(failure)
      }
      current = next
    }
    return current
  }
}

/// A file that is being uploaded. Ends with `commit` or `abandon`, once.
package struct ArtifactUpload: Sendable {
  fileprivate let folder: Int32
  fileprivate let descriptor: Int32
  fileprivate let temporary: String
  fileprivate let name: String
  fileprivate let path: String

  package func write(_ bytes: UnsafeRawBufferPointer) throws(TrackingError) {
    do throws(SystemFailure) { try FileTools.writeAll(bytes, to: descriptor, path: path) } catch { throw TrackingError(error) }
  }

  /// Flushes the file and gives it its name, in the place of an older one.
  package func commit() throws(TrackingError) {
    guard fsync(descriptor) == 0, renameat(folder, temporary, folder, name) == 0 else {
      let failure = SystemFailure(path: path)
      abandon()
      throw failure.code == EISDIR
        ? TrackingError(.invalid, "'\(excerpt(path))' is a folder", expected: "another name") : TrackingError(failure)
    }
    _ = fsync(folder)
    close(descriptor)
    close(folder)
  }

  /// Leaves nothing behind.
  package func abandon() {
    unlinkat(folder, temporary, 0)
    close(descriptor)
    close(folder)
  }
}

extension TrackingError {
  init(_ failure: SystemFailure) {
    self.init(
      failure.isDiskFull ? .diskFull : failure.isNotWritable ? .forbidden : .io, "\(failure.path): \(failure.reason)",
      remedy: failure.isDiskFull ? "free space on the disk" : nil)
  }
}
