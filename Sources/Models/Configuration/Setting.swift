public import MartletCore

extension Architecture {
  /// One thing that can be chosen about an architecture.
  public struct Setting: Sendable, Hashable {
    /// The name in the configuration.
    public let name: String
    /// What is taken when it is left out.
    public let standard: JSONValue
    /// What can be said.
    public let values: Values
    /// What it means, for a person.
    public let meaning: String

    init(_ name: String, _ values: Values, _ standard: JSONValue, _ meaning: String) {
      self.name = name
      self.values = values
      self.standard = standard
      self.meaning = meaning
    }
  }

  /// The values that a setting takes.
  public enum Values: Sendable, Hashable {
    /// A whole number.
    case whole(ClosedRange<Int>)
    /// A list of whole numbers.
    case wholes(ClosedRange<Int>, count: ClosedRange<Int>)
    /// A number.
    case number(ClosedRange<Double>)
    /// A number, 0 or more and below 1.
    case fraction
    /// One of several words.
    case word([String])
    /// Yes or no.
    case flag

    /// Whether a value is one of them.
    public func contains(_ value: JSONValue) -> Bool {
      switch self {
      case .whole(let range): value.intValue.map(range.contains) ?? false
      case .wholes(let range, let count):
        value.arrayValue.map { list in count.contains(list.count) && list.allSatisfy { $0.intValue.map(range.contains) ?? false } } ?? false
      case .number(let range): value.doubleValue.map(range.contains) ?? false
      case .fraction: value.doubleValue.map { (0..<1).contains($0) } ?? false
      case .word(let words): value.stringValue.map(words.contains) ?? false
      case .flag: value.boolValue != nil
      }
    }

    /// The values in words, for messages.
    public var description: String {
      switch self {
      case .whole(let range): "a whole number, \(range.lowerBound)…\(range.upperBound)"
      case .wholes(let range, let count):
        "a list of \(count.lowerBound)…\(count.upperBound) whole numbers, \(range.lowerBound)…\(range.upperBound)"
      case .number(let range): "a number, \(range.lowerBound)…\(range.upperBound)"
      case .fraction: "0 or more and below 1"
      case .word(let words): words.joined(separator: ", ")
      case .flag: "true or false"
      }
    }
  }
}

extension Architecture.Setting {
  static func dropout(_ standard: Double, _ place: String = "before the head") -> Self {
    Self("dropout", .fraction, .double(standard), "probability of a zero \(place)")
  }

  static let width = Self(
    "width", .number(0.05...8), 1.0, "what all channels are multiplied with; weights of others are for 1")

  static let stem = Self(
    "stem", .word(["auto", "large", "small"]), "auto",
    "'large' makes photos smaller at once and is what weights of others are for, 'small' keeps the size, 'auto' is small up to 64 pixels")

  static func stochasticDepth(_ standard: Double) -> Self {
    Self("stochastic-depth", .fraction, .double(standard), "probability that the last block is left out for an item; it grows from 0")
  }
}
