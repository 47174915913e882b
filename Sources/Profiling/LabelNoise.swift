import MartletCore

/// How many labels are probably wrong, and which, from probabilities that a model gave to rows it was not trained on.
///
/// Confident learning: Northcutt, Jiang, Chuang: "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70 (2021). A class's
/// threshold is the mean probability of the rows that carry it; a row that passes the threshold of another class more surely than any
/// other counts as that class.
public struct LabelNoise: Sendable, Hashable, Codable {
  /// A row whose label is probably wrong.
  public struct Issue: Sendable, Hashable, Codable {
    public let row: Int
    public let label: Int
    /// The class that the probabilities speak for.
    public let suggested: Int
    /// The probability given to the label that the row carries.
    public let selfConfidence: Double
    public let suggestedProbability: Double
  }

  public let labels: [String]
  /// The mean probability of each class among the rows that carry it; NaN for a class without rows.
  public let thresholds: [Double]
  /// `[given][true]`: rows that count as each true class with confidence.
  public let confidentJoint: [[Int]]
  /// `[given][true]`: the estimated share of all rows, calibrated to how often each label is given.
  public let joint: [[Double]]
  /// The estimated share of wrong labels.
  public let rate: Double
  /// Rows off the diagonal of the confident joint, least self-confident first.
  public let issues: [Issue]

  /// The estimated probability that a row's true class is `true` where `given` is written: the noise matrix turned round.
  public func probability(true trueClass: Int, given: Int) -> Double {
    let sum = joint[given].reduce(0, +)
    return sum > 0 ? joint[given][trueClass] / sum : 0
  }

  /// - Parameters:
  ///   - given: a class a row, as written in the data.
  ///   - probabilities: row-major, `[rows, labels.count]`, out of fold: from a model that has not seen the row.
  /// - Throws: `ArgumentError` if the sizes do not fit, a class does not exist, or a probability is not between 0 and 1.
  public static func estimate(_ given: [Int], probabilities: [Double], labels: [String]) throws -> LabelNoise {
    let classes = labels.count
    guard classes >= 2 else { throw ArgumentError("label noise among \(classes) classes", expected: "2 or more") }
    guard probabilities.count == given.count * classes else {
      throw ArgumentError(
        "\(probabilities.count) probabilities for \(given.count) rows and \(classes) classes", expected: "\(given.count * classes)")
    }
    if let row = given.firstIndex(where: { $0 < 0 || $0 >= classes }) {
      throw ArgumentError("row \(row) has the class \(given[row])", expected: "0 to \(classes - 1)")
    }
    if let place = probabilities.firstIndex(where: { !($0 >= 0 && $0 <= 1 + 1e-9) }) {
      throw ArgumentError("row \(place / classes) has the probability \(probabilities[place])", expected: "0 to 1")
    }
    var sums = [Double](repeating: 0, count: classes), counts = [Int](repeating: 0, count: classes)
    for (row, label) in given.enumerated() {
      sums[label] += probabilities[row * classes + label]
      counts[label] += 1
    }
    let thresholds = zip(sums, counts).map { $1 == 0 ? Double.nan : $0 / Double($1) }
    var joint = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
    var issues: [Issue] = []
    for (row, label) in given.enumerated() {
      var best = -1
      for other in 0..<classes {
        let probability = probabilities[row * classes + other]
        // A threshold is a mean of such numbers: what equals it up to rounding passes.
        guard probability >= thresholds[other] - 1e-6, best < 0 || probability > probabilities[row * classes + best] else { continue }
        best = other
      }
      guard best >= 0 else { continue }
      joint[label][best] += 1
      if best != label {
        issues.append(
          Issue(
            row: row, label: label, suggested: best, selfConfidence: probabilities[row * classes + label],
            suggestedProbability: probabilities[row * classes + best]))
      }
    }
    let calibrated = calibrate(joint, counts)
    let wrong = calibrated.enumerated().reduce(0.0) { sum, line in
      sum + line.element.enumerated().reduce(0.0) { $0 + ($1.offset == line.offset ? 0 : $1.element) }
    }
    issues.sort { ($0.selfConfidence, $0.row) < ($1.selfConfidence, $1.row) }
    return LabelNoise(
      labels: labels, thresholds: thresholds, confidentJoint: joint, joint: calibrated, rate: wrong, issues: issues)
  }

  /// The same with other numbers for the rows.
  func numbering(_ number: (Int) -> Int) -> LabelNoise {
    LabelNoise(
      labels: labels, thresholds: thresholds, confidentJoint: confidentJoint, joint: joint, rate: rate,
      issues: issues.map {
        Issue(
          row: number($0.row), label: $0.label, suggested: $0.suggested, selfConfidence: $0.selfConfidence,
          suggestedProbability: $0.suggestedProbability)
      })
  }

  /// Each row of the joint is scaled to how often its label is given, and all to one.
  private static func calibrate(_ joint: [[Int]], _ counts: [Int]) -> [[Double]] {
    let total = Double(counts.reduce(0, +))
    return joint.enumerated().map { given, line in
      let sum = Double(line.reduce(0, +))
      guard total > 0 else { return line.map { _ in 0 } }
      // A label that nothing is confident about is taken to be right.
      if sum == 0 { return line.indices.map { $0 == given ? Double(counts[given]) / total : 0 } }
      return line.map { Double($0) / sum * Double(counts[given]) / total }
    }
  }
}
