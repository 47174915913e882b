import CLearners
import Foundation
import MartletCore
import Tables

/// A kernel of support vector machines. In `martlet.yml` by name.
public enum SVMKernel: String, Sendable, Codable, CaseIterable {
  case linear
  /// `exp(-gamma |a - b|²)`.
  case rbf
  /// `(gamma a·b + shift)^degree`.
  case poly
  /// `tanh(gamma a·b + shift)`.
  case sigmoid
}

/// The width of a kernel: `scale` (one over features times variance), `auto` (one over features) or a number.
public enum SVMGamma: Sendable, Hashable, Codable {
  case scale, auto
  case value(Double)

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Double.self) {
      self = .value(number)
      return
    }
    switch try container.decode(String.self) {
    case "scale": self = .scale
    case "auto": self = .auto
    case let other:
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(other)' is neither 'scale' nor 'auto' nor a number")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .scale: try container.encode("scale")
    case .auto: try container.encode("auto")
    case .value(let value): try container.encode(value)
    }
  }

  func resolved(_ rows: TrainingRows) throws -> Double {
    switch self {
    case .value(let value):
      try SettingRange.check(value > 0 && value.isFinite, rows.kind, "gamma", value, "above 0")
      return value
    case .auto: return 1 / Double(rows.columns)
    case .scale:
      // The variance of all values together, as in scikit-learn; a weight is a repetition.
      let means = rows.x.means(rows.weights), p = Double(rows.columns)
      let mean = means.reduce(0, +) / p
      let within = rows.x.variances(rows.weights, around: means).reduce(0, +) / p
      let variance = within + means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / p
      return variance > 0 ? 1 / (p * variance) : 1
    }
  }
}

/// A kernel with its numbers, and its values between rows: as libsvm computes them.
struct KernelFunction: Sendable, Hashable, Codable {
  var kernel: SVMKernel
  var gamma: Double
  var shift: Double
  var degree: Int

  /// Sums over vectors of coefficients times kernel values: `[rows, outputs]`. Coefficients are `[outputs, vectors]`.
  func sums(_ rows: RowMatrix, _ vectors: [Double], _ coefficients: [Double], outputs: Int) -> [Double] {
    let p = rows.columns, count = vectors.count / max(p, 1)
    var result = [Double](repeating: 0, count: rows.rows * outputs)
    var row = [Double](repeating: 0, count: p)
    // The coefficients of a vector side by side, as all of them are needed at once.
    var beside = [Double](repeating: 0, count: coefficients.count)
    for output in 0..<outputs { for vector in 0..<count { beside[vector * outputs + output] = coefficients[output * count + vector] } }
    vectors.withUnsafeBufferPointer { vectors in
      let squares = kernel == .rbf ? (0..<count).map { RowMatrix.dot(vectors, $0 * p, vectors, $0 * p, p) } : []
      beside.withUnsafeBufferPointer { beside in
        result.withUnsafeMutableBufferPointer { result in
          for index in 0..<rows.rows {
            rows.copy(row: index, into: &row)
            row.withUnsafeBufferPointer { row in
              let square = kernel == .rbf ? RowMatrix.dot(row, 0, row, 0, p) : 0
              for vector in 0..<count {
                let product = RowMatrix.dot(row, 0, vectors, vector * p, p)
                let value: Double
                switch kernel {
                case .linear: value = product
                case .rbf: value = exp(-gamma * max(square + squares[vector] - 2 * product, 0))
                case .poly: value = pow(gamma * product + shift, Double(degree))
                case .sigmoid: value = tanh(gamma * product + shift)
                }
                for output in 0..<outputs { result[index * outputs + output] += beside[vector * outputs + output] * value }
              }
            }
          }
        }
      }
    }
    return result
  }
}

/// One training by libsvm: memory is freed on every way out, and nothing is printed.
enum SupportVectorSolver {
  struct Problem: Sendable {
    /// `C_SVC`, `EPSILON_SVR` or `ONE_CLASS`.
    var type: Int
    var kernel: KernelFunction
    var c = 1.0
    var epsilon = 0.1
    var nu = 0.5
    var tolerance: Double
    var cache: Double
    /// C for each class.
    var classFactors: [Double] = []
  }

  struct Solution {
    /// Rows of the problem that are support vectors, in libsvm's order.
    var vectors: [Int]
    /// `[classes - 1, vectors]` as libsvm keeps them.
    var coefficients: [[Double]]
    var constants: [Double]
    /// Classes in libsvm's order.
    var labels: [Int]
    /// Support vectors of each class.
    var counts: [Int]
  }

  /// libsvm keeps its printing function in a global variable.
  private static let silenced: Void = svm_set_print_string_function { _ in }

  static func solve(_ x: RowMatrix, _ targets: [Double], _ problem: Problem) throws -> Solution {
    _ = silenced
    var nodes: [svm_node] = [], starts: [Int] = []
    for row in 0..<x.rows {
      starts.append(nodes.count)
      switch x.layout {
      case .dense(let values):
        for column in 0..<x.columns {
          let value = values[row * x.columns + column]
          if value != 0 { nodes.append(svm_node(index: Int32(column + 1), value: value)) }
        }
      case .sparse(let sparse):
        for place in sparse.starts[row]..<sparse.starts[row + 1] {
          nodes.append(svm_node(index: sparse.indices[place] + 1, value: sparse.values[place]))
        }
      }
      nodes.append(svm_node(index: -1, value: 0))
    }
    var y = targets
    var weightLabels = problem.classFactors.indices.map { Int32($0) }
    var factors = problem.classFactors
    return try nodes.withUnsafeMutableBufferPointer { nodes in
      guard let base = nodes.baseAddress else { throw LearnerError("svm was given no row") }
      var rows: [UnsafeMutablePointer<svm_node>?] = starts.map { base + $0 }
      return try rows.withUnsafeMutableBufferPointer { rows in
        try y.withUnsafeMutableBufferPointer { y in
          try weightLabels.withUnsafeMutableBufferPointer { weightLabels in
            try factors.withUnsafeMutableBufferPointer { factors in
              var data = svm_problem(l: Int32(targets.count), y: y.baseAddress, x: rows.baseAddress)
              var parameter = svm_parameter()
              parameter.svm_type = Int32(problem.type)
              parameter.kernel_type = [SVMKernel.linear: 0, .poly: 1, .rbf: 2, .sigmoid: 3][problem.kernel.kernel] ?? 0
              parameter.degree = Int32(problem.kernel.degree)
              parameter.gamma = problem.kernel.gamma
              parameter.coef0 = problem.kernel.shift
              parameter.cache_size = problem.cache
              parameter.eps = problem.tolerance
              parameter.C = problem.c
              parameter.nr_weight = Int32(factors.count)
              parameter.weight_label = weightLabels.baseAddress
              parameter.weight = factors.baseAddress
              parameter.nu = problem.nu
              parameter.p = problem.epsilon
              parameter.shrinking = 1
              if let complaint = svm_check_parameter(&data, &parameter) {
                throw LearnerError("libsvm refuses the settings: \(String(cString: complaint))")
              }
              guard let model = svm_train(&data, &parameter) as UnsafeMutablePointer<svm_model>? else {
                throw LearnerError("libsvm gave no model")
              }
              defer {
                var freed: UnsafeMutablePointer<svm_model>? = model
                svm_free_and_destroy_model(&freed)
              }
              return try read(&model.pointee)
            }
          }
        }
      }
    }
  }

  private static func read(_ model: inout svm_model) throws -> Solution {
    let count = Int(model.l), classes = Int(model.nr_class)
    guard count >= 0, let coefficients = model.sv_coef, let constants = model.rho else { throw LearnerError("libsvm gave no model") }
    return Solution(
      vectors: (0..<count).map { Int(model.sv_indices[$0]) - 1 },
      coefficients: (0..<classes - 1).map { row in (0..<count).map { coefficients[row]?[$0] ?? 0 } },
      constants: (0..<classes * (classes - 1) / 2).map { constants[$0] },
      labels: model.label.map { labels in (0..<classes).map { Int(labels[$0]) } } ?? [],
      counts: model.nSV.map { counts in (0..<classes).map { Int(counts[$0]) } } ?? [])
  }

  /// libsvm knows no weights of rows, so whole numbers become repetitions, which is the same.
  /// - Returns: the rows to use; factors that all rows share are left to C.
  /// - Throws: `LearnerError` for weights that are no multiples of one another.
  static func repeated(_ weights: [Double], kind: String) throws -> (rows: [Int], factor: Double) {
    guard let smallest = weights.min(), let largest = weights.max(), smallest < largest else {
      return (Array(weights.indices), weights.first ?? 1)
    }
    let counts = weights.map { $0.rounded() }
    guard zip(counts, weights).allSatisfy({ abs($0 - $1) < 1e-9 && $0 >= 1 }), counts.reduce(0, +) <= 20 * Double(weights.count) else {
      throw LearnerError(
        "\(kind) was given weights from \(smallest) to \(largest)",
        expected: "the same weight for all rows, or small whole numbers, which libsvm takes as repetitions",
        remedy: "weigh classes by class_weights, or use another learner")
    }
    return (weights.indices.flatMap { [Int](repeating: $0, count: Int(counts[$0])) }, 1)
  }
}

extension RowMatrix {
  /// One row, spread out.
  func copy(row index: Int, into row: inout [Double]) {
    switch layout {
    case .dense(let values): for column in 0..<columns { row[column] = values[index * columns + column] }
    case .sparse(let sparse):
      for column in 0..<columns { row[column] = 0 }
      for place in sparse.starts[index]..<sparse.starts[index + 1] { row[Int(sparse.indices[place])] = sparse.values[place] }
    }
  }

  /// The given rows in the given order.
  func taking(_ taken: [Int]) -> RowMatrix {
    switch layout {
    case .dense(let values):
      return RowMatrix(rows: taken.count, columns: columns, dense: taken.flatMap { values[$0 * columns..<($0 + 1) * columns] })
    case .sparse(let sparse):
      var starts = [0], indices: [Int32] = [], values: [Double] = []
      for row in taken {
        indices += sparse.indices[sparse.starts[row]..<sparse.starts[row + 1]]
        values += sparse.values[sparse.starts[row]..<sparse.starts[row + 1]]
        starts.append(indices.count)
      }
      guard let made = try? SparseRows(columns: columns, starts: starts, indices: indices, values: values) else { return self }
      return RowMatrix(rows: taken.count, columns: columns, sparse: made)
    }
  }

  /// The values row-major.
  func spread() -> [Double] {
    switch layout {
    case .dense(let values): return values
    case .sparse(let sparse):
      var values = [Double](repeating: 0, count: rows * columns)
      for row in 0..<rows {
        for place in sparse.starts[row]..<sparse.starts[row + 1] {
          values[row * columns + Int(sparse.indices[place])] = sparse.values[place]
        }
      }
      return values
    }
  }
}
