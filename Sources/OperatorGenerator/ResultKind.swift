/// What a call of the C ABI gives back.
enum ResultKind: Equatable {
  /// Nothing but success or failure.
  case nothing
  case tensor
  case tensors
  case bool
  case int
  case double
  /// Several tensors, through out-parameters.
  case tuple(count: Int)

  /// The kind of an operator's results, or `nil` where the ABI has no way to return them.
  init?(_ schema: FunctionSchema) {
    guard !schema.isInPlace, !schema.returns.isEmpty else {
      self = .nothing
      return
    }
    if schema.returns.count > 1 {
      guard schema.returns.allSatisfy({ $0.type.spelling == "Tensor" }) else { return nil }
      self = .tuple(count: schema.returns.count)
      return
    }
    switch schema.returns[0].type.spelling {
    case "Tensor": self = .tensor
    case "Tensor[]": self = .tensors
    case "bool": self = .bool
    case "int", "SymInt": self = .int
    case "float": self = .double
    default: return nil
    }
  }

  /// The C function's return type.
  var cType: String {
    switch self {
    case .nothing, .tuple: "int32_t"
    case .tensor: "CTTensor _Nullable"
    case .tensors: "CTTensorList"
    case .bool: "bool"
    case .int: "int64_t"
    case .double: "double"
    }
  }

  /// The names of the out-parameters.
  var outParameters: [String] {
    guard case .tuple(let count) = self else { return [] }
    return (0..<count).map { "out\($0)" }
  }

  /// What the C function returns after a failure.
  var failureValue: String {
    switch self {
    case .nothing, .tuple: "-1"
    case .tensor: "nullptr"
    case .tensors: "CTTensorList{}"
    case .bool: "false"
    case .int: "0"
    case .double: "0.0"
    }
  }
}
