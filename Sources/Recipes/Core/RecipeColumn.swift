public import Tables

/// A column at some point of a recipe.
public struct RecipeColumn: Hashable, Sendable, Codable {
  public var name: String
  public var kind: RecipeKind
  /// The table's columns that it was made from.
  public var origins: [String]
  /// For codes of categories: how many there are.
  public var levels: Int?
  /// The names of a sparse block's features.
  public var features: [String]?
  /// A timestamp's zone, for its calendar parts.
  public var timeZone: String?

  public init(
    name: String, kind: RecipeKind = .numeric, origins: [String], levels: Int? = nil, features: [String]? = nil, timeZone: String? = nil
  ) {
    self.name = name
    self.kind = kind
    self.origins = origins
    self.levels = levels
    self.features = features
    self.timeZone = timeZone
  }

  /// A number made from this column.
  func derived(_ name: String, levels: Int? = nil) -> RecipeColumn { RecipeColumn(name: name, origins: origins, levels: levels) }
  /// The number that takes this column's place.
  func replaced(levels: Int? = nil) -> RecipeColumn { derived(name, levels: levels) }
}

/// The values of a recipe's column.
public enum RecipeValues: Sendable {
  /// Numbers, booleans (0, 1) and timestamps (microseconds since 1970); NaN where missing.
  case numbers([Double])
  /// Texts, categories and lists.
  case column(Column)
  /// A block of features.
  case sparse(SparseRows)

  /// Numbers of a column that the selection has made sure to be numeric.
  func doubles() throws -> [Double] {
    switch self {
    case .numbers(let values): return values
    case .column(let column): return try column.numbers()
    case .sparse: throw RecipeError("a block of sparse features cannot be read as one column")
    }
  }

  func texts() throws -> [String?] {
    guard case .column(let column) = self else { throw RecipeError("numbers cannot be read as text") }
    return try column.texts()
  }
}

/// Distinct categories of any column and rows as places in them.
struct CategoryCodes {
  var codes: [Int32]
  var categories: [String]

  /// The categories that are present, in ascending order (numbers by value), a categorical column's in its own; -1 where missing.
  static func learn(_ values: RecipeValues, _ column: RecipeColumn) throws -> CategoryCodes {
    let all: (codes: [Int32], categories: [String])
    switch values {
    case .numbers(let numbers):
      if column.kind == .boolean {
        all = (numbers.map { $0.isNaN ? -1 : $0 == 0 ? 0 : 1 }, ["false", "true"])
      } else {
        all = try Column(column.name, numbers).codes()
      }
    case .column(let source): all = try source.codes()
    case .sparse: throw RecipeError("a block of sparse features has no categories", column: column.name)
    }
    var present = [Bool](repeating: false, count: all.categories.count)
    for code in all.codes where code >= 0 { present[Int(code)] = true }
    if !present.contains(false) { return CategoryCodes(codes: all.codes, categories: all.categories) }
    var place = [Int32](repeating: -1, count: present.count), kept: [String] = []
    for (code, isPresent) in present.enumerated() where isPresent {
      place[code] = Int32(kept.count)
      kept.append(all.categories[code])
    }
    return CategoryCodes(codes: all.codes.map { $0 < 0 ? -1 : place[Int($0)] }, categories: kept)
  }
}

/// Known categories, and how to find them in other rows: -1 where missing, -2 where unknown.
struct CategoryIndex: Hashable, Sendable, Codable {
  let categories: [String]
  let isBoolean: Bool
  private let places: [String: Int32]

  init(_ categories: [String], isBoolean: Bool = false) {
    self.categories = categories
    self.isBoolean = isBoolean
    places = Dictionary(categories.enumerated().map { ($1, Int32($0)) }, uniquingKeysWith: { first, _ in first })
  }

  private enum Keys: String, CodingKey { case categories, boolean }
  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Keys.self)
    self.init(
      try container.decode([String].self, forKey: .categories),
      isBoolean: try container.decodeIfPresent(Bool.self, forKey: .boolean) ?? false)
  }
  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(categories, forKey: .categories)
    if isBoolean { try container.encode(true, forKey: .boolean) }
  }

  static let missing: Int32 = -1
  static let unknown: Int32 = -2

  func code(_ text: String?) -> Int32 {
    guard let text else { return Self.missing }
    return places[text] ?? Self.unknown
  }

  func code(_ number: Double) -> Int32 {
    if number.isNaN { return Self.missing }
    return places[spelled(number)] ?? Self.unknown
  }

  /// Numbers are spelled as ``Column/codes()`` spells them.
  func spelled(_ number: Double) -> String {
    if isBoolean { return number == 0 ? "false" : "true" }
    return number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : String(number)
  }

  func codes(_ values: RecipeValues) throws -> [Int32] {
    switch values {
    case .numbers(let numbers):
      // A few numbers are spelled once each; most categories repeat.
      var seen: [Double: Int32] = [:]
      return numbers.map { number in
        if number.isNaN { return Self.missing }
        if let known = seen[number] { return known }
        let found = code(number)
        seen[number] = found
        return found
      }
    case .column(let column):
      guard column.type.kind == .categorical || column.type.kind == .text else {
        let own = try column.codes()
        let map = own.categories.map { places[$0] ?? Self.unknown }
        return own.codes.map { $0 < 0 ? Self.missing : map[Int($0)] }
      }
      if column.type.kind == .categorical {
        let own = try column.codes()
        let map = own.categories.map { places[$0] ?? Self.unknown }
        return own.codes.map { $0 < 0 ? Self.missing : map[Int($0)] }
      }
      return try column.texts().map { code($0) }
    case .sparse: throw RecipeError("a block of sparse features has no categories")
    }
  }

  /// What a row holds, for a message.
  func text(_ values: RecipeValues, row: Int) -> String {
    switch values {
    case .numbers(let numbers): numbers[row].isNaN ? "missing" : spelled(numbers[row])
    case .column(let column):
      switch column.value(row) {
      case .text(let text): text
      case .missing: "missing"
      case let other: "\(other)"
      }
    case .sparse: ""
    }
  }
}

extension ColumnType {
  var timeZone: String? { if case .timestamp(let zone) = self { zone } else { nil } }
}
