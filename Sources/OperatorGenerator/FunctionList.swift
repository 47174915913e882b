/// The operators that libtorch declares in `native_functions.yaml`, by full name.
public struct FunctionList: Sendable {
  private let declarations: [String: Substring]

  /// Reads the file's text. Only the `- func:` lines matter here, each of them one declaration, so no YAML parser has to go over the
  /// other fifteen thousand.
  public init(yaml: String) {
    let mark = "- func: "
    var declarations: [String: Substring] = [:]
    for line in yaml.utf8.split(separator: UInt8(ascii: "\n")) where line.starts(with: mark.utf8) {
      let declaration = Substring(line.dropFirst(mark.utf8.count))
      declarations[String(declaration.prefix { $0 != "(" })] = declaration
    }
    self.declarations = declarations
  }

  /// How many operators there are.
  public var count: Int { declarations.count }

  /// The operator's declaration. Throws for a name that libtorch lacks, naming overloads of the same operator if there are any.
  func schema(of name: String) throws(GeneratorError) -> FunctionSchema {
    guard let declaration = declarations[name] else {
      let base = name.prefix { $0 != "." }
      let others = declarations.keys.filter { $0 == base || $0.hasPrefix(base + ".") }.sorted()
      throw GeneratorError(
        name,
        "libtorch has no such operator"
          + (others.isEmpty ? "" : "; the overloads of \(base) are \(others.joined(separator: ", "))"))
    }
    return try SchemaParser.parse(String(declaration))
  }
}
