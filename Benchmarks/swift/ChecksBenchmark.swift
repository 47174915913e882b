import Foundation
import Martlet

/// The speed rows of data checks and profiles, in seconds: `ChecksBenchmark.run(["FILE.csv", "2"])` reads the file first, with two threads;
/// without a file a table of 2 million rows and 13 columns is made up.
enum ChecksBenchmark {
  static func run(_ arguments: [String]) throws -> [String: Double] {
    let path = arguments.first { $0.hasSuffix(".csv") }
    let threads = arguments.compactMap { Int($0) }.first ?? Parallel.defaultThreads
    var results: [String: Double] = [:]
    let start = DispatchTime.now().uptimeNanoseconds
    let table = try path.map { try Table.read($0) } ?? madeUp(2_000_000)
    if path != nil { results["read"] = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9 }
    let schema = try DataSchema.infer(table.head(100_000))
    var report: DataCheckReport?
    results["check"] = seconds { report = schema.check(table, options: .init(threads: threads)) }
    results["violations"] = Double(report?.violations.count ?? 0)
    results["summary"] = seconds { _ = TableSummary(table, threads: threads) }
    return results
  }

  private static func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = DispatchTime.now().uptimeNanoseconds
    try body()
    return Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
  }

  /// Numbers whole and not, categories of few and of many values, times, gaps.
  private static func madeUp(_ rows: Int) throws -> Table {
    var random = KeyedRandom(seed: 1, purpose: "checks")
    var columns: [Column] = []
    for place in 0..<6 { columns.append(Column("number\(place)", (0..<rows).map { _ in random.uniform() * 1000 })) }
    for place in 0..<3 { columns.append(Column("whole\(place)", (0..<rows).map { _ in Int64(random.uniform() * 500) })) }
    for (place, count) in [5, 100, 3000].enumerated() {
      columns.append(
        Column("text\(place)", (0..<rows).map { _ in random.bernoulli(0.02) ? nil : "value \(Int(random.uniform() * Double(count)))" }))
    }
    columns.append(Column("time", microseconds: (0..<rows).map { 1_700_000_000_000_000 + Int64($0) * 1_000_000 }))
    return try Table(columns)
  }
}
