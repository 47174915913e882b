public import MartletCore

extension Shape {
  /// The shape as a JSON Schema (draft 2020-12), without `$schema`.
  public var jsonSchema: JSONValue {
    switch self {
    case .text(.name): ["type": "string", "pattern": .string(ProjectName.pattern)]
    case .text: ["type": "string", "minLength": 1]
    case .word(let words): ["enum": .array(words.map(JSONValue.string))]
    case .whole(let range):
      range.upperBound >= Self.unbounded
        ? ["type": "integer", "minimum": .int(range.lowerBound)]
        : ["type": "integer", "minimum": .int(range.lowerBound), "maximum": .int(range.upperBound)]
    case .wholeChoice(let values): ["enum": .array(values.map(JSONValue.int))]
    case .number(let range): range.jsonSchema
    case .flag: ["type": "boolean"]
    case .any: [:]
    case .list(let element, let count): Self.list(element, count)
    case .table(let value): ["type": "object", "additionalProperties": value.jsonSchema]
    case .mapping(let mapping): mapping.jsonSchema
    case .tagged(let variants): Self.tagged(variants)
    case .either(let shapes): ["anyOf": .array(shapes.map(\.jsonSchema))]
    }
  }

  private static func list(_ element: Shape, _ count: ClosedRange<Int>) -> JSONValue {
    var members: [String: JSONValue] = ["type": "array", "items": element.jsonSchema]
    if count.lowerBound > 0 { members["minItems"] = .int(count.lowerBound) }
    if count.upperBound < unbounded { members["maxItems"] = .int(count.upperBound) }
    return .object(members)
  }

  /// A word, or an object with the word as its only key.
  private static func tagged(_ variants: [Variant]) -> JSONValue {
    var properties: [String: JSONValue] = [:]
    for variant in variants {
      var schema = variant.settings.jsonSchema
      if let main = variant.mainShape { schema = ["anyOf": [main.jsonSchema, schema]] }
      properties[variant.name] = schema.describing(variant.note)
    }
    let object: JSONValue = [
      "type": "object", "properties": .object(properties), "additionalProperties": false, "minProperties": 1, "maxProperties": 1,
    ]
    let bare = variants.filter(\.settings.isOptional)
    guard !bare.isEmpty else { return object }
    let words = bare.map { variant -> JSONValue in ["const": .string(variant.name), "description": .string(variant.note)] }
    return ["anyOf": .array(words + [object])]
  }
}

extension MappingShape {
  /// An object with these keys and no others.
  public var jsonSchema: JSONValue {
    var properties: [String: JSONValue] = [:]
    for field in fields {
      var schema = field.shape.jsonSchema.describing(field.note)
      if case .byDefault(let value) = field.presence, case .object(var members) = schema {
        members["default"] = value
        schema = .object(members)
      }
      properties[field.name] = schema
    }
    var members: [String: JSONValue] = [
      "type": isOptional ? ["object", "null"] : "object", "properties": .object(properties), "additionalProperties": false,
    ]
    let required = fields.filter { $0.presence == .required }.map { JSONValue.string($0.name) }
    if !required.isEmpty { members["required"] = .array(required) }
    let needs = needsOneOf.map { names -> JSONValue in ["anyOf": .array(names.map { ["required": [.string($0)]] })] }
    let excludes = exclusive.flatMap(Self.pairs).map { pair -> JSONValue in
      ["not": ["type": "object", "required": [.string(pair.0), .string(pair.1)]]]
    }
    if !(needs + excludes).isEmpty { members["allOf"] = .array(needs + excludes) }
    return .object(members)
  }

  private static func pairs(_ names: [String]) -> [(String, String)] {
    names.indices.flatMap { first in names[(first + 1)...].map { (names[first], $0) } }
  }
}

extension Shape.NumberRange {
  fileprivate var jsonSchema: JSONValue {
    var members: [String: JSONValue] = ["type": "number"]
    if let from { members[isAbove ? "exclusiveMinimum" : "minimum"] = .double(from) }
    if let to { members[isBelow ? "exclusiveMaximum" : "maximum"] = .double(to) }
    return .object(members)
  }
}

extension JSONValue {
  fileprivate func describing(_ note: String) -> JSONValue {
    guard case .object(var members) = self else { return self }
    members["description"] = .string(note)
    return .object(members)
  }
}
