/// How many features a split looks at. In `martlet.yml`: `all`, `sqrt`, `log2`, a count (5), or a share (0.3).
public enum FeaturesPerSplit: Sendable, Hashable, Codable {
  case all, sqrt, log2
  case count(Int)
  /// Above 0 and below 1.
  case share(Double)

  /// At least one, at most all.
  func of(_ features: Int) -> Int {
    let wanted: Int
    switch self {
    case .all: wanted = features
    case .sqrt: wanted = Int(Double(features).squareRoot())
    case .log2: wanted = Int.bitWidth - 1 - max(features, 1).leadingZeroBitCount
    case .count(let count): wanted = count
    case .share(let share): wanted = Int(share * Double(features))
    }
    return min(max(wanted, 1), features)
  }

  var isUsable: Bool {
    switch self {
    case .all, .sqrt, .log2: true
    case .count(let count): count >= 1
    case .share(let share): share > 0 && share < 1
    }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let count = try? container.decode(Int.self) {
      self = .count(count)
    } else if let share = try? container.decode(Double.self) {
      self = .share(share)
    } else {
      switch try container.decode(String.self) {
      case "all": self = .all
      case "sqrt": self = .sqrt
      case "log2": self = .log2
      case let text:
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is none of all, sqrt, log2, a count or a share")
      }
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .all: try container.encode("all")
    case .sqrt: try container.encode("sqrt")
    case .log2: try container.encode("log2")
    case .count(let count): try container.encode(count)
    case .share(let share): try container.encode(share)
    }
  }
}

/// What a split makes smaller.
public enum TreeCriterion: String, Sendable, Codable, CaseIterable {
  /// Gini impurity for classes, squared error for numbers.
  case automatic
  case gini
  /// Entropy in bits; log loss is the same criterion.
  case entropy
  case squaredError = "squared-error"
  /// Half the Poisson deviance, for counts and rates of 0 or more.
  case poisson
  /// Distance from the median: slower, and not led by outliers.
  case absoluteError = "absolute-error"
}
