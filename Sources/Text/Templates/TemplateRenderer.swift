/// Bounds on what a template may do, so that a hostile one neither hangs nor fills the memory.
public struct TemplateLimits: Sendable, Hashable {
  /// Expressions and statements run, and values looked at.
  public var steps = 5_000_000
  /// Bytes of text made, intermediate text included.
  public var bytes = 64 << 20
  /// Bytes of the result.
  public var output = 16 << 20
  /// Macros, loops and expressions within each other.
  public var depth = 200

  public init() {}
}

/// Runs a template once.
final class TemplateRenderer {
  enum Flow { case onward, leave, proceed }

  let limits: TemplateLimits
  let clock: @Sendable (String) -> String
  private var steps = 0
  private var bytes = 0
  private var depth = 0
  private(set) var line = 1
  private(set) var output = ""
  /// Open captures: text that goes to a variable rather than to the result.
  private var captures = 0
  private var loopDepth = 0
  /// What could hold on to itself, and is emptied at the end.
  private var scopes: [TemplateScope] = []
  private var spaces: [TemplateNamespace] = []
  /// Where `generation` blocks begin and end in the result, in bytes of UTF-8.
  private(set) var generated: [Range<Int>] = []

  init(limits: TemplateLimits, clock: @escaping @Sendable (String) -> String) {
    self.limits = limits
    self.clock = clock
  }

  func error(_ kind: TemplateError.Kind, _ message: String, expected: String? = nil) -> TemplateError {
    TemplateError(kind, message, line: line, expected: expected)
  }

  /// Counts work; long values count as more.
  func step(_ count: Int = 1) throws {
    steps += count
    if steps > limits.steps {
      throw TemplateError(
        .limit, "it takes more than \(limits.steps) steps", line: line, remedy: "a shorter conversation, or another template")
    }
  }

  /// Counts text before it is made.
  func charge(_ count: Int) throws {
    let (sum, overflow) = bytes.addingReportingOverflow(count)
    if overflow || sum > limits.bytes { throw TemplateError(.limit, "it makes more than \(limits.bytes) bytes of text", line: line) }
    bytes = sum
  }

  /// Counts a product without computing it where it is too large.
  func charge(_ count: Int, times factor: Int) throws {
    let (size, overflow) = count.multipliedReportingOverflow(by: factor)
    try charge(overflow ? .max : size)
  }

  func nested<Result>(_ body: () throws -> Result) throws -> Result {
    guard depth < limits.depth else { throw TemplateError(.limit, "it runs more than \(limits.depth) levels deep", line: line) }
    depth += 1
    defer { depth -= 1 }
    return try body()
  }

  func write(_ text: String) throws {
    try charge(text.utf8.count)
    output += text
    if output.utf8.count > limits.output { throw TemplateError(.limit, "the result is longer than \(limits.output) bytes", line: line) }
  }

  /// What the body writes, as a text of its own.
  func captured(_ body: () throws -> Void) throws -> String {
    let outer = output
    output = ""
    captures += 1
    defer {
      output = outer
      captures -= 1
    }
    try body()
    return output
  }

  func run(_ nodes: [TemplateNode], in scope: TemplateScope) throws -> Flow {
    for node in nodes {
      line = node.line
      try step()
      let flow = try run(node.content, in: scope)
      if flow != .onward { return flow }
    }
    return .onward
  }

  private func run(_ content: TemplateNode.Content, in scope: TemplateScope) throws -> Flow {
    switch content {
    case .text(let text): try write(text)
    case .output(let expression):
      let value = try evaluate(expression, in: scope)
      if case .string(let text) = value { try write(text) } else { try write(printed(value)) }
    case .choice(let branches, let otherwise): return try nested { try choose(branches, otherwise, in: scope) }
    case .loop(let loop): return try nested { try run(loop, in: scope) }
    case .set(let target, let expression): try assign(try evaluate(expression, in: scope), to: target, in: scope)
    case .capture(let target, let filters, let body):
      // A block has variables of its own.
      let text = try nested { try captured { _ = try run(body, in: TemplateScope(parent: scope)) } }
      try assign(try filtered(.string(text), filters, in: scope), to: target, in: scope)
    case .macro(let macro):
      scopes.append(scope)
      scope[macro.name] = .object(TemplateMacro(macro, scope: scope))
    case .call(let call, let macro):
      guard case .call(let function, let arguments) = call else { return .onward }
      var (positional, named) = try evaluate(arguments, in: scope)
      named.append(("caller", .object(TemplateMacro(macro, scope: scope))))
      let target = try evaluate(function, in: scope)
      try write(printed(try nested { try self.call(target, &positional, named) }))
    case .filter(let filters, let body):
      let text = try nested { try captured { _ = try run(body, in: TemplateScope(parent: scope)) } }
      try write(printed(try filtered(.string(text), filters, in: scope)))
    case .with(let values, let body):
      let inner = TemplateScope(parent: scope)
      for (target, expression) in values { try assign(try evaluate(expression, in: scope), to: target, in: inner) }
      return try nested { try run(body, in: inner) }
    case .generation(let body):
      let start = output.utf8.count
      let flow = try nested { try run(body, in: TemplateScope(parent: scope)) }
      if captures == 0 { generated.append(start..<output.utf8.count) }
      return flow
    case .leave: return .leave
    case .proceed: return .proceed
    }
    return .onward
  }

  func printed(_ value: PythonValue) throws -> String {
    if case .undefined = value { return "" }
    try charge(value.size)
    return value.text
  }

  private func filtered(
    _ value: PythonValue, _ filters: [(name: String, arguments: TemplateExpression.Arguments)], in scope: TemplateScope
  ) throws -> PythonValue {
    var value = value
    for filter in filters {
      let (positional, named) = try evaluate(filter.arguments, in: scope)
      value = try TemplateFilters(self).apply(filter.name, to: value, positional, named)
    }
    return value
  }

  private func choose(
    _ branches: [(condition: TemplateExpression, body: [TemplateNode])], _ otherwise: [TemplateNode], in scope: TemplateScope
  ) throws -> Flow {
    for branch in branches where try evaluate(branch.condition, in: scope).isTrue { return try run(branch.body, in: scope) }
    return try run(otherwise, in: scope)
  }

  private func run(_ loop: TemplateNode.Loop, in scope: TemplateScope) throws -> Flow {
    let values = try items(try evaluate(loop.values, in: scope))
    return try run(loop, over: values, in: scope)
  }

  /// Runs a loop's body for each value that its condition lets through.
  func run(_ loop: TemplateNode.Loop, over all: [PythonValue], in scope: TemplateScope) throws -> Flow {
    var values = all
    if let condition = loop.condition {
      values = []
      for value in all {
        let inner = TemplateScope(parent: scope)
        try assign(value, to: loop.target, in: inner)
        if try evaluate(condition, in: inner).isTrue { values.append(value) }
      }
    }
    loopDepth += 1
    defer { loopDepth -= 1 }
    let state = TemplateLoop(values, depth: loopDepth, recursion: loop.isRecursive ? (loop, scope) : nil)
    for (index, value) in values.enumerated() {
      try step()
      state.index = index
      let inner = TemplateScope(["loop": .object(state)], parent: scope)
      try assign(value, to: loop.target, in: inner)
      if try run(loop.body, in: inner) == .leave { break }
    }
    if values.isEmpty { return try run(loop.otherwise, in: TemplateScope(parent: scope)) }
    return .onward
  }

  /// What a loop or a list function goes over.
  func items(_ value: PythonValue) throws -> [PythonValue] {
    switch value {
    case .list(let values), .tuple(let values):
      try step(values.count)
      return values
    case .dictionary(let values):
      try step(values.count)
      return values.keys
    case .string(let text):
      try step(text.unicodeScalars.count)
      return text.unicodeScalars.map { .string(String($0)) }
    case .undefined: return []
    default: throw error(.type, "a value of type \(value.typeName) is gone over", expected: "a list")
    }
  }

  func space(_ values: PythonDictionary) -> TemplateNamespace {
    spaces.append(TemplateNamespace(values))
    return spaces[spaces.count - 1]
  }

  /// Lets go of what the rendering made.
  func finish() {
    for scope in scopes { scope.empty() }
    for space in spaces { space.values = PythonDictionary() }
  }

  /// Values that nest without end could not be taken down again.
  private func checkDepth(_ value: PythonValue, level: Int = 0) throws {
    if level > 64 { throw error(.limit, "a value nests more than 64 deep") }
    switch value {
    case .list(let values), .tuple(let values):
      try step(values.count / 4)
      for value in values { try checkDepth(value, level: level + 1) }
    case .dictionary(let values):
      try step(values.count / 4)
      for value in values.values { try checkDepth(value, level: level + 1) }
    case .object(let object):
      if let method = object as? TemplateMethod { try checkDepth(method.owner, level: level + 1) }
    default: break
    }
  }

  func assign(_ value: PythonValue, to target: TemplateTarget, in scope: TemplateScope) throws {
    try checkDepth(value)
    switch target {
    case .name(let name): scope[name] = value
    case .member(let owner, let name):
      guard case .object(let object)? = scope[owner], let space = object as? TemplateNamespace else {
        throw error(.type, "a member of '\(owner)' is set", expected: "a namespace")
      }
      guard !name.hasPrefix("_") else { throw error(.forbidden, "a namespace's member begins with '_': '\(name)'") }
      space.values[.string(name)] = value
    case .tuple(let targets):
      let values = try items(value)
      guard values.count == targets.count else {
        throw error(.type, "\(values.count) values are assigned to \(targets.count) names")
      }
      for (target, value) in zip(targets, values) { try assign(value, to: target, in: scope) }
    }
  }
}
