/// The statements of one generated Swift function.
struct SwiftBody {
  private let operation: Operator

  init(_ operation: Operator) { self.operation = operation }

  var lines: [String] {
    fixedValues + ["var error: CTError?"] + outVariables + call + keepAlive + ending
  }

  private var fixedValues: [String] {
    operation.parameters.compactMap { parameter in
      guard case .fixed(let value) = parameter.place, value != "nil" else { return nil }
      return "let \(Names.escaped(parameter.name)): \(SwiftType.name(parameter.kind, parameter.argument)) = \(value)"
    }
  }

  private var outVariables: [String] { operation.result.outParameters.map { "var \($0): CTTensor?" } }

  private func variable(_ parameter: Operator.Parameter) -> String {
    parameter.place == .receiver ? "self" : Names.escaped(parameter.name)
  }

  // MARK: The call

  private var call: [String] {
    let arguments = operation.parameters.map(argument) + operation.result.outParameters.map { "&\($0)" } + ["&error"]
    let call = "ct_\(operation.schema.symbol)(\(arguments.joined(separator: ", ")))"
    let wraps = operation.parameters.compactMap { parameter in wrap(parameter).map { ($0, variable(parameter)) } }
    let resultType =
      switch operation.result {
      case .nothing, .tuple: "Int32"
      case .tensor: "CTTensor?"
      case .tensors: "CTTensorList"
      case .bool: "Bool"
      case .int: "Int64"
      case .double: "Double"
      }
    let start =
      switch operation.result {
      case .nothing, .tuple: "_ = "
      default: "let result = "
      }
    var lines: [String] = []
    for (depth, (wrap, name)) in wraps.enumerated() {
      let indent = String(repeating: "  ", count: depth)
      lines.append("\(indent)\(depth == 0 ? start : "")\(name).\(wrap.function) { (\(name): \(wrap.type)) -> \(resultType) in")
    }
    lines.append(String(repeating: "  ", count: wraps.count) + (wraps.isEmpty ? start : "") + call)
    for depth in wraps.indices.reversed() { lines.append(String(repeating: "  ", count: depth) + "}") }
    return lines
  }

  /// The function that lends a parameter to the call as a C value.
  private func wrap(_ parameter: Operator.Parameter) -> (function: String, type: String)? {
    if case .fixed(let value) = parameter.place, value == "nil" { return nil }
    return switch parameter.kind {
    case .tensors, .optionalTensors: ("withHandles", "CTTensors")
    case .scalars: ("withScalars", "CTScalars")
    case .ints: ("withInts", "CTInts")
    case .optionalInts: ("withInts", "CTOptionalInts")
    case .doubles: ("withDoubles", "CTDoubles")
    case .optionalDoubles: ("withDoubles", "CTOptionalDoubles")
    case .bools: ("withBools", "CTBools")
    case .string: ("withCString", "UnsafePointer<CChar>")
    case .optionalString: ("withCString", "UnsafePointer<CChar>?")
    default: nil
    }
  }

  private func argument(_ parameter: Operator.Parameter) -> String {
    if case .fixed(let value) = parameter.place, value == "nil" { return missing(parameter.kind) }
    let name = variable(parameter)
    if wrap(parameter) != nil { return name }
    return switch parameter.kind {
    case .tensor: "\(name).raw"
    case .optionalTensor, .generator: "\(name)?.raw"
    case .int: SwiftType.isReduction(parameter.kind, parameter.argument) ? "Int64(\(name).rawValue)" : "Int64(\(name))"
    case .double, .bool: name
    default: "\(name).c"
    }
  }

  /// The C value for an optional argument that Swift does not show.
  private func missing(_ kind: ArgumentKind) -> String {
    switch kind {
    case .optionalTensor, .generator, .optionalString: "nil"
    case .optionalScalar: "CTOptionalScalar()"
    case .optionalInt: "CTOptionalInt()"
    case .optionalInts: "CTOptionalInts()"
    case .optionalDouble: "CTOptionalDouble()"
    case .optionalDoubles: "CTOptionalDoubles()"
    case .optionalBool: "CTOptionalBool()"
    case .optionalDevice: "CTDevice(type: -1, index: -1)"
    default: "-1"
    }
  }

  // MARK: After the call

  private func names(_ kinds: [ArgumentKind]) -> [String] {
    operation.parameters.filter { parameter in
      if case .fixed = parameter.place { return false }
      return kinds.contains(parameter.kind)
    }.map(variable)
  }

  /// A handle must not be freed between the moment its pointer was read and the end of the call.
  private var keepAlive: [String] {
    let used = names([.tensor, .optionalTensor, .tensors, .optionalTensors, .generator])
    switch used.count {
    case 0: return []
    case 1: return ["withExtendedLifetime(\(used[0])) {}"]
    default: return ["withExtendedLifetime((\(used.joined(separator: ", ")))) {}"]
    }
  }

  /// The error that names the operator and its tensors.
  private var failure: String {
    let single = names([.tensor, .optionalTensor])
    let lists = names([.tensors, .optionalTensors])
    let tensors = "[\(single.joined(separator: ", "))]"
    let all = lists.isEmpty ? tensors : "operands(\(tensors), \(lists.joined(separator: ", ")))"
    return "throw TorchError(error, \"aten::\(operation.schema.fullName)\", \(all))"
  }

  private var ending: [String] {
    let check = "if let error { \(failure) }"
    switch operation.result {
    case .nothing: return [check]
    case .tensor: return ["guard let result else { \(failure) }", "return Tensor(owning: result)"]
    case .tensors: return [check, "return adopt(result)"]
    case .bool, .double: return [check, "return result"]
    case .int: return [check, "return Int(result)"]
    case .tuple:
      let outs = operation.result.outParameters
      return [
        // Adopted first, so that none leaks where another one is missing.
        "let (\(outs.map { "tensor" + $0.dropFirst(3) }.joined(separator: ", "))) = (\(outs.map { "adopt(\($0))" }.joined(separator: ", ")))",
        "guard \(outs.map { "let tensor" + $0.dropFirst(3) }.joined(separator: ", ")) else { \(failure) }",
        "return (\(outs.map { "tensor" + $0.dropFirst(3) }.joined(separator: ", ")))",
      ]
    }
  }
}
