import Foundation
import NIOHTTP1

/// How long a server wants to be left alone.
enum RetryAfter {
  /// By `Retry-After` (seconds or a date, RFC 9110, section 10.2.3), else by `RateLimit` with nothing remaining (`"api";r=0;t=55`).
  static func pause(_ headers: HTTPHeaders, now: Date) -> Duration? {
    if let text = headers.first(name: "Retry-After")?.trimmingCharacters(in: .whitespaces) {
      if let seconds = Int(text), seconds >= 0 { return .seconds(min(seconds, 1 << 30)) }
      let format = DateFormatter()
      format.locale = Locale(identifier: "en_US_POSIX")
      format.timeZone = TimeZone(secondsFromGMT: 0)
      format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
      if let date = format.date(from: text) { return .milliseconds(Int(max(0, date.timeIntervalSince(now)) * 1000)) }
    }
    guard let limit = headers.first(name: "RateLimit") else { return nil }
    var values: [Substring: Int] = [:]
    for part in limit.split(separator: ";") {
      let sides = part.split(separator: "=", maxSplits: 1)
      guard sides.count == 2 else { continue }
      values[Substring(sides[0].trimmingCharacters(in: .whitespaces))] = Int(sides[1].trimmingCharacters(in: .whitespaces))
    }
    guard values["r"] == 0, let seconds = values["t"], seconds >= 0 else { return nil }
    return .seconds(min(seconds, 1 << 30))
  }
}
