/// How Swift names an argument's type and default.
enum SwiftType {
  static func name(_ kind: ArgumentKind, _ argument: Argument) -> String {
    switch kind {
    case .tensor: "Tensor"
    case .optionalTensor: "Tensor?"
    case .tensors: "[Tensor]"
    case .optionalTensors: "[Tensor?]"
    case .scalar: "Scalar"
    case .optionalScalar: "Scalar?"
    case .scalars: "[Scalar]"
    case .int: isReduction(kind, argument) ? "Reduction" : "Int"
    case .optionalInt: "Int?"
    case .ints: "[Int]"
    case .optionalInts: "[Int]?"
    case .double: "Double"
    case .optionalDouble: "Double?"
    case .doubles: "[Double]"
    case .optionalDoubles: "[Double]?"
    case .bool: "Bool"
    case .optionalBool: "Bool?"
    case .bools: "[Bool]"
    case .string: "String"
    case .optionalString: "String?"
    case .dtype: "DType"
    case .optionalDType: "DType?"
    case .optionalLayout: "Layout?"
    case .memoryFormat: "MemoryFormat"
    case .optionalMemoryFormat: "MemoryFormat?"
    case .device: "Device"
    case .optionalDevice: "Device?"
    case .generator: "Generator?"
    }
  }

  /// Losses say by a number how they reduce; Swift says it by name.
  static func isReduction(_ kind: ArgumentKind, _ argument: Argument) -> Bool { kind == .int && argument.name == "reduction" }

  /// The default in Swift, or `nil` where the caller must give a value.
  static func defaultValue(
    _ kind: ArgumentKind, _ argument: Argument, of schema: FunctionSchema
  ) throws(GeneratorError) -> String? {
    if kind == .generator { return "nil" }
    guard let text = argument.defaultText else { return nil }
    if text == "None" { return "nil" }
    if let value = literal(text, kind, argument) { return value }
    throw GeneratorError(schema.fullName, "Swift has no spelling for the default \(text) of \(argument.name)")
  }

  private static func literal(_ text: String, _ kind: ArgumentKind, _ argument: Argument) -> String? {
    switch kind {
    case .bool, .optionalBool: ["True": "true", "False": "false"][text]
    case .int where text == "Mean": ".mean"
    case .int, .optionalInt: Int(text) == nil ? nil : text
    case .double, .optionalDouble: Double(text) == nil ? nil : text
    case .scalar, .optionalScalar: Double(text) == nil ? nil : text
    case .ints, .optionalInts: list(text, size: argument.type.listSize)
    case .string, .optionalString: string(text)
    case .dtype, .optionalDType: ["long": ".int64"][text]
    case .memoryFormat, .optionalMemoryFormat: ["contiguous_format": ".contiguous"][text]
    default: nil
    }
  }

  /// A single number stands for a whole list of it.
  private static func list(_ text: String, size: Int?) -> String? {
    if Int(text) != nil { return "[" + Array(repeating: text, count: size ?? 1).joined(separator: ", ") + "]" }
    guard text.hasPrefix("["), text.hasSuffix("]") else { return nil }
    let items = text.dropFirst().dropLast().split(separator: ",")
    guard items.allSatisfy({ Int($0) != nil }) else { return nil }
    return "[" + items.joined(separator: ", ") + "]"
  }

  private static func string(_ text: String) -> String? {
    guard let quote = text.first, quote == "'" || quote == "\"", text.count >= 2, text.last == quote else { return nil }
    let inside = text.dropFirst().dropLast()
    return inside.contains("\\") || inside.contains("\"") ? nil : "\"\(inside)\""
  }
}
