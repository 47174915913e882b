import Foundation
import Testing

@testable import Martlet

#if canImport(Glibc)
  import Glibc
#endif

/// Runs in a process of its own: the setting is the process's.
struct FreedMemoryTests {
  @Test func `Memory that nobody uses goes back to the system once that is asked for`() async {
    await #expect(processExitsWith: .success) {
      let bytes = 128 << 20
      let blocks = (0..<128).compactMap { _ in malloc(bytes / 128) }
      for block in blocks { memset(block, 1, bytes / 128) }
      for block in blocks { free(block) }
      guard let kept = FreedMemoryTests.resident() else { exit(2) }
      guard FreedMemory.returns(after: .milliseconds(100)) else { exit(3) }
      for _ in 0..<200 {
        if let now = FreedMemoryTests.resident(), now < kept - bytes / 2 { exit(0) }
        try await Task.sleep(for: .milliseconds(50))
      }
      exit(4)
    }
  }

  /// Bytes of this process that are in memory.
  static func resident() -> Int? {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
    return text.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * sysconf(Int32(_SC_PAGESIZE)) }
  }
}
