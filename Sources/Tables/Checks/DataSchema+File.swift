public import Foundation
import MartletCore

extension DataSchema: Codable {
  enum CodingKeys: String, CodingKey {
    case version, target, significance, columns, relations
    case learnedRows = "learned_from_rows"
    case extraColumns = "extra_columns"
    case minimumRows = "minimum_rows"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    version = try container.decodeIfPresent(Int.self, forKey: .version) ?? 1
    guard version == 1 else {
      throw DecodingError.dataCorruptedError(forKey: .version, in: container, debugDescription: "version \(version); expected 1")
    }
    learnedRows = try container.decodeIfPresent(Int.self, forKey: .learnedRows) ?? 0
    target = try container.decodeIfPresent(String.self, forKey: .target)
    significance = try container.decodeIfPresent(Double.self, forKey: .significance) ?? 0.001
    let extra = try container.decodeIfPresent(String.self, forKey: .extraColumns) ?? "warning"
    guard extra == "allowed" || DataViolation.Severity(rawValue: extra) != nil else {
      throw DecodingError.dataCorruptedError(
        forKey: .extraColumns, in: container, debugDescription: "'\(extra)'; expected allowed, warning or error")
    }
    extraColumns = DataViolation.Severity(rawValue: extra)
    minimumRows = try container.decodeIfPresent(Int.self, forKey: .minimumRows) ?? 1
    columns = try container.decodeIfPresent([ColumnRule].self, forKey: .columns) ?? []
    relations = try container.decodeIfPresent([DataRelation].self, forKey: .relations) ?? []
    var seen = Set<String>()
    for rule in columns where !seen.insert(rule.name).inserted {
      throw DecodingError.dataCorruptedError(
        forKey: .columns, in: container, debugDescription: "two rules for the column '\(rule.name)'")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(version, forKey: .version)
    try container.encode(learnedRows, forKey: .learnedRows)
    try container.encodeIfPresent(target, forKey: .target)
    try container.encode(significance, forKey: .significance)
    try container.encode(extraColumns?.rawValue ?? "allowed", forKey: .extraColumns)
    try container.encode(minimumRows, forKey: .minimumRows)
    try container.encode(columns, forKey: .columns)
    try container.encode(relations, forKey: .relations)
  }

  /// Reads a schema from JSON.
  /// - Parameter source: where the text came from, for messages.
  /// - Throws: `FileError` with the place of what is wrong; a key that no rule knows is wrong, with the nearest one that there is.
  public init(json data: Data, source: String) throws {
    self = try JSON.decode(DataSchema.self, from: data, source: source)
    let given = try JSON.decode(JSONValue.self, from: data, source: source)
    // What a schema says it writes again, so that a key which does not come back was not understood.
    let understood = try JSON.decode(JSONValue.self, from: JSON.encode(self), source: source)
    if let (place, key, known) = Self.unknownKey(given, understood, "") {
      let names = known + ["target", "required", "missing", "number", "time", "categories", "text", "unique", "constant"]
      throw FileError(
        path: source, problem: "\(place).\(key) is no rule",
        remedy: NearestName.of(key, among: names).map { "did you mean '\($0)'?" } ?? "leave it out")
    }
  }

  /// Reads a schema's file.
  /// - Throws: `FileError`, as for `init(json:source:)`.
  public static func read(_ path: String) throws -> DataSchema {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw FileError(path: path, problem: "cannot be read", expected: "a schema of data", remedy: "martlet data check FILE --update")
    }
    return try DataSchema(json: data, source: path)
  }

  /// Writes the schema as JSON that people can read and edit, whole or not at all.
  /// - Throws: `FileError` with the system's reason.
  public func write(to path: String) throws {
    try AtomicFile.write(try JSON.encode(self), to: path)
  }

  private static func unknownKey(_ given: JSONValue, _ known: JSONValue, _ place: String) -> (String, String, [String])? {
    switch (given, known) {
    case (.object(let mine), .object(let theirs)):
      for (key, value) in mine.sorted(by: { $0.key < $1.key }) where value != .null {
        guard let other = theirs[key] else { return (place, key, theirs.keys.sorted()) }
        if let found = unknownKey(value, other, place + "." + key) { return found }
      }
    case (.array(let mine), .array(let theirs)):
      for (index, pair) in zip(mine, theirs).enumerated() {
        if let found = unknownKey(pair.0, pair.1, "\(place)[\(index)]") { return found }
      }
    default: break
    }
    return nil
  }
}

extension ColumnRule: Codable {
  enum CodingKeys: String, CodingKey {
    case name, type, number, time, categories, text, constant
    case isRequired = "required"
    case maximumMissing = "missing"
    case isUnique = "unique"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decode(String.self, forKey: .name)
    let typeName = try container.decode(String.self, forKey: .type)
    guard let type = ColumnType(named: typeName) else {
      let known = ColumnType.plainNames
      let near = NearestName.of(typeName, among: known.keys).map { "; did you mean '\($0)'?" } ?? ""
      throw DecodingError.dataCorruptedError(
        forKey: .type, in: container,
        debugDescription: "there is no type '\(typeName)'; expected one of \(known.keys.sorted().joined(separator: ", "))\(near)")
    }
    self.type = type
    isRequired = try container.decodeIfPresent(Bool.self, forKey: .isRequired) ?? true
    maximumMissing = try container.decodeIfPresent(Double.self, forKey: .maximumMissing)
    number = try container.decodeIfPresent(NumberRule.self, forKey: .number)
    time = try container.decodeIfPresent(TimeRule.self, forKey: .time)
    categories = try container.decodeIfPresent(CategoryRule.self, forKey: .categories)
    text = try container.decodeIfPresent(TextRule.self, forKey: .text)
    isUnique = try container.decodeIfPresent(Bool.self, forKey: .isUnique) ?? false
    constant = try container.decodeIfPresent(String.self, forKey: .constant)
    for (text, key) in [(time?.earliest, "earliest"), (time?.latest, "latest")] {
      if let text, TimeText.microseconds(text) == nil {
        throw DecodingError.dataCorruptedError(
          forKey: .time, in: container, debugDescription: "\(key) is '\(text)'; expected a date as 2013-01-31 or 2013-01-31T10:00:00Z")
      }
    }
    if let number, let edges = number.edges {
      guard number.shares?.count == edges.count + 1, zip(edges, edges.dropFirst()).allSatisfy(<) else {
        throw DecodingError.dataCorruptedError(
          forKey: .number, in: container, debugDescription: "edges must ascend, and there must be one more share than edges")
      }
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(type.description, forKey: .type)
    try container.encode(isRequired, forKey: .isRequired)
    try container.encodeIfPresent(maximumMissing, forKey: .maximumMissing)
    try container.encodeIfPresent(number, forKey: .number)
    try container.encodeIfPresent(time, forKey: .time)
    try container.encodeIfPresent(categories, forKey: .categories)
    try container.encodeIfPresent(text, forKey: .text)
    try container.encode(isUnique, forKey: .isUnique)
    try container.encodeIfPresent(constant, forKey: .constant)
  }
}

extension ColumnType {
  static let plainNames: [String: ColumnType] = Dictionary(
    uniqueKeysWithValues: [
      ColumnType.int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .float32, .float64, .boolean, .text, .categorical,
      .timestamp(),
    ].map { ($0.description, $0) })

  /// The type that ``description`` names: `int64`, `timestamp[Europe/Berlin]`, `list<text>`; `nil` for anything else.
  public init?(named name: String) {
    if let type = Self.plainNames[name] {
      self = type
    } else if name.hasPrefix("timestamp["), name.hasSuffix("]") {
      self = .timestamp(timeZone: String(name.dropFirst(10).dropLast()))
    } else if name.hasPrefix("list<"), name.hasSuffix(">"), let element = ColumnType(named: String(name.dropFirst(5).dropLast())) {
      self = .list(element)
    } else {
      return nil
    }
  }
}
