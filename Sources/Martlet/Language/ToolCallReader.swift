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
        let before = held[..<start.lowerBound]
        if !before.allSatisfy(\.isWhitespace) || (calls == 0 && !before.isEmpty) { pieces.append(.text(String(before))) }
        held = String(held[start.upperBound...])
        isInside = true
      } else {
        // What may be the beginning of a call stays.
        var kept = min(Self.opening.count - 1, held.count)
        while kept > 0, !Self.opening.hasPrefix(String(held.suffix(kept))) { kept -= 1 }
        let free = held.dropLast(kept)
        if !free.isEmpty, calls == 0 || !free.allSatisfy(\.isWhitespace) { pieces.append(.text(String(free))) }
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
    return isInside || isForced ? read(held) : [.text(held)]
  }

  private mutating func read(_ text: String) -> [Piece] {
    guard let call = try? JSON.decode(JSONValue.self, from: Data(text.utf8), source: "a call"), let name = call["name"]?.stringValue else {
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
    return [.call(index: calls, name: name, arguments: written)]
  }
}
