import MartletCore

/// How much the rows of each class count, beside their own weights. In `martlet.yml`: `balanced`, or a number for each class.
public enum ClassWeights: Sendable, Hashable, Codable {
  /// Every class counts the same in total.
  case balanced
  /// A factor for each named class; 1 for the others.
  case factors([String: Double])

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let text = try? container.decode(String.self) {
      guard text == "balanced" else {
        throw DecodingError.dataCorruptedError(
          in: container, debugDescription: "'\(text)' is neither 'balanced' nor a factor for each class")
      }
      self = .balanced
    } else {
      self = .factors(try container.decode([String: Double].self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .balanced: try container.encode("balanced")
    case .factors(let factors): try container.encode(factors)
    }
  }

  /// The factor of each class that occurs.
  /// - Throws: `LearnerError` for a name that is no class, or a factor below 0.
  func factors(_ classes: RowClasses, weights: [Double], kind: String) throws -> [Double] {
    switch self {
    case .balanced:
      var sums = [Double](repeating: 0, count: classes.count)
      for (code, weight) in zip(classes.codes, weights) { sums[code] += weight }
      let total = sums.reduce(0, +)
      return sums.map { total / (Double(classes.count) * $0) }
    case .factors(let factors):
      for (name, factor) in factors.sorted(by: { $0.key < $1.key }) {
        guard classes.labels.contains(name) else {
          throw LearnerError(
            "\(kind): class_weights names '\(name)', which is no class", expected: classes.labels.prefix(12).joined(separator: ", "),
            remedy: NearestName.of(name, among: classes.labels).map { "did you mean '\($0)'?" })
        }
        try SettingRange.check(factor > 0 && factor.isFinite, kind, "class_weights of '\(name)'", factor, "above 0")
      }
      return classes.present.map { factors[classes.labels[$0]] ?? 1 }
    }
  }

  /// The rows' weights times the factors of their classes.
  static func apply(_ choice: ClassWeights?, _ classes: RowClasses, _ weights: [Double], kind: String) throws -> [Double] {
    guard let factors = try choice?.factors(classes, weights: weights, kind: kind) else { return weights }
    return zip(classes.codes, weights).map { factors[$0] * $1 }
  }
}
