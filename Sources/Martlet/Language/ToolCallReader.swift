import Foundation
import MartletCore

/// Finds calls of tools in what a model writes: `<tool_call>{"name": …, "arguments": …}</tool_call>`, the form that Qwen, Hermes, SmolLM and
/// many others were trained on. What stands between is text.
struct ToolCallReader: Sendable {
  enum Piece: Sendable, Equatable {
    case text(String)
    case call(index: Int, name: String, arguments: String)
  }

  private static let opening = "<tool_call>", closing = "</tool_call>"
  private var held = ""
  private var isInside = false
  /// White space behind a call belongs to nothing.
  private var skipsSpace = false
  private(set) var calls = 0

  /// Text that may hold calls.
  mutating func append(_ text: String) -> [Piece] {
    held += text
    var pieces: [Piece] = []
    while true {
      if isInside {
        guard let end = held.range(of: Self.closing) else { return pieces }
        pieces += read(String(held[..<end.lowerBound]))
        held = String(held[end.upperBound...])
        isInside = false
      } else if let start = held.range(of: Self.opening) {
        pieces += said(held[..<start.lowerBound])
        held = String(held[start.upperBound...])
        isInside = true
      } else {
        // What may be the beginning of a call stays.
        var kept = min(Self.opening.count - 1, held.count)
        while kept > 0, !Self.opening.hasPrefix(String(held.suffix(kept))) { kept -= 1 }
        pieces += said(held.dropLast(kept))
        held = String(held.suffix(kept))
        return pieces
      }
    }
  }

  /// Text that is one call and nothing else: it is kept until it is whole.
  mutating func appendForced(_ text: String) -> [Piece] {
    held += text
    return []
  }

  /// What is left at the end. A call that was never closed counts if it can be read.
  mutating func finish(isForced: Bool) -> [Piece] {
    defer { held = "" }
    guard !held.isEmpty else { return [] }
    return isInside || isForced ? read(held) : said(held[...])
  }

  private mutating func said(_ text: Substring) -> [Piece] {
    let text = skipsSpace ? text.drop(while: \.isWhitespace) : text
    guard !text.isEmpty else { return [] }
    skipsSpace = false
    return [.text(String(text))]
  }

  private mutating func read(_ text: String) -> [Piece] {
    guard let call = try? JSON.decode(JSONValue.self, from: Data(text.utf8), source: "a call"), let name = call["name"]?.stringValue else {
      skipsSpace = false
      return [.text(Self.opening + text + Self.closing)]
    }
    let arguments = call["arguments"] ?? call["parameters"] ?? .object([:])
    let written: String
    if let given = arguments.stringValue {
      written = given
    } else {
      written = (try? JSON.encode(arguments, pretty: false)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
    defer { calls += 1 }
    skipsSpace = true
    return [.call(index: calls, name: name, arguments: written)]
  }
}
