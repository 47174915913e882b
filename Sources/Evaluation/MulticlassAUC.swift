import MartletCore

/// How the areas of several classes become one.
public enum AUCAverage: Sendable, Hashable, CaseIterable {
  /// One class against all others, the mean over the classes.
  case oneVersusRestMacro
  /// One class against all others, the mean weighted by how many rows each class truly has.
  case oneVersusRestWeighted
  /// Every entry of the probability matrix as one binary decision.
  case oneVersusRestMicro
  /// Every pair of classes among their own rows, the mean over the pairs (Hand and Till, 2001): class frequencies do not
  /// matter.
  case oneVersusOneMacro
  /// The same, weighted by how many rows each pair has.
  case oneVersusOneWeighted
}

extension Metrics {
  /// Area under the ROC curve for several classes.
  /// - Parameters:
  ///   - probabilities: row-major, `[rows, classes]`.
  /// - Throws: `MetricError` where `.singleClass` names a class that no row has (or that every row has), on NaN (naming the row), labels
  ///   out of range, different lengths and no rows.
  public static func auc<Score: BinaryFloatingPoint>(
    truth: [Int], probabilities: [Score], classes: Int, average: AUCAverage, weights: [Double]? = nil
  ) throws(MetricError) -> Double {
    if average == .oneVersusRestMicro {
      try Check.rows(truth.count, weights: weights?.count)
      try Check.probabilities(probabilities, rows: truth.count, classes: classes)
      try Check.labels(truth, classes: classes)
      let isPositive = truth.flatMap { label in (0..<classes).map { $0 == label } }
      return try auc(isPositive, probabilities, weights: weights?.flatMap { Array(repeating: $0, count: classes) })
    }
    let areas = try PairwiseAreas(truth: truth, probabilities: probabilities, classes: classes, weights: weights)
    if let missing = areas.classWeights.firstIndex(where: { $0 == 0 }) {
      throw MetricError(
        .singleClass, "no row has class \(missing), so its area under the ROC curve is not defined", expected: "rows of every class",
        remedy: "evaluate on data that holds every class")
    }
    guard classes > 1 else { throw MetricError(.singleClass, "there is one class only", expected: "two classes or more") }
    return areas.value(average)
  }
}

/// The areas of every class against every other by its own column of probabilities, and how much each row moves their averages.
///
/// One sort a column and one walk up it give the areas against all other classes at once. The influences are DeLong's structural components
/// (DeLong et al., 1988), by linear combination also for averages over classes, so intervals cost O(rows × classes).
struct PairwiseAreas {
  let classes: Int
  /// The weight of each class's rows.
  let classWeights: [Double]
  /// How many rows each class has.
  private let classCounts: [Double]
  /// `areas[a * classes + b]`: how well column `a` puts rows of `a` above rows of `b`. NaN where either has no rows.
  let areas: [Double]
  private let truth: [Int]
  private let weights: [Double]?
  /// The rows by each column's scores.
  let sorted: [SortedScores]
  /// The classes of the rows in the order of each column's scores: every walk is then through memory from end to end.
  private let orderedTruth: [[Int32]]

  init<Score: BinaryFloatingPoint>(truth: [Int], probabilities: [Score], classes: Int, weights: [Double]?) throws(MetricError) {
    try Check.rows(truth.count, weights: weights?.count)
    try Check.weights(weights)
    try Check.probabilities(probabilities, rows: truth.count, classes: classes)
    try Check.labels(truth, classes: classes)
    self.classes = classes
    self.truth = truth
    self.weights = weights
    var totals = [Double](repeating: 0, count: classes), counts = totals
    for (row, label) in truth.enumerated() {
      totals[label] += weights?[row] ?? 1
      counts[label] += 1
    }
    classWeights = totals
    classCounts = counts
    let sort = SortOfColumn { column throws(MetricError) in try SortedScores(probabilities, column: column, columns: classes) }
    let parts = try Parallel.metrics(classes) { column throws(MetricError) in
      let order = try sort.column(column)
      let labels = order.order.map { Int32(truncatingIfNeeded: truth[Int($0)]) }
      return (order: order, labels: labels, sums: Self.sums(order, labels, weights, positive: column, classes: classes))
    }
    var areas = [Double](repeating: .nan, count: classes * classes)
    for (column, part) in parts.enumerated() {
      for other in 0..<classes where other != column && totals[column] > 0 && totals[other] > 0 {
        areas[column * classes + other] = part.sums[other] / (totals[column] * totals[other])
      }
    }
    self.areas = areas
    sorted = parts.map(\.order)
    orderedTruth = parts.map(\.labels)
  }

  /// `@unchecked Sendable`: it only reads an array of numbers, which threads may do side by side.
  private struct SortOfColumn: @unchecked Sendable {
    let column: (Int) throws(MetricError) -> SortedScores
    init(_ column: @escaping (Int) throws(MetricError) -> SortedScores) { self.column = column }
  }

  /// For every other class, the weight of pairs in which a row of `positive` scores higher, ties counting half.
  private static func sums(_ sorted: SortedScores, _ labels: [Int32], _ weights: [Double]?, positive: Int, classes: Int) -> [Double] {
    var sums = [Double](repeating: 0, count: classes), group = sums, below = sums
    var touched: [Int] = []
    sums.withUnsafeMutableBufferPointer { sums in
      group.withUnsafeMutableBufferPointer { group in
        below.withUnsafeMutableBufferPointer { below in
          labels.withUnsafeBufferPointer { labels in
            sorted.tiesWithNext.withUnsafeBufferPointer { ties in
              sorted.order.withUnsafeBufferPointer { order in
                for place in 0..<order.count {
                  let label = Int(labels[place])
                  let weight = weights?[Int(order[place])] ?? 1
                  // A row by itself, as most are, needs no group.
                  if !ties[place], touched.isEmpty {
                    if label == positive {
                      for other in 0..<classes { sums[other] += weight * (below[other] + (other == positive ? weight / 2 : 0)) }
                    }
                    below[label] += weight
                    continue
                  }
                  if group[label] == 0 { touched.append(label) }
                  group[label] += weight
                  if ties[place] { continue }
                  // Walking up, what is below is known; pairs are counted when their positive row comes.
                  if group[positive] > 0 {
                    for other in 0..<classes { sums[other] += group[positive] * (below[other] + group[other] / 2) }
                  }
                  for label in touched {
                    below[label] += group[label]
                    group[label] = 0
                  }
                  touched.removeAll(keepingCapacity: true)
                }
              }
            }
          }
        }
      }
    }
    return sums
  }

  /// Classes that have rows.
  var present: [Int] { (0..<classes).filter { classWeights[$0] > 0 } }

  /// The area of one class against all others, or NaN.
  func oneVersusRest(_ label: Int) -> Double {
    var sum = 0.0, total = 0.0
    for other in present where other != label {
      sum += areas[label * classes + other] * classWeights[other]
      total += classWeights[other]
    }
    return sum / total
  }

  /// The average over the classes that have rows (two at least).
  func value(_ average: AUCAverage) -> Double {
    coefficients(average).reduce(0) { $0 + areas[$1.positive * classes + $1.negative] * $1.weight }
  }

  /// One pair's part in an average: all parts sum to one.
  struct Part {
    let positive: Int
    let negative: Int
    let weight: Double
  }

  func coefficients(_ average: AUCAverage) -> [Part] {
    let all = present.reduce(0) { $0 + classWeights[$1] }
    var parts: [Part] = []
    for a in present {
      for b in present where b != a {
        let rest = classWeights[b] / (all - classWeights[a])
        let weight =
          switch average {
          case .oneVersusRestMacro, .oneVersusRestMicro: rest / Double(present.count)
          case .oneVersusRestWeighted: rest * classWeights[a] / all
          case .oneVersusOneMacro: 1 / Double(present.count * (present.count - 1))
          case .oneVersusOneWeighted: (classWeights[a] + classWeights[b]) / all
          }
        parts.append(Part(positive: a, negative: b, weight: weight))
      }
    }
    let sum = parts.reduce(0) { $0 + $1.weight }
    return parts.map { Part(positive: $0.positive, negative: $0.negative, weight: $0.weight / sum) }
  }

  /// The coefficients that pick one class against all others.
  func coefficients(oneVersusRest label: Int) -> [Part] {
    let rest = present.reduce(0) { $0 + ($1 == label ? 0 : classWeights[$1]) }
    return present.filter { $0 != label }.map { Part(positive: label, negative: $0, weight: classWeights[$0] / rest) }
  }

  /// How much each row moves the combination of areas; their squares sum to its variance.
  func influences(_ parts: [Part]) -> [Double] {
    var result = [Double](repeating: 0, count: truth.count)
    let matrix = parts.reduce(into: [Double](repeating: 0, count: classes * classes)) {
      $0[$1.positive * classes + $1.negative] += $1.weight
    }
    // The squares of n deviations are n - 1 variances.
    let corrections = classCounts.map { $0 > 1 ? ($0 / ($0 - 1)).squareRoot() : 1 }
    result.withUnsafeMutableBufferPointer { result in
      for column in Set(parts.map(\.positive)).sorted() {
        let order = sorted[column].order
        order.withUnsafeBufferPointer { order in
          walk(column, Array(matrix[(column * classes)..<((column + 1) * classes)]), corrections) { result[Int(order[$0])] += $1 }
        }
      }
    }
    return result
  }

  /// The variance of a combination: of one column's areas from one walk, without a number for every row.
  private func variance(_ parts: [Part]) -> Double {
    guard let column = parts.first?.positive, parts.allSatisfy({ $0.positive == column }) else {
      return influences(parts).reduce(0) { $0 + $1 * $1 }
    }
    var coefficients = [Double](repeating: 0, count: classes), sum = 0.0
    for part in parts { coefficients[part.negative] += part.weight }
    walk(column, coefficients, classCounts.map { $0 > 1 ? ($0 / ($0 - 1)).squareRoot() : 1 }) { sum += $1 * $1 }
    return sum
  }

  /// Gives the influence of the row at every place of a column's order.
  @inline(__always)
  private func walk(_ column: Int, _ coefficients: [Double], _ corrections: [Double], _ add: (Int, Double) -> Void) {
    let own = classWeights[column]
    // With coefficient c over the class weight: a positive row's placement is one number, the coefficient-weighted share below it.
    let scaled = (0..<classes).map { classWeights[$0] > 0 ? coefficients[$0] / classWeights[$0] : 0 }
    let columnAreas = (0..<classes).map { coefficients[$0] == 0 ? 0 : areas[column * classes + $0] }
    let factors = (0..<classes).map { corrections[$0] * scaled[$0] }
    let mean = (0..<classes).reduce(0.0) { $0 + coefficients[$1] * columnAreas[$1] }
    let ownFactor = corrections[column] / own
    var below = 0.0, positiveBelow = 0.0
    let order = sorted[column].order
    orderedTruth[column].withUnsafeBufferPointer { labels in
      sorted[column].tiesWithNext.withUnsafeBufferPointer { ties in
        scaled.withUnsafeBufferPointer { scaled in
          factors.withUnsafeBufferPointer { factors in
            columnAreas.withUnsafeBufferPointer { columnAreas in
              var start = 0
              while start < labels.count {
                var end = start, group = 0.0, positiveGroup = 0.0
                repeat {
                  let label = Int(labels[end])
                  let weight = weights?[Int(order[end])] ?? 1
                  if label == column { positiveGroup += weight } else { group += weight * scaled[label] }
                  end += 1
                } while ties[end - 1]
                let won = ownFactor * (below + group / 2 - mean)
                let above = (own - positiveBelow - positiveGroup / 2) / own
                for place in start..<end {
                  let label = Int(labels[place])
                  let weight = weights?[Int(order[place])] ?? 1
                  if label == column {
                    add(place, weight * won)
                  } else if factors[label] != 0 {
                    add(place, weight * factors[label] * (above - columnAreas[label]))
                  }
                }
                below += group
                positiveBelow += positiveGroup
                start = end
              }
            }
          }
        }
      }
    }
  }

  /// The average with its interval.
  func estimate(_ average: AUCAverage, level: Double) -> Estimate { estimate(coefficients(average), level: level) }

  /// A combination of areas with DeLong's interval.
  func estimate(_ parts: [Part], level: Double) -> Estimate {
    let value = parts.reduce(0) { $0 + areas[$1.positive * classes + $1.negative] * $1.weight }
    let deviation = variance(parts).squareRoot()
    let smallest = Set(parts.flatMap { [$0.positive, $0.negative] }).map { classCounts[$0] }.min() ?? 1
    return DeLong.estimate(value, deviation: deviation, smallestClass: smallest, level: level)
  }

  /// Several combinations with their intervals, side by side on the machine's cores.
  func estimates(_ combinations: [[Part]], level: Double) -> [Estimate] {
    Parallel.results(combinations.count) { estimate(combinations[$0], level: level) }
  }
}
