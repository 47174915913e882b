/// What the values of a column are. The layouts in memory are Arrow's.
public indirect enum ColumnType: Hashable, Sendable, Codable {
  case int8, int16, int32, int64
  case uint8, uint16, uint32, uint64
  case float32, float64
  case boolean
  /// UTF-8.
  case text
  /// One of a list of texts: 32-bit codes into ``Column/categories``.
  case categorical
  /// Microseconds since 1970-01-01 00:00 UTC, 64 bits. The time zone says how to show them, not what they mean; `nil` is a clock on a wall.
  case timestamp(timeZone: String? = nil)
  case list(ColumnType)

  /// The kinds that preparation tells apart.
  public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
    case numeric, categorical, boolean, text, timestamp, list
  }

  public var kind: Kind {
    switch self {
    case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .float32, .float64: .numeric
    case .boolean: .boolean
    case .text: .text
    case .categorical: .categorical
    case .timestamp: .timestamp
    case .list: .list
    }
  }

  public var isNumeric: Bool { kind == .numeric }

  /// Whole numbers of any width.
  public var isInteger: Bool {
    switch self {
    case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64: true
    default: false
    }
  }

  /// Bytes of one value, or `nil` where they have no fixed width (text, lists) or share a byte (booleans).
  var width: Int? {
    switch self {
    case .int8, .uint8: 1
    case .int16, .uint16: 2
    case .int32, .uint32, .float32, .categorical: 4
    case .int64, .uint64, .float64, .timestamp: 8
    case .boolean, .text, .list: nil
    }
  }
}

extension ColumnType: CustomStringConvertible {
  public var description: String {
    switch self {
    case .int8: "int8"
    case .int16: "int16"
    case .int32: "int32"
    case .int64: "int64"
    case .uint8: "uint8"
    case .uint16: "uint16"
    case .uint32: "uint32"
    case .uint64: "uint64"
    case .float32: "float32"
    case .float64: "float64"
    case .boolean: "boolean"
    case .text: "text"
    case .categorical: "categorical"
    case .timestamp(nil): "timestamp"
    case .timestamp(let zone?): "timestamp[\(zone)]"
    case .list(let element): "list<\(element)>"
    }
  }
}
