#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A value of a template while it is rendered, with Python's rules of truth, equality and text.
indirect enum PythonValue: Sendable {
  /// What is not there; the text says what was looked for.
  case undefined(String)
  case none
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  case list([PythonValue])
  case tuple([PythonValue])
  case dictionary(PythonDictionary)
  /// What only a rendering makes: macros, namespaces, functions, the loop's own variable.
  case object(any TemplateObject)
}

/// A value that has members or can be called.
protocol TemplateObject: AnyObject, Sendable {
  var typeName: String { get }
}

/// A dictionary that keeps the order of its keys.
struct PythonDictionary: Sendable {
  private(set) var keys: [PythonValue] = []
  private(set) var values: [PythonValue] = []
  /// Places of the keys that are strings, by their bytes.
  private var places: [[UInt8]: Int] = [:]

  init() {}

  init(_ pairs: [(PythonValue, PythonValue)]) { for (key, value) in pairs { self[key] = value } }

  var count: Int { keys.count }
  var pairs: [(key: PythonValue, value: PythonValue)] { zip(keys, values).map { ($0, $1) } }

  private func place(_ key: PythonValue) -> Int? {
    if case .string(let text) = key { return places[Array(text.utf8)] }
    return keys.firstIndex { $0.isEqual(key) }
  }

  subscript(key: PythonValue) -> PythonValue? {
    get { place(key).map { values[$0] } }
    set {
      guard let newValue else { return }
      if let place = place(key) {
        values[place] = newValue
      } else {
        if case .string(let text) = key { places[Array(text.utf8)] = keys.count }
        keys.append(key)
        values.append(newValue)
      }
    }
  }

  subscript(name: String) -> PythonValue? { self[.string(name)] }
}

extension PythonValue {
  init(_ value: TemplateValue) {
    switch value {
    case .null: self = .none
    case .bool(let value): self = .bool(value)
    case .int(let value): self = .int(value)
    case .double(let value): self = .double(value)
    case .string(let value): self = .string(value)
    case .array(let values): self = .list(values.map { PythonValue($0) })
    case .object(let members): self = .dictionary(PythonDictionary(members.map { (.string($0.name), PythonValue($0.value)) }))
    }
  }

  var typeName: String {
    switch self {
    case .undefined: "Undefined"
    case .none: "NoneType"
    case .bool: "bool"
    case .int: "int"
    case .double: "float"
    case .string: "str"
    case .list: "list"
    case .tuple: "tuple"
    case .dictionary: "dict"
    case .object(let object): object.typeName
    }
  }

  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let value): value
    case .int(let value): value != 0
    case .double(let value): value != 0
    case .string(let text): !text.isEmpty
    case .list(let values), .tuple(let values): !values.isEmpty
    case .dictionary(let values): values.count > 0
    case .object: true
    }
  }

  var isUndefined: Bool { if case .undefined = self { true } else { false } }

  /// The number, where Python sees one: truth values count.
  var number: Double? {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .int(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }

  var integer: Int? {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .int(let value): value
    default: nil
    }
  }

  func isEqual(_ other: PythonValue) -> Bool {
    switch (self, other) {
    case (.undefined, .undefined), (.none, .none): true
    case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)): a.count == b.count && zip(a, b).allSatisfy { $0.isEqual($1) }
    case (.dictionary(let a), .dictionary(let b)):
      a.count == b.count && a.pairs.allSatisfy { pair in b[pair.key]?.isEqual(pair.value) ?? false }
    case (.object(let a), .object(let b)): a === b
    default:
      if let a = integer, let b = other.integer { a == b } else if let a = number, let b = other.number { a == b } else { false }
    }
  }

  /// Below 0, 0 or above 0, or `nil` where Python knows no order.
  func order(_ other: PythonValue) -> Int? {
    switch (self, other) {
    case (.string(let a), .string(let b)):
      return a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars) ? -1 : a.utf8.elementsEqual(b.utf8) ? 0 : 1
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      for (x, y) in zip(a, b) where !x.isEqual(y) { return x.order(y) }
      return a.count - b.count
    default:
      if let a = integer, let b = other.integer { return a < b ? -1 : a == b ? 0 : 1 }
      guard let a = number, let b = other.number else { return nil }
      return a < b ? -1 : a == b ? 0 : 1
    }
  }

  /// Python's `str`.
  var text: String {
    switch self {
    case .undefined: ""
    case .string(let text): text
    default: representation
    }
  }

  /// Python's `repr`.
  var representation: String {
    switch self {
    case .undefined: "Undefined"
    case .none: "None"
    case .bool(let value): value ? "True" : "False"
    case .int(let value): String(value)
    case .double(let value): PythonText.number(value)
    case .string(let text): PythonText.quoted(text)
    case .list(let values): "[" + values.map(\.representation).joined(separator: ", ") + "]"
    case .tuple(let values): "(" + values.map(\.representation).joined(separator: ", ") + (values.count == 1 ? ",)" : ")")
    case .dictionary(let values):
      "{" + values.pairs.map { $0.key.representation + ": " + $0.value.representation }.joined(separator: ", ") + "}"
    case .object(let object): "<\(object.typeName)>"
    }
  }

  /// About how many bytes the value takes as text, for the limits.
  var size: Int {
    switch self {
    case .string(let text): text.utf8.count + 16
    case .list(let values), .tuple(let values): values.reduce(16) { $0 &+ $1.size }
    case .dictionary(let values): values.pairs.reduce(16) { $0 &+ $1.key.size &+ $1.value.size }
    default: 16
    }
  }
}

/// Python's ways with text.
enum PythonText {
  static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return (9...13).contains(scalar.value) || (28...32).contains(scalar.value) }
    return scalar.properties.isWhitespace
  }

  static func isWordStart(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || (scalar.isASCII ? Character(scalar).isLetter : scalar.properties.isXIDStart)
  }

  static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || (scalar.isASCII ? Character(scalar).isLetter || Character(scalar).isNumber : scalar.properties.isXIDContinue)
  }

  /// The shortest text that reads back as the number, with an exponent from 1e16 and below 1e-4.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    var text = "\(value)"
    guard let mark = text.firstIndex(where: { $0 == "e" || $0 == "E" }) else {
      // Swift writes numbers up to 2^54 without an exponent, which is above Python's bound.
      guard abs(value) >= 1e16 else { return text }
      let digits = text.prefix { $0 != "." }
      let sign = digits.hasPrefix("-") ? "-" : ""
      let plain = digits.drop { $0 == "-" }
      let fraction = String(plain.dropFirst().reversed().drop { $0 == "0" }.reversed())
      return sign + plain.prefix(1) + (fraction.isEmpty ? "" : "." + fraction) + "e+\(plain.count - 1)"
    }
    let exponent = Int(text[text.index(after: mark)...]) ?? 0
    var mantissa = String(text[..<mark])
    if mantissa.hasSuffix(".0") { mantissa.removeLast(2) }
    if exponent < 0 || exponent >= 16 {
      let digits = String(abs(exponent))
      return mantissa + (exponent < 0 ? "e-" : "e+") + (digits.count < 2 ? "0" : "") + digits
    }
    text = mantissa.filter { $0 != "." && $0 != "-" }
    return (value < 0 ? "-" : "") + text + String(repeating: "0", count: max(exponent + 1 - text.count, 0)) + ".0"
  }

  /// Text as Python writes it in its own code.
  static func quoted(_ text: String) -> String {
    let quote: Unicode.Scalar = text.unicodeScalars.contains("'") && !text.unicodeScalars.contains("\"") ? "\"" : "'"
    var result = String.UnicodeScalarView()
    result.append(quote)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": result.append(contentsOf: "\\n".unicodeScalars)
      case "\r": result.append(contentsOf: "\\r".unicodeScalars)
      case "\t": result.append(contentsOf: "\\t".unicodeScalars)
      case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
      case quote:
        result.append("\\")
        result.append(scalar)
      default:
        if isPrintable(scalar) {
          result.append(scalar)
        } else {
          let (letter, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
          result.append(contentsOf: ("\\" + letter + hexadecimal(scalar.value, width)).unicodeScalars)
        }
      }
    }
    result.append(quote)
    return String(result)
  }

  static func hexadecimal(_ value: UInt32, _ width: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(width - digits.count, 0)) + digits
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    if scalar == " " { return true }
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator, .spaceSeparator: return false
    default: return true
    }
  }

  /// A part of text by places of its characters (Unicode scalars, as in Python).
  static func slice(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var result = String.UnicodeScalarView()
    result.append(contentsOf: scalars)
    return String(result)
  }
}
