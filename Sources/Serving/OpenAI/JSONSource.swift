import MartletCore
import NIOCore
import Web

/// JSON texts whose members keep their order, which `JSONValue` forgets.
enum JSONSource {
  /// The members of an object as values, and the texts of some of them as they were written.
  static func read(_ body: ByteBuffer, keeping kept: Set<String>) throws -> (members: [String: JSONValue], sources: [String: String]) {
    try JSONReader.read(body) { reader in
      var members: [String: JSONValue] = [:], sources: [String: String] = [:]
      try reader.readObject("the request") { reader, key in
        let start = reader.offset
        members[key] = try reader.readValue()
        if kept.contains(key) { sources[key] = String(decoding: reader.text[start..<reader.offset], as: UTF8.self) }
      }
      return (members, sources)
    }
  }

  /// The text of a member inside a text that is known to be JSON.
  static func member(_ path: [String], of text: String) -> String? {
    guard let key = path.first else { return text }
    let found = try? JSONReader.read(ByteBuffer(string: text)) { reader in
      var found: String?
      try reader.readObject("a value") { reader, name in
        let start = reader.offset
        try reader.skipValue()
        if name == key { found = String(decoding: reader.text[start..<reader.offset], as: UTF8.self) }
      }
      return found
    }
    return found.flatMap { $0 }.flatMap { member(Array(path.dropFirst()), of: $0) }
  }

  /// The texts of the elements of an array.
  static func elements(of text: String) -> [String] {
    let found = try? JSONReader.read(ByteBuffer(string: text)) { reader in
      var found: [String] = []
      try reader.readArray("a value") { reader, _ in
        let start = reader.offset
        try reader.skipValue()
        found.append(String(decoding: reader.text[start..<reader.offset], as: UTF8.self))
      }
      return found
    }
    return found ?? []
  }
}
