import Foundation
import MartletCore

/// Text made safe for its place in a page.
enum HTMLText {
  /// For element content and for attributes in quotation marks.
  static func escape(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count + 16)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\0": result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// JSON for a `<script type="application/json">`: no `<` is left, so no text in the data can end the element or open a comment.
  static func embed(_ value: JSONValue) throws -> String {
    let text = String(decoding: try JSON.encode(value, pretty: false), as: UTF8.self)
    return text.replacingOccurrences(of: "<", with: "\\u003c").replacingOccurrences(of: "\u{2028}", with: "\\u2028")
      .replacingOccurrences(of: "\u{2029}", with: "\\u2029")
  }

  /// A library's source for a `<script>`: line ends as the page's parser makes them, and nothing that would end the element in mid-string.
  static func script(_ source: String) -> String {
    source.replacingOccurrences(of: "\r\n", with: "\n").replacingOccurrences(of: "\r", with: "\n")
      .replacingOccurrences(of: "</script", with: "<\\/script", options: .caseInsensitive)
      .replacingOccurrences(of: "<!--", with: "<\\!--").replacingOccurrences(of: "\0", with: "\\0")
  }

  /// The `'sha256-…'` source by which a Content-Security-Policy allows exactly this script.
  static func policyHash(_ script: String) -> String {
    let digits = Array(Digest.sha256(script).utf8)
    let bytes = stride(from: 0, to: digits.count, by: 2).compactMap { index in
      UInt8(String(decoding: digits[index..<(index + 2)], as: UTF8.self), radix: 16)
    }
    return "'sha256-\(Data(bytes).base64EncodedString())'"
  }
}
