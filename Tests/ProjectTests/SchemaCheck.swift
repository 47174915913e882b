import Foundation
import MartletCore

/// The part of JSON Schema that `ProjectSchema` uses. An unknown keyword makes the check fail, so that none goes unheeded.
enum SchemaCheck {
  static func accepts(_ value: JSONValue, _ schema: JSONValue) -> Bool {
    guard case .object(let keywords) = schema else { return schema == true }
    return keywords.allSatisfy { keyword, argument in accepts(value, keyword, argument, keywords) }
  }

  private static func accepts(_ value: JSONValue, _ keyword: String, _ argument: JSONValue, _ schema: [String: JSONValue]) -> Bool {
    switch keyword {
    case "$schema", "title", "description", "default": return true
    case "type": return (argument.arrayValue ?? [argument]).contains { has(value, type: $0.stringValue ?? "") }
    case "enum": return argument.arrayValue?.contains(value) == true
    case "const": return argument == value
    case "minLength": return value.stringValue.map { $0.count >= argument.intValue ?? 0 } ?? true
    case "pattern":
      return value.stringValue.map { $0.range(of: argument.stringValue ?? "", options: .regularExpression) != nil } ?? true
    case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum":
      guard let number = value.doubleValue, let bound = argument.doubleValue else { return true }
      switch keyword {
      case "minimum": return number >= bound
      case "maximum": return number <= bound
      case "exclusiveMinimum": return number > bound
      default: return number < bound
      }
    case "items": return value.arrayValue?.allSatisfy { accepts($0, argument) } ?? true
    case "minItems": return value.arrayValue.map { $0.count >= argument.intValue ?? 0 } ?? true
    case "maxItems": return value.arrayValue.map { $0.count <= argument.intValue ?? 0 } ?? true
    case "minProperties": return value.objectValue.map { $0.count >= argument.intValue ?? 0 } ?? true
    case "maxProperties": return value.objectValue.map { $0.count <= argument.intValue ?? 0 } ?? true
    case "required":
      return value.objectValue.map { members in (argument.arrayValue ?? []).allSatisfy { members[$0.stringValue ?? ""] != nil } } ?? true
    case "properties":
      return value.objectValue?.allSatisfy { name, member in argument[name].map { accepts(member, $0) } ?? true } ?? true
    case "additionalProperties":
      return value.objectValue?.allSatisfy { name, member in schema["properties"]?[name] != nil || accepts(member, argument) } ?? true
    case "anyOf": return argument.arrayValue?.contains { accepts(value, $0) } == true
    case "allOf": return argument.arrayValue?.allSatisfy { accepts(value, $0) } == true
    case "not": return !accepts(value, argument)
    default: return false
    }
  }

  private static func has(_ value: JSONValue, type: String) -> Bool {
    switch (type, value) {
    case ("object", .object), ("array", .array), ("string", .string), ("boolean", .bool), ("null", .null), ("integer", .int): true
    case ("number", .int), ("number", .double): true
    default: false
    }
  }
}
