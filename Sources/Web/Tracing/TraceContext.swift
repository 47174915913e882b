/// The trace that a request belongs to, as the header `traceparent` says it (W3C Trace Context, version 00).
package struct TraceContext: Sendable, Hashable {
  /// 32 hexadecimal digits, not all zero.
  package let trace: String
  /// The span that this request is a part of, 16 digits; `nil` at the beginning of a trace.
  package let parent: String?
  /// Our own span, 16 digits.
  package let span: String
  /// Somebody wants to see it.
  package let isSampled: Bool

  /// Goes on with the caller's trace, or begins one.
  /// - Parameters:
  ///   - share: the share of requests to sample where the caller has not decided, from 0 to 1.
  package init(header: String?, share: Double, random: () -> UInt64 = { UInt64.random(in: 1 ... .max) }) {
    span = Self.hex(random())
    if let known = header.flatMap(Self.parse) {
      trace = known.trace
      parent = known.parent
      isSampled = known.isSampled
      return
    }
    let high = random(), low = random()
    trace = Self.hex(high) + Self.hex(low)
    parent = nil
    // By the trace's own digits, so that whoever decides by the same rule decides alike.
    isSampled = share >= 1 || Double(low >> 11) / Double(1 << 53) < share
  }

  /// What is sent on.
  package var header: String { "00-\(trace)-\(span)-\(isSampled ? "01" : "00")" }

  private static func parse(_ header: String) -> (trace: String, parent: String, isSampled: Bool)? {
    let parts = header.split(separator: "-", omittingEmptySubsequences: false)
    // Later versions may have more parts; version ff is forbidden.
    guard parts.count >= 4, isHex(parts[0], 2), parts[0] != "ff", parts[0] != "00" || parts.count == 4, isHex(parts[1], 32),
      isHex(parts[2], 16), isHex(parts[3], 2), parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" }),
      let flags = UInt8(parts[3], radix: 16)
    else { return nil }
    return (String(parts[1]), String(parts[2]), flags & 1 == 1)
  }

  private static func isHex(_ text: Substring, _ count: Int) -> Bool {
    text.utf8.count == count && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }

  package static func hex(_ value: UInt64) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
  }
}
