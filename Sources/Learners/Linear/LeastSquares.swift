import MartletCore

/// Solves weighted least squares, with a ridge or none.
struct LeastSquares {
  let rows: TrainingRows
  let y: [Double]
  let alpha: Double
  let intercept: Bool
  let cutoff: Double?
  let kind: String
  let means: [Double]
  let meanY: Double

  init(_ rows: TrainingRows, alpha: Double, intercept: Bool, cutoff: Double?, kind: String) throws {
    self.rows = rows
    y = try rows.values()
    self.alpha = alpha
    self.intercept = intercept
    self.cutoff = cutoff
    self.kind = kind
    means = intercept ? rows.x.means(rows.weights) : [Double](repeating: 0, count: rows.columns)
    meanY = intercept ? zip(y, rows.weights).reduce(0) { $0 + $1.0 * $1.1 } / rows.totalWeight : 0
  }

  private var roots: [Double] { rows.weights.map { $0.squareRoot() } }
  private var centredTarget: [Double] { zip(y, roots).map { ($0 - meanY) * $1 } }

  func model() throws -> LinearModel {
    var warnings: [String] = [], iterations = 1
    let coefficients: [Double]
    switch rows.x.layout {
    case .sparse:
      let solved = conjugateGradients()
      (coefficients, iterations) = (solved.solution, solved.iterations)
      if !solved.converged { warnings.append("\(kind) did not converge in \(solved.iterations) steps") }
    case .dense(let values):
      let x = DenseAlgebra.centred(values, rows: rows.rows, means: means, weights: rows.weights)
      let (n, p) = (rows.rows, rows.columns)
      if alpha == 0 {
        let solved = try DenseAlgebra.leastSquares(
          x, centredTarget, rows: n, columns: p, cutoff: cutoff ?? Double(max(n, p)) * Double.ulpOfOne)
        coefficients = Array(solved.solution.prefix(p))
        if solved.rank < p {
          warnings.append(
            "the \(p) features have the rank \(solved.rank): some are constant or follow from others, and share their effect"
          )
        }
      } else {
        coefficients = try ridge(x, n, p)
      }
    }
    let constant = intercept ? meanY - zip(means, coefficients).reduce(0) { $0 + $1.0 * $1.1 } : 0
    return LinearModel(
      kind: kind, featureNames: rows.names, coefficients: coefficients, intercept: constant, iterations: iterations,
      alpha: alpha > 0 ? alpha : nil, warnings: warnings)
  }

  /// In the space of features or of rows, whichever is smaller.
  private func ridge(_ x: [Double], _ n: Int, _ p: Int) throws -> [Double] {
    let y = centredTarget
    let size = min(n, p)
    var matrix =
      p <= n
      ? try DenseAlgebra.gram(x, rows: n, columns: p)
      : try DenseAlgebra.product(x, x, rows: n, inner: p, columns: n, transposed: true)
    for place in 0..<size { matrix[place * size + place] += alpha }
    let side = p <= n ? try DenseAlgebra.product(y, x, rows: 1, inner: n, columns: p) : y
    if let solved = try DenseAlgebra.cholesky(matrix, side, size: size) {
      return p <= n ? solved : try DenseAlgebra.product(solved, x, rows: 1, inner: n, columns: p)
    }
    // A tiny penalty on collinear features is lost in rounding: the penalty as rows of its own does not need the squared matrix.
    var penalty = [Double](repeating: 0, count: p * p)
    for place in 0..<p { penalty[place * p + place] = alpha.squareRoot() }
    return Array(
      try DenseAlgebra.leastSquares(
        x + penalty, y + [Double](repeating: 0, count: p), rows: n + p, columns: p, cutoff: Double(n + p) * Double.ulpOfOne
      ).solution.prefix(p))
  }

  /// CGLS on the centred rows without ever centring them; from 0, so that the solution has the smallest norm.
  private func conjugateGradients() -> (solution: [Double], iterations: Int, converged: Bool) {
    let roots = roots, p = rows.columns
    func forward(_ b: [Double]) -> [Double] {
      let shift = zip(means, b).reduce(0) { $0 + $1.0 * $1.1 }
      return zip(rows.x.times(b, intercepts: [-shift]), roots).map { $0 * $1 }
    }
    func backward(_ r: [Double]) -> [Double] {
      let weighted = zip(r, roots).map { $0 * $1 }
      let sum = weighted.reduce(0, +)
      return zip(rows.x.transposedTimes(weighted, outputs: 1), means).map { $0 - $1 * sum }
    }
    var solution = [Double](repeating: 0, count: p)
    var residual = centredTarget
    var gradient = backward(residual)
    var direction = gradient
    var norm = gradient.reduce(0) { $0 + $1 * $1 }
    let goal = norm * 1e-24
    let limit = 10 * min(rows.rows, p) + 100
    for iteration in 0..<limit {
      if norm <= goal { return (solution, iteration, true) }
      let moved = forward(direction)
      let curvature = moved.reduce(0) { $0 + $1 * $1 } + alpha * direction.reduce(0) { $0 + $1 * $1 }
      guard curvature > 0 else { return (solution, iteration, true) }
      let step = norm / curvature
      for place in 0..<p { solution[place] += step * direction[place] }
      for place in residual.indices { residual[place] -= step * moved[place] }
      gradient = backward(residual)
      for place in 0..<p { gradient[place] -= alpha * solution[place] }
      let next = gradient.reduce(0) { $0 + $1 * $1 }
      for place in 0..<p { direction[place] = gradient[place] + next / norm * direction[place] }
      norm = next
    }
    return (solution, limit, norm <= goal * 1e8)
  }

  /// The penalty with the smallest mean squared error on rows left out one at a time, from one decomposition.
  func bestByLeavingOneOut(_ alphas: [Double]) throws -> Double {
    guard case .dense(let values) = rows.x.layout else { return alphas[0] }
    let (n, p) = (rows.rows, rows.columns)
    let x = DenseAlgebra.centred(values, rows: n, means: means, weights: rows.weights)
    let target = centredTarget
    let (eigenvalues, vectors) = try DenseAlgebra.symmetricEigen(try DenseAlgebra.gram(x, rows: n, columns: p), size: p)
    // Columns of `rotated` are the left singular vectors times their singular values.
    let rotated = try DenseAlgebra.product(x, vectors, rows: n, inner: p, columns: p)
    let projected = try DenseAlgebra.product(target, rotated, rows: 1, inner: n, columns: p)
    let total = rows.totalWeight
    var best = (alpha: alphas[0], error: Double.infinity)
    for alpha in alphas {
      let shrink = eigenvalues.map { 1 / (max($0, 0) + alpha) }
      var error = 0.0
      for row in 0..<n {
        var fitted = 0.0, leverage = intercept ? rows.weights[row] / total : 0
        for column in 0..<p {
          let value = rotated[row * p + column]
          fitted += value * shrink[column] * projected[column]
          leverage += value * value * shrink[column]
        }
        let left = (target[row] - fitted) / max(1 - leverage, 1e-12)
        error += left * left
      }
      if error < best.error { best = (alpha, error) }
    }
    return best.alpha
  }
}
