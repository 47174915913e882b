/// Which files of a repository are wanted.
///
/// Patterns are those of a shell, except that `*` and `?` match slashes, too, as in the hub's own client: `*.json` is every JSON file in
/// any folder.
public struct HubPatterns: Sendable, Hashable {
  /// Files must match one of these; `nil` lets all through.
  public var allow: [String]?
  /// Files that match one of these are left out.
  public var ignore: [String]
  /// Files that run code when they are read (pickles in any wrapping) are fetched, too.
  public var allowsPickles: Bool

  /// Everything but pickles.
  public init(allow: [String]? = nil, ignore: [String] = [], allowsPickles: Bool = false) {
    self.allow = allow
    self.ignore = ignore
    self.allowsPickles = allowsPickles
  }

  /// Whether a file is wanted.
  public func matches(_ path: String) -> Bool {
    if !allowsPickles, Self.isPickle(path) { return false }
    if let allow, !allow.contains(where: { Glob.matches(path, Self.whole($0)) }) { return false }
    return !ignore.contains { Glob.matches(path, Self.whole($0)) }
  }

  /// `folder/` means everything in it.
  private static func whole(_ pattern: String) -> String { pattern.hasSuffix("/") ? pattern + "*" : pattern }

  /// Whether a name is that of a pickle: PyTorch's, joblib's, Python's own.
  public static func isPickle(_ path: String) -> Bool {
    let name = path.lowercased()
    return [".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".dill", ".npy", ".npz", ".nemo", ".mar"]
      .contains { name.hasSuffix($0) }
  }
}

/// Shell patterns: `*`, `?`, `[a-z]`, `[!a-z]`.
enum Glob {
  static func matches(_ text: String, _ pattern: String) -> Bool {
    matches(Array(text.unicodeScalars)[...], Array(pattern.unicodeScalars)[...])
  }

  /// Goes back to the last star only, which is enough and keeps the time quadratic at worst.
  private static func matches(_ text: ArraySlice<Unicode.Scalar>, _ pattern: ArraySlice<Unicode.Scalar>) -> Bool {
    var text = text, pattern = pattern
    var star: (text: ArraySlice<Unicode.Scalar>, pattern: ArraySlice<Unicode.Scalar>)?
    while true {
      if pattern.first == "*" {
        pattern = pattern.dropFirst()
        star = (text, pattern)
        continue
      }
      if let scalar = text.first, let rest = one(scalar, pattern) {
        text = text.dropFirst()
        pattern = rest
        continue
      }
      if text.isEmpty, pattern.isEmpty { return true }
      guard let last = star, !last.text.isEmpty else { return false }
      text = last.text.dropFirst()
      pattern = last.pattern
      star = (text, pattern)
    }
  }

  /// - Returns: what is left of the pattern after one character, or `nil` where the character does not fit.
  private static func one(_ scalar: Unicode.Scalar, _ pattern: ArraySlice<Unicode.Scalar>) -> ArraySlice<Unicode.Scalar>? {
    guard let first = pattern.first else { return nil }
    switch first {
    case "?": return pattern.dropFirst()
    case "[":
      guard let (set, isNegated, rest) = set(pattern.dropFirst()) else { return scalar == "[" ? pattern.dropFirst() : nil }
      return set.contains { $0.contains(scalar) } != isNegated ? rest : nil
    default: return scalar == first ? pattern.dropFirst() : nil
    }
  }

  /// A set without its opening bracket; `nil` where it does not end, so that the bracket stands for itself.
  private static func set(
    _ pattern: ArraySlice<Unicode.Scalar>
  ) -> (ranges: [ClosedRange<Unicode.Scalar>], isNegated: Bool, rest: ArraySlice<Unicode.Scalar>)? {
    var rest = pattern
    let isNegated = rest.first == "!"
    if isNegated { rest = rest.dropFirst() }
    // A bracket at the beginning belongs to the set.
    guard let end = rest.dropFirst().firstIndex(of: "]") else { return nil }
    var members = rest[..<end]
    var ranges: [ClosedRange<Unicode.Scalar>] = []
    while let first = members.popFirst() {
      if members.first == "-", let last = members.dropFirst().first {
        if first <= last { ranges.append(first...last) }
        members = members.dropFirst(2)
      } else {
        ranges.append(first...first)
      }
    }
    return (ranges, isNegated, rest[(end + 1)...])
  }
}
