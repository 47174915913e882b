/// How the numbers of the classes become one.
public enum Average: Sendable, Hashable {
  /// Counts are added over the classes first: every row weighs the same.
  case micro
  /// The mean over the classes: every class weighs the same.
  case macro
  /// The mean over the classes, weighted by how many rows each truly has.
  case weighted
  /// One class's own number.
  case binary(positive: Int)
}

/// What a ratio without a denominator is: precision of a class that is never predicted, recall of one that never occurs.
public enum ZeroDivision: Sendable, Hashable, Codable {
  /// 0, as scikit-learn does by default.
  case zero
  /// 1.
  case one
  /// NaN, and left out of averages.
  case notANumber

  var value: Double {
    switch self {
    case .zero: 0
    case .one: 1
    case .notANumber: .nan
    }
  }
}

/// A mean that leaves NaN out; weights that sum to zero count as equal.
func meanLeavingOutNaN(_ values: [Double], weights: [Double]?) -> Double {
  var sum = 0.0, total = 0.0, plain = 0.0
  var count = 0
  for (index, value) in values.enumerated() where !value.isNaN {
    let weight = weights?[index] ?? 1
    sum += value * weight
    total += weight
    plain += value
    count += 1
  }
  guard count > 0 else { return .nan }
  return total > 0 ? sum / total : plain / Double(count)
}
