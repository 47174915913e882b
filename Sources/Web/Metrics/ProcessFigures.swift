package import Foundation
import MartletCore

/// What the operating system says of this process.
package enum ProcessFigures {
  package static let startTime = Date()

  /// Resident memory in bytes, or `nil` where the system does not tell.
  package static var residentBytes: Int? {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
    let fields = text.split(separator: " ")
    return fields.count > 1 ? Int(fields[1]).map { $0 * sysconf(Int32(_SC_PAGESIZE)) } : nil
  }

  /// Seconds of processor time, user and system.
  package static var processorSeconds: Double {
    // POSIX: a million a second, whatever the machine; 64 bits do not come round.
    Double(clock()) / 1e6
  }

  package static var openFiles: Int? { try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
}
