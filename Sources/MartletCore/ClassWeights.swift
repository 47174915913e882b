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

  /// The factor of each class.
  /// - Parameters:
  ///   - labels: the classes' names.
  ///   - totals: the rows of each class, by their weights; a class without rows has the factor 1 when balanced.
  /// - Throws: `ArgumentError` for a name that is no class, or a factor that is not above 0.
  public func factors(labels: [String], totals: [Double]) throws(ArgumentError) -> [Double] {
    switch self {
    case .balanced:
      let total = totals.reduce(0, +), present = Double(totals.count { $0 > 0 })
      return totals.map { $0 > 0 ? total / (present * $0) : 1 }
    case .factors(let factors):
      for (name, factor) in factors.sorted(by: { $0.key < $1.key }) {
        guard labels.contains(name) else {
          throw ArgumentError(
            "class_weights names '\(name)', which is no class", expected: labels.prefix(12).joined(separator: ", "),
            remedy: NearestName.of(name, among: labels).map { "did you mean '\($0)'?" })
        }
        guard factor > 0, factor.isFinite else {
          throw ArgumentError("class_weights of '\(name)' is \(factor)", expected: "a finite number above 0")
        }
      }
      return labels.map { factors[$0] ?? 1 }
    }
  }
}
