import Foundation
import MartletCore

#if canImport(Glibc)
  import Glibc
#endif

/// A file in memory, copy-on-write: what a tensor's in-place user changes never reaches the disk.
///
/// `@unchecked Sendable`: the address and the size never change, and the mapping goes only with the last owner.
final class MappedFile: @unchecked Sendable {
  let path: String
  let bytes: UnsafeMutableRawBufferPointer

  /// - Throws: `FileError` if there is no such file, it cannot be read, or it is no regular file.
  init(path: String) throws(FileError) {
    self.path = path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, problem: "cannot be read: \(AtomicFile.systemReason())") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(path: path, problem: "cannot be read: \(AtomicFile.systemReason())") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileError(path: path, problem: "is no regular file") }
    let size = Int(status.st_size)
    guard size > 0 else { throw FileError(path: path, problem: "is empty") }
    let address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0)
    guard let address, address != MAP_FAILED else {
      throw FileError(path: path, problem: "cannot be mapped: \(AtomicFile.systemReason())")
    }
    bytes = UnsafeMutableRawBufferPointer(start: address, count: size)
  }

  deinit { munmap(bytes.baseAddress, bytes.count) }
}
