import Foundation
import MartletCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file that a conversation is written to while it goes on, so that what was said is there whatever happens.
///
/// Files that end in `.jsonl` get an object a line, `{"role": "user", "content": …}`, which `/load` reads back; all others Markdown.
final class ChatTranscript {
  private let path: String
  private let isMarkdown: Bool
  private let descriptor: Int32

  /// Opens a file and goes on at its end.
  /// - Throws: `FileError`.
  init(_ path: String, model: String, date: Date) throws(FileError) {
    self.path = path
    isMarkdown = !path.lowercased().hasSuffix(".jsonl")
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(path: path, problem: "cannot be written: \(AtomicFile.systemReason())") }
    if isMarkdown { try write("# \(model), \(date.ISO8601Format())\n\n") }
  }

  deinit { close(descriptor) }

  /// Adds what somebody said.
  func add(_ message: ChatMessage) throws(FileError) { try write(isMarkdown ? Self.markdown(message) : Self.line(message)) }

  /// Adds that everything before it is forgotten.
  func clear() throws(FileError) { try write(isMarkdown ? "---\n\n" : "{\"role\":\"clear\"}\n") }

  private func write(_ text: String) throws(FileError) {
    let bytes = Array(text.utf8)
    try bytes.withUnsafeBytes { buffer in
      Result { () throws(FileError) in try AtomicFile.writeAll(buffer, to: descriptor, path: path) }
    }.get()
  }

  // MARK: Whole conversations

  /// Writes a conversation as a file of its own, in place of what was there.
  static func save(_ messages: [ChatMessage], to path: String) throws(FileError) {
    let isMarkdown = !path.lowercased().hasSuffix(".jsonl")
    let text = messages.map { isMarkdown ? markdown($0) : line($0) }.joined()
    try AtomicFile.write(Data(text.utf8), to: path)
  }

  /// Reads a conversation from JSON Lines.
  /// - Throws: `FileError` naming the line that is no message.
  static func load(_ path: String) throws(FileError) -> [ChatMessage] {
    guard let data = FileManager.default.contents(atPath: path) else { throw FileError(path: path, problem: "cannot be read") }
    guard let text = String(validating: data, as: UTF8.self) else { throw FileError(path: path, problem: "is not UTF-8") }
    var messages: [ChatMessage] = []
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() where !line.allSatisfy(\.isWhitespace)
    {
      let value = try? JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
      if value?["role"] == "clear" {
        messages = []
        continue
      }
      guard let role = value?["role"]?.stringValue.flatMap({ ChatMessage.Role(rawValue: $0) }), role != .tool,
        let content = value?["content"]?.stringValue
      else {
        throw FileError(
          path: "\(path):\(number + 1)", problem: "is no message",
          expected: "{\"role\": \"user\", \"content\": …}, role system, user or assistant")
      }
      messages.append(ChatMessage(role, content))
    }
    return messages
  }

  private static func line(_ message: ChatMessage) -> String {
    let value: JSONValue = ["role": .string(message.role.rawValue), "content": .string(message.content ?? "")]
    // Texts can always be written.
    return ((try? JSON.encode(value, pretty: false)).map { String(decoding: $0, as: UTF8.self) } ?? "{}") + "\n"
  }

  private static func markdown(_ message: ChatMessage) -> String { "**\(message.role.rawValue)**\n\n\(message.content ?? "")\n\n" }
}
