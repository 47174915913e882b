import MartletCore
import Torch

/// LAPACK through libtorch in double precision, on one thread: the same bits wherever it runs.
enum DenseAlgebra {
  /// - Returns: row-major, with the columns' means taken off and the rows multiplied by the roots of their weights.
  static func centred(_ values: [Double], rows: Int, means: [Double], weights: [Double]?) -> [Double] {
    let columns = means.count
    return [Double](unsafeUninitializedCapacity: values.count) { target, written in
      values.withUnsafeBufferPointer { values in
        for row in 0..<rows {
          let factor = weights.map { $0[row].squareRoot() } ?? 1
          for column in 0..<columns { target[row * columns + column] = (values[row * columns + column] - means[column]) * factor }
        }
      }
      written = values.count
    }
  }

  /// `xᵀ diag(w) x` of a row-major matrix: `[columns, columns]`.
  static func gram(_ values: [Double], rows: Int, columns: Int, weights: [Double]? = nil) throws -> [Double] {
    try gram(Tensor(values, shape: [rows, columns]), weights: weights)
  }

  static func gram(_ x: Tensor, weights: [Double]?) throws -> [Double] {
    try TorchThreads.with(1) {
      let weighted = try weights.map { try x * Tensor($0, shape: [$0.count, 1]) } ?? x
      return try x.transpose(0, 1).matmul(weighted).array(of: Double.self)
    }
  }

  /// `a b` of row-major matrices `[rows, inner]` and `[inner, columns]`; `transposed` takes `b` as `[columns, inner]`.
  static func product(
    _ a: [Double], _ b: [Double], rows: Int, inner: Int, columns: Int, transposed: Bool = false
  ) throws -> [Double] {
    try TorchThreads.with(1) {
      let right = try Tensor(b, shape: transposed ? [columns, inner] : [inner, columns])
      return try Tensor(a, shape: [rows, inner]).matmul(transposed ? right.transpose(0, 1) : right).array(of: Double.self)
    }
  }

  /// Solves `a x = b` for a symmetric positive definite `a`.
  /// - Returns: `nil` where `a` is not positive definite.
  static func cholesky(_ a: [Double], _ b: [Double], size: Int) throws -> [Double]? {
    try TorchThreads.with(1) {
      let (factor, info) = try Tensor(a, shape: [size, size]).linalgCholeskyEx()
      guard try info.int() == 0 else { return nil }
      let solution = try Tensor(b, shape: [size, b.count / size]).choleskySolve(factor).array(of: Double.self)
      return solution.allSatisfy(\.isFinite) ? solution : nil
    }
  }

  /// The least-squares solution of the smallest norm, by singular values (`gelsd`).
  /// - Parameter cutoff: singular values below this share of the largest count as 0.
  /// - Returns: the solution and the rank.
  static func leastSquares(_ a: [Double], _ b: [Double], rows: Int, columns: Int, cutoff: Double) throws -> (solution: [Double], rank: Int)
  {
    try TorchThreads.with(1) {
      let result = try Tensor(a, shape: [rows, columns]).linalgLstsq(Tensor(b, shape: [rows, 1]), rcond: cutoff, driver: "gelsd")
      return (try result.solution.array(of: Double.self), try result.rank.int())
    }
  }

  /// - Returns: ascending eigenvalues, and eigenvectors as columns of a row-major matrix.
  static func symmetricEigen(_ a: [Double], size: Int) throws -> (values: [Double], vectors: [Double]) {
    try TorchThreads.with(1) {
      let result = try Tensor(a, shape: [size, size]).linalgEigh()
      return (try result.eigenvalues.array(of: Double.self), try result.eigenvectors.array(of: Double.self))
    }
  }

  /// - Returns: the inverse of a symmetric positive definite matrix, or `nil`.
  static func inverse(_ a: [Double], size: Int) throws -> [Double]? {
    var identity = [Double](repeating: 0, count: size * size)
    for place in 0..<size { identity[place * size + place] = 1 }
    return try cholesky(a, identity, size: size)
  }
}
