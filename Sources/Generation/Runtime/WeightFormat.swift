import CGeneration

/// How a decoder keeps its weights.
public enum WeightFormat: String, Sendable, Hashable, CaseIterable, Codable {
  /// As they are: results equal those of the model in float32.
  case float32
  /// Half the memory; products with float32 numbers.
  case bfloat16
  /// 9 bits a weight: bytes, with a scale for every 32 weights of a row. Inputs of products are rounded to bytes, too.
  case int8
  /// 5 bits a weight: four bits each, with a scale and an offset for every 32 weights of a row. Inputs as with `int8`.
  case int4

  var kind: Int32 {
    switch self {
    case .float32: Int32(CG_FLOAT32)
    case .bfloat16: Int32(CG_BFLOAT16)
    case .int8: Int32(CG_INT8)
    case .int4: Int32(CG_INT4)
    }
  }
}
