import Yams

/// The operators to wrap, in groups, as `Tools/operators.yml` lists them.
public struct AllowList: Sendable {
  /// Operators that share a C++ file and a Swift file.
  struct Group: Sendable {
    let name: String
    let entries: [Entry]
  }

  /// One operator overload.
  struct Entry: Sendable {
    /// `add.Tensor`.
    let name: String
    /// How Swift spells it, where the rules should not say.
    let spelling: String?
  }

  let groups: [Group]

  /// The operators without their overloads and the marks of in-place ones.
  public var operatorNames: Set<String> {
    Set(
      groups.flatMap(\.entries).map { entry in
        let name = entry.name.prefix { $0 != "." }
        return String(name.hasSuffix("_") ? name.dropLast() : name)
      })
  }

  /// Reads the list. Throws for wrong YAML, an entry that is neither a name nor `name: spelling`, and a name that comes twice.
  public init(yaml: String) throws(GeneratorError) {
    let file = "allow-list"
    let root: Node?
    do {
      root = try Yams.compose(yaml: yaml)
    } catch {
      throw GeneratorError(file, "\(error)")
    }
    guard let mapping = root?.mapping else { throw GeneratorError(file, "groups are expected: `arithmetic:` and a list of operators") }
    var seen: Set<String> = []
    var groups: [Group] = []
    for (key, value) in mapping {
      guard let name = key.string, let items = value.sequence else {
        throw GeneratorError(file, "each group is a name and a list of operators")
      }
      var entries: [Entry] = []
      for item in items {
        let entry = try Self.entry(item, in: name)
        guard seen.insert(entry.name).inserted else { throw GeneratorError(entry.name, "it comes twice in the allow-list") }
        entries.append(entry)
      }
      groups.append(Group(name: name, entries: entries))
    }
    self.groups = groups
  }

  private static func entry(_ node: Node, in group: String) throws(GeneratorError) -> Entry {
    if let name = node.string { return Entry(name: name, spelling: nil) }
    guard let mapping = node.mapping, mapping.count == 1, let pair = mapping.first, let name = pair.key.string,
      let spelling = pair.value.string
    else { throw GeneratorError(group, "an entry is an operator's name, or `name: spelling`") }
    return Entry(name: name, spelling: spelling)
  }
}
