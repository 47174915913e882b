import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// What this process can still take of the machine's memory.
enum ProcessMemory {
  /// Bytes that the system has left, and no more than control groups and `ulimit` allow; `nil` where nothing is known.
  static func available() -> Int? {
    func number(_ path: String) -> Int? {
      (try? String(contentsOfFile: path, encoding: .utf8)).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }
    let system = field("MemAvailable", of: "/proc/meminfo")
    let group = number("/sys/fs/cgroup/memory.max").flatMap { limit in number("/sys/fs/cgroup/memory.current").map { limit - $0 } }
    let data = limit(RLIMIT_DATA).flatMap { limit in field("VmData", of: "/proc/self/status").map { limit - $0 } }
    let space = limit(RLIMIT_AS).flatMap { limit in field("VmSize", of: "/proc/self/status").map { limit - $0 } }
    return [system, group, data, space].compactMap { $0 }.min().map { max(0, $0) }
  }

  /// A line such as `MemAvailable:  1234 kB`, in bytes.
  private static func field(_ name: String, of path: String) -> Int? {
    (try? String(contentsOfFile: path, encoding: .utf8)).flatMap { text in
      text.split(separator: "\n").first { $0.hasPrefix(name + ":") }?.split { $0 == " " || $0 == "\t" }.dropFirst().first
        .flatMap { Int($0) }
    }.map { $0 * 1024 }
  }

  private static func limit(_ resource: __rlimit_resource) -> Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0, limit.rlim_cur < UInt(Int.max) else { return nil }
    return Int(limit.rlim_cur)
  }
}
