import Foundation
import Glibc

/// What writers that were killed left beside a bundle's target.
enum Leftovers {
  /// Removes unfinished directories that nobody holds, and puts a bundle back that was moved aside and not replaced.
  static func recover(target: String) {
    let folder = (target as NSString).deletingLastPathComponent
    let prefix = "." + (target as NSString).lastPathComponent + "."
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return }
    for name in names where name.hasPrefix(prefix) {
      let path = folder + "/" + name
      let middle = name.dropFirst(prefix.count).split(separator: ".")
      guard middle.count == 3, middle.prefix(2).allSatisfy({ $0.allSatisfy(\.isNumber) }) else { continue }
      if middle[2] == "partial", isAbandoned(path) {
        try? FileManager.default.removeItem(atPath: path)
      } else if middle[2] == "old", let process = Int32(middle[0]), kill(process, 0) != 0, errno == ESRCH {
        if access(target, F_OK) == 0 { try? FileManager.default.removeItem(atPath: path) } else { rename(path, target) }
      }
    }
  }

  /// Nobody holds the directory's lock and it is not brand new (its writer may not have come to locking it).
  private static func isAbandoned(_ path: String) -> Bool {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, time(nil) - status.st_mtim.tv_sec > 10,
      let descriptor = try? FileTools.openFolder(path)
    else { return false }
    defer { close(descriptor) }
    return FileTools.tryLock(descriptor)
  }
}
