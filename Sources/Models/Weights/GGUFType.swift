/// How a GGUF file keeps a tensor's numbers. Raw values are the file format's own.
public enum GGUFType: Int32, Sendable, Hashable, CaseIterable {
  case float32 = 0
  case float16 = 1
  case q4_0 = 2
  case q4_1 = 3
  case q5_0 = 6
  case q5_1 = 7
  case q8_0 = 8
  case q2_K = 10
  case q3_K = 11
  case q4_K = 12
  case q5_K = 13
  case q6_K = 14
  case q8_K = 15
  case iq4_NL = 20
  case iq4_XS = 23
  case int8 = 24
  case int16 = 25
  case int32 = 26
  case int64 = 27
  case float64 = 28
  case bfloat16 = 30

  /// Numbers in a block: what cannot be read apart.
  public var blockCount: Int {
    switch self {
    case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .iq4_NL: 32
    case .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .q8_K, .iq4_XS: 256
    case .float32, .float16, .int8, .int16, .int32, .int64, .float64, .bfloat16: 1
    }
  }

  /// Bytes of a block.
  public var blockBytes: Int {
    switch self {
    case .float32, .int32: 4
    case .float16, .int16, .bfloat16: 2
    case .int8: 1
    case .int64, .float64: 8
    case .q4_0, .iq4_NL: 18
    case .q4_1: 20
    case .q5_0: 22
    case .q5_1: 24
    case .q8_0: 34
    case .q2_K: 84
    case .q3_K: 110
    case .q4_K: 144
    case .q5_K: 176
    case .q6_K: 210
    case .q8_K: 292
    case .iq4_XS: 136
    }
  }
}

extension GGUFType: CustomStringConvertible {
  /// The name that the format's own tools print: `Q4_K`, `F32` …
  public var description: String {
    switch self {
    case .float32: "F32"
    case .float16: "F16"
    case .q4_0: "Q4_0"
    case .q4_1: "Q4_1"
    case .q5_0: "Q5_0"
    case .q5_1: "Q5_1"
    case .q8_0: "Q8_0"
    case .q2_K: "Q2_K"
    case .q3_K: "Q3_K"
    case .q4_K: "Q4_K"
    case .q5_K: "Q5_K"
    case .q6_K: "Q6_K"
    case .q8_K: "Q8_K"
    case .iq4_NL: "IQ4_NL"
    case .iq4_XS: "IQ4_XS"
    case .int8: "I8"
    case .int16: "I16"
    case .int32: "I32"
    case .int64: "I64"
    case .float64: "F64"
    case .bfloat16: "BF16"
    }
  }
}
