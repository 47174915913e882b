import Foundation

/// Numbers as people read them: three to four significant digits, thousands in groups, units that fit.
public enum NumberText {
  /// Four significant digits by default, thousands grouped, an exponent only below 0.0001 and from a quadrillion on: `0.9234`, `12,345`,
  /// `1.50e-07`.
  public static func significant(_ value: Double, digits: Int = 4) -> String {
    guard value.isFinite else { return value.isNaN ? "–" : value < 0 ? "-∞" : "∞" }
    if value == 0 { return "0" }
    let magnitude = abs(value)
    if magnitude < 1e-4 || magnitude >= 1e15 { return String(format: "%.\(max(digits - 2, 0))e", value) }
    let places = max(0, digits - 1 - Int(floor(log10(magnitude))))
    let text = String(format: "%.\(places)f", value)
    return group(text)
  }

  /// A fixed number of decimals: for columns that are read downwards.
  public static func fixed(_ value: Double, places: Int = 4) -> String {
    guard value.isFinite else { return significant(value) }
    return group(String(format: "%.\(places)f", value))
  }

  /// `12,345,678`.
  public static func grouped(_ value: Int) -> String { group(String(value)) }

  /// A count that may carry weights: whole numbers without decimals.
  public static func count(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? grouped(Int(value)) : significant(value)
  }

  /// `92.34 %` of a share between 0 and 1.
  public static func percent(_ share: Double, digits: Int = 4) -> String {
    share.isFinite ? significant(share * 100, digits: digits) + " %" : significant(share)
  }

  /// Binary units: `1.62 MiB`.
  public static func bytes(_ count: Int) -> String {
    var value = Double(count)
    for unit in ["B", "KiB", "MiB", "GiB"] {
      if abs(value) < 1024 { return (unit == "B" ? grouped(count) : significant(value, digits: 3)) + " " + unit }
      value /= 1024
    }
    return significant(value, digits: 3) + " TiB"
  }

  /// A duration given in milliseconds, in the unit that fits: `840 ns`, `12.3 µs`, `4.56 ms`, `1.25 s`, `3 min 20 s`.
  public static func duration(milliseconds: Double) -> String {
    guard milliseconds.isFinite else { return significant(milliseconds) }
    switch abs(milliseconds) {
    case 0: return "0 ms"
    case ..<1e-3: return significant(milliseconds * 1e6, digits: 3) + " ns"
    case ..<1: return significant(milliseconds * 1e3, digits: 3) + " µs"
    case ..<1000: return significant(milliseconds, digits: 3) + " ms"
    case ..<120_000: return significant(milliseconds / 1000, digits: 3) + " s"
    default:
      let seconds = Int((milliseconds / 1000).rounded())
      return seconds < 7200 ? "\(seconds / 60) min \(seconds % 60) s" : "\(seconds / 3600) h \(seconds / 60 % 60) min"
    }
  }

  /// Puts commas between the groups of three digits before the decimal point.
  private static func group(_ text: String) -> String {
    let negative = text.hasPrefix("-")
    let parts = text.drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
    var whole = ""
    for (index, digit) in parts[0].enumerated() {
      if index > 0, (parts[0].count - index) % 3 == 0 { whole.append(",") }
      whole.append(digit)
    }
    return (negative ? "-" : "") + whole + (parts.count > 1 ? "." + parts[1] : "")
  }
}
