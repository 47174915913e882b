/// Spelling of identifiers.
enum Names {
  /// `leaky_relu` as `leakyRelu`. Underscores at the ends stay: they mark internal and in-place operators.
  static func lowerCamelCase(_ name: String) -> String {
    let head = name.prefix { $0 == "_" }
    let tail = name.dropFirst(head.count).reversed().prefix { $0 == "_" }
    let words = name.split(separator: "_")
    guard let first = words.first else { return name }
    let rest = words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }
    return head + lowerFirst(first) + rest.joined() + String(tail)
  }

  /// A word with its leading capitals made small: `A`, `LU`, `UPLO`, `HxW`.
  private static func lowerFirst(_ word: Substring) -> String {
    let capitals = word.prefix { $0.isUppercase }
    return capitals.lowercased() + word.dropFirst(capitals.count)
  }

  /// A Swift function's name for an operator.
  static func function(_ schema: FunctionSchema) -> String {
    if schema.name.hasPrefix("_") { return schema.name }
    let fourier = "fft_"
    return lowerCamelCase(schema.name.hasPrefix(fourier) ? String(schema.name.dropFirst(fourier.count)) : schema.name)
  }

  /// A Swift parameter's name for an argument.
  static func parameter(_ argument: Argument) -> String {
    let isList = argument.type.isList
    return switch argument.name {
    case "self": "input"
    case "dim" where isList: "dims"
    case "size" where isList: "shape"
    case "keepdim": "keepDim"
    default: lowerCamelCase(argument.name)
    }
  }

  /// An identifier in backticks where Swift needs them.
  static func escaped(_ name: String) -> String { swiftKeywords.contains(name) ? "`\(name)`" : name }

  private static let swiftKeywords: Set<String> = [
    "as", "break", "case", "catch", "class", "continue", "default", "defer", "do", "else", "enum", "extension", "fallthrough", "false",
    "for",
    "func", "guard", "if", "import", "in", "init", "inout", "internal", "is", "let", "nil", "operator", "private", "protocol", "public",
    "repeat", "return", "self", "static", "struct", "subscript", "super", "switch", "throw", "throws", "true", "try", "typealias", "var",
    "where", "while",
  ]
}
