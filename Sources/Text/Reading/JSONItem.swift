/// A value in a `JSONDocument`, with the path by which it was reached for error messages.
struct JSONItem {
  let document: JSONDocument
  let index: Int
  let path: String

  private var node: JSONDocument.Node { document.nodes[index] }
  var kind: JSONDocument.Kind { node.kind }
  var isNull: Bool { kind == .null }

  func fail(_ problem: String, expected: String? = nil, remedy: String? = nil) -> TokenizerError {
    TokenizerError(source: document.source, place: path, problem: problem, expected: expected, remedy: remedy)
  }

  private func mismatch(_ expected: String) -> TokenizerError {
    let names: [JSONDocument.Kind: String] = [
      .null: "null", .bool: "true or false", .int: "a whole number", .double: "a number", .string: "a string", .array: "a list",
      .object: "an object",
    ]
    return fail("is \(names[kind] ?? "something else")", expected: expected)
  }

  /// One past the last node of the value at a place.
  private func next(after place: Int) -> Int {
    let node = document.nodes[place]
    return node.kind == .array || node.kind == .object ? node.extent : place + 1
  }

  /// The bytes of a string.
  func bytes() throws(TokenizerError) -> ArraySlice<UInt8> {
    guard kind == .string else { throw mismatch("a string") }
    return document.bytes[node.value..<node.value + node.extent]
  }

  func string() throws(TokenizerError) -> String { String(decoding: try bytes(), as: UTF8.self) }

  func int() throws(TokenizerError) -> Int {
    guard kind == .int else { throw mismatch("a whole number") }
    return node.value
  }

  func double() throws(TokenizerError) -> Double {
    switch kind {
    case .int: return Double(node.value)
    case .double: return Double(bitPattern: UInt64(UInt(bitPattern: node.value)))
    default: throw mismatch("a number")
    }
  }

  func bool() throws(TokenizerError) -> Bool {
    guard kind == .bool else { throw mismatch("true or false") }
    return node.value != 0
  }

  /// The items of a list.
  func items() throws(TokenizerError) -> [JSONItem] {
    guard kind == .array else { throw mismatch("a list") }
    var result: [JSONItem] = []
    result.reserveCapacity(node.value)
    var place = index + 1
    while place < node.extent {
      result.append(JSONItem(document: document, index: place, path: path + "[\(result.count)]"))
      place = next(after: place)
    }
    return result
  }

  /// Calls the body with each item of a list; paths are that of the list, which saves making a string for each of very many.
  func forEachItem(_ body: (Int, JSONItem) throws(TokenizerError) -> Void) throws(TokenizerError) {
    guard kind == .array else { throw mismatch("a list") }
    var place = index + 1
    var number = 0
    while place < node.extent {
      try body(number, JSONItem(document: document, index: place, path: path))
      place = next(after: place)
      number += 1
    }
  }

  /// Calls the body with each key and value of an object, in the order of the document.
  func forEachMember(_ body: (ArraySlice<UInt8>, JSONItem) throws(TokenizerError) -> Void) throws(TokenizerError) {
    guard kind == .object else { throw mismatch("an object") }
    var place = index + 1
    while place < node.extent {
      let key = document.nodes[place]
      try body(document.bytes[key.value..<key.value + key.extent], JSONItem(document: document, index: place + 1, path: path))
      place = next(after: place + 1)
    }
  }

  /// The number of items or members.
  var count: Int { kind == .array || kind == .object ? node.value : 0 }

  /// The last member of that name, or `nil` where it is missing or null.
  subscript(key: String) -> JSONItem? {
    guard kind == .object else { return nil }
    var found: JSONItem?
    var place = index + 1
    while place < node.extent {
      let name = document.nodes[place]
      if document.bytes[name.value..<name.value + name.extent].elementsEqual(key.utf8) {
        found = JSONItem(document: document, index: place + 1, path: path.isEmpty ? key : path + "." + key)
      }
      place = next(after: place + 1)
    }
    return found?.isNull == true ? nil : found
  }

  func required(_ key: String) throws(TokenizerError) -> JSONItem {
    guard kind == .object else { throw mismatch("an object with '\(key)'") }
    guard let item = self[key] else { throw fail("'\(key)' is missing") }
    return item
  }

  func string(_ key: String, default value: String? = nil) throws(TokenizerError) -> String {
    if let value, self[key] == nil { return value }
    return try required(key).string()
  }

  func bool(_ key: String, default value: Bool) throws(TokenizerError) -> Bool {
    try self[key].map { item throws(TokenizerError) in try item.bool() } ?? value
  }

  func int(_ key: String, default value: Int) throws(TokenizerError) -> Int {
    try self[key].map { item throws(TokenizerError) in try item.int() } ?? value
  }

  func optionalString(_ key: String) throws(TokenizerError) -> String? {
    guard let item = self[key] else { return nil }
    return try item.string()
  }

  /// A string of exactly one scalar.
  func scalar(_ key: String) throws(TokenizerError) -> UInt32 {
    let item = try required(key)
    let scalars = try item.string().unicodeScalars
    guard let first = scalars.first, scalars.count == 1 else { throw item.fail("is not one character", expected: "one character") }
    return first.value
  }
}
