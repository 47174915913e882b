import CLearners
import Foundation
public import MartletCore
public import Tables

/// A support vector machine for classes (libsvm; Chang and Lin 2011): a machine for each pair of classes.
///
/// Probabilities come from sigmoids of cross-fitted scores (Platt), coupled over the pairs (Wu, Lin and Weng 2004); the folds are drawn by
/// the seed.
public struct SupportVectorClassifier: Learner {
  public static let kind = "svm"

  public var kernel: SVMKernel
  public var c: Double
  public var gamma: SVMGamma
  public var degree: Int
  public var shift: Double
  public var classWeights: ClassWeights?
  /// Whether probabilities are calibrated, which takes a fit for each fold more; otherwise they are a squashed score.
  public var calibrates: Bool
  public var folds: Int
  public var tolerance: Double
  /// Memory for kernel values, in MiB.
  public var cache: Double

  public init(
    kernel: SVMKernel = .rbf, c: Double = 1, gamma: SVMGamma = .scale, degree: Int = 3, shift: Double = 0,
    classWeights: ClassWeights? = nil, calibrates: Bool = true, folds: Int = 5, tolerance: Double = 1e-3, cache: Double = 200
  ) {
    self.kernel = kernel
    self.c = c
    self.gamma = gamma
    self.degree = degree
    self.shift = shift
    self.classWeights = classWeights
    self.calibrates = calibrates
    self.folds = folds
    self.tolerance = tolerance
    self.cache = cache
  }

  public func fit(_ x: FeatureMatrix, _ target: Target, weights: [Double]?, context: FitContext) throws -> any FittedLearner {
    try SettingRange.check(c > 0 && c.isFinite, Self.kind, "c", c, "above 0")
    try SettingRange.check(degree >= 0, Self.kind, "degree", degree, "0 or more")
    try SettingRange.check(tolerance > 0, Self.kind, "tolerance", tolerance, "above 0")
    try SettingRange.check(cache > 0, Self.kind, "cache", cache, "above 0")
    try SettingRange.check(folds >= 2, Self.kind, "folds", folds, "2 or more")
    let rows = try TrainingRows(Self.kind, x, target, weights: weights, .sparse)
    let classes = try rows.classes()
    var factors = try classWeights?.factors(classes, weights: rows.weights, kind: Self.kind) ?? [Double](repeating: 1, count: classes.count)
    // Weights that only tell classes apart are libsvm's own weights of classes.
    var repeats = Array(0..<rows.rows), scale = 1.0
    var classWeight = [Double?](repeating: nil, count: classes.count), areOfClasses = true
    for (code, weight) in zip(classes.codes, rows.weights) {
      areOfClasses = areOfClasses && classWeight[code] ?? weight == weight
      classWeight[code] = weight
    }
    if areOfClasses {
      for code in factors.indices { factors[code] *= classWeight[code] ?? 1 }
    } else {
      (repeats, scale) = try SupportVectorSolver.repeated(rows.weights, kind: Self.kind)
    }
    let function = KernelFunction(kernel: kernel, gamma: try gamma.resolved(rows), shift: shift, degree: degree)
    // libsvm numbers classes as it meets them: sorted rows give them in their own order.
    let order = repeats.sorted { (classes.codes[$0], $0) < (classes.codes[$1], $1) }
    let (costs, unit) = (factors, c * scale)
    @Sendable func machine(_ chosen: [Int]) throws -> PairwiseMachine {
      try PairwiseMachine(
        rows.x.taking(chosen), chosen.map { classes.codes[$0] }, classes: classes.count,
        .init(
          type: C_SVC, kernel: function, c: unit, tolerance: tolerance, cache: cache, classFactors: costs))
    }
    let full = try machine(order)
    var sigmoids: [PlattScaling]?
    if calibrates {
      // Folds of original rows: copies of one row never lie on both sides.
      let count = min(folds, rows.rows)
      let parts = try KeyedFolds.make(count: rows.rows, folds: count, seed: context.seed, kind: Self.kind, classes: classes.codes)
      let pairs = PairwiseMachine.pairs(classes.count)
      let scores = try Parallel.map(parts.count, threads: context.threads) { fold -> [[Double]?] in
        let held = Set(parts[fold])
        let left = order.filter { !held.contains($0) }
        guard Set(left.map { classes.codes[$0] }).count > 1 else { return parts[fold].map { _ in nil } }
        let part = try machine(left)
        let values = part.decision(rows.x.taking(parts[fold]))
        return parts[fold].indices.map { Array(values[$0 * pairs.count..<($0 + 1) * pairs.count]) }
      }
      sigmoids = pairs.enumerated().map { place, pair in
        var points: [Double] = [], positives: [Bool] = [], pointWeights: [Double] = []
        for (fold, values) in zip(parts, scores) {
          for (row, value) in zip(fold, values) {
            guard let score = value?[place], score.isFinite, classes.codes[row] == pair.0 || classes.codes[row] == pair.1 else { continue }
            points.append(score)
            positives.append(classes.codes[row] == pair.0)
            pointWeights.append(rows.weights[row])
          }
        }
        return PlattScaling(scores: points, positives: positives, weights: pointWeights)
      }
    }
    return SupportVectorClassifierModel(
      featureNames: rows.names, labels: classes.labels, present: classes.present, machine: full, sigmoids: sigmoids)
  }
}

/// A machine for each pair of classes over shared support vectors.
struct PairwiseMachine: Sendable {
  let function: KernelFunction
  let classes: Int
  /// Row-major, `[vectors, features]`.
  let vectors: [Double]
  /// `[pairs, vectors]`; above 0 speaks for the first class of a pair.
  let coefficients: [Double]
  let constants: [Double]

  static func pairs(_ classes: Int) -> [(Int, Int)] {
    (0..<classes).flatMap { first in (first + 1..<max(classes, first + 1)).map { (first, $0) } }
  }

  init(function: KernelFunction, classes: Int, vectors: [Double], coefficients: [Double], constants: [Double]) {
    self.function = function
    self.classes = classes
    self.vectors = vectors
    self.coefficients = coefficients
    self.constants = constants
  }

  init(_ x: RowMatrix, _ codes: [Int], classes: Int, _ problem: SupportVectorSolver.Problem) throws {
    let solution = try SupportVectorSolver.solve(x, codes.map(Double.init), problem)
    let pairs = Self.pairs(classes), count = solution.vectors.count
    var coefficients = [Double](repeating: 0, count: pairs.count * count)
    // A pair that a class is missing for has no opinion.
    var constants = [Double](repeating: .nan, count: pairs.count)
    var starts = [0]
    for size in solution.counts { starts.append(starts[starts.count - 1] + size) }
    var place = 0
    for first in 0..<solution.labels.count {
      for second in first + 1..<max(solution.labels.count, first + 1) {
        let (a, b) = (solution.labels[first], solution.labels[second])
        let isSwapped = a > b
        if let pair = pairs.firstIndex(where: { $0 == (min(a, b), max(a, b)) }) {
          let sign = isSwapped ? -1.0 : 1
          for vector in starts[first]..<starts[first + 1] {
            coefficients[pair * count + vector] = sign * solution.coefficients[second - 1][vector]
          }
          for vector in starts[second]..<starts[second + 1] {
            coefficients[pair * count + vector] = sign * solution.coefficients[first][vector]
          }
          constants[pair] = -sign * solution.constants[place]
        }
        place += 1
      }
    }
    self.init(
      function: problem.kernel, classes: classes, vectors: x.taking(solution.vectors).spread(), coefficients: coefficients,
      constants: constants)
  }

  /// `[rows, pairs]`; NaN for pairs that a class was missing for.
  func decision(_ x: RowMatrix) -> [Double] {
    var values = function.sums(x, vectors, coefficients, outputs: constants.count)
    for place in values.indices { values[place] += constants[place % constants.count] }
    return values
  }

  /// Probabilities of the classes from those of the pairs, `first against second`: the fixed point of Wu, Lin and Weng's second method.
  static func coupled(_ pairwise: [Double], classes k: Int) -> [Double] {
    if k == 2 { return [pairwise[0], 1 - pairwise[0]] }
    var r = [Double](repeating: 0, count: k * k)
    for (place, pair) in pairs(k).enumerated() {
      let p = min(max(pairwise[place], 1e-7), 1 - 1e-7)
      r[pair.0 * k + pair.1] = p
      r[pair.1 * k + pair.0] = 1 - p
    }
    var q = [Double](repeating: 0, count: k * k)
    for t in 0..<k {
      for j in 0..<k where j != t {
        q[t * k + t] += r[j * k + t] * r[j * k + t]
        q[t * k + j] = -r[j * k + t] * r[t * k + j]
      }
    }
    var p = [Double](repeating: 1 / Double(k), count: k)
    for _ in 0..<max(100, k) {
      var qp = (0..<k).map { t in (0..<k).reduce(0.0) { $0 + q[t * k + $1] * p[$1] } }
      var whole = zip(p, qp).reduce(0) { $0 + $1.0 * $1.1 }
      if qp.allSatisfy({ abs($0 - whole) < 0.005 / Double(k) * 1e-6 }) { break }
      for t in 0..<k {
        let change = (whole - qp[t]) / q[t * k + t]
        p[t] += change
        whole = (whole + change * (change * q[t * k + t] + 2 * qp[t])) / (1 + change) / (1 + change)
        for j in 0..<k {
          qp[j] = (qp[j] + change * q[t * k + j]) / (1 + change)
          p[j] /= 1 + change
        }
      }
    }
    return LogisticModel.normalized(p.map { max($0, 0) }, count: k)
  }
}
