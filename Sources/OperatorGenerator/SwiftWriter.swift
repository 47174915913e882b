/// Writes the Swift face of a group: an extension of `Tensor`.
enum SwiftWriter {
  static func source(_ group: OperatorGroup) -> String {
    let shown = group.operators.flatMap { operation in operation.shownParameters.map { (operation.isPackage, $0.kind) } }
    let dtypes = shown.filter { $0.1 == .dtype || $0.1 == .optionalDType }
    var imports = ["import CTorch"]
    // An import wider than what the declarations show is a warning.
    if dtypes.contains(where: { !$0.0 }) {
      imports.append("public import MartletCore")
    } else if !dtypes.isEmpty {
      imports.append("package import MartletCore")
    }
    return """
      // \(generatedNotice)
      \(imports.joined(separator: "\n"))

      extension Tensor {
      \(group.operators.map(method).joined(separator: "\n\n"))
      }

      """
  }

  private static func method(_ operation: Operator) -> String {
    let parameters = operation.shownParameters.map(declaration).joined(separator: ", ")
    let access = (operation.isPackage ? "package " : "public ") + (operation.isStatic ? "static " : "")
    let type = resultType(operation)
    let body = SwiftBody(operation).lines.map { "    " + $0 }.joined(separator: "\n")
    return """
        /// `aten::\(operation.schema.text)`
        \(access)func \(Names.escaped(operation.swiftName))(\(parameters)) throws(TorchError)\(type) {
      \(body)
        }
      """
  }

  private static func declaration(_ parameter: Operator.Parameter) -> String {
    guard case .shown(let label, let value) = parameter.place else { return "" }
    let name = label == parameter.name ? Names.escaped(label) : "\(Names.escaped(label)) \(Names.escaped(parameter.name))"
    return "\(name): \(SwiftType.name(parameter.kind, parameter.argument))" + (value.map { " = \($0)" } ?? "")
  }

  private static func resultType(_ operation: Operator) -> String {
    switch operation.result {
    case .nothing: return ""
    case .tensor: return " -> Tensor"
    case .tensors: return " -> [Tensor]"
    case .bool: return " -> Bool"
    case .int: return " -> Int"
    case .double: return " -> Double"
    case .tuple:
      let items = operation.schema.returns.map { $0.name.map { "\(Names.lowerCamelCase($0)): Tensor" } ?? "Tensor" }
      return " -> (\(items.joined(separator: ", ")))"
    }
  }
}
