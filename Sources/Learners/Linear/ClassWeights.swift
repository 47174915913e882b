import MartletCore

extension ClassWeights {
  /// The factor of each class that occurs.
  /// - Throws: `LearnerError` for a name that is no class, or a factor that is not above 0.
  func factors(_ classes: RowClasses, weights: [Double], kind: String) throws -> [Double] {
    var totals = [Double](repeating: 0, count: classes.labels.count)
    for (code, weight) in zip(classes.codes, weights) { totals[classes.present[code]] += weight }
    let factors: [Double]
    do throws(ArgumentError) {
      factors = try self.factors(labels: classes.labels, totals: totals)
    } catch {
      throw LearnerError("\(kind): \(error.problem)", expected: error.expected, remedy: error.remedy)
    }
    return classes.present.map { factors[$0] }
  }

  /// The rows' weights times the factors of their classes.
  static func apply(_ choice: ClassWeights?, _ classes: RowClasses, _ weights: [Double], kind: String) throws -> [Double] {
    guard let factors = try choice?.factors(classes, weights: weights, kind: kind) else { return weights }
    return zip(classes.codes, weights).map { factors[$0] * $1 }
  }
}
