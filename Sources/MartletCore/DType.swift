/// The type of a tensor's elements. Raw values are libtorch's `ScalarType` numbers.
public enum DType: Int8, Sendable, Hashable, CaseIterable, Codable {
  case uint8 = 0
  case int8 = 1
  case int16 = 2
  case int32 = 3
  case int64 = 4
  case float16 = 5
  case float32 = 6
  case float64 = 7
  case complex64 = 9
  case complex128 = 10
  case bool = 11
  case bfloat16 = 15
  case float8e5m2 = 23
  case float8e4m3 = 24
  case uint16 = 27
  case uint32 = 28
  case uint64 = 29

  /// Bytes per element.
  public var size: Int {
    switch self {
    case .uint8, .int8, .bool, .float8e5m2, .float8e4m3: 1
    case .int16, .uint16, .float16, .bfloat16: 2
    case .int32, .uint32, .float32: 4
    case .int64, .uint64, .float64, .complex64: 8
    case .complex128: 16
    }
  }

  public var isFloatingPoint: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .float64, .float8e5m2, .float8e4m3: true
    default: false
    }
  }

  public var isComplex: Bool { self == .complex64 || self == .complex128 }

  public var isInteger: Bool { !isFloatingPoint && !isComplex && self != .bool }

  /// The name in safetensors files (`F32`, `I64`, `BF16` …), or `nil` for complex types, which the format lacks.
  public var safetensorsName: String? {
    switch self {
    case .uint8: "U8"
    case .int8: "I8"
    case .int16: "I16"
    case .int32: "I32"
    case .int64: "I64"
    case .float16: "F16"
    case .float32: "F32"
    case .float64: "F64"
    case .bool: "BOOL"
    case .bfloat16: "BF16"
    case .float8e5m2: "F8_E5M2"
    case .float8e4m3: "F8_E4M3"
    case .uint16: "U16"
    case .uint32: "U32"
    case .uint64: "U64"
    case .complex64, .complex128: nil
    }
  }

  /// The name in the Open Inference Protocol v2 (`FP32`, `INT64`, `BOOL` …), or `nil` for types that the protocol lacks.
  public var inferenceProtocolName: String? {
    switch self {
    case .uint8: "UINT8"
    case .int8: "INT8"
    case .int16: "INT16"
    case .int32: "INT32"
    case .int64: "INT64"
    case .float16: "FP16"
    case .float32: "FP32"
    case .float64: "FP64"
    case .bool: "BOOL"
    case .bfloat16: "BF16"
    case .uint16: "UINT16"
    case .uint32: "UINT32"
    case .uint64: "UINT64"
    case .complex64, .complex128, .float8e5m2, .float8e4m3: nil
    }
  }

  private static let bySafetensorsName = Dictionary(
    uniqueKeysWithValues: allCases.compactMap { type in type.safetensorsName.map { ($0, type) } })
  private static let byInferenceProtocolName = Dictionary(
    uniqueKeysWithValues: allCases.compactMap { type in type.inferenceProtocolName.map { ($0, type) } })

  public init?(safetensorsName name: String) {
    guard let type = Self.bySafetensorsName[name] else { return nil }
    self = type
  }

  public init?(inferenceProtocolName name: String) {
    guard let type = Self.byInferenceProtocolName[name] else { return nil }
    self = type
  }
}

extension DType: CustomStringConvertible {
  /// The field's own name: `float32`, `int64`, `bool` …
  public var description: String {
    switch self {
    case .uint8: "uint8"
    case .int8: "int8"
    case .int16: "int16"
    case .int32: "int32"
    case .int64: "int64"
    case .float16: "float16"
    case .float32: "float32"
    case .float64: "float64"
    case .complex64: "complex64"
    case .complex128: "complex128"
    case .bool: "bool"
    case .bfloat16: "bfloat16"
    case .float8e5m2: "float8_e5m2"
    case .float8e4m3: "float8_e4m3fn"
    case .uint16: "uint16"
    case .uint32: "uint32"
    case .uint64: "uint64"
    }
  }
}

/// A Swift type whose memory layout is that of a `DType`.
public protocol TensorElement: Sendable {
  static var dtype: DType { get }
}

extension UInt8: TensorElement { public static var dtype: DType { .uint8 } }
extension Int8: TensorElement { public static var dtype: DType { .int8 } }
extension Int16: TensorElement { public static var dtype: DType { .int16 } }
extension Int32: TensorElement { public static var dtype: DType { .int32 } }
extension Int64: TensorElement { public static var dtype: DType { .int64 } }
extension Int: TensorElement { public static var dtype: DType { .int64 } }
extension UInt16: TensorElement { public static var dtype: DType { .uint16 } }
extension UInt32: TensorElement { public static var dtype: DType { .uint32 } }
extension UInt64: TensorElement { public static var dtype: DType { .uint64 } }
extension Float: TensorElement { public static var dtype: DType { .float32 } }
extension Double: TensorElement { public static var dtype: DType { .float64 } }
extension Bool: TensorElement { public static var dtype: DType { .bool } }
#if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
  extension Float16: TensorElement { public static var dtype: DType { .float16 } }
#endif
