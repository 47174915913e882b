import Foundation
import MartletCore
import Torch

/// Dense linear algebra in 64 bits on libtorch. On one thread unless said otherwise: sums are then taken in one order on every machine
/// setting, and a recipe is the same at any number of threads.
enum Algebra {
  /// - Parameters:
  ///   - a: row-major, `[rows, inner]`.
  ///   - b: row-major, `[inner, columns]`.
  static func product(_ a: [Double], _ b: [Double], rows: Int, inner: Int, columns: Int) throws -> [Double] {
    if rows == 0 || columns == 0 { return [] }
    if inner == 0 { return [Double](repeating: 0, count: rows * columns) }
    return try TorchThreads.with(1) {
      try inferenceMode {
        try Tensor(a, shape: [rows, inner]).mm(Tensor(b, shape: [inner, columns])).array(of: Double.self)
      }
    }
  }

  /// The product of a matrix's transpose with itself, `[columns, columns]`.
  static func gram(_ a: [Double], rows: Int, columns: Int) throws -> [Double] {
    try TorchThreads.with(1) {
      try inferenceMode {
        let matrix = try Tensor(a, shape: [rows, columns])
        return try matrix.t().mm(matrix).array(of: Double.self)
      }
    }
  }

  /// The eigenvalues of a symmetric matrix in ascending order, and its eigenvectors as columns.
  static func symmetricEigen(_ a: [Double], size: Int) throws -> (values: [Double], vectors: [Double]) {
    try TorchThreads.with(1) {
      try inferenceMode {
        let (values, vectors) = try Tensor(a, shape: [size, size]).linalgEigh()
        return (try values.array(of: Double.self), try vectors.contiguous().array(of: Double.self))
      }
    }
  }

  /// The singular values and the right vectors as rows, the largest entry of each positive, of a matrix `[rows, columns]`.
  static func rightVectors(_ a: [Double], rows: Int, columns: Int) throws -> (singular: [Double], vectors: [[Double]]) {
    let (singular, flat) = try TorchThreads.with(1) {
      try inferenceMode {
        let (_, s, v) = try Tensor(a, shape: [rows, columns]).linalgSvd(fullMatrices: false)
        return (try s.array(of: Double.self), try v.contiguous().array(of: Double.self))
      }
    }
    let vectors = singular.indices.map { row in
      let vector = Array(flat[row * columns..<(row + 1) * columns])
      var largest = 0
      for place in vector.indices where abs(vector[place]) > abs(vector[largest]) { largest = place }
      return vector[largest] < 0 ? vector.map { -$0 } : vector
    }
    return (singular, vectors)
  }

  /// An orthonormal basis of the columns of a matrix `[rows, columns]`, `rows >= columns`.
  static func basis(_ a: [Double], rows: Int, columns: Int) throws -> [Double] {
    try TorchThreads.with(1) {
      try inferenceMode {
        try Tensor(a, shape: [rows, columns]).linalgQr(mode: "reduced").q.contiguous().array(of: Double.self)
      }
    }
  }
}
