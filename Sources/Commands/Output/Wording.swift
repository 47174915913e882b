import Bundles
import Charts
import Foundation

/// Dates and counts in words.
enum Wording {
  /// `3 minutes ago`; after a month the date.
  static func ago(_ date: Date, now: Date) -> String {
    let seconds = Int(max(0, min(now.timeIntervalSince(date), 1e10)))
    func text(_ count: Int, _ unit: String) -> String { "\(count) \(unit)\(count == 1 ? "" : "s") ago" }
    switch seconds {
    case ..<10: return "just now"
    case ..<60: return text(seconds, "second")
    case ..<3600: return text(seconds / 60, "minute")
    case ..<86_400: return text(seconds / 3600, "hour")
    case ..<(30 * 86_400): return text(seconds / 86_400, "day")
    default: return String(date.ISO8601Format().prefix(10))
    }
  }

  /// `3 versions`, `1 version`.
  static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

  /// `1,500 rows`, `1 row`.
  static func grouped(_ number: Int, _ noun: String) -> String { "\(NumberText.grouped(number)) \(noun)\(number == 1 ? "" : "s")" }
}

extension CommandContext {
  /// A table as wide as the terminal.
  func render(_ table: TextTable) -> String { table.render(width: width, unicode: unicode) }

  /// Metrics by name with their intervals. Empty text where there are none.
  func render(_ metrics: [String: MetricSummary]) -> String {
    guard !metrics.isEmpty else { return "" }
    let levels = Set(metrics.values.compactMap(\.level))
    let level = levels.count == 1 ? levels.first.map { "\(NumberText.count($0 * 100)) % interval" } : nil
    var table = TextTable(columns: [.init("metric"), .number("value"), .init(level ?? "interval")])
    for (name, metric) in metrics.sorted(by: { $0.key < $1.key }) {
      let bounds = metric.lower.flatMap { lower in metric.upper.map { "\(NumberText.significant(lower)) to \(NumberText.significant($0))" }
      }
      table.append([name, NumberText.significant(metric.value), bounds ?? ""])
    }
    return render(table)
  }
}

/// Pairs of a word and its meaning, the meanings aligned.
enum Definitions {
  static func render(_ pairs: [(String, String)]) -> String {
    let width = pairs.map(\.0.count).max() ?? 0
    return pairs.filter { !$0.1.isEmpty }.map { name, text in
      "  " + name.padding(toLength: width + 2, withPad: " ", startingAt: 0) + text + "\n"
    }.joined()
  }
}
