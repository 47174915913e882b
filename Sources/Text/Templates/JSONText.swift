/// Texts as JSON has them.
package enum JSONText {
  /// The text between quotation marks, as Python's `json.dumps` and most others write it: what must be escaped is, and nothing else.
  /// - Parameter isASCII: escapes everything beyond ASCII, too.
  package static func quoted(_ text: String, isASCII: Bool = false) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{8}": result += "\\b"
      case "\u{C}": result += "\\f"
      default:
        if scalar.value < 0x20 || (isASCII && scalar.value > 0x7F) {
          for unit in String(scalar).utf16 { result += "\\u" + PythonText.hexadecimal(UInt32(unit), 4) }
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }
}
