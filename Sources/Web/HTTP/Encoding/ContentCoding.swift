import HTTPTypes

/// How a body is packed, as `Content-Encoding` and `Accept-Encoding` name it (RFC 9110, section 8.4.1).
package enum ContentCoding: String, Sendable, Hashable, CaseIterable {
  case gzip
  /// The zlib format (RFC 1950), and bare deflate, which some clients send under this name.
  case deflate

  /// The coding of a request's body; `nil` where it is not packed.
  /// - Parameter field: the value of `Content-Encoding`.
  /// - Throws: `HTTPProblem` 415 for a coding that is not read here, or several of them.
  package static func ofBody(_ field: String?) throws(HTTPProblem) -> ContentCoding? {
    let name = trimmed(field ?? "").lowercased()
    switch name {
    case "", "identity": return nil
    case "gzip", "x-gzip": return .gzip
    case "deflate": return .deflate
    default:
      var problem = HTTPProblem(
        .unsupportedMediaType, "Content-Encoding '\(excerpt(name))' is not read here", expected: "gzip or deflate",
        remedy: "the request without Content-Encoding")
      problem.headers = [(.acceptEncoding, "gzip, deflate")]
      throw problem
    }
  }

  /// The coding that a client likes best for its answer; `nil` where it asks for none that is written here.
  /// - Parameter field: the value of `Accept-Encoding`.
  package static func accepted(by field: String?) -> ContentCoding? {
    guard let field, field.utf8.count <= 512 else { return nil }
    var best: (coding: ContentCoding, weight: Double)?
    var refused: Set<ContentCoding> = []
    var wildcard = 0.0
    for element in field.split(separator: ",") {
      let parts = element.split(separator: ";")
      let name = trimmed(parts.first ?? "").lowercased()
      let weight = parts.dropFirst().lazy.map(trimmed).first { $0.lowercased().hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
      if name == "*" {
        wildcard = weight
      } else if let coding = name == "x-gzip" ? .gzip : ContentCoding(rawValue: name) {
        if weight <= 0 { refused.insert(coding) } else if weight > best?.weight ?? 0 { best = (coding, weight) }
      }
    }
    if let best { return best.coding }
    return wildcard > 0 ? allCases.first { !refused.contains($0) } : nil
  }

  private static func trimmed(_ text: some StringProtocol) -> String {
    String(text.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
  }
}
