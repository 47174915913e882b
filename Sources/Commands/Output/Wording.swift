import Bundles
import Charts
import Foundation

/// Numbers, times and sizes as the tables show them.
enum NumberText {
  /// Four significant digits, without needless zeros: `0.9213`, `12.5`, `1340`.
  static func short(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : value > 0 ? "infinity" : "-infinity" }
    if value == value.rounded(), abs(value) < 1e9 { return String(Int(value)) }
    return String(format: abs(value) >= 1 ? "%.5g" : "%.4g", value)
  }

  /// `1.2 MB`; powers of 1000.
  static func bytes(_ count: Int) -> String {
    let units = ["kB", "MB", "GB", "TB"]
    guard count >= 1000 else { return count == 1 ? "1 byte" : "\(count) bytes" }
    var value = Double(count) / 1000
    var unit = 0
    while value >= 999.5, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    return String(format: value < 9.95 ? "%.1f" : "%.0f", value) + " " + units[unit]
  }

  /// `12 s`, `2 min 5 s`, `1 h 20 min`.
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0 else { return "?" }
    if seconds < 10 { return String(format: "%.1f s", seconds) }
    let whole = Int(min(seconds, 1e9).rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }

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
}

extension CommandContext {
  /// A table as wide as the terminal.
  func render(_ table: TextTable) -> String { table.render(width: width, unicode: unicode) }

  /// Metrics by name with their intervals. Empty text where there are none.
  func render(_ metrics: [String: MetricSummary]) -> String {
    guard !metrics.isEmpty else { return "" }
    let levels = Set(metrics.values.compactMap(\.level))
    let level = levels.count == 1 ? levels.first.map { "\(NumberText.short($0 * 100)) % interval" } : nil
    var table = TextTable(columns: [.init("metric"), .number("value"), .init(level ?? "interval")])
    for (name, metric) in metrics.sorted(by: { $0.key < $1.key }) {
      let bounds = metric.lower.flatMap { lower in metric.upper.map { "\(NumberText.short(lower)) to \(NumberText.short($0))" } }
      table.append([name, NumberText.short(metric.value), bounds ?? ""])
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
