import CTorch
public import MartletCore

/// A value of any type on its way into or out of an operator that is called by name.
public enum BoxedValue: Sendable {
  /// Take the argument's default.
  case `default`
  case none
  case tensor(Tensor)
  case scalar(Scalar)
  case ints([Int])
  case doubles([Double])
  case bools([Bool])
  case tensors([Tensor?])
  case string(String)
  case device(Device)
  case dtype(DType)
  case generator(Generator)
  /// Whatever else libtorch passes around: packed weights, dictionaries …
  case opaque(OpaqueValue)

  /// The tensor, or an error that says what there is instead.
  public func asTensor() throws(TorchError) -> Tensor {
    guard case .tensor(let tensor) = self else { throw TorchError(.type, "BoxedValue.asTensor", "the value is \(self), not a tensor") }
    return tensor
  }
}

/// A value that only libtorch understands, such as the packed weights of a quantised layer.
public final class OpaqueValue: @unchecked Sendable {
  // `@unchecked Sendable`: never written after it was made; libtorch counts its references atomically.
  let raw: CTOpaque
  init(owning raw: CTOpaque) { self.raw = raw }
  deinit { ct_opaque_release(raw) }

  /// libtorch's name of its type.
  public var typeName: String { takeString(ct_opaque_type(raw)) ?? "?" }
}

/// Any of libtorch's operators, found by name: those without a Swift spelling, quantised kernels, other libraries' operators.
///
/// About 100 ns a call more than a generated method.
/// ```swift
/// let pack = try TorchOperator("quantized::linear_prepack")
/// ```
public struct TorchOperator: @unchecked Sendable {
  // `@unchecked Sendable`: an operator handle is an immutable entry of libtorch's table. It lives as long as the process.
  private let raw: CTOperator
  public let name: String

  /// - Parameter name: as in schemas: `aten::add.Tensor`, `quantized::linear_dynamic`; the namespace may be left out for `aten`.
  /// - Throws: `TorchError` if there is no such operator.
  public init(_ name: String) throws(TorchError) {
    let full = name.contains("::") ? name : "aten::" + name
    let parts = full.split(separator: ".", maxSplits: 1)
    var error: CTError?
    let found = ct_operator_find(parts.first.map(String.init) ?? "", parts.count > 1 ? String(parts[1]) : "", &error)
    guard let found else { throw TorchError(error, named: "TorchOperator(\"\(name)\")", []) }
    raw = found
    self.name = full
  }

  /// The operator's schema: argument names, types and defaults.
  public var schema: String {
    var error: CTError?
    let text = takeString(ct_operator_schema(raw, &error))
    if let error { ct_error_free(error) }
    return text ?? name
  }

  /// Calls the operator. Arguments that are left out at the end, or are `.default`, take their defaults.
  /// - Returns: its results in order.
  public func callAsFunction(_ arguments: BoxedValue...) throws(TorchError) -> [BoxedValue] { try call(arguments) }

  /// Calls the operator with a list of arguments.
  public func call(_ arguments: [BoxedValue]) throws(TorchError) -> [BoxedValue] {
    let box = ArgumentBox(arguments)
    var results = [CTValue](repeating: CTValue(), count: 32)
    var error: CTError?
    let made = withExtendedLifetime((arguments, box)) {
      ct_operator_call(raw, box.values, Int64(box.values.count), &results, Int64(results.count), &error)
    }
    guard made >= 0 else {
      let tensors = arguments.flatMap { value -> [Tensor?] in
        switch value {
        case .tensor(let tensor): [tensor]
        case .tensors(let list): list
        default: []
        }
      }
      throw TorchError(error, named: name, tensors)
    }
    return results.prefix(Int(made)).map(BoxedValue.init(owning:))
  }
}

extension BoxedValue {
  init(owning value: CTValue) {
    let count = Int(value.count)
    switch value.kind {
    case CT_VALUE_TENSOR: self = value.u.tensor.map { .tensor(Tensor(owning: $0)) } ?? .none
    case CT_VALUE_SCALAR: self = .scalar(Scalar(value.u.scalar))
    case CT_VALUE_INTS:
      self = .ints((0..<count).map { Int(value.u.ints?[$0] ?? 0) })
      ct_free(UnsafeMutableRawPointer(mutating: value.u.ints))
    case CT_VALUE_DOUBLES:
      self = .doubles((0..<count).map { value.u.doubles?[$0] ?? 0 })
      ct_free(UnsafeMutableRawPointer(mutating: value.u.doubles))
    case CT_VALUE_TENSORS:
      self = .tensors((0..<count).map { value.u.tensors?[$0].map(Tensor.init(owning:)) })
      ct_free(UnsafeMutableRawPointer(mutating: value.u.tensors))
    case CT_VALUE_STRING:
      self = .string(value.u.string.map { String(cString: $0) } ?? "")
      ct_free(UnsafeMutableRawPointer(mutating: value.u.string))
    case CT_VALUE_OPAQUE: self = value.u.opaque.map { .opaque(OpaqueValue(owning: $0)) } ?? .none
    default: self = .none
    }
  }
}

// Keeps the memory that the C values point to.
private final class ArgumentBox {
  private(set) var values: [CTValue] = []
  private var memory: [UnsafeMutableRawPointer] = []

  init(_ arguments: [BoxedValue]) {
    for argument in arguments {
      var value = CTValue()
      switch argument {
      case .default:
        value.kind = CT_VALUE_NONE
        value.count = -1
      case .none: value.kind = CT_VALUE_NONE
      case .tensor(let tensor):
        value.kind = CT_VALUE_TENSOR
        value.u.tensor = tensor.raw
      case .scalar(let scalar):
        value.kind = CT_VALUE_SCALAR
        value.u.scalar = scalar.c
      case .ints(let list):
        value.kind = CT_VALUE_INTS
        value.count = Int64(list.count)
        value.u.ints = UnsafePointer(keep(list.map(Int64.init)))
      case .doubles(let list):
        value.kind = CT_VALUE_DOUBLES
        value.count = Int64(list.count)
        value.u.doubles = UnsafePointer(keep(list))
      case .bools(let list):
        value.kind = CT_VALUE_BOOLS
        value.count = Int64(list.count)
        value.u.bools = UnsafePointer(keep(list))
      case .tensors(let list):
        value.kind = CT_VALUE_TENSORS
        value.count = Int64(list.count)
        value.u.tensors = UnsafePointer(keep(list.map { $0?.raw }))
      case .string(let text):
        value.kind = CT_VALUE_STRING
        let bytes = text.utf8.map { CChar(bitPattern: $0) }
        value.count = Int64(bytes.count)
        value.u.string = UnsafePointer(keep(bytes + [0]))
      case .device(let device):
        value.kind = CT_VALUE_DEVICE
        value.u.device = device.c
      case .dtype(let dtype):
        value.kind = CT_VALUE_DTYPE
        value.u.dtype = Int32(dtype.rawValue)
      case .generator(let generator):
        value.kind = CT_VALUE_GENERATOR
        value.u.generator = generator.raw
      case .opaque(let opaque):
        value.kind = CT_VALUE_OPAQUE
        value.u.opaque = opaque.raw
      }
      values.append(value)
    }
  }

  deinit { for pointer in memory { pointer.deallocate() } }

  private func keep<Element: BitwiseCopyable>(_ list: [Element]) -> UnsafeMutablePointer<Element> {
    let pointer = UnsafeMutablePointer<Element>.allocate(capacity: max(1, list.count))
    pointer.initialize(from: list, count: list.count)
    memory.append(UnsafeMutableRawPointer(pointer))
    return pointer
  }
}
