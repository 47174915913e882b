/// What loading a language model found.
public struct LanguageLoadReport: Sendable, Hashable, CustomStringConvertible {
  /// The folder or file.
  public let source: String
  /// How many tensors were taken.
  public let loaded: Int
  /// Names of a head that the files lack: it starts with new values and has to be trained.
  public let new: [String]
  /// Names in the files that this model has no use for: other heads.
  public let unused: [String]

  public var description: String {
    var parts = ["\(loaded) tensors from \(source)"]
    if !new.isEmpty { parts.append("new: \(new.joined(separator: ", "))") }
    if !unused.isEmpty { parts.append("not used: \(unused.joined(separator: ", "))") }
    return parts.joined(separator: "; ")
  }
}
