import Foundation
import MartletCore
import Testing

@testable import Web

/// The time of a log line, which is computed by hand, against known moments and against Foundation.
@Suite struct TimestampTests {
  private func text(_ milliseconds: Int) -> String { String(decoding: JSONLogHandler.timestamp(milliseconds), as: UTF8.self) }

  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000Z"), (1, "1970-01-01T00:00:00.001Z"), (86_399_999, "1970-01-01T23:59:59.999Z"),
    (1_709_164_800_000, "2024-02-29T00:00:00.000Z"), (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
    (1_709_251_200_000, "2024-03-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
    (951_868_800_000, "2000-03-01T00:00:00.000Z"), (1_735_689_599_999, "2024-12-31T23:59:59.999Z"),
    (1_735_689_600_000, "2025-01-01T00:00:00.000Z"), (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
    (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (1_234_567_890_123, "2009-02-13T23:31:30.123Z"),
    (-1, "1969-12-31T23:59:59.999Z"), (-86_400_000, "1969-12-31T00:00:00.000Z"), (-86_400_001, "1969-12-30T23:59:59.999Z"),
    (-14_182_940_000, "1969-07-20T20:17:40.000Z"),
  ])
  func `moments that everybody knows`(_ milliseconds: Int, _ expected: String) {
    #expect(text(milliseconds) == expected)
  }

  @Test func `a thousand moments are what Foundation makes of them`() throws {
    let formatter = ISO8601DateFormatter()
    formatter.formatOptions = [.withInternetDateTime]
    // From 1600 to 2400: four hundred years on both sides of a year that ends a cycle.
    var random = KeyedRandom(seed: 5, purpose: "timestamps")
    for _ in 0..<1000 {
      let seconds = Int(random.uniform() * 25_000_000_000) - 11_676_096_000, fraction = Int(random.uniform() * 1000)
      let whole = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
      let digits = String(repeating: "0", count: 3 - String(fraction).count) + String(fraction)
      #expect(text(seconds * 1000 + fraction) == whole.dropLast() + ".\(digits)Z")
    }
  }

  @Test func `now is now`() throws {
    let before = Int(Date().timeIntervalSince1970), said = String(decoding: JSONLogHandler.timestamp(), as: UTF8.self)
    let parsed = try #require(ISO8601DateFormatter().date(from: said.prefix(19) + "Z"))
    #expect((before...Int(Date().timeIntervalSince1970)).contains(Int(parsed.timeIntervalSince1970)))
  }
}
