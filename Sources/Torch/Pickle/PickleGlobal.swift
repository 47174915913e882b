import MartletCore

/// The names that a PyTorch file of tensors refers to. There are no others: what is not here is code.
enum PickleGlobal: Equatable {
  case orderedDictionary
  case size
  case rebuildTensor
  case rebuildTensorV2
  case rebuildTensorV3
  case rebuildParameter
  /// A storage's class, with the type of its elements; bytes for untyped ones.
  case storageClass(DType)
  case dtype(DType)

  /// - Returns: `nil` for every name that is not one of the above exactly.
  init?(module: String, name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDictionary
    case ("torch", "Size"): self = .size
    case ("torch._utils", "_rebuild_tensor"): self = .rebuildTensor
    case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensorV2
    case ("torch._utils", "_rebuild_tensor_v3"): self = .rebuildTensorV3
    case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
    case ("torch.storage", "UntypedStorage"), ("torch", "UntypedStorage"): self = .storageClass(.uint8)
    case ("torch", let name):
      if let type = Self.storageClasses[name] {
        self = .storageClass(type)
      } else if let type = Self.dtypes[name] {
        self = .dtype(type)
      } else {
        return nil
      }
    default: return nil
    }
  }

  private static let storageClasses: [String: DType] = [
    "FloatStorage": .float32, "DoubleStorage": .float64, "HalfStorage": .float16, "BFloat16Storage": .bfloat16,
    "LongStorage": .int64, "IntStorage": .int32, "ShortStorage": .int16, "CharStorage": .int8, "ByteStorage": .uint8,
    "BoolStorage": .bool, "ComplexFloatStorage": .complex64, "ComplexDoubleStorage": .complex128,
  ]

  // torch.float32 … : the names that descriptions use are PyTorch's own.
  private static let dtypes = Dictionary(uniqueKeysWithValues: DType.allCases.map { ($0.description, $0) })
}
