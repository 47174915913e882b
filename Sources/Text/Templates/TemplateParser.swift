/// Reads a template's statements; expressions are read in `TemplateParser+Expressions.swift`.
struct TemplateParser {
  typealias Token = TemplateLexer.Token

  /// Deeper nesting could exhaust a thread's stack; real templates stay below 20.
  static let maximumDepth = 60

  var tokens: [TemplateLexer.Located]
  var place = 0
  var depth = 0
  private var loops = 0

  static func nodes(_ source: String) throws -> [TemplateNode] {
    var parser = TemplateParser(tokens: try TemplateLexer.tokens(source))
    return try parser.body(until: [])
  }

  private init(tokens: [TemplateLexer.Located]) { self.tokens = tokens }

  var current: Token { tokens[place].token }
  var line: Int { tokens[place].line }
  func peek(_ offset: Int = 1) -> Token { tokens[min(place + offset, tokens.count - 1)].token }

  func error(_ message: String, expected: String? = nil) -> TemplateError {
    TemplateError(.syntax, message, line: line, expected: expected)
  }

  mutating func advance() { if place < tokens.count - 1 { place += 1 } }

  mutating func skip(sign: String) -> Bool {
    guard current == .sign(sign) else { return false }
    advance()
    return true
  }

  mutating func skip(name: String) -> Bool {
    guard current == .name(name) else { return false }
    advance()
    return true
  }

  mutating func expect(sign: String) throws {
    guard skip(sign: sign) else { throw error("\(described(current)) stands there", expected: "'\(sign)'") }
  }

  mutating func expect(name: String) throws {
    guard skip(name: name) else { throw error("\(described(current)) stands there", expected: "'\(name)'") }
  }

  mutating func identifier() throws -> String {
    guard case .name(let name) = current else { throw error("\(described(current)) stands there", expected: "a name") }
    advance()
    return name
  }

  func described(_ token: Token) -> String {
    switch token {
    case .text, .openStatement, .openOutput: "text"
    case .closeStatement: "the statement's end"
    case .closeOutput: "the expression's end"
    case .name(let name): "'\(name)'"
    case .string(let text): "the string '\(text.prefix(40))'"
    case .integer(let value): "the number \(value)"
    case .float(let value): "the number \(value)"
    case .sign(let sign): "'\(sign)'"
    case .end: "the template's end"
    }
  }

  mutating func nested<Result>(_ body: (inout TemplateParser) throws -> Result) throws -> Result {
    guard depth < Self.maximumDepth else { throw TemplateError(.limit, "it nests more than \(Self.maximumDepth) deep", line: line) }
    depth += 1
    defer { depth -= 1 }
    return try body(&self)
  }

  /// Pieces up to a statement that begins with one of the words; that word is not taken yet.
  private mutating func body(until words: Set<String>) throws -> [TemplateNode] {
    var nodes: [TemplateNode] = []
    while true {
      let line = line
      switch current {
      case .end:
        guard words.isEmpty else { throw error("the template ends", expected: words.sorted().map { "'\($0)'" }.joined(separator: " or ")) }
        return nodes
      case .text(let text):
        advance()
        nodes.append(TemplateNode(line: line, content: .text(text)))
      case .openOutput:
        advance()
        let value = try tuple()
        guard current == .closeOutput else { throw error("\(described(current)) stands there", expected: "the expression's end") }
        advance()
        nodes.append(TemplateNode(line: line, content: .output(value)))
      case .openStatement:
        advance()
        if case .name(let word) = current, words.contains(word) { return nodes }
        if let content = try nested({ try $0.statement() }) { nodes.append(TemplateNode(line: line, content: content)) }
      default: throw error("\(described(current)) stands there", expected: "text or a tag")
      }
    }
  }

  private mutating func close() throws {
    guard current == .closeStatement else { throw error("\(described(current)) stands there", expected: "the statement's end") }
    advance()
  }

  private mutating func block(until words: String...) throws -> [TemplateNode] {
    try close()
    return try body(until: Set(words))
  }

  private mutating func end(_ word: String) throws {
    try expect(name: word)
    try close()
  }

  private mutating func statement() throws -> TemplateNode.Content? {
    let word = try identifier()
    switch word {
    case "if": return try choice()
    case "for": return try loop()
    case "set": return try set()
    case "macro":
      let name = try identifier()
      var macro = try signature(name)
      macro.body = try block(until: "endmacro")
      try end("endmacro")
      return .macro(macro)
    case "call":
      var macro =
        current == .sign("(")
        ? try signature("caller")
        : TemplateNode.Macro(
          name: "caller", parameters: [], defaults: [], body: [], takesMore: false, takesMoreNamed: false)
      let call = try expression()
      guard case .call = call else { throw error("a call block calls nothing", expected: "a call") }
      macro.body = try block(until: "endcall")
      try end("endcall")
      return .call(call, macro)
    case "filter":
      var filters = [try filterCall()]
      while skip(sign: "|") { filters.append(try filterCall()) }
      let body = try block(until: "endfilter")
      try end("endfilter")
      return .filter(filters, body: body)
    case "with":
      var values: [(TemplateTarget, TemplateExpression)] = []
      while current != .closeStatement {
        if !values.isEmpty { try expect(sign: ",") }
        let target = try target()
        try expect(sign: "=")
        values.append((target, try expression()))
      }
      let body = try block(until: "endwith")
      try end("endwith")
      return .with(values, body: body)
    case "generation":
      let body = try block(until: "endgeneration")
      try end("endgeneration")
      return .generation(body)
    case "break", "continue":
      guard loops > 0 else { throw error("'\(word)' outside a loop") }
      try close()
      return word == "break" ? .leave : .proceed
    default:
      throw error(
        "there is no statement '\(word)' in chat templates",
        expected: "if, for, set, macro, call, filter, with, raw, generation, break or continue")
    }
  }

  private mutating func choice() throws -> TemplateNode.Content {
    var branches: [(TemplateExpression, [TemplateNode])] = []
    while true {
      let condition = try tuple(withConditional: false)
      branches.append((condition, try block(until: "elif", "else", "endif")))
      if skip(name: "elif") { continue }
      var otherwise: [TemplateNode] = []
      if skip(name: "else") { otherwise = try block(until: "endif") }
      try end("endif")
      return .choice(branches, otherwise: otherwise)
    }
  }

  private mutating func loop() throws -> TemplateNode.Content {
    let target = try target()
    try expect(name: "in")
    let values = try tuple(withConditional: false, until: ["recursive"])
    let condition = skip(name: "if") ? try expression() : nil
    let isRecursive = skip(name: "recursive")
    loops += 1
    let body = try block(until: "endfor", "else")
    loops -= 1
    var otherwise: [TemplateNode] = []
    if skip(name: "else") { otherwise = try block(until: "endfor") }
    try end("endfor")
    return .loop(
      TemplateNode.Loop(
        target: target, values: values, condition: condition, body: body, otherwise: otherwise, isRecursive: isRecursive))
  }

  private mutating func set() throws -> TemplateNode.Content {
    let target = try target()
    if skip(sign: "=") {
      let value = try tuple()
      try close()
      return .set(target, value)
    }
    if case .tuple = target { throw error("a block is set to several names", expected: "one name") }
    var filters: [(String, TemplateExpression.Arguments)] = []
    while skip(sign: "|") { filters.append(try filterCall()) }
    let body = try block(until: "endset")
    try end("endset")
    return .capture(target, filters: filters, body: body)
  }

  /// Names to assign to: `a`, `space.a`, `a, b`, `(a, b)`.
  private mutating func target() throws -> TemplateTarget {
    var targets: [TemplateTarget] = []
    var isTuple = false
    repeat {
      if !targets.isEmpty, current == .name("in") || current == .sign("=") { break }
      if skip(sign: "(") {
        targets.append(try nested { try $0.target() })
        try expect(sign: ")")
      } else {
        let name = try identifier()
        if ["true", "false", "none", "True", "False", "None"].contains(name) { throw error("'\(name)' cannot be assigned to") }
        targets.append(skip(sign: ".") ? .member(of: name, try identifier()) : .name(name))
      }
      if current == .sign(",") { isTuple = true }
    } while skip(sign: ",")
    return isTuple ? .tuple(targets) : targets[0]
  }

  private mutating func signature(_ name: String) throws -> TemplateNode.Macro {
    var macro = TemplateNode.Macro(name: name, parameters: [], defaults: [], body: [], takesMore: false, takesMoreNamed: false)
    try expect(sign: "(")
    while current != .sign(")") {
      if !macro.parameters.isEmpty { try expect(sign: ",") }
      macro.parameters.append(try identifier())
      if skip(sign: "=") {
        macro.defaults.append(try expression())
      } else if !macro.defaults.isEmpty {
        throw error("a parameter without a default follows one with a default")
      }
    }
    try expect(sign: ")")
    // A macro takes more than its parameters only where its body mentions them.
    let ending = name == "caller" ? "endcall" : "endmacro"
    var index = place
    while index < tokens.count, tokens[index].token != .name(ending) {
      if tokens[index].token == .name("varargs") { macro.takesMore = true }
      if tokens[index].token == .name("kwargs") { macro.takesMoreNamed = true }
      index += 1
    }
    return macro
  }
}
