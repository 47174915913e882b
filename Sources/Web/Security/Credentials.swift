import Foundation
package import HTTPTypes

/// What a request says about who makes it.
package struct Credentials: Sendable, Hashable {
  /// An API key or a token; `nil` where there is none.
  package let secret: String?
  /// The request says it several times and differently, or in a way that is not known.
  package let isAmbiguous: Bool

  /// Reads `Authorization: Bearer …`, `x-api-key` and `api-key`.
  package init(_ headers: HTTPFields) {
    var found: Set<String> = []
    var isAmbiguous = false
    for value in headers[values: .authorization] {
      let parts = value.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
      if parts.count == 2, parts[0].lowercased() == "bearer" {
        found.insert(parts[1].trimmingCharacters(in: .whitespaces))
      } else {
        isAmbiguous = true
      }
    }
    for name in [HTTPField.Name.xAPIKey, .apiKey] { found.formUnion(headers[values: name]) }
    found.remove("")
    secret = found.count == 1 ? found.first : nil
    self.isAmbiguous = isAmbiguous || found.count > 1
  }
}

extension HTTPField.Name {
  static let xAPIKey = HTTPField.Name("x-api-key") ?? .authorization
  static let apiKey = HTTPField.Name("api-key") ?? .authorization
  static let retryAfterMilliseconds = HTTPField.Name("retry-after-ms") ?? .retryAfter
}
