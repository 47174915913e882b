/// Words for messages: what was expected, and what was found.
extension Shape {
  /// What the shape allows, as the end of a sentence that begins with "expected".
  var expectation: String {
    switch self {
    case .text(.any): "text"
    case .text(.name): "a name of lower-case letters, digits, '-', '_' and '.'"
    case .text(.existing(let kind)): "the path of a \(kind.rawValue)"
    case .text(.path): "a path"
    case .word(let words): words.joined(orWith: "or")
    case .whole(let range): "a whole number " + Self.describe(range)
    case .wholeChoice(let values): values.map(String.init).joined(orWith: "or")
    case .number(let range): "a number" + range.description
    case .flag: "true or false"
    case .any: "any value"
    case .list(let element, let count):
      if count.lowerBound == count.upperBound {
        "a list of \(count.lowerBound), each \(element.expectation)"
      } else {
        (count.lowerBound > 1 ? "a list of \(count.lowerBound) or more, each " : "a list, each ") + element.expectation
      }
    case .table(let value): "keys with a value that is \(value.expectation)"
    case .mapping(let mapping): "a mapping with the keys " + mapping.fields.map(\.name).joined(orWith: "and")
    case .tagged(let variants): "one of " + variants.map(\.name).shortList
    case .either(let shapes): shapes.map(\.expectation).joined(orWith: "or")
    }
  }

  private static func describe(_ range: ClosedRange<Int>) -> String {
    range.upperBound >= unbounded ? "of \(range.lowerBound) or more" : "from \(range.lowerBound) to \(range.upperBound)"
  }

  /// Whole numbers of this size and more are written as if there was no bound: 2^53 is the largest that every reader of JSON keeps exactly.
  static let unbounded = 1 << 53
}

extension Shape.NumberRange: CustomStringConvertible {
  /// ` from 0 to 1`, ` above 0`, or nothing where there is no bound.
  public var description: String {
    switch (from, to) {
    case (nil, nil): ""
    case (let from?, nil): isAbove ? " above \(Self.text(from))" : " of \(Self.text(from)) or more"
    case (nil, let to?): isBelow ? " below \(Self.text(to))" : " of \(Self.text(to)) or less"
    case (let from?, let to?):
      switch (isAbove, isBelow) {
      case (false, false): " from \(Self.text(from)) to \(Self.text(to))"
      case (true, false): " above \(Self.text(from)) and up to \(Self.text(to))"
      case (false, true): " from \(Self.text(from)) to below \(Self.text(to))"
      case (true, true): " between \(Self.text(from)) and \(Self.text(to))"
      }
    }
  }

  private static func text(_ value: Double) -> String { value == value.rounded() ? String(Int(value)) : "\(value)" }
}

extension [String] {
  /// `a, b, c`; of many the first, and where to find the others.
  var shortList: String {
    count <= 8 ? joined(separator: ", ") : prefix(6).joined(separator: ", ") + " and \(count - 6) more (martlet schema lists them)"
  }

  /// `a`, `a or b`, `a, b or c`.
  func joined(orWith word: String) -> String {
    guard count > 1, let last else { return first ?? "" }
    return dropLast().joined(separator: ", ") + " \(word) " + last
  }
}
