import Foundation
import MartletCore
import Torch

/// The mean log loss of a linear model with a squared penalty. Two classes have one row of parameters, more have one each. A row holds the
/// coefficients and, last, the constant.
struct LogisticLoss {
  let x: RowMatrix
  private let tensor: Tensor?
  let codes: [Int]
  /// Shares that sum to one.
  let shares: [Double]
  let outputs: Int
  let l2: Double
  let intercept: Bool

  init(_ x: RowMatrix, _ classes: RowClasses, weights: [Double], l2: Double, intercept: Bool) throws {
    self.x = x
    tensor = try x.denseTensor()
    codes = classes.codes
    let total = weights.reduce(0, +)
    shares = weights.map { $0 / total }
    outputs = classes.count == 2 ? 1 : classes.count
    self.l2 = l2
    self.intercept = intercept
  }

  private var width: Int { x.columns + 1 }
  var size: Int { outputs * width }
  var isConstant: [Bool] { (0..<size).map { $0 % width == x.columns } }

  func split(_ point: [Double]) -> (coefficients: [Double], intercepts: [Double]) {
    var coefficients: [Double] = [], intercepts: [Double] = []
    for output in 0..<outputs {
      coefficients += point[output * width..<output * width + x.columns]
      intercepts.append(point[output * width + x.columns])
    }
    return (coefficients, intercepts)
  }

  /// The inverse roots of upper bounds of the parameters' own curvatures.
  func scales() -> [Double] {
    let variances = x.variances(shares, around: x.means(shares))
    let own = variances.map { 1 / (0.25 * $0 + l2).squareRoot() }.map { $0.isFinite ? $0 : 1 } + [2]
    return (0..<size).map { own[$0 % width] }
  }

  func evaluate(_ point: [Double]) throws -> (value: Double, gradient: [Double]) {
    let (value, _, gradient) = try parts(point)
    return (value, gradient)
  }

  /// - Returns: the value, the probabilities `[rows, outputs]` and the gradient.
  private func parts(_ point: [Double]) throws -> (value: Double, probabilities: [Double], gradient: [Double]) {
    let (coefficients, intercepts) = split(point)
    var scores = try x.product(coefficients, intercepts: intercepts, tensor)
    var residuals = scores
    var value = 0.0
    let k = outputs
    scores.withUnsafeMutableBufferPointer { scores in
      residuals.withUnsafeMutableBufferPointer { residuals in
        for row in 0..<x.rows {
          let share = shares[row]
          if k == 1 {
            let z = scores[row], isSecond = codes[row] == 1
            // log(1 + exp(z)) without overflow.
            let tail = exp(-abs(z))
            value += share * (max(z, 0) + log1p(tail) - (isSecond ? z : 0))
            let p = z >= 0 ? 1 / (1 + tail) : tail / (1 + tail)
            scores[row] = p
            residuals[row] = share * (isSecond ? (z >= 0 ? -tail / (1 + tail) : -1 / (1 + tail)) : p)
          } else {
            let start = row * k
            var largest = scores[start]
            for output in 1..<k { largest = max(largest, scores[start + output]) }
            var sum = 0.0
            let own = scores[start + codes[row]] - largest
            for output in 0..<k {
              let e = exp(scores[start + output] - largest)
              scores[start + output] = e
              sum += e
            }
            value += share * (log(sum) - own)
            for output in 0..<k {
              let p = scores[start + output] / sum
              scores[start + output] = p
              residuals[start + output] = share * (p - (output == codes[row] ? 1 : 0))
            }
          }
        }
      }
    }
    let products = try x.transposedProduct(residuals, outputs: k, tensor)
    var gradient = [Double](repeating: 0, count: size)
    for output in 0..<k {
      for column in 0..<x.columns {
        let place = output * x.columns + column
        gradient[output * width + column] = products[place] + l2 * coefficients[place]
        value += 0.5 * l2 * coefficients[place] * coefficients[place]
      }
      guard intercept else { continue }
      var sum = 0.0
      for row in 0..<x.rows { sum += residuals[row * k + output] }
      gradient[output * width + x.columns] = sum
    }
    return (value, scores, gradient)
  }

  /// The parameters of least loss, from zeros: by Newton's method where the rows are dense and the parameters few, by a quasi-Newton search
  /// otherwise.
  /// - Parameter l1: the weight of the coefficients' absolute values.
  func minimized(l1: Double = 0, iterations: Int, tolerance: Double) throws -> QuasiNewton.Outcome {
    let start = [Double](repeating: 0, count: size)
    let cost = Double(x.rows) * Double(size) * Double(size)
    if l1 == 0, !x.isSparse, size <= 2000, cost <= 1e11 { return try newton(from: start, iterations: iterations, tolerance: tolerance) }
    // Steps in units of each parameter's curvature: features of unlike sizes slow the search down otherwise.
    let scales = scales()
    var search = QuasiNewton(iterations: iterations, tolerance: tolerance)
    if l1 > 0 { search.absolute = zip(isConstant, scales).map { $0 ? 0 : l1 * $1 } }
    var outcome = try search.minimize(from: start) { point in
      let (value, gradient) = try evaluate(zip(point, scales).map { $0 * $1 })
      return (value, zip(gradient, scales).map { $0 * $1 })
    }
    outcome.point = zip(outcome.point, scales).map { $0 * $1 }
    return outcome
  }

  /// Newton's method with halved steps.
  func newton(from start: [Double], iterations: Int, tolerance: Double) throws -> QuasiNewton.Outcome {
    guard case .dense(let values) = x.layout else {
      return try QuasiNewton(iterations: iterations, tolerance: tolerance).minimize(from: start, evaluate)
    }
    var widened = [Double](repeating: 0, count: x.rows * width)
    for row in 0..<x.rows {
      for column in 0..<x.columns { widened[row * width + column] = values[row * x.columns + column] }
      widened[row * width + x.columns] = intercept ? 1 : 0
    }
    let wide = try Tensor(widened, shape: [x.rows, width])
    var point = start
    var (value, probabilities, gradient) = try parts(point)
    for iteration in 0..<iterations {
      try Task.checkCancellation()
      let steepest = gradient.map { abs($0) }.max() ?? 0
      if steepest <= tolerance * 1e-4 {
        return .init(point: point, value: value, iterations: iteration, converged: true)
      }
      let hessian = try hessian(wide, probabilities)
      let against = gradient.map { -$0 }
      var direction = try DenseAlgebra.cholesky(hessian, against, size: size)
      if direction == nil || QuasiNewton.dot(direction ?? [], gradient) >= 0 {
        // Collinear features without a penalty: the shortest of the best steps.
        direction = try DenseAlgebra.leastSquares(hessian, against, rows: size, columns: size, cutoff: 1e-12).solution
      }
      guard let direction, direction.allSatisfy(\.isFinite) else { break }
      let descent = QuasiNewton.dot(direction, gradient)
      var step = 1.0, moved = false
      while step > 1e-6 {
        var tried = point
        QuasiNewton.add(&tried, step, direction)
        let next = try parts(tried)
        let rounding = 16 * Double.ulpOfOne * abs(value)
        let smaller = (next.gradient.map { abs($0) }.max() ?? 0) < steepest
        if next.value <= value + 1e-4 * step * descent || (next.value <= value + rounding && smaller) {
          (value, probabilities, gradient) = next
          point = tried
          moved = true
          break
        }
        step /= 2
      }
      if !moved { return .init(point: point, value: value, iterations: iteration, converged: steepest <= tolerance) }
    }
    let last = (gradient.map { abs($0) }.max() ?? 0) <= tolerance
    return .init(point: point, value: value, iterations: iterations, converged: last)
  }

  private func hessian(_ widened: Tensor, _ probabilities: [Double]) throws -> [Double] {
    var hessian = [Double](repeating: 0, count: size * size)
    let k = outputs
    for first in 0..<k {
      for second in first..<k {
        let factors = (0..<x.rows).map { row -> Double in
          let p = probabilities[row * k + first]
          return shares[row] * (first == second ? p * (1 - p) : -p * probabilities[row * k + second])
        }
        let block = try DenseAlgebra.gram(widened, weights: factors)
        for a in 0..<width {
          for b in 0..<width {
            hessian[(first * width + a) * size + second * width + b] = block[a * width + b]
            hessian[(second * width + b) * size + first * width + a] = block[a * width + b]
          }
        }
      }
    }
    for place in 0..<size {
      if place % width < x.columns {
        hessian[place * size + place] += l2
      } else if !intercept {
        hessian[place * size + place] = 1
      }
    }
    guard k > 1 else { return hessian }
    // Moving all classes' constants (and, without a penalty, all their coefficients of a feature) alike changes nothing: the matrix is
    // singular there, and the gradient 0. A term in that direction alone makes it regular and leaves the step's other parts as they are.
    for column in 0..<width where column == x.columns ? intercept : l2 == 0 {
      let size = self.size
      var scale = 0.0
      for output in 0..<k { scale += hessian[(output * width + column) * (size + 1)] }
      scale = max(scale / Double(k), 1e-12) / Double(k)
      for first in 0..<k {
        for second in 0..<k { hessian[(first * width + column) * size + second * width + column] += scale }
      }
    }
    return hessian
  }
}

extension RowMatrix {
  /// Dense rows where libtorch computes with them; `nil` for sparse ones.
  func denseTensor() throws -> Tensor? {
    guard case .dense(let values) = layout else { return nil }
    return try Tensor(values, shape: [rows, columns])
  }

  /// `times` by libtorch where the rows are dense, for fits.
  func product(_ weights: [Double], intercepts: [Double], _ tensor: Tensor?) throws -> [Double] {
    guard let tensor else { return times(weights, intercepts: intercepts) }
    return try TorchThreads.with(1) {
      let product = try tensor.matmul(Tensor(weights, shape: [intercepts.count, columns]).transpose(0, 1))
      return try (product + Tensor(intercepts)).array(of: Double.self)
    }
  }

  /// `transposedTimes` by libtorch where the rows are dense, for fits.
  func transposedProduct(_ residuals: [Double], outputs: Int, _ tensor: Tensor?) throws -> [Double] {
    guard let tensor else { return transposedTimes(residuals, outputs: outputs) }
    return try TorchThreads.with(1) {
      try Tensor(residuals, shape: [rows, outputs]).transpose(0, 1).matmul(tensor).array(of: Double.self)
    }
  }
}
