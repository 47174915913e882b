public import MartletCore

/// A state that does not fit a module: everything that is wrong at once, with full names. Nothing was changed.
public struct StateError: MartletError {
  /// A tensor of another shape or type than the module's.
  public struct Mismatch: Sendable, Hashable {
    /// The full name in the state.
    public let name: String
    /// What the state holds: `float32 [10, 64]`.
    public let found: String
    /// What the module holds.
    public let expected: String
  }

  /// Where the state came from, a file's path or "the state".
  public let source: String
  /// Names that the module has and the state lacks.
  public let missing: [String]
  /// Names that the state has and the module lacks.
  public let unexpected: [String]
  /// Tensors that do not fit.
  public let mismatched: [Mismatch]

  init(source: String, missing: [String], unexpected: [String], mismatched: [Mismatch]) {
    self.source = source
    self.missing = missing
    self.unexpected = unexpected
    self.mismatched = mismatched
  }

  public var problem: String {
    var parts: [String] = []
    if !missing.isEmpty { parts.append("missing: \(missing.joined(separator: ", "))") }
    if !unexpected.isEmpty { parts.append("unexpected: \(unexpected.joined(separator: ", "))") }
    if !mismatched.isEmpty {
      parts.append("mismatched: " + mismatched.map { "\($0.name) is \($0.found), not \($0.expected)" }.joined(separator: ", "))
    }
    return "\(source) does not fit the model (\(parts.joined(separator: "; ")))"
  }

  public var expected: String? { "exactly the model's names, shapes and types" }

  public var remedy: String? {
    if let prefix = commonPrefix { return "drop the prefix '\(prefix)' with state.renamed" }
    if mismatched.isEmpty, !missing.isEmpty || !unexpected.isEmpty {
      for name in unexpected {
        if let near = NearestName.of(name, among: missing) {
          return "rename '\(name)' to '\(near)' with state.renamed, or load with strict: false"
        }
      }
      return "load with strict: false to take what fits"
    }
    let onlyTypes = mismatched.allSatisfy { $0.found.drop { $0 != " " } == $0.expected.drop { $0 != " " } }
    return onlyTypes && !mismatched.isEmpty ? "load with convertingTypes: true" : nil
  }

  /// The prefix that all unexpected names carry before a missing one (`module.` of a wrapped model), or `nil`.
  private var commonPrefix: String? {
    guard let first = unexpected.first else { return nil }
    guard let tail = missing.first(where: { first.hasSuffix("." + $0) }) else { return nil }
    let prefix = String(first.dropLast(tail.count))
    let wanted = Set(missing)
    return unexpected.allSatisfy { $0.hasPrefix(prefix) && wanted.contains(String($0.dropFirst(prefix.count))) } ? prefix : nil
  }
}

/// What a state that was loaded with `strict: false` did not cover.
public struct LoadReport: Sendable, Hashable {
  /// Names that kept the module's values.
  public let missing: [String]
  /// Names of the state that were not used.
  public let unexpected: [String]
}
