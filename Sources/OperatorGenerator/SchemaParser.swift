/// Reads the declarations of `native_functions.yaml`.
struct SchemaParser {
  private let text: String
  private var rest: Substring

  private init(_ text: String) {
    self.text = text
    rest = text[...]
  }

  /// Parses one declaration.
  static func parse(_ text: String) throws(GeneratorError) -> FunctionSchema {
    var parser = SchemaParser(text)
    return try parser.function()
  }

  /// Parses a type that stands alone.
  static func parseType(_ text: String) throws(GeneratorError) -> SchemaType {
    var parser = SchemaParser(text)
    let type = try parser.type()
    guard parser.rest.isEmpty else { throw parser.failure("a type ends before \"\(parser.rest)\"") }
    return type
  }

  private mutating func function() throws(GeneratorError) -> FunctionSchema {
    let name = word()
    let overload = take(".") ? word() : ""
    guard !name.isEmpty, take("(") else { throw failure("a declaration begins with name.overload(") }
    var arguments: [Argument] = []
    var isKeywordOnly = false
    while !take(")") {
      if !arguments.isEmpty || isKeywordOnly, !take(", ") { throw failure("a comma belongs before \"\(rest)\"") }
      if take("*") {
        isKeywordOnly = true
      } else {
        arguments.append(try argument(isKeywordOnly: isKeywordOnly))
      }
    }
    guard take(" -> ") else { throw failure("an arrow belongs before \"\(rest)\"") }
    let returns = try results()
    guard rest.isEmpty else { throw failure("nothing belongs after the results, but there is \"\(rest)\"") }
    return FunctionSchema(name: name, overload: overload, arguments: arguments, returns: returns, text: text)
  }

  private mutating func argument(isKeywordOnly: Bool) throws(GeneratorError) -> Argument {
    let type = try type()
    guard take(" ") else { throw failure("a space and a name belong before \"\(rest)\"") }
    let name = word()
    guard !name.isEmpty else { throw failure("a name belongs before \"\(rest)\"") }
    let value = take("=") ? try defaultText() : nil
    return Argument(name: name, type: type, defaultText: value, isKeywordOnly: isKeywordOnly)
  }

  private mutating func results() throws(GeneratorError) -> [Return] {
    guard take("(") else { return [try result()] }
    var returns: [Return] = []
    while !take(")") {
      if !returns.isEmpty, !take(", ") { throw failure("a comma belongs before \"\(rest)\"") }
      returns.append(try result())
    }
    return returns
  }

  private mutating func result() throws(GeneratorError) -> Return {
    let type = try type()
    return Return(name: take(" ") ? word() : nil, type: type)
  }

  private mutating func type() throws(GeneratorError) -> SchemaType {
    let base = word()
    guard !base.isEmpty else { throw failure("a type belongs before \"\(rest)\"") }
    var isWritten = alias()
    let hasQuestion = take("?")
    var isList = false
    var size: Int?
    if take("[") {
      isList = true
      size = Int(word())
      guard take("]") else { throw failure("a bracket belongs before \"\(rest)\"") }
      isWritten = alias() || isWritten
    }
    let isOptional = isList ? take("?") : hasQuestion
    return SchemaType(
      base: base, hasOptionalItems: isList && hasQuestion, isList: isList, listSize: size, isOptional: isOptional, isWritten: isWritten)
  }

  /// Takes `(a)`, `(a!)` or `(a -> *)`; true where the value is written to.
  private mutating func alias() -> Bool {
    guard rest.first == "(", let end = rest.firstIndex(of: ")") else { return false }
    let inside = rest[..<end]
    rest = rest[rest.index(after: end)...]
    return inside.contains("!")
  }

  /// Takes a default: up to a comma or parenthesis that is inside neither quotes nor brackets.
  private mutating func defaultText() throws(GeneratorError) -> String {
    var quote: Character?
    var depth = 0
    var isEscaped = false
    var end = rest.startIndex
    scan: while end < rest.endIndex {
      let character = rest[end]
      if let open = quote {
        if character == open, !isEscaped { quote = nil }
        isEscaped = character == "\\" && !isEscaped
      } else {
        switch character {
        case "\"", "'": quote = character
        case "[": depth += 1
        case "]": depth -= 1
        case ",", ")": if depth == 0 { break scan }
        default: break
        }
      }
      end = rest.index(after: end)
    }
    guard quote == nil, depth == 0, end > rest.startIndex else { throw failure("a default is cut short at \"\(rest)\"") }
    defer { rest = rest[end...] }
    return String(rest[..<end])
  }

  private mutating func word() -> String {
    let found = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
    rest = rest[found.endIndex...]
    return String(found)
  }

  private mutating func take(_ prefix: String) -> Bool {
    guard rest.hasPrefix(prefix) else { return false }
    rest = rest.dropFirst(prefix.count)
    return true
  }

  private func failure(_ expectation: String) -> GeneratorError { GeneratorError(text, expectation) }
}
