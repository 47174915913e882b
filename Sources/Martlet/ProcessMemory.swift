import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// What this process can still take of the machine's memory.
enum ProcessMemory {
  /// Bytes that the system has left, and no more than control groups and `ulimit` allow; `nil` where nothing is known.
  static func available() -> Int? {
    let system = field("MemAvailable", of: "/proc/meminfo")
    let group = controlGroup(at: "/sys/fs/cgroup", membership: text(of: "/proc/self/cgroup") ?? "")
    let data = limit(RLIMIT_DATA).flatMap { limit in field("VmData", of: "/proc/self/status").map { limit - $0 } }
    let space = limit(RLIMIT_AS).flatMap { limit in field("VmSize", of: "/proc/self/status").map { limit - $0 } }
    return [system, group, data, space].compactMap { $0 }.min().map { max(0, $0) }
  }

  /// Bytes that control groups, of version 1 or 2, leave this process: the least of its group and those above it. What the kernel merely
  /// keeps of files counts as free, since it gives that back.
  /// - Parameter membership: `/proc/self/cgroup`. In a container its paths may be those of the host, so the mounted root counts, too.
  static func controlGroup(at root: String, membership: String) -> Int? {
    var left: [Int] = []
    func look(_ root: String, _ path: Substring, _ limit: String, _ usage: String, _ files: String) {
      var folder = root + path
      while folder.count >= root.count {
        if let limit = number(of: folder + "/" + limit), let used = number(of: folder + "/" + usage) {
          left.append(limit - used + (field(files, of: folder + "/memory.stat") ?? 0))
        }
        guard let slash = folder.lastIndex(of: "/") else { break }
        folder = String(folder[..<slash])
      }
    }
    for line in membership.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      if parts[1].isEmpty {
        look(root, parts[2], "memory.max", "memory.current", "inactive_file")
      } else if parts[1].split(separator: ",").contains("memory") {
        look(root + "/memory", parts[2], "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
      }
    }
    return left.min()
  }

  private static func text(of path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

  private static func number(of path: String) -> Int? {
    text(of: path).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }

  /// A line such as `MemAvailable:  1234 kB` or `inactive_file 1234`, in bytes.
  private static func field(_ name: String, of path: String) -> Int? {
    for line in text(of: path)?.split(separator: "\n") ?? [] {
      let words = line.split { $0 == " " || $0 == "\t" }
      guard words.count >= 2, words[0] == name || words[0] == name + ":", let value = Int(words[1]) else { continue }
      return words.last == "kB" ? value * 1024 : value
    }
    return nil
  }

  private static func limit(_ resource: __rlimit_resource) -> Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0, limit.rlim_cur < UInt(Int.max) else { return nil }
    return Int(limit.rlim_cur)
  }
}
