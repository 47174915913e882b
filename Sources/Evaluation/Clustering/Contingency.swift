import Foundation

/// How often each class meets each cluster: what agreement between two groupings follows from.
///
/// Values equal scikit-learn's.
public struct Contingency: Sendable, Hashable {
  /// `counts[class * clusters + cluster]`.
  public let counts: [Double]
  /// How many classes occur.
  public let classes: Int
  /// How many clusters occur.
  public let clusters: Int

  /// Counts two groupings of the same rows; what the groups are numbered by does not matter.
  /// - Throws: `MetricError` on no rows and different lengths.
  public init(truth: [Int], predicted: [Int]) throws(MetricError) {
    try Check.rows(truth.count, predicted.count, "clusters")
    let (rows, classes) = FoldSplits.dense(truth), (columns, clusters) = FoldSplits.dense(predicted)
    var counts = [Double](repeating: 0, count: classes * clusters)
    for row in truth.indices { counts[rows[row] * clusters + columns[row]] += 1 }
    self.init(counts: counts, classes: classes, clusters: clusters)
  }

  init(counts: [Double], classes: Int, clusters: Int) {
    self.counts = counts
    self.classes = classes
    self.clusters = clusters
  }

  private var total: Double { counts.reduce(0, +) }
  private var classSums: [Double] { (0..<classes).map { row in (0..<clusters).reduce(0) { $0 + counts[row * clusters + $1] } } }
  private var clusterSums: [Double] { (0..<clusters).map { column in (0..<classes).reduce(0) { $0 + counts[$1 * clusters + column] } } }

  /// Pairs of rows by which of both groupings put them together: twice the counts, as both orders count.
  public var pairs: (together: Double, onlyPredicted: Double, onlyTrue: Double, apart: Double) {
    let squares = counts.reduce(0) { $0 + $1 * $1 }, n = total
    let truth = classSums.reduce(0) { $0 + $1 * $1 }, predicted = clusterSums.reduce(0) { $0 + $1 * $1 }
    return (squares - n, predicted - squares, truth - squares, n * n - truth - predicted + squares)
  }

  /// The share of pairs of rows on which both agree (Rand, 1971).
  public var rand: Double {
    let p = pairs, all = p.together + p.onlyPredicted + p.onlyTrue + p.apart
    return all > 0 ? (p.together + p.apart) / all : 1
  }

  /// The same beyond chance: 1 where both are the same, about 0 for chance (Hubert and Arabie, 1985).
  public var adjustedRand: Double {
    let p = pairs
    if p.onlyPredicted == 0, p.onlyTrue == 0 { return 1 }
    return 2 * (p.together * p.apart - p.onlyTrue * p.onlyPredicted)
      / ((p.together + p.onlyTrue) * (p.onlyTrue + p.apart) + (p.together + p.onlyPredicted) * (p.onlyPredicted + p.apart))
  }

  /// The geometric mean of precision and recall of pairs (Fowlkes and Mallows, 1983).
  public var fowlkesMallows: Double {
    let p = pairs
    guard p.together > 0 else { return 0 }
    return (p.together / (p.together + p.onlyPredicted)).squareRoot() * (p.together / (p.together + p.onlyTrue)).squareRoot()
  }

  private static func entropy(_ sums: [Double]) -> Double {
    let n = sums.reduce(0, +)
    return sums.reduce(0) { $1 > 0 ? $0 - $1 / n * log($1 / n) : $0 }
  }

  /// What one grouping tells about the other, in nats.
  public var mutualInformation: Double {
    let n = total, rows = classSums, columns = clusterSums
    if rows.count(where: { $0 > 0 }) == 1 || columns.count(where: { $0 > 0 }) == 1 { return 0 }
    var sum = 0.0
    for row in 0..<classes {
      for column in 0..<clusters {
        let count = counts[row * clusters + column]
        if count > 0 { sum += count / n * (log(count) - log(n) - log(rows[row] * columns[column]) + 2 * log(n)) }
      }
    }
    return max(0, sum)
  }

  /// Clusters hold members of one class only: 0 … 1 (Rosenberg and Hirschberg, 2007).
  public var homogeneity: Double {
    let entropy = Self.entropy(classSums)
    return entropy > 0 ? mutualInformation / entropy : 1
  }

  /// The members of a class lie in one cluster only: 0 … 1.
  public var completeness: Double {
    let entropy = Self.entropy(clusterSums)
    return entropy > 0 ? mutualInformation / entropy : 1
  }

  /// The harmonic mean of homogeneity and completeness, the latter counting `beta` times as much.
  public func vMeasure(beta: Double = 1) -> Double {
    let h = homogeneity, c = completeness
    return h + c == 0 ? 0 : (1 + beta) * h * c / (beta * h + c)
  }

  /// The mutual information over the mean of both entropies.
  public var normalisedMutualInformation: Double {
    let classesWithRows = classSums.count { $0 > 0 }, clustersWithRows = clusterSums.count { $0 > 0 }
    if classesWithRows == 1, clustersWithRows == 1 { return 1 }
    let mean = (Self.entropy(classSums) + Self.entropy(clusterSums)) / 2
    return mean > 0 ? mutualInformation / mean : 0
  }

  /// The same beyond chance (Vinh, Epps and Bailey, 2010). The cost grows with the rows times the number of groups.
  public var adjustedMutualInformation: Double {
    if classes == 1, clusters == 1 { return 1 }
    if classes == 1 || clusters == 1 { return 0 }
    let mean = (Self.entropy(classSums) + Self.entropy(clusterSums)) / 2
    let expected = expectedMutualInformation
    func away(_ value: Double) -> Double { value < 0 ? min(value, -.ulpOfOne) : max(value, .ulpOfOne) }
    return away(mutualInformation - expected) / away(mean - expected)
  }

  /// The mean mutual information of random groupings with the same sizes: over every cell, over every count that it could have.
  private var expectedMutualInformation: Double {
    let n = total, rows = classSums, columns = clusterSums
    let logFactorials = (0...Int(n)).map { (k: Int) -> Double in lgamma(Double(k) + 1) }
    func logFactorial(_ value: Double) -> Double { logFactorials[Int(value)] }
    var sum = 0.0
    for a in rows {
      for b in columns {
        var k = max(1, a + b - n)
        let fixed = logFactorial(a) + logFactorial(b) + logFactorial(n - a) + logFactorial(n - b) - logFactorial(n)
        while k <= min(a, b) {
          let probability = exp(fixed - logFactorial(k) - logFactorial(a - k) - logFactorial(b - k) - logFactorial(n - a - b + k))
          sum += k / n * (log(n * k) - log(a * b)) * probability
          k += 1
        }
      }
    }
    return sum
  }
}
