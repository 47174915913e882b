/// The names that files of a bundle may have: relative, plain, and the same file on every system.
public enum BundlePath {
  /// The longest path in bytes and the deepest nesting.
  public static let longest = 240, deepest = 8

  /// - Returns: what is wrong with `path` as a file's name in a bundle, or `nil` if nothing is.
  public static func problem(with path: String) -> String? {
    if path.isEmpty { return "is empty" }
    if path.utf8.count > longest { return "is longer than \(longest) bytes" }
    for scalar in path.unicodeScalars {
      if scalar.value == 0 { return "holds a NUL" }
      if scalar.value < 0x20 || scalar.value == 0x7F { return "holds a control character" }
      if scalar.value > 0x7E { return "holds '\(scalar)', which is not ASCII" }
      if scalar == "\\" { return "holds a backslash" }
      if "<>:\"|?*".unicodeScalars.contains(scalar) { return "holds '\(scalar)', which some systems refuse" }
    }
    if path.hasPrefix("/") { return "is absolute" }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    if parts.count > deepest { return "is nested deeper than \(deepest) folders" }
    for part in parts {
      if part.isEmpty { return "has an empty part" }
      if part == ".." || part == "." { return "has the part '\(part)'" }
      if part.hasPrefix(".") { return "has a hidden part '\(part)'" }
      if part.hasPrefix(" ") || part.hasSuffix(" ") || part.hasSuffix(".") {
        return "has a part that begins or ends with a space or ends with a dot"
      }
      let stem = part.prefix { $0 != "." }.trimmingSuffix { $0 == " " }.uppercased()
      if deviceNames.contains(stem) { return "has the device name '\(part)'" }
    }
    return nil
  }

  /// Pairs that cannot both exist: equal names in another case, and a file where another path needs a folder.
  /// - Returns: each offending path with a sentence.
  static func conflicts(among paths: [String]) -> [(path: String, detail: String)] {
    var seen: [String: String] = [:]
    var found: [(path: String, detail: String)] = []
    for path in paths {
      if let other = seen.updateValue(path, forKey: path.lowercased()) {
        found.append((path, other == path ? "is listed twice" : "differs from '\(other)' only in case"))
      }
    }
    for path in paths {
      var folder = path.lowercased()[...]
      while let slash = folder.lastIndex(of: "/") {
        folder = folder[..<slash]
        if let other = seen[String(folder)] { found.append((path, "needs a folder where the file '\(other)' is")) }
      }
    }
    return found
  }

  private static let deviceNames: Set<String> = {
    var names: Set<String> = ["CON", "PRN", "AUX", "NUL", "CLOCK$", "CONIN$", "CONOUT$"]
    for number in 0...9 { names.formUnion(["COM\(number)", "LPT\(number)"]) }
    return names
  }()
}

extension Substring {
  fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> Substring {
    var rest = self
    while let last = rest.last, predicate(last) { rest = rest.dropLast() }
    return rest
  }
}
