import Foundation
import MartletCore

/// Rows that share the groups of one to three features, and how they differ from all other rows.
public struct Slice: Codable, Sendable, Hashable {
  /// A feature and one of its groups.
  public struct Condition: Codable, Sendable, Hashable {
    /// The feature's name.
    public let feature: String
    /// The group's name.
    public let value: String

    /// `region = north`, `age < 25`.
    var text: String { value.isRange ? "\(feature) \(value)" : "\(feature) = \(value)" }
  }

  /// What its rows share.
  public let conditions: [Condition]
  /// How many rows it has.
  public let rows: Int
  /// The mean loss of its rows, with its interval.
  public let loss: Estimate
  /// The mean loss of all other rows.
  public let otherLoss: Double
  /// `loss` minus `otherLoss`: above zero where the model is worse.
  public var gap: Double { loss.value - otherLoss }
  /// The gap over the standard deviation of both (Cohen's d).
  public let effect: Double
  /// How probable such a gap is in rows drawn by chance.
  public let pValue: Double
  /// The same, corrected for how many slices were looked at.
  public let adjustedPValue: Double

  /// `region = north, age < 25`.
  public var name: String { conditions.map(\.text).joined(separator: ", ") }
}

/// What slices are looked for.
public struct SliceOptions: Codable, Sendable, Hashable {
  /// How many features a slice may combine: 1 to 3.
  public var degree: Int
  /// The fewest rows of a slice.
  public var minimumRows: Int
  /// The largest corrected p-value.
  public var significance: Double
  /// How p-values are corrected.
  public var multiplicity: Multiplicity
  /// The least effect that is worth telling.
  public var minimumEffect: Double
  /// How many slices to give.
  public var limit: Int

  /// Slices of up to two features, 30 rows and a corrected p-value of at most 0.05, the chance of any false one controlled.
  public init(
    degree: Int = 2, minimumRows: Int = 30, significance: Double = 0.05, multiplicity: Multiplicity = .holm, minimumEffect: Double = 0.1,
    limit: Int = 10
  ) {
    self.degree = degree
    self.minimumRows = minimumRows
    self.significance = significance
    self.multiplicity = multiplicity
    self.minimumEffect = minimumEffect
    self.limit = limit
  }
}

/// Finds where a model is worst: every slice of a few features is looked at, and what could be chance is left out.
///
/// After Chung et al., "Slice Finder: automated data slicing for model validation" (2019), and Sagadeeva and Boehm, "SliceLine" (2021). All
/// slices of a combination of features are counted in one pass over the rows, so the cost does not depend on how many groups features have.
public struct SliceFinder: Sendable {
  private let features: [GroupFeature]
  private let losses: [Double]
  private let isZeroOne: Bool

  /// - Parameters:
  ///   - features: what slices may be made of, one value a row each.
  ///   - losses: a loss a row, higher is worse: 1 for wrong and 0 for right, -log p, a squared error.
  /// - Throws: `MetricError` on no rows, no features, different lengths and losses that are not finite (naming the row).
  public init(features: [GroupFeature], losses: [Double]) throws(MetricError) {
    try Check.rows(losses.count)
    guard !features.isEmpty else { throw MetricError(.badArgument, "there are no features to make slices of", expected: "at least one") }
    for feature in features where feature.codes.count != losses.count {
      throw MetricError(
        .lengthMismatch, "'\(feature.name)' has \(feature.codes.count) values for \(losses.count) rows", expected: "one value a row")
    }
    if let row = losses.firstIndex(where: { !$0.isFinite }) {
      throw MetricError(.notANumber, row: row, "the loss of row \(row) is \(losses[row])", expected: "finite numbers")
    }
    self.features = features
    self.losses = losses
    isZeroOne = losses.allSatisfy { $0 == 0 || $0 == 1 }
  }

  private struct Found {
    let features: [Int]
    let codes: [Int]
    let count: Int
    let sum: Double
    let squares: Double
    let pValue: Double
  }

  /// The slices with the largest gaps that are not chance, the worst first: by gap times the root of its rows' share.
  ///
  /// A slice is left out where one of fewer conditions, that it is a part of, is as bad.
  /// - Throws: `MetricError` where the options make no sense.
  public func worstSlices(_ options: SliceOptions = SliceOptions()) throws(MetricError) -> [Slice] {
    guard (1...3).contains(options.degree), options.minimumRows >= 2, options.limit >= 0 else {
      throw MetricError(
        .badArgument, "slices of \(options.degree) features and at least \(options.minimumRows) rows",
        expected: "1 to 3 features and 2 rows or more")
    }
    let total = (sum: losses.reduce(0, +), squares: losses.reduce(0) { $0 + $1 * $1 })
    var tested: [Found] = []
    for degree in 1...options.degree {
      let combinations = Self.combinations(degree, of: features.count)
      let parts =
        (try? Parallel.map(combinations.count) { index in
          slices(combinations[index], minimum: options.minimumRows, total)
        }) ?? []
      tested += parts.joined()
    }
    let adjusted = options.multiplicity.adjusted(tested.map(\.pValue))
    var candidates: [(found: Found, slice: Slice, score: Double)] = []
    for (index, found) in tested.enumerated() where adjusted[index] <= options.significance {
      let slice = slice(found, adjusted[index], total)
      if slice.gap <= 0 || slice.effect < options.minimumEffect { continue }
      candidates.append((found, slice, slice.gap * (Double(found.count) / Double(losses.count)).squareRoot()))
    }
    candidates.sort {
      ($0.score, -Double($0.found.features.count), $1.slice.name) > ($1.score, -Double($1.found.features.count), $0.slice.name)
    }
    var kept: [(found: Found, slice: Slice)] = []
    var isTold = [Bool](repeating: false, count: losses.count)
    for (found, slice, _) in candidates {
      if kept.count == options.limit { break }
      let wholes = kept.filter { Self.isPart(found, of: $0.found) }
      if wholes.isEmpty {
        // What overlaps with what is told already says something new only by its other rows.
        if !kept.isEmpty, !isNews(found, slice, isTold, options) { continue }
      } else if wholes.contains(where: { slice.loss.lower <= $0.slice.loss.upper }) {
        // A part of a slice that is told, only where it is clearly worse than the whole.
        continue
      }
      kept.append((found, slice))
      for row in losses.indices where contains(found, row) { isTold[row] = true }
    }
    return kept.map(\.slice)
  }

  private func contains(_ found: Found, _ row: Int) -> Bool {
    zip(found.features, found.codes).allSatisfy { features[$0].codes[row] == $1 }
  }

  /// Whether a slice is worse than the rest among rows that are not in what is told already, too.
  private func isNews(_ found: Found, _ slice: Slice, _ isTold: [Bool], _ options: SliceOptions) -> Bool {
    var own = (count: 0, sum: 0.0, squares: 0.0), all = own
    for row in losses.indices where !isTold[row] {
      all.count += 1
      all.sum += losses[row]
      all.squares += losses[row] * losses[row]
      if contains(found, row) {
        own.count += 1
        own.sum += losses[row]
        own.squares += losses[row] * losses[row]
      }
    }
    let rest = all.count - own.count
    guard own.count >= max(2, options.minimumRows / 2), rest >= 2 else { return false }
    let gap = own.sum / Double(own.count) - (all.sum - own.sum) / Double(rest)
    guard gap >= slice.gap / 2 else { return false }
    return pValue(own.count, own.sum, own.squares, (all.sum, all.squares), rows: all.count) <= options.significance
  }

  /// All slices of a combination of features that are large enough, from one pass over the rows.
  private func slices(_ combination: [Int], minimum: Int, _ total: (sum: Double, squares: Double)) -> [Found] {
    let sizes = combination.map { features[$0].labels.count }
    let cells = sizes.reduce(1, *)
    guard cells <= max(1_000_000, losses.count) else { return [] }
    var counts = [Int](repeating: 0, count: cells), sums = [Double](repeating: 0, count: 2 * cells)
    counts.withUnsafeMutableBufferPointer { counts in
      sums.withUnsafeMutableBufferPointer { sums in
        losses.withUnsafeBufferPointer { losses in
          features[combination[0]].codes.withUnsafeBufferPointer { first in
            features[combination[min(1, combination.count - 1)]].codes.withUnsafeBufferPointer { second in
              features[combination[combination.count - 1]].codes.withUnsafeBufferPointer { third in
                for row in 0..<losses.count {
                  var cell = first[row]
                  if combination.count > 1 { cell = cell &* sizes[1] &+ second[row] }
                  if combination.count > 2 { cell = cell &* sizes[2] &+ third[row] }
                  counts[cell] &+= 1
                  sums[2 &* cell] += losses[row]
                  sums[2 &* cell &+ 1] += losses[row] * losses[row]
                }
              }
            }
          }
        }
      }
    }
    var found: [Found] = []
    for cell in 0..<cells where counts[cell] >= minimum && losses.count - counts[cell] >= 2 {
      var codes: [Int] = [], rest = cell
      for size in sizes.reversed() {
        codes.insert(rest % size, at: 0)
        rest /= size
      }
      let p = pValue(counts[cell], sums[2 * cell], sums[2 * cell + 1], total)
      found.append(
        Found(features: combination, codes: codes, count: counts[cell], sum: sums[2 * cell], squares: sums[2 * cell + 1], pValue: p))
    }
    return found
  }

  /// One-sided: the slice's mean is larger than that of all other rows. Exact for right and wrong (Fisher), Welch's t test otherwise.
  private func pValue(_ count: Int, _ sum: Double, _ squares: Double, _ total: (sum: Double, squares: Double), rows: Int? = nil) -> Double {
    let rows = rows ?? losses.count
    if isZeroOne { return Probability.hypergeometricUpper(Int(sum), drawn: count, marked: Int(total.sum), total: rows) }
    let a = Self.moments(Double(count), sum, squares)
    let b = Self.moments(Double(rows - count), total.sum - sum, total.squares - squares)
    let (first, second) = (a.variance / a.count, b.variance / b.count)
    guard first + second > 0 else { return a.mean > b.mean ? 0 : 1 }
    let t = (a.mean - b.mean) / (first + second).squareRoot()
    let degrees = (first + second) * (first + second) / (first * first / (a.count - 1) + second * second / (b.count - 1))
    return Probability.studentUpper(t, degrees: degrees)
  }

  /// The p-value of given rows: worse than all others for a sign of 1, better for -1.
  func onesided(_ rows: [Int], sign: Double) -> Double {
    guard rows.count >= 2, losses.count - rows.count >= 2 else { return 1 }
    let own = (sum: rows.reduce(0) { $0 + losses[$1] }, squares: rows.reduce(0) { $0 + losses[$1] * losses[$1] })
    let total = (sum: losses.reduce(0, +), squares: losses.reduce(0) { $0 + $1 * $1 })
    if sign > 0 { return pValue(rows.count, own.sum, own.squares, total) }
    if isZeroOne {
      // Few wrong ones among these rows are many right ones.
      return Probability.hypergeometricUpper(
        rows.count - Int(own.sum), drawn: rows.count, marked: losses.count - Int(total.sum), total: losses.count)
    }
    return pValue(rows.count, -own.sum, own.squares, (-total.sum, total.squares))
  }

  private static func moments(_ count: Double, _ sum: Double, _ squares: Double) -> (count: Double, mean: Double, variance: Double) {
    (count, sum / count, max(0, squares - sum * sum / count) / max(1, count - 1))
  }

  private func slice(_ found: Found, _ adjusted: Double, _ total: (sum: Double, squares: Double)) -> Slice {
    let a = Self.moments(Double(found.count), found.sum, found.squares)
    let b = Self.moments(Double(losses.count - found.count), total.sum - found.sum, total.squares - found.squares)
    let all = Self.moments(Double(losses.count), total.sum, total.squares)
    // Where both are constant, the spread of all rows is all there is to compare with.
    let pooled = ((a.variance + b.variance) / 2).squareRoot(), deviation = pooled > 0 ? pooled : all.variance.squareRoot()
    let half = Probability.studentQuantile(0.975, degrees: a.count - 1) * (a.variance / a.count).squareRoot()
    let loss =
      isZeroOne
      ? Intervals.wilson(share: a.mean, count: a.count, level: 0.95)
      : Estimate(value: a.mean, lower: a.mean - half, upper: a.mean + half, level: 0.95, method: .student)
    return Slice(
      conditions: zip(found.features, found.codes).map { .init(feature: features[$0].name, value: features[$0].labels[$1]) },
      rows: found.count, loss: loss, otherLoss: b.mean, effect: deviation > 0 ? (a.mean - b.mean) / deviation : 0, pValue: found.pValue,
      adjustedPValue: adjusted)
  }

  /// Whether all conditions of `whole` are among those of `part`.
  private static func isPart(_ part: Found, of whole: Found) -> Bool {
    guard part.features.count > whole.features.count else { return false }
    return zip(whole.features, whole.codes).allSatisfy { feature, code in
      zip(part.features, part.codes).contains { $0 == feature && $1 == code }
    }
  }

  static func combinations(_ count: Int, of all: Int) -> [[Int]] {
    guard count >= 1, count <= all else { return [] }
    if count == 1 { return (0..<all).map { [$0] } }
    return (0..<all).flatMap { first in
      combinations(count - 1, of: all - first - 1).map { [first] + $0.map { $0 + first + 1 } }
    }
  }
}
