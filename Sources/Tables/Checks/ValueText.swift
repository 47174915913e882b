import Foundation

extension TableValue {
  /// The value as people read it in a message: whole numbers without a fraction, times as ISO 8601, long texts cut.
  public func text(limit: Int = 60) -> String {
    switch self {
    case .missing: return "(missing)"
    case .integer(let value): return String(value)
    case .number(let value): return Self.plain(value)
    case .boolean(let value): return value ? "true" : "false"
    case .timestamp(let value): return TimeText.text(value)
    case .list(let values):
      return "[\(values.prefix(8).map { $0.text(limit: 20) }.joined(separator: ", "))\(values.count > 8 ? ", …" : "")]"
    case .text(let value): return value.count > limit ? String(value.prefix(limit)) + "…" : value
    }
  }

  /// As ``text(limit:)``, at full length: the name of a category.
  var sortText: String { if case .text(let value) = self { value } else { text() } }

  /// A number without a fraction where it has none; as a class it is the same from a file of whole numbers and from one of decimals.
  static func plain(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
  }
}

/// Points in time as ISO 8601.
enum TimeText {
  /// As for whole microseconds, which every double within their range is near enough to.
  static func text(_ microseconds: Double) -> String {
    text(microseconds.isNaN ? 0 : Int64(max(-9.2e18, min(9.2e18, microseconds))))
  }

  /// - Parameter microseconds: since 1970 in UTC.
  static func text(_ microseconds: Int64) -> String {
    let seconds = Double(microseconds) / 1e6
    guard abs(seconds) < 2e11 else { return "\(microseconds) µs" }
    let whole = (microseconds % 86_400_000_000 + 86_400_000_000) % 86_400_000_000 == 0
    let text = Date(timeIntervalSince1970: seconds).ISO8601Format()
    return whole ? String(text.prefix { $0 != "T" }) : text
  }

  /// - Returns: microseconds since 1970, or `nil` where the text is neither a date nor a date with time.
  static func microseconds(_ text: String) -> Int64? {
    let full = text.contains("T") ? text : text + "T00:00:00Z"
    return (try? Date(full, strategy: .iso8601)).map { Int64(($0.timeIntervalSince1970 * 1e6).rounded()) }
  }
}
