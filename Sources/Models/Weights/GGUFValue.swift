/// One entry of a GGUF file's metadata. Integers and floating-point numbers of every width become `Int` and `Double`.
public enum GGUFValue: Sendable, Hashable {
  case integer(Int)
  case real(Double)
  case bool(Bool)
  case string(String)
  case integers([Int])
  case reals([Double])
  case bools([Bool])
  case strings([String])
  case arrays([GGUFValue])

  /// The whole number, or `nil` for anything else.
  public var intValue: Int? { if case .integer(let value) = self { value } else { nil } }
  /// The number, or `nil` for anything else.
  public var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .real(let value): value
    default: nil
    }
  }
  public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }
  public var stringValue: String? { if case .string(let value) = self { value } else { nil } }
  public var stringValues: [String]? { if case .strings(let values) = self { values } else { nil } }
  public var intValues: [Int]? { if case .integers(let values) = self { values } else { nil } }
  public var doubleValues: [Double]? {
    switch self {
    case .integers(let values): values.map(Double.init)
    case .reals(let values): values
    default: nil
    }
  }

  /// What it is, for messages.
  var kind: String {
    switch self {
    case .integer: "a whole number"
    case .real: "a number"
    case .bool: "true or false"
    case .string: "text"
    case .integers: "a list of whole numbers"
    case .reals: "a list of numbers"
    case .bools: "a list of true and false"
    case .strings: "a list of texts"
    case .arrays: "a list of lists"
    }
  }
}
