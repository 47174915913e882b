import Foundation
import MartletCore
import Tables

/// Coordinate descent with covariance updates (Friedman, Hastie, Tibshirani 2010): a round costs nothing for features that stay at 0. The
/// stop is scikit-learn's: the duality gap against the target's squares.
struct CoordinateDescent {
  private let x: RowMatrix
  private let shares: [Double]
  private let means: [Double]
  private let meanY: Double
  private let intercept: Bool
  private let diagonal: [Double]
  /// Covariance of each feature with the target.
  private let correlation: [Double]
  let targetSquares: Double
  private var columns: [Int: [Double]] = [:]
  private(set) var coefficients: [Double]
  /// The covariance matrix times the coefficients.
  private var moved: [Double]

  init(_ rows: TrainingRows, values y: [Double], intercept: Bool) throws {
    x = rows.x
    let total = rows.totalWeight
    let shares = rows.weights.map { $0 / total }
    self.shares = shares
    self.intercept = intercept
    let zero = [Double](repeating: 0, count: rows.columns)
    means = intercept ? rows.x.means(shares) : zero
    let meanY = intercept ? zip(y, shares).reduce(0) { $0 + $1.0 * $1.1 } : 0
    self.meanY = meanY
    let centred = y.map { $0 - meanY }
    targetSquares = zip(centred, shares).reduce(0) { $0 + $1.0 * $1.0 * $1.1 }
    let weighted = zip(centred, shares).map { $0 * $1 }
    let left = weighted.reduce(0, +)
    correlation = zip(rows.x.transposedTimes(weighted, outputs: 1), means).map { $0 - $1 * left }
    diagonal = rows.x.variances(shares, around: means)
    coefficients = zero
    moved = zero
    // A small matrix is made at once, by a fast product; of a large one only the columns that are met.
    if case .dense(let values) = rows.x.layout, rows.columns <= 2048 {
      let p = rows.columns
      let gram = try DenseAlgebra.gram(
        DenseAlgebra.centred(values, rows: rows.rows, means: means, weights: shares), rows: rows.rows, columns: p)
      for column in 0..<p { columns[column] = Array(gram[column * p..<(column + 1) * p]) }
    }
  }

  var constant: Double { intercept ? meanY - zip(means, coefficients).reduce(0) { $0 + $1.0 * $1.1 } : 0 }

  /// A hundred penalties from the smallest that leaves no feature, falling to a thousandth of it.
  func alphas(mix: Double, count: Int = 100) -> [Double] {
    let largest = max((correlation.map { abs($0) }.max() ?? 0) / mix, 1e-12)
    return (0..<count).map { largest * pow(10, -3 * Double($0) / Double(count - 1)) }
  }

  private mutating func column(_ index: Int) -> [Double] {
    if let column = columns[index] { return column }
    var values = [Double](repeating: 0, count: x.rows)
    switch x.layout {
    case .dense(let dense): for row in 0..<x.rows { values[row] = dense[row * x.columns + index] }
    case .sparse(let sparse):
      for row in 0..<x.rows {
        for place in sparse.starts[row]..<sparse.starts[row + 1] where Int(sparse.indices[place]) == index {
          values[row] += sparse.values[place]
        }
      }
    }
    let weighted = zip(values, shares).map { ($0 - means[index]) * $1 }
    let sum = weighted.reduce(0, +)
    let made = zip(x.transposedTimes(weighted, outputs: 1), means).map { $0 - $1 * sum }
    columns[index] = made
    return made
  }

  /// Goes on from the present coefficients.
  /// - Returns: the rounds, or `nil` if the gap did not close.
  mutating func solve(alpha: Double, mix: Double, iterations: Int, tolerance: Double) throws -> Int? {
    let (l1, l2) = (alpha * mix, alpha * (1 - mix))
    for round in 1...iterations {
      var largestChange = 0.0, largest = 0.0
      for index in coefficients.indices where diagonal[index] > 0 {
        let old = coefficients[index]
        let pull = correlation[index] - moved[index] + old * diagonal[index]
        let new = (pull > l1 ? pull - l1 : pull < -l1 ? pull + l1 : 0) / (diagonal[index] + l2)
        if new != old {
          let change = new - old
          coefficients[index] = new
          let column = column(index)
          for place in moved.indices { moved[place] += change * column[place] }
          largestChange = max(largestChange, abs(change))
        }
        largest = max(largest, abs(new))
      }
      if round % 64 == 0 { try Task.checkCancellation() }
      if largest == 0 || largestChange <= tolerance * largest || round == iterations || round % 10 == 0 {
        if gap(l1, l2) <= tolerance * targetSquares { return round }
        // Steps below rounding: no further round can close the gap.
        if largestChange <= 1e-15 * largest { return round }
      }
    }
    return nil
  }

  private func gap(_ l1: Double, _ l2: Double) -> Double {
    var dual = 0.0, squares = 0.0, absolute = 0.0, withMoved = 0.0, withTarget = 0.0
    for index in coefficients.indices {
      let b = coefficients[index]
      dual = max(dual, abs(correlation[index] - moved[index] - l2 * b))
      squares += b * b
      absolute += abs(b)
      withMoved += b * moved[index]
      withTarget += b * correlation[index]
    }
    let residual = targetSquares + withMoved - 2 * withTarget
    let scale = dual > l1 ? l1 / dual : 1
    return 0.5 * residual * (1 + scale * scale) + l1 * absolute - scale * (targetSquares - withTarget)
      + 0.5 * l2 * (1 + scale * scale) * squares
  }
}
