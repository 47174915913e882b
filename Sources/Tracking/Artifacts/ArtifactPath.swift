import Foundation

/// The names that files of runs may have, and the URIs that point to them.
package enum ArtifactPath {
  static let longest = 1024, deepest = 32

  /// The parts of a relative path.
  /// - Throws: `TrackingError` `.invalid` for a path that could leave the folder, however often it is decoded.
  package static func parts(_ path: String) throws(TrackingError) -> [String] {
    var text = path
    for _ in 0..<8 {
      if let problem = problem(with: text) { throw TrackingError(.invalid, "the path '\(excerpt(path))' \(problem)", expected: "a/b/c") }
      guard let decoded = text.removingPercentEncoding, decoded != text else { break }
      text = decoded
    }
    return path.split(separator: "/").map(String.init)
  }

  private static func problem(with path: String) -> String? {
    if path.utf8.count > longest { return "is longer than \(longest) bytes" }
    if path.hasPrefix("/") { return "is absolute" }
    for scalar in path.unicodeScalars {
      if scalar.value < 0x20 || scalar.value == 0x7F { return "holds a control character" }
      if scalar == "\\" { return "holds a backslash" }
      if scalar == "#" { return "holds '#'" }
    }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    if parts.count > deepest { return "is nested deeper than \(deepest) folders" }
    if parts.contains("..") || parts.contains(".") { return "has a part that is '.' or '..'" }
    if parts.dropLast().contains("") { return "has an empty part" }
    if let first = parts.first, first.count == 2, first.hasSuffix(":") { return "begins with a drive" }
    if parts.contains(where: { $0.utf8.count > 255 }) { return "has a part that is longer than 255 bytes" }
    if parts.contains(where: { isTemporary(String($0)) }) { return "has a part that only files under way have" }
    return nil
  }

  /// The name of a file that is being uploaded.
  static func isTemporary(_ name: String) -> Bool { name.hasPrefix(".") && name.hasSuffix(".partial") }

  /// The path that a URI of this server means: `mlflow-artifacts:/1/x` is `1/x`; `nil` for a URI of elsewhere.
  /// - Throws: `TrackingError` `.invalid` for one that leaves the folder or names another server.
  package static func path(ofURI uri: String) throws(TrackingError) -> String? {
    let prefix = ArtifactFolder.scheme + ":"
    guard uri.hasPrefix(prefix) else { return nil }
    var rest = uri.dropFirst(prefix.count)
    if rest.hasPrefix("//") {
      // With a host between slashes: only the empty one is this server.
      guard rest.hasPrefix("///") else {
        throw TrackingError(.invalid, "'\(excerpt(uri))' names another server", expected: "\(prefix)/…")
      }
      rest = rest.dropFirst(2)
    }
    while rest.hasPrefix("/") { rest = rest.dropFirst() }
    guard !rest.contains(where: { $0 == "?" }) else {
      throw TrackingError(.invalid, "'\(excerpt(uri))' has a query", expected: "\(prefix)/…")
    }
    let path = String(rest)
    _ = try parts(path)
    return path.hasSuffix("/") ? String(path.dropLast()) : path
  }
}
