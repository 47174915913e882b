import MartletCore

/// Where a value was written.
public enum Place: Sendable, Hashable {
  /// Counted from one; columns count Unicode scalars.
  case file(line: Int, column: Int)
  /// An argument of the command line, as it was given.
  case override(String)
  /// The file as a whole.
  case whole
}

/// A value of the document with its place, aliases and merges resolved.
struct DocumentNode: Sendable {
  enum Content: Sendable {
    case null
    case flag(Bool)
    case whole(Int)
    case number(Double)
    case text(String)
    case list([DocumentNode])
    case mapping([Member])
  }

  struct Member: Sendable {
    var key: String
    var place: Place
    var value: DocumentNode
    /// The key came from `<<`, so that a key of the mapping's own replaces it.
    var isMerged = false
  }

  var content: Content
  var place: Place
  /// The scalar as it was written, for messages.
  var source: String = ""

  /// How a message names the value: `'five'`, `a list`.
  var description: String {
    switch content {
    case .null: "empty"
    case .flag, .whole, .number: source
    case .text(let text): "'" + (text.count > 60 ? String(text.prefix(57)) + "…" : text) + "'"
    case .list(let elements): elements.isEmpty ? "an empty list" : "a list"
    case .mapping: "a mapping"
    }
  }

  /// The same value as JSON, as another validator would see the file.
  var json: JSONValue {
    switch content {
    case .null: .null
    case .flag(let value): .bool(value)
    case .whole(let value): .int(value)
    case .number(let value): .double(value)
    case .text(let value): .string(value)
    case .list(let elements): .array(elements.map(\.json))
    case .mapping(let members): .object(Dictionary(members.map { ($0.key, $0.value.json) }, uniquingKeysWith: { _, last in last }))
    }
  }
}
