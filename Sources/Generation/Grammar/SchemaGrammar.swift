public import MartletCore
public import Text

/// How a JSON schema becomes a grammar.
public struct SchemaOptions: Sendable, Hashable {
  /// White space between the parts of a value.
  public enum Space: Sendable, Hashable {
    /// None.
    case compact
    /// A space, or one or two new lines and at most 20 spaces or tabs: bounded, so that a model cannot write space without end.
    case natural
  }

  /// The order of an object's properties.
  public enum Order: Sendable, Hashable {
    /// As the schema lists them.
    case schema
    /// Any; at most 8 properties.
    case any
  }

  public var space = Space.natural
  public var order = Order.schema

  public init() {}
}

extension Grammar {
  /// The JSON texts that fulfil a schema (the draft of 2020-12 as far as it can be held to while writing).
  ///
  /// Types, `properties`, `required`, `additionalProperties`, `items`, `prefixItems`, `minItems`, `maxItems`, `enum`, `const`, `minLength`,
  /// `maxLength`, `pattern`, `format` (date, time, date-time, uuid), whole-numbered bounds, `anyOf`, `oneOf` (taken as `anyOf`), `allOf`
  /// of schemas that can be put together, `$ref` and `$defs`. Where `properties` are listed and `additionalProperties` is not, there are
  /// no others.
  /// - Throws: `GrammarError` that names the keyword and its place for whatever cannot be held to.
  public init(schema: TemplateValue, options: SchemaOptions = SchemaOptions()) throws(GrammarError) {
    var compiler = SchemaCompiler(root: schema, options: options)
    self = try compiler.grammar()
  }

  /// As above, from a schema whose order of properties is not known: they come in the order of their names.
  public init(schema: JSONValue, options: SchemaOptions = SchemaOptions()) throws(GrammarError) {
    try self.init(schema: TemplateValue(schema), options: options)
  }

  /// Any JSON value.
  public static func json(options: SchemaOptions = SchemaOptions()) throws(GrammarError) -> Grammar {
    try Grammar(schema: .object([]), options: options)
  }
}

struct SchemaCompiler {
  typealias Expression = Grammar.Builder.Expression

  let root: TemplateValue
  let options: SchemaOptions
  var builder = Grammar.Builder()
  var shared = Shared()
  private var references: [String: Int] = [:]
  private var depth = 0

  /// Rules that many values use.
  struct Shared {
    var space: Expression?
    var character: Expression?
    var string: Expression?
    var value: Int?
  }

  /// Notes that ask for nothing.
  private static let notes: Set<String> = [
    "title", "description", "default", "examples", "$schema", "$id", "$comment", "$defs", "definitions", "deprecated", "readOnly",
    "writeOnly",
    "format", "strict", "$anchor",
  ]
  private static let known: Set<String> = [
    "type", "properties", "required", "additionalProperties", "items", "prefixItems", "minItems", "maxItems", "enum", "const", "minLength",
    "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "anyOf", "oneOf", "allOf", "$ref",
  ]

  init(root: TemplateValue, options: SchemaOptions) {
    self.root = root
    self.options = options
  }

  mutating func grammar() throws(GrammarError) -> Grammar {
    let rule = builder.reserve()
    try builder.define(rule, as: try expression(root, at: "#"))
    return try builder.finish(root: rule)
  }

  func error(_ problem: String, at place: String, expected: String? = nil) -> GrammarError {
    GrammarError(.schema, "schema \(place): \(problem)", expected: expected)
  }

  mutating func expression(_ schema: TemplateValue, at place: String) throws(GrammarError) -> Expression {
    guard depth < 64 else { throw error("it nests more than 64 deep", at: place) }
    depth += 1
    defer { depth -= 1 }
    switch schema {
    case .bool(true): return try anyValue()
    case .bool(false): throw error("nothing fulfils 'false'", at: place)
    case .object(let members): return try object(schema, members, at: place)
    default: throw error("a schema is no object", at: place, expected: "an object, true or false")
    }
  }

  private mutating func object(
    _ schema: TemplateValue, _ members: [TemplateValue.Member], at place: String
  ) throws(GrammarError) -> Expression {
    let asked = members.map(\.name).filter { !Self.notes.contains($0) }
    if let unknown = asked.first(where: { !Self.known.contains($0) }) {
      throw error("'\(unknown)' cannot be held to while writing", at: place, expected: "a schema without it")
    }
    if asked.isEmpty, schema["format"] == nil { return try anyValue() }
    if case .string(let reference)? = schema["$ref"] {
      guard asked.count == 1 else { throw error("'$ref' stands beside '\(asked.first { $0 != "$ref" } ?? "")'", at: place) }
      return .rule(try self.reference(reference, at: place))
    }
    for keyword in ["anyOf", "oneOf"] {
      guard let value = schema[keyword] else { continue }
      guard case .array(let parts) = value, !parts.isEmpty else { throw error("'\(keyword)' is no list of schemas", at: place) }
      let others = members.filter { $0.name != keyword && !Self.notes.contains($0.name) }
      var choices: [Expression] = []
      for (index, part) in parts.enumerated() {
        // What stands beside the alternatives counts for each of them.
        let whole = others.isEmpty ? part : try merged([.object(others), part], at: place)
        choices.append(try expression(whole, at: "\(place)/\(keyword)/\(index)"))
      }
      return choices.count == 1 ? choices[0] : .choice(choices)
    }
    if case .array(let parts)? = schema["allOf"] {
      let others = members.filter { $0.name != "allOf" }
      return try expression(try merged([.object(others)] + parts, at: place), at: place)
    }
    if let constant = schema["const"] { return .text(text(constant)) }
    if let value = schema["enum"] {
      guard case .array(let values) = value, !values.isEmpty else { throw error("'enum' is no list of values", at: place) }
      let types = try self.types(schema, at: place)
      let fitting = values.filter { types.isEmpty || types.contains(where: SchemaValues.hasType($0)) }
      guard !fitting.isEmpty else { throw error("no value of 'enum' has the type", at: place) }
      return .choice(fitting.map { .text(text($0)) })
    }
    var types = try self.types(schema, at: place)
    if types.isEmpty { types = implied(asked, schema) }
    guard !types.isEmpty else { return try anyValue() }
    var choices: [Expression] = []
    for type in types { choices.append(try value(type, schema, at: place)) }
    return choices.count == 1 ? choices[0] : .choice(choices)
  }

  private func types(_ schema: TemplateValue, at place: String) throws(GrammarError) -> [String] {
    switch schema["type"] {
    case nil: return []
    case .string(let name)?: return [name]
    case .array(let values)?:
      var names: [String] = []
      for value in values {
        guard case .string(let name) = value else { throw error("'type' holds something else than names", at: place) }
        // A whole number is a number.
        if !names.contains(name), !(name == "integer" && values.contains("number")) { names.append(name) }
      }
      return names
    default: throw error("'type' is no name", at: place)
    }
  }

  /// The type that the keywords speak of where none is named.
  private func implied(_ keywords: [String], _ schema: TemplateValue) -> [String] {
    let all = Set(keywords)
    if !all.isDisjoint(with: ["properties", "required", "additionalProperties"]) { return ["object"] }
    if !all.isDisjoint(with: ["items", "prefixItems", "minItems", "maxItems"]) { return ["array"] }
    if !all.isDisjoint(with: ["minLength", "maxLength", "pattern"]) || schema["format"] != nil { return ["string"] }
    if !all.isDisjoint(with: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]) { return ["number"] }
    return []
  }

  private mutating func value(_ type: String, _ schema: TemplateValue, at place: String) throws(GrammarError) -> Expression {
    switch type {
    case "null": return .text("null")
    case "boolean": return .choice([.text("true"), .text("false")])
    case "string": return try string(schema, at: place)
    case "integer", "number": return try number(schema, isInteger: type == "integer", at: place)
    case "array": return try array(schema, at: place)
    case "object": return try members(schema, at: place)
    default: throw error("there is no type '\(type)'", at: place, expected: "object, array, string, number, integer, boolean or null")
    }
  }

  private mutating func reference(_ reference: String, at place: String) throws(GrammarError) -> Int {
    if let rule = references[reference] { return rule }
    guard reference.hasPrefix("#") else { throw error("'$ref' leaves the document: \(reference)", at: place) }
    var target = root
    for part in reference.dropFirst().split(separator: "/") {
      let name = part.split(separator: "~", omittingEmptySubsequences: false).enumerated().map { index, piece in
        index == 0
          ? String(piece) : piece.hasPrefix("1") ? "/" + piece.dropFirst() : piece.hasPrefix("0") ? "~" + piece.dropFirst() : "~" + piece
      }.joined()
      if let next = target[name] {
        target = next
      } else if case .array(let items) = target, let index = Int(name), items.indices.contains(index) {
        target = items[index]
      } else {
        throw error("'$ref' leads nowhere: \(reference)", at: place)
      }
    }
    let rule = builder.reserve()
    references[reference] = rule
    try builder.define(rule, as: try expression(target, at: reference))
    return rule
  }

  /// One schema that asks for what all of them ask for.
  private func merged(_ schemas: [TemplateValue], at place: String) throws(GrammarError) -> TemplateValue {
    var result: [TemplateValue.Member] = []
    for schema in schemas {
      var schema = schema
      var seen = 0
      while case .string(let reference)? = schema["$ref"], reference.hasPrefix("#/"), seen < 16 {
        var target: TemplateValue? = root
        for part in reference.dropFirst(2).split(separator: "/") { target = target?[String(part)] }
        guard let found = target else { throw error("'$ref' leads nowhere: \(reference)", at: place) }
        schema = found
        seen += 1
      }
      guard case .object(let members) = schema else { throw error("schemas that cannot be put together", at: place) }
      for member in members where !Self.notes.contains(member.name) || member.name == "format" {
        guard let index = result.firstIndex(where: { $0.name == member.name }) else {
          result.append(member)
          continue
        }
        switch (member.name, result[index].value, member.value) {
        case ("properties", .object(let a), .object(let b)):
          if let twice = b.first(where: { new in a.contains { $0.name == new.name && $0.value != new.value } }) {
            throw error("'\(twice.name)' is asked for twice in different ways", at: place)
          }
          result[index].value = .object(a + b.filter { new in !a.contains { $0.name == new.name } })
        case ("required", .array(let a), .array(let b)): result[index].value = .array(a + b.filter { !a.contains($0) })
        case (_, let a, let b): if a != b { throw error("'\(member.name)' is asked for twice in different ways", at: place) }
        }
      }
    }
    return .object(result)
  }

  // MARK: Parts of JSON

  mutating func space() throws(GrammarError) -> Expression {
    if options.space == .compact { return .nothing }
    if let space = shared.space { return space }
    let blank = Expression.bytes(Grammar.ByteSet(" \t".utf8))
    let space = try builder.rule(
      .choice([.nothing, .text(" "), .sequence([.times(.text("\n"), from: 1, to: 2), .times(blank, from: 0, to: 20)])]))
    shared.space = space
    return space
  }

  mutating func anyValue() throws(GrammarError) -> Expression {
    if let rule = shared.value { return .rule(rule) }
    let rule = builder.reserve()
    shared.value = rule
    let space = try space()
    let string = try anyString()
    let comma = Expression.sequence([.text(","), space])
    let pair = Expression.sequence([string, .text(":"), space, .rule(rule)])
    try builder.define(
      rule,
      as: .choice([
        string, SchemaNumbers.any(), .text("true"), .text("false"), .text("null"),
        .choice([
          .sequence([.text("["), space, .rule(rule), .times(.sequence([comma, .rule(rule)]), from: 0, to: nil), space, .text("]")]),
          .sequence([.text("["), space, .text("]")]),
        ]),
        .choice([
          .sequence([.text("{"), space, pair, .times(.sequence([comma, pair]), from: 0, to: nil), space, .text("}")]),
          .sequence([.text("{"), space, .text("}")]),
        ]),
      ]))
    return .rule(rule)
  }

  mutating func array(_ schema: TemplateValue, at place: String) throws(GrammarError) -> Expression {
    let space = try space()
    let comma = Expression.sequence([.text(","), space])
    let least = try count(schema, "minItems", at: place) ?? 0
    let most = try count(schema, "maxItems", at: place)
    var first: [Expression] = []
    if case .array(let parts)? = schema["prefixItems"] {
      for (index, part) in parts.enumerated() { first.append(try expression(part, at: "\(place)/prefixItems/\(index)")) }
    }
    var rest: Expression?
    if schema["items"] != .bool(false), most.map({ $0 > first.count }) ?? true {
      rest = try builder.rule(try expression(schema["items"] ?? .bool(true), at: place + "/items"))
    }
    guard most.map({ $0 >= least }) ?? true, least <= first.count || rest != nil else {
      throw error("no list has at least \(least) items and fulfils the rest", at: place)
    }
    // From the back: what may stand from the n-th item on.
    var tail: Expression = .nothing
    if let rest {
      let more = Expression.sequence([comma, rest])
      let from = max(least - first.count, 0)
      let to = most.map { $0 - first.count }
      if first.isEmpty {
        let several = Expression.sequence([rest, .times(more, from: max(from - 1, 0), to: to.map { max($0 - 1, 0) })])
        tail = to == 0 ? .nothing : from == 0 ? .choice([several, .nothing]) : several
      } else {
        tail = .times(more, from: from, to: to)
      }
    }
    for index in first.indices.reversed() {
      if let most, index >= most { continue }
      let item = Expression.sequence(index == 0 ? [first[0], tail] : [comma, first[index], tail])
      tail = try builder.rule(index >= least ? .choice([item, .nothing]) : item)
    }
    return .sequence([.text("["), space, tail, space, .text("]")])
  }

  func count(_ schema: TemplateValue, _ name: String, at place: String) throws(GrammarError) -> Int? {
    guard let value = schema[name] else { return nil }
    guard case .int(let number) = value, number >= 0, number <= 100_000 else {
      throw error("'\(name)' is no count", at: place, expected: "a whole number from 0 to 100,000")
    }
    return number
  }
}
