import Foundation
import MartletCore
import Torch

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The few things that saving a checkpoint does to a disk; tests put a failing one in its place.
protocol CheckpointStorage {
  func makeFolder(_ path: String) throws
  func write(_ tensors: [(name: String, tensor: Tensor)], to path: String) throws
  func write(_ data: Data, to path: String) throws
  /// Gives a finished folder its name; there is nothing of that name yet.
  func move(_ path: String, to target: String) throws
  /// Makes `path` lead to `target` beside it, whatever it led to before, without a moment in between.
  func link(_ path: String, to target: String) throws
  func remove(_ path: String) throws
}

/// The real one.
struct DiskStorage: CheckpointStorage {
  func makeFolder(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw FileError(path: path, problem: "cannot be made: \(error.localizedDescription)")
    }
  }

  func write(_ tensors: [(name: String, tensor: Tensor)], to path: String) throws {
    try Safetensors.write(tensors, metadata: ["format": "pt"], to: path)
  }

  func write(_ data: Data, to path: String) throws { try AtomicFile.write(data, to: path) }

  func move(_ path: String, to target: String) throws {
    guard rename(path, target) == 0 else {
      throw FileError(path: target, problem: "cannot be made: \(AtomicFile.systemReason())")
    }
  }

  func link(_ path: String, to target: String) throws {
    let temporary = AtomicFile.temporaryPath(beside: path)
    guard symlink(target, temporary) == 0, rename(temporary, path) == 0 else {
      let reason = AtomicFile.systemReason()
      unlink(temporary)
      throw FileError(path: path, problem: "cannot be made: \(reason)")
    }
  }

  func remove(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      throw FileError(path: path, problem: "cannot be removed: \(error.localizedDescription)")
    }
  }
}
