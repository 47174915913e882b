import MartletCore
import Tables

/// What a recipe's column is at some point of the recipe. A table's kinds, and blocks of sparse features that text steps make.
public enum RecipeKind: String, Hashable, Sendable, Codable, CaseIterable {
  case numeric, categorical, boolean, text, timestamp, list, sparse

  init(_ kind: ColumnType.Kind) {
    switch kind {
    case .numeric: self = .numeric
    case .categorical: self = .categorical
    case .boolean: self = .boolean
    case .text: self = .text
    case .timestamp: self = .timestamp
    case .list: self = .list
    }
  }
}

/// The columns a step works on: by name, by kind, or all that the step can work on.
///
/// In JSON and YAML: `numeric`, `[age, income]`, or `{kinds: [numeric, boolean], except: [id]}`.
public struct ColumnSelection: Hashable, Sendable {
  /// Exactly these, in the table's order; every one must be there.
  public var names: [String]?
  /// Columns of these kinds; `nil` for whatever the step can work on.
  public var kinds: [RecipeKind]?
  /// Left out. Names that do not exist are an error.
  public var except: [String]

  public init(names: [String]? = nil, kinds: [RecipeKind]? = nil, except: [String] = []) {
    self.names = names
    self.kinds = kinds
    self.except = except
  }

  /// Whatever the step can work on.
  public static let automatic = ColumnSelection(names: nil, kinds: nil)
  public static let numeric = ColumnSelection(kinds: [.numeric])
  public static let categorical = ColumnSelection(kinds: [.categorical])
  public static let text = ColumnSelection(kinds: [.text])
  public static let timestamp = ColumnSelection(kinds: [.timestamp])
  public static let boolean = ColumnSelection(kinds: [.boolean])
  public static func named(_ names: String...) -> ColumnSelection { ColumnSelection(names: names) }
  public static func named(_ names: [String]) -> ColumnSelection { ColumnSelection(names: names) }
  public static func kinds(_ kinds: RecipeKind..., except: [String] = []) -> ColumnSelection {
    ColumnSelection(kinds: kinds, except: except)
  }
  public func without(_ names: String...) -> ColumnSelection {
    ColumnSelection(names: self.names, kinds: kinds, except: except + names)
  }

  /// The places of the chosen columns.
  func places(among columns: [RecipeColumn], accepted: Set<RecipeKind>) throws -> [Int] {
    let known = columns.map(\.name)
    for name in (names ?? []) + except where !known.contains(name) {
      let near = NearestName.of(name, among: known)
      throw RecipeError(
        "there is no column '\(name)'", expected: listed(known), remedy: near.map { "did you mean '\($0)'?" }, column: name)
    }
    if let names {
      let wanted = Set(names)
      let places = columns.indices.filter { wanted.contains(columns[$0].name) && !except.contains(columns[$0].name) }
      if let place = places.first(where: { !accepted.contains(columns[$0].kind) }) {
        throw RecipeError(
          "column '\(columns[place].name)' is \(columns[place].kind.rawValue)",
          expected: listed(accepted.map(\.rawValue).sorted()), column: columns[place].name)
      }
      return places
    }
    let kinds = self.kinds.map { Set($0).intersection(accepted) } ?? accepted
    if let wanted = self.kinds, let wrong = wanted.first(where: { !accepted.contains($0) }) {
      throw RecipeError("\(wrong.rawValue) columns are chosen", expected: listed(accepted.map(\.rawValue).sorted()))
    }
    return columns.indices.filter { kinds.contains(columns[$0].kind) && !except.contains(columns[$0].name) }
  }
}

extension ColumnSelection: Codable {
  private enum Keys: String, CodingKey { case names, kinds, except }

  public init(from decoder: any Decoder) throws {
    if let single = try? decoder.singleValueContainer() {
      if let names = try? single.decode([String].self) {
        self.init(names: names)
        return
      }
      if let text = try? single.decode(String.self) {
        if text == "all" {
          self.init(names: nil, kinds: nil)
        } else if let kind = RecipeKind(rawValue: text) {
          self.init(kinds: [kind])
        } else {
          self.init(names: [text])
        }
        return
      }
    }
    let container = try decoder.container(keyedBy: Keys.self)
    self.init(
      names: try container.decodeIfPresent([String].self, forKey: .names),
      kinds: try container.decodeIfPresent([RecipeKind].self, forKey: .kinds),
      except: try container.decodeIfPresent([String].self, forKey: .except) ?? [])
  }

  public func encode(to encoder: any Encoder) throws {
    if except.isEmpty {
      var single = encoder.singleValueContainer()
      if let names, kinds == nil { return try single.encode(names) }
      if names == nil, kinds == nil { return try single.encode("all") }
      if names == nil, let kinds, kinds.count == 1 { return try single.encode(kinds[0].rawValue) }
    }
    var container = encoder.container(keyedBy: Keys.self)
    try container.encodeIfPresent(names, forKey: .names)
    try container.encodeIfPresent(kinds, forKey: .kinds)
    if !except.isEmpty { try container.encode(except, forKey: .except) }
  }
}

extension ColumnSelection: ExpressibleByStringLiteral, ExpressibleByArrayLiteral {
  /// One column's name.
  public init(stringLiteral value: String) { self.init(names: [value]) }
  public init(arrayLiteral elements: String...) { self.init(names: elements) }
}
