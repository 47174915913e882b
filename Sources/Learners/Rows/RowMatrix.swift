import MartletCore
import Tables
import Torch

/// Rows of numbers in the two layouts that learners compute with. Products come out the same at any number of threads.
struct RowMatrix: Sendable {
  enum Layout: Sendable {
    /// Row-major, `[rows, columns]`.
    case dense([Double])
    case sparse(SparseRows)
  }

  let rows: Int
  let columns: Int
  let layout: Layout

  init(_ x: FeatureMatrix) {
    rows = x.rows
    columns = x.columns
    switch x.storage {
    case .dense(let values): layout = .dense(values)
    case .sparse(let sparse): layout = .sparse(sparse)
    }
  }

  init(rows: Int, columns: Int, dense values: [Double]) {
    self.rows = rows
    self.columns = columns
    layout = .dense(values)
  }

  init(rows: Int, columns: Int, sparse: SparseRows) {
    self.rows = rows
    self.columns = columns
    layout = .sparse(sparse)
  }

  var isSparse: Bool { if case .sparse = layout { true } else { false } }

  /// Every column multiplied by a number of its own; sparse rows stay sparse.
  func multiplied(byColumn factors: [Double]) -> RowMatrix {
    switch layout {
    case .dense(let values):
      return RowMatrix(rows: rows, columns: columns, dense: values.indices.map { values[$0] * factors[$0 % columns] })
    case .sparse(let sparse):
      let values = zip(sparse.values, sparse.indices).map { $0 * factors[Int($1)] }
      // The places are those of a matrix that was checked when it was made.
      let made = try? SparseRows(columns: columns, starts: sparse.starts, indices: sparse.indices, values: values)
      return RowMatrix(rows: rows, columns: columns, sparse: made ?? sparse)
    }
  }

  /// `x Wᵀ + b` for weights `[outputs, columns]`: row-major `[rows, outputs]`. Each row is summed by itself, in one order.
  func times(_ weights: [Double], intercepts: [Double]) -> [Double] {
    let outputs = intercepts.count
    return [Double](unsafeUninitializedCapacity: rows * outputs) { target, written in
      weights.withUnsafeBufferPointer { weights in
        switch layout {
        case .dense(let values):
          values.withUnsafeBufferPointer { values in
            for row in 0..<rows {
              for output in 0..<outputs {
                target[row * outputs + output] =
                  intercepts[output] + Self.dot(values, row * columns, weights, output * columns, columns)
              }
            }
          }
        case .sparse(let sparse):
          // The weights of a column side by side for many rows; turning them round is not worth it for few. Sums are the same.
          let isTurned = outputs > 1 && rows > 64
          let turned = isTurned ? Self.transposed(weights, rows: outputs, columns: columns) : []
          let (columnStep, outputStep) = isTurned ? (outputs, 1) : (1, columns)
          func add(_ weights: UnsafeBufferPointer<Double>) {
            sparse.values.withUnsafeBufferPointer { values in
              sparse.indices.withUnsafeBufferPointer { indices in
                for row in 0..<rows {
                  for output in 0..<outputs { target[row * outputs + output] = intercepts[output] }
                  for place in sparse.starts[row]..<sparse.starts[row + 1] {
                    let value = values[place], start = Int(indices[place]) * columnStep
                    for output in 0..<outputs { target[row * outputs + output] += value * weights[start + output * outputStep] }
                  }
                }
              }
            }
          }
          if isTurned { turned.withUnsafeBufferPointer(add) } else { add(weights) }
        }
      }
      written = rows * outputs
    }
  }

  /// `rᵀ x` for residuals `[rows, outputs]`: row-major `[outputs, columns]`.
  func transposedTimes(_ residuals: [Double], outputs: Int) -> [Double] {
    var result = [Double](repeating: 0, count: outputs * columns)
    residuals.withUnsafeBufferPointer { residuals in
      result.withUnsafeMutableBufferPointer { result in
        switch layout {
        case .dense(let values):
          values.withUnsafeBufferPointer { values in
            for row in 0..<rows {
              for output in 0..<outputs {
                let factor = residuals[row * outputs + output]
                if factor == 0 { continue }
                for column in 0..<columns { result[output * columns + column] += factor * values[row * columns + column] }
              }
            }
          }
        case .sparse(let sparse):
          sparse.values.withUnsafeBufferPointer { values in
            sparse.indices.withUnsafeBufferPointer { indices in
              for row in 0..<rows {
                for place in sparse.starts[row]..<sparse.starts[row + 1] {
                  let value = values[place], start = Int(indices[place]) * outputs
                  for output in 0..<outputs { result[start + output] += residuals[row * outputs + output] * value }
                }
              }
            }
          }
        }
      }
    }
    if isSparse, outputs > 1 {
      return result.withUnsafeBufferPointer { Self.transposed($0, rows: columns, columns: outputs) }
    }
    return result
  }

  private static func transposed(_ matrix: UnsafeBufferPointer<Double>, rows: Int, columns: Int) -> [Double] {
    [Double](unsafeUninitializedCapacity: rows * columns) { target, written in
      for row in 0..<rows { for column in 0..<columns { target[column * rows + row] = matrix[row * columns + column] } }
      written = rows * columns
    }
  }

  /// The weighted mean of each column; weights sum to more than 0.
  func means(_ weights: [Double]) -> [Double] {
    let total = weights.reduce(0, +)
    return transposedTimes(weights, outputs: 1).map { $0 / total }
  }

  /// The weighted variance of each column around the given means, divided by the sum of weights.
  func variances(_ weights: [Double], around means: [Double]) -> [Double] {
    let total = weights.reduce(0, +)
    var result = [Double](repeating: 0, count: columns)
    switch layout {
    case .dense(let values):
      for row in 0..<rows {
        for column in 0..<columns {
          let difference = values[row * columns + column] - means[column]
          result[column] += weights[row] * difference * difference
        }
      }
    case .sparse(let sparse):
      var stored = [Double](repeating: 0, count: columns)
      for row in 0..<rows {
        for place in sparse.starts[row]..<sparse.starts[row + 1] {
          let column = Int(sparse.indices[place]), difference = sparse.values[place] - means[column]
          result[column] += weights[row] * difference * difference
          stored[column] += weights[row]
        }
      }
      for column in 0..<columns { result[column] += max(total - stored[column], 0) * means[column] * means[column] }
    }
    return result.map { $0 / total }
  }

  /// Four running sums let the processor work on all of them at once, in an order that does not depend on anything else.
  static func dot(
    _ a: UnsafeBufferPointer<Double>, _ startA: Int, _ b: UnsafeBufferPointer<Double>, _ startB: Int, _ count: Int
  ) -> Double {
    var s0 = 0.0, s1 = 0.0, s2 = 0.0, s3 = 0.0, place = 0
    while place + 4 <= count {
      s0 += a[startA + place] * b[startB + place]
      s1 += a[startA + place + 1] * b[startB + place + 1]
      s2 += a[startA + place + 2] * b[startB + place + 2]
      s3 += a[startA + place + 3] * b[startB + place + 3]
      place += 4
    }
    while place < count {
      s0 += a[startA + place] * b[startB + place]
      place += 1
    }
    return (s0 + s1) + (s2 + s3)
  }
}

extension SparseRows {
  /// Other values in the same places.
  func mapped(_ transform: (Double) -> Double) -> SparseRows {
    // The places are those of a matrix that was checked when it was made.
    (try? SparseRows(columns: columns, starts: starts, indices: indices, values: values.map(transform))) ?? self
  }
}
