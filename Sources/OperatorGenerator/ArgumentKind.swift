/// What an argument is to the C ABI: each kind has one C type, one conversion in C++ and one Swift type.
enum ArgumentKind: Equatable {
  case tensor, optionalTensor, tensors, optionalTensors
  case scalar, optionalScalar, scalars
  case int, optionalInt, ints, optionalInts
  case double, optionalDouble, doubles, optionalDoubles
  case bool, optionalBool, bools
  case string, optionalString
  case dtype, optionalDType, optionalLayout, memoryFormat, optionalMemoryFormat
  case device, optionalDevice
  case generator

  /// The kind of a schema type, or `nil` where the ABI has no way to pass it.
  init?(_ type: SchemaType) {
    switch type.spelling {
    case "Tensor": self = .tensor
    case "Tensor?": self = .optionalTensor
    case "Tensor[]": self = .tensors
    case "Tensor?[]": self = .optionalTensors
    case "Scalar": self = .scalar
    case "Scalar?": self = .optionalScalar
    case "Scalar[]": self = .scalars
    case "int", "SymInt": self = .int
    case "int?", "SymInt?": self = .optionalInt
    case "int[]", "SymInt[]": self = .ints
    case "int[]?", "SymInt[]?": self = .optionalInts
    case "float": self = .double
    case "float?": self = .optionalDouble
    case "float[]": self = .doubles
    case "float[]?": self = .optionalDoubles
    case "bool": self = .bool
    case "bool?": self = .optionalBool
    case "bool[]": self = .bools
    case "str": self = .string
    case "str?": self = .optionalString
    case "ScalarType": self = .dtype
    case "ScalarType?": self = .optionalDType
    case "Layout?": self = .optionalLayout
    case "MemoryFormat": self = .memoryFormat
    case "MemoryFormat?": self = .optionalMemoryFormat
    case "Device": self = .device
    case "Device?": self = .optionalDevice
    case "Generator?": self = .generator
    default: return nil
    }
  }

  /// The parameter's type in the C header.
  var cType: String {
    switch self {
    case .tensor: "CTTensor"
    case .optionalTensor: "CTTensor _Nullable"
    case .tensors, .optionalTensors: "CTTensors"
    case .scalar: "CTScalar"
    case .optionalScalar: "CTOptionalScalar"
    case .scalars: "CTScalars"
    case .int: "int64_t"
    case .optionalInt: "CTOptionalInt"
    case .ints: "CTInts"
    case .optionalInts: "CTOptionalInts"
    case .double: "double"
    case .optionalDouble: "CTOptionalDouble"
    case .doubles: "CTDoubles"
    case .optionalDoubles: "CTOptionalDoubles"
    case .bool: "bool"
    case .optionalBool: "CTOptionalBool"
    case .bools: "CTBools"
    case .string: "const char *"
    case .optionalString: "const char *_Nullable"
    case .dtype, .optionalDType, .optionalLayout, .memoryFormat, .optionalMemoryFormat: "int32_t"
    case .device, .optionalDevice: "CTDevice"
    case .generator: "CTGenerator _Nullable"
    }
  }

  /// The C++ expression that turns the parameter into what libtorch takes.
  func cxxArgument(_ name: String, _ type: SchemaType) -> String {
    let isSymbolic = type.base == "SymInt"
    return switch self {
    case .tensor: type.isWritten ? "ct::mutableTensor(\(name))" : "ct::tensor(\(name))"
    case .optionalTensor: "ct::optionalTensor(\(name))"
    case .tensors: "ct::tensors(\(name))"
    case .optionalTensors: "ct::optionalTensors(\(name))"
    case .scalar: "ct::scalar(\(name))"
    case .scalars: "ct::scalars(\(name))"
    case .optionalInt, .optionalInts: isSymbolic ? "ct::optionalSym(\(name))" : "ct::optional(\(name))"
    case .optionalScalar, .optionalDouble, .optionalDoubles, .optionalBool: "ct::optional(\(name))"
    case .int, .double, .bool, .string: name
    case .ints: isSymbolic ? "ct::symInts(\(name))" : "ct::ints(\(name))"
    case .doubles: "ct::doubles(\(name))"
    case .bools: "ct::bools<\(type.listSize ?? 0)>(\(name))"
    case .optionalString: "ct::optionalString(\(name))"
    case .dtype: "ct::scalarType(\(name))"
    case .optionalDType: "ct::optionalScalarType(\(name))"
    case .optionalLayout: "ct::optionalLayout(\(name))"
    case .memoryFormat: "ct::memoryFormat(\(name))"
    case .optionalMemoryFormat: "ct::optionalMemoryFormat(\(name))"
    case .device: "ct::device(\(name))"
    case .optionalDevice: "ct::optionalDevice(\(name))"
    case .generator: "ct::optionalGenerator(\(name))"
    }
  }
}
