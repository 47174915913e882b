import MartletCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Whole files into memory, with the system's reason when that fails. Not mapped: a file that shrinks under a mapping kills the process.
enum FileBytes {
  static func read(_ path: String, limit: Int, upTo wanted: Int = .max) throws(ImageError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw unreadable(path, AtomicFile.systemReason()) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw unreadable(path, AtomicFile.systemReason()) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw unreadable(path, status.st_mode & S_IFMT == S_IFDIR ? "it is a folder" : "it is not a regular file")
    }
    let size = min(Int(status.st_size), wanted)
    guard size <= limit else {
      throw ImageError(
        .tooLarge, source: path, problem: "has \(size) bytes", expected: "at most \(limit)", remedy: "make it smaller, or raise the limit")
    }
    var failure: String?
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let got = Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, size - count)
        if got < 0, errno == EINTR { continue }
        if got < 0 { failure = AtomicFile.systemReason() }
        if got <= 0 { break }
        count += got
      }
    }
    if let failure { throw unreadable(path, failure) }
    return bytes
  }

  private static func unreadable(_ path: String, _ reason: String) -> ImageError {
    ImageError(.unreadable, source: path, problem: "cannot be read: \(reason)", remedy: "check the path and the permissions")
  }
}
