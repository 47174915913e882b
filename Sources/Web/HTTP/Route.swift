package import HTTPTypes

/// One method and path, and what answers there.
package struct Route: Sendable {
  package typealias Handler = @Sendable (Exchange) async throws -> Reply

  package let method: HTTPRequest.Method
  /// Segments in braces stand for anything: `/models/{name}/predict`. `{path*}` at the end stands for all that follows, as it was sent:
  /// its handler decodes and judges it.
  package let pattern: String
  /// What somebody must be allowed to do to call it.
  package let access: RouteAccess
  package let summary: String
  package let handler: Handler
  package let metrics: RouteMetrics
  private let segments: [Segment]

  private enum Segment: Sendable {
    case literal(String)
    /// A name, and what follows it in the same segment.
    case parameter(String, suffix: String)
    /// A name for all segments that are left.
    case rest(String)
  }

  package init(
    _ method: HTTPRequest.Method, _ pattern: String, _ access: RouteAccess, _ summary: String, _ handler: @escaping Handler
  ) {
    self.method = method
    self.pattern = pattern
    self.access = access
    self.summary = summary
    self.handler = handler
    metrics = RouteMetrics(route: pattern, method: method.rawValue)
    segments = pattern.split(separator: "/").map { segment in
      guard segment.first == "{", let end = segment.firstIndex(of: "}") else { return .literal(String(segment)) }
      if segment.hasSuffix("*}") { return .rest(String(segment.dropFirst().dropLast(2))) }
      return .parameter(
        String(segment[segment.index(after: segment.startIndex)..<end]), suffix: String(segment[segment.index(after: end)...]))
    }
  }

  package var isLiteral: Bool {
    segments.allSatisfy { if case .literal = $0 { true } else { false } }
  }

  private var takesRest: Bool { if case .rest? = segments.last { true } else { false } }

  /// The values of the parameters, or `nil` if the path is another one.
  package func match(_ path: [Substring]) -> [String: String]? {
    guard path.count == segments.count || (path.count > segments.count && takesRest) else { return nil }
    var values: [String: String] = [:]
    for (index, (segment, text)) in zip(segments, path).enumerated() {
      switch segment {
      case .rest(let name): values[name] = path[index...].joined(separator: "/")
      case .literal(let literal): guard literal == text else { return nil }
      case .parameter(let name, let suffix):
        guard text.hasSuffix(suffix), let value = PercentEncoding.decode(text.dropLast(suffix.count)), !value.isEmpty else { return nil }
        values[name] = value
      }
    }
    return values
  }
}

package enum PercentEncoding {
  /// The decoded segment of a path, or `nil` if an escape is broken, or the result is no text that a name could have.
  package static func decode(_ text: Substring) -> String? {
    guard text.utf8.contains(UInt8(ascii: "%")) else { return text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } ? String(text) : nil }
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst(), let low = rest.popFirst(),
        let first = Character(UnicodeScalar(high)).hexDigitValue, let second = Character(UnicodeScalar(low)).hexDigitValue
      else { return nil }
      bytes.append(UInt8(first << 4 | second))
    }
    guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") }) else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }
}
