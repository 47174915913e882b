#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension TemplateRenderer {
  func chain(
    _ first: TemplateExpression, _ rest: [(operation: TemplateExpression.Arithmetic, value: TemplateExpression)], in scope: TemplateScope
  ) throws -> PythonValue {
    var value = try evaluate(first, in: scope)
    for part in rest { value = try apply(part.operation, value, try evaluate(part.value, in: scope)) }
    return value
  }

  func comparison(
    _ first: TemplateExpression, _ rest: [(relation: TemplateExpression.Comparison, value: TemplateExpression)], in scope: TemplateScope
  ) throws -> PythonValue {
    var left = try evaluate(first, in: scope)
    for part in rest {
      let right = try evaluate(part.value, in: scope)
      guard try holds(part.relation, left, right) else { return .bool(false) }
      left = right
    }
    return .bool(true)
  }

  private func holds(_ relation: TemplateExpression.Comparison, _ left: PythonValue, _ right: PythonValue) throws -> Bool {
    switch relation {
    case .equal: return try equal(left, right)
    case .notEqual: return try !equal(left, right)
    case .contained: return try contains(right, left)
    case .notContained: return try !contains(right, left)
    case .less: return try order(left, right, "<") < 0
    case .lessOrEqual: return try order(left, right, "<=") <= 0
    case .greater: return try order(left, right, ">") > 0
    case .greaterOrEqual: return try order(left, right, ">=") >= 0
    }
  }

  func equal(_ left: PythonValue, _ right: PythonValue) throws -> Bool {
    try step(min(left.size, right.size) / 64)
    return left.isEqual(right)
  }

  func order(_ left: PythonValue, _ right: PythonValue, _ sign: String) throws -> Int {
    try step(min(left.size, right.size) / 64)
    guard let order = left.order(right) else { throw wrongOperand(sign, left, right) }
    return order
  }

  /// Python's `in`.
  func contains(_ whole: PythonValue, _ part: PythonValue) throws -> Bool {
    switch whole {
    case .string(let text):
      guard case .string(let wanted) = part else { throw wrongOperand("in", part, whole) }
      try step(text.utf8.count / 16)
      return TextSearch.first(wanted, in: text) != nil
    case .dictionary(let values): return values[try key(part)] != nil
    case .list(let values), .tuple(let values):
      for value in values where try equal(value, part) { return true }
      return false
    case .undefined: return false
    case .object(let object):
      if let space = object as? TemplateNamespace { return space.values[part] != nil }
      throw wrongOperand("in", part, whole)
    default: throw wrongOperand("in", part, whole)
    }
  }

  func apply(_ operation: TemplateExpression.Arithmetic, _ left: PythonValue, _ right: PythonValue) throws -> PythonValue {
    switch (operation, left, right) {
    case (.add, .string(let a), .string(let b)):
      try charge(a.utf8.count + b.utf8.count)
      return .string(a + b)
    case (.add, .list(let a), .list(let b)):
      try charge(16 * (a.count + b.count))
      return .list(a + b)
    case (.add, .tuple(let a), .tuple(let b)):
      try charge(16 * (a.count + b.count))
      return .tuple(a + b)
    case (.remainder, .string(let format), _): return .string(try TemplateFormat(self).format(format, right))
    case (.multiply, .string(let text), _):
      if let count = right.integer { return .string(try repeated(text, count)) }
    case (.multiply, _, .string(let text)):
      if let count = left.integer { return .string(try repeated(text, count)) }
    case (.multiply, .list(let values), _):
      if let count = right.integer { return .list(try repeated(values, count)) }
    default: break
    }
    if let a = left.integer, let b = right.integer { return try integers(operation, a, b) }
    guard let a = left.number, let b = right.number else { throw wrongOperand(sign(operation), left, right) }
    return .double(try doubles(operation, a, b))
  }

  private func sign(_ operation: TemplateExpression.Arithmetic) -> String {
    switch operation {
    case .add: "+"
    case .subtract: "-"
    case .multiply: "*"
    case .divide: "/"
    case .floorDivide: "//"
    case .remainder: "%"
    case .power: "**"
    }
  }

  private func repeated(_ text: String, _ count: Int) throws -> String {
    try charge(text.utf8.count, times: max(count, 0))
    return String(repeating: text, count: max(count, 0))
  }

  private func repeated(_ values: [PythonValue], _ count: Int) throws -> [PythonValue] {
    try charge(values.count * 16, times: max(count, 0))
    return (0..<max(count, 0)).flatMap { _ in values }
  }

  private func integers(_ operation: TemplateExpression.Arithmetic, _ a: Int, _ b: Int) throws -> PythonValue {
    var result: (partialValue: Int, overflow: Bool)
    switch operation {
    case .add: result = a.addingReportingOverflow(b)
    case .subtract: result = a.subtractingReportingOverflow(b)
    case .multiply: result = a.multipliedReportingOverflow(by: b)
    case .divide: return .double(try doubles(.divide, Double(a), Double(b)))
    case .floorDivide, .remainder:
      guard b != 0 else { throw error(.type, "division by zero") }
      guard !(a == .min && b == -1) else { throw error(.limit, "a number is too large") }
      // Python rounds down, and a remainder has the divisor's sign.
      let down = a % b != 0 && (a < 0) != (b < 0)
      result = (operation == .floorDivide ? a / b - (down ? 1 : 0) : a % b + (down ? b : 0), false)
    case .power:
      guard b >= 0 else { return .double(try doubles(.power, Double(a), Double(b))) }
      result = (1, false)
      for _ in 0..<min(b, 64) where a != 0 && a != 1 && a != -1 && !result.overflow {
        let next = result.partialValue.multipliedReportingOverflow(by: a)
        result = next
      }
      if a != 0, a != 1, a != -1, b > 63 { result.overflow = true }
      if a == 0, b > 0 { result.partialValue = 0 }
      if a == -1 { result.partialValue = b % 2 == 0 ? 1 : -1 }
    }
    if result.overflow { throw error(.limit, "a number is too large") }
    return .int(result.partialValue)
  }

  private func doubles(_ operation: TemplateExpression.Arithmetic, _ a: Double, _ b: Double) throws -> Double {
    switch operation {
    case .add: return a + b
    case .subtract: return a - b
    case .multiply: return a * b
    case .power: return pow(a, b)
    case .divide, .floorDivide, .remainder:
      guard b != 0 else { throw error(.type, "division by zero") }
      if operation == .divide { return a / b }
      let rest = fmod(a, b)
      let adjusted = rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
      return operation == .remainder ? adjusted : ((a - adjusted) / b).rounded()
    }
  }
}

/// Finding text in text, by bytes.
enum TextSearch {
  /// The first place from `start` on, in bytes.
  static func first(_ wanted: String, in text: String, from start: Int = 0) -> Int? {
    var text = text, wanted = wanted
    return text.withUTF8 { bytes in
      wanted.withUTF8 { wanted -> Int? in
        guard start <= bytes.count else { return nil }
        if wanted.isEmpty { return start }
        guard let base = bytes.baseAddress, let pattern = wanted.baseAddress else { return nil }
        var place = start
        while place + wanted.count <= bytes.count {
          guard let found = memchr(base + place, Int32(wanted[0]), bytes.count - wanted.count - place + 1) else { return nil }
          place = UnsafeRawPointer(found) - UnsafeRawPointer(base)
          if memcmp(found, pattern, wanted.count) == 0 { return place }
          place += 1
        }
        return nil
      }
    }
  }

  /// Every place, none overlapping the one before.
  static func all(_ wanted: String, in text: String, limit: Int = .max) -> [Int] {
    guard !wanted.isEmpty else { return [] }
    var places: [Int] = []
    var start = 0
    while places.count < limit, let place = first(wanted, in: text, from: start) {
      places.append(place)
      start = place + wanted.utf8.count
    }
    return places
  }
}
