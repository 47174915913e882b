/// How a GGUF file keeps a tensor's numbers. Raw values are the file format's own.
public enum GGUFType: Int32, Sendable, Hashable, CaseIterable {
  case float32 = 0
  case float16 = 1
  case q40 = 2
  case q41 = 3
  case q50 = 6
  case q51 = 7
  case q80 = 8
  case q2K = 10
  case q3K = 11
  case q4K = 12
  case q5K = 13
  case q6K = 14
  case q8K = 15
  case iq4NL = 20
  case iq4XS = 23
  case int8 = 24
  case int16 = 25
  case int32 = 26
  case int64 = 27
  case float64 = 28
  case bfloat16 = 30

  /// Numbers in a block: what cannot be read apart.
  public var blockCount: Int {
    switch self {
    case .q40, .q41, .q50, .q51, .q80, .iq4NL: 32
    case .q2K, .q3K, .q4K, .q5K, .q6K, .q8K, .iq4XS: 256
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
    case .q40, .iq4NL: 18
    case .q41: 20
    case .q50: 22
    case .q51: 24
    case .q80: 34
    case .q2K: 84
    case .q3K: 110
    case .q4K: 144
    case .q5K: 176
    case .q6K: 210
    case .q8K: 292
    case .iq4XS: 136
    }
  }
}

extension GGUFType: CustomStringConvertible {
  /// The name that the format's own tools print: `Q4_K`, `F32` …
  public var description: String {
    switch self {
    case .float32: "F32"
    case .float16: "F16"
    case .q40: "Q4_0"
    case .q41: "Q4_1"
    case .q50: "Q5_0"
    case .q51: "Q5_1"
    case .q80: "Q8_0"
    case .q2K: "Q2_K"
    case .q3K: "Q3_K"
    case .q4K: "Q4_K"
    case .q5K: "Q5_K"
    case .q6K: "Q6_K"
    case .q8K: "Q8_K"
    case .iq4NL: "IQ4_NL"
    case .iq4XS: "IQ4_XS"
    case .int8: "I8"
    case .int16: "I16"
    case .int32: "I32"
    case .int64: "I64"
    case .float64: "F64"
    case .bfloat16: "BF16"
    }
  }
}
