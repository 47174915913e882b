public import MartletCore

/// Numbers that a metric cannot be computed from.
public struct MetricError: MartletError, Hashable {
  /// What is the matter, for programs.
  public enum Kind: Sendable, Hashable {
    /// There are no rows.
    case empty
    /// Two arrays that belong together have different lengths.
    case lengthMismatch
    /// A label is not in 0 ..< classes.
    case labelOutOfRange
    /// A score or probability is NaN.
    case notANumber
    /// A probability is outside 0 … 1, or a row does not sum to one.
    case notAProbability
    /// A curve needs rows of both kinds, and there is only one.
    case singleClass
    /// A weight is negative, NaN or infinite, or all weights are zero.
    case badWeight
    /// Another argument makes no sense.
    case badArgument
  }

  /// What is the matter, for programs.
  public let kind: Kind
  /// The first row at fault, counted from 0, or `nil` where it is not one row's fault.
  public let row: Int?
  /// The thing and the value.
  public let problem: String
  /// What would have been right.
  public let expected: String?
  /// What to do now.
  public let remedy: String?

  init(_ kind: Kind, row: Int? = nil, _ problem: String, expected: String? = nil, remedy: String? = nil) {
    self.kind = kind
    self.row = row
    self.problem = problem
    self.expected = expected
    self.remedy = remedy
  }
}

/// Checks that every metric begins with.
enum Check {
  static func rows(_ count: Int, _ other: Int? = nil, _ name: String = "predictions", weights: Int? = nil) throws(MetricError) {
    if let other, other != count {
      throw MetricError(.lengthMismatch, "there are \(count) true labels and \(other) \(name)", expected: "as many of both")
    }
    if let weights, weights != count {
      throw MetricError(.lengthMismatch, "there are \(count) rows and \(weights) weights", expected: "one weight a row")
    }
    guard count > 0 else { throw MetricError(.empty, "there are no rows to evaluate", remedy: "give at least one labelled row") }
  }

  static func label(_ label: Int, row: Int, classes: Int, _ name: String = "label") throws(MetricError) {
    guard label >= 0, label < classes else {
      throw MetricError(.labelOutOfRange, row: row, "\(name) \(label) of row \(row) is out of range", expected: "0 ..< \(classes)")
    }
  }

  static func labels(_ labels: [Int], classes: Int) throws(MetricError) {
    let bad = labels.withUnsafeBufferPointer { labels in
      let limit = UInt(bitPattern: classes)
      return labels.firstIndex { UInt(bitPattern: $0) >= limit }
    }
    if let bad { try label(labels[bad], row: bad, classes: classes) }
  }

  static func weights(_ weights: [Double]?) throws(MetricError) {
    guard let weights else { return }
    if let row = weights.firstIndex(where: { !($0 >= 0 && $0 < .infinity) }) {
      throw MetricError(.badWeight, row: row, "the weight of row \(row) is \(weights[row])", expected: "0 or more, and finite")
    }
    guard weights.contains(where: { $0 > 0 }) else {
      throw MetricError(.badWeight, "all weights are zero", expected: "at least one above zero")
    }
  }

  /// Probabilities of `rows` rows in `classes` columns: the right number of them, none NaN.
  @specialized(where Score == Float)
  @specialized(where Score == Double)
  static func probabilities<Score: BinaryFloatingPoint>(_ values: [Score], rows: Int, classes: Int) throws(MetricError) {
    guard classes > 0 else { throw MetricError(.badArgument, "\(classes) classes", expected: "at least one") }
    guard values.count == rows * classes else {
      throw MetricError(
        .lengthMismatch, "there are \(values.count) probabilities for \(rows) rows of \(classes) classes", expected: "\(rows * classes)")
    }
    let bad = values.withUnsafeBufferPointer { values -> Int? in
      // One sum finds out whether there is any NaN at all (infinities of both signs give one too), and is much faster than a search.
      var sums: (Score, Score, Score, Score) = (0, 0, 0, 0)
      var index = 0
      while index + 4 <= values.count {
        sums.0 += values[index]
        sums.1 += values[index + 1]
        sums.2 += values[index + 2]
        sums.3 += values[index + 3]
        index += 4
      }
      while index < values.count {
        sums.0 += values[index]
        index += 1
      }
      return (sums.0 + sums.1 + sums.2 + sums.3).isFinite ? nil : values.firstIndex { $0.isNaN }
    }
    if let bad {
      throw MetricError(
        .notANumber, row: bad / classes, "the probability of class \(bad % classes) in row \(bad / classes) is NaN",
        remedy: "look for NaN in the model's weights or in this row's input")
    }
  }

  /// Probabilities that lie in 0 … 1 and rows that sum to one (within 1 %, for models in half precision).
  @specialized(where Score == Float)
  @specialized(where Score == Double)
  static func distribution<Score: BinaryFloatingPoint>(_ values: [Score], rows: Int, classes: Int, firstRow: Int = 0) throws(MetricError) {
    try probabilities(values, rows: rows, classes: classes)
    let bad = values.withUnsafeBufferPointer { values -> Int? in
      for row in 0..<rows {
        var sum: Score = 0
        var low: Score = 0
        for column in 0..<classes {
          let value = values[row * classes + column]
          sum += value
          if value < low { low = value }
        }
        if low < 0 || !(abs(sum - 1) <= 0.01) { return row }
      }
      return nil
    }
    if let bad {
      let sum = values[(bad * classes)..<((bad + 1) * classes)].reduce(0.0) { $0 + Double($1) }
      throw MetricError(
        .notAProbability, row: firstRow + bad, "the probabilities of row \(firstRow + bad) sum to \(sum) or are negative",
        expected: "values from 0 to 1 that sum to 1", remedy: "apply softmax to the model's output")
    }
  }
}
