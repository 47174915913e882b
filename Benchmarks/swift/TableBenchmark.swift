import Foundation
import Martlet

/// Reading tables; the peer is tables.py.
enum TableBenchmark {
  /// - Parameter arguments: the task and the file that `tables.py generate` has written: `csv-read FILE` (seconds, best of five) or
  ///   `csv-stream FILE` (seconds, and the process's peak memory in MB).
  static func run(_ arguments: [String]) throws -> [String: Double] {
    guard arguments.count >= 2 else { throw ArgumentError("a task and a file are needed", expected: "csv-read FILE") }
    let (task, path) = (arguments[0], arguments[1])
    switch task {
    case "csv-read":
      _ = try Table.read(path)
      return [task: try (0..<5).map { _ in try seconds { _ = try Table.read(path) } }.min() ?? 0]
    case "csv-stream":
      let time = try seconds {
        let reader = try TableReader(path)
        while try reader.next() != nil {}
      }
      return [task: time, "csv-stream-peak-mb": try peakMegabytes()]
    default: throw ArgumentError("there is no task '\(task)'", expected: "csv-read or csv-stream")
    }
  }

  private static func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    return (ContinuousClock.now - start) / .seconds(1)
  }

  private static func peakMegabytes() throws -> Double {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return (line?.split(separator: " ").compactMap { Double($0) }.first ?? 0) / 1024
  }
}
