public import MartletCore

/// A place in a JSON text where it stops being JSON, or stops being what was asked for.
public struct JSONProblem: MartletError, Hashable {
  /// Bytes before the place, from the start of the text.
  public let offset: Int
  /// The line of the place, from 1.
  public let line: Int
  /// The column of the place in bytes, from 1.
  public let column: Int
  /// What is wrong, and where.
  public let problem: String
  /// What would have been right.
  public let expected: String?

  package init(in text: UnsafeBufferPointer<UInt8>, at offset: Int, _ problem: String, expected: String? = nil) {
    let before = text[..<min(max(offset, 0), text.count)]
    let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    self.offset = before.count
    line = 1 + before.reduce(into: 0) { count, byte in if byte == UInt8(ascii: "\n") { count += 1 } }
    column = before.count - lineStart + 1
    self.problem = "\(problem) (line \(line), column \(column), byte \(before.count))"
    self.expected = expected
  }
}

/// More numbers than the server takes in one tensor.
package struct TensorTooLarge: MartletError {
  package let problem: String
  package let remedy: String?

  package init(problem: String, remedy: String?) {
    self.problem = problem
    self.remedy = remedy
  }
}

/// The beginning of a text that came from outside: short enough for a message, without control characters.
package func excerpt(_ text: some StringProtocol, limit: Int = 60) -> String {
  let scalars = text.unicodeScalars.prefix(limit + 1)
  let safe = String(String.UnicodeScalarView(scalars.prefix(limit).map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }))
  return scalars.count > limit ? safe + "…" : safe
}
