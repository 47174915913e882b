public import Foundation
public import MartletCore

/// A JSON document as a flat list of places and values, for comparing two documents.
public enum JSONPaths {
  /// - Returns: leaves by path: `"model.layers[0].width"` → 32. Empty objects and arrays are leaves; the path of the root is `""`.
  public static func flatten(_ value: JSONValue) -> [String: JSONValue] {
    var leaves: [String: JSONValue] = [:]
    func visit(_ value: JSONValue, _ path: String) {
      switch value {
      case .object(let members) where !members.isEmpty:
        for (key, member) in members { visit(member, path.isEmpty ? key : path + "." + key) }
      case .array(let items) where !items.isEmpty:
        for (index, item) in items.enumerated() { visit(item, "\(path)[\(index)]") }
      default: leaves[path] = value
      }
    }
    visit(value, "")
    return leaves
  }

  /// The deepest nesting of arrays and objects, found without building anything: a guard in front of a recursive parser.
  public static func depth(of json: Data) -> Int {
    var depth = 0, deepest = 0
    var isInString = false, isEscaped = false
    for byte in json {
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        depth += 1
        deepest = max(deepest, depth)
      case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
      default: break
      }
    }
    return deepest
  }
}
