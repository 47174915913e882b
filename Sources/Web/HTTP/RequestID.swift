import Synchronization

/// Names requests: the client's own name where it is harmless, else a new one.
package final class RequestIDs: Sendable {
  private let prefix = String(UInt64.random(in: .min ... .max), radix: 36)
  private let counter = Atomic<UInt64>(0)

  package init() {}

  package func id(given: String?) -> String {
    if let given, (1...128).contains(given.utf8.count), given.utf8.allSatisfy(Self.isHarmless) { return given }
    return prefix + "-" + String(counter.add(1, ordering: .relaxed).newValue, radix: 36)
  }

  private static func isHarmless(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "="),
      UInt8(ascii: "+"), UInt8(ascii: "@"):
      true
    default: false
    }
  }
}
