import Foundation
import MartletCore
import Tables

/// Projects columns and sparse features on their largest singular vectors, without centring: texts stay sparse until here (latent semantic
/// analysis). As `TruncatedSVD`.
///
/// Found by subspace iteration from random vectors of the seed (Halko, Martinsson, Tropp 2011), until the singular values stand still.
public struct TruncatedSVD: RecipeStep {
  public static let name = "truncated-svd"
  public static let accepted: Set<RecipeKind> = [.numeric, .boolean, .sparse]
  public var columns: ColumnSelection
  public var components: Int

  public init() { self.init(columns: .automatic) }
  public init(columns: ColumnSelection, components: Int = 100) {
    self.columns = columns
    self.components = components
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    let width = input.columns.reduce(0) { $0 + ($1.features?.count ?? 1) }
    let most = min(input.rows, width)
    guard components >= 1, components <= most else {
      throw input.settingError("components", components, expected: "1 to \(most) (the fewer of rows and features)")
    }
    let matrix = try FittedReduction.sparse(input.values, rows: input.rows, columns: input.columns.map(\.name))
    let size = min(most, components + 10)
    var random = KeyedRandom(seed: input.context.seed, purpose: "recipe.svd")
    let start = (0..<width * size).map { _ in Probability.normalQuantile(max(random.uniform(), 1e-300)) }
    var left = matrix.product(start, columns: size)
    var last: [Double] = [], vectors: [[Double]] = []
    for _ in 0..<200 {
      let basis = try Algebra.basis(left, rows: input.rows, columns: size)
      // [features, size]: the matrix seen through the basis.
      let seen = matrix.transposedProduct(basis, columns: size)
      var rows = [Double](repeating: 0, count: seen.count)
      for feature in 0..<width { for place in 0..<size { rows[place * width + feature] = seen[feature * size + place] } }
      let (singular, right) = try Algebra.rightVectors(rows, rows: size, columns: width)
      vectors = Array(right.prefix(components))
      let values = Array(singular.prefix(components))
      let largest = values.first ?? 0
      if last.count == values.count, zip(values, last).allSatisfy({ abs($0 - $1) <= 1e-15 * largest }) { break }
      last = values
      left = matrix.product(try Algebra.basis(seen, rows: width, columns: size), columns: size)
    }
    let origins = Array(Set(input.columns.flatMap(\.origins))).sorted()
    return StepFit(
      FittedReduction(vectors: vectors.map { Doubles($0) }, columns: input.columns.map(\.name)),
      outputs: [(0..<components).map { RecipeColumn(name: "svd\($0)", origins: origins) }] + input.columns.dropFirst().map { _ in [] })
  }
}

struct FittedReduction: FittedStep {
  static let name = "reduction"
  let vectors: [Doubles]
  let columns: [String]

  func transform(_ inputs: [RecipeValues], rows: Int, threads: Int) throws -> [RecipeValues] {
    let matrix = try Self.sparse(inputs, rows: rows, columns: columns)
    let count = vectors.count
    var right = [Double](repeating: 0, count: matrix.columns * count)
    for (place, vector) in vectors.enumerated() {
      for feature in 0..<matrix.columns { right[feature * count + place] = vector.values[feature] }
    }
    let made = matrix.product(right, columns: count)
    return (0..<count).map { place in .numbers((0..<rows).map { made[$0 * count + place] }) }
  }

  /// Columns and blocks side by side.
  static func sparse(_ values: [RecipeValues], rows: Int, columns: [String]) throws -> SparseRows {
    var starts = [0], indices: [Int32] = [], numbers: [Double] = []
    var offsets: [Int] = [], width = 0
    for value in values {
      offsets.append(width)
      if case .sparse(let block) = value { width += block.columns } else { width += 1 }
    }
    for row in 0..<rows {
      for (place, value) in values.enumerated() {
        switch value {
        case .sparse(let block):
          for entry in block.starts[row]..<block.starts[row + 1] {
            indices.append(Int32(offsets[place]) + block.indices[entry])
            numbers.append(block.values[entry])
          }
        case .numbers(let column):
          if column[row].isNaN {
            throw RecipeError(
              "column '\(columns[place])' is missing in row \(row)", expected: "no missing values", remedy: "impute before this step",
              step: TruncatedSVD.name, column: columns[place], row: row)
          }
          if column[row] != 0 {
            indices.append(Int32(offsets[place]))
            numbers.append(column[row])
          }
        case .column: throw RecipeError("column '\(columns[place])' holds no numbers", column: columns[place])
        }
      }
      starts.append(indices.count)
    }
    return try SparseRows(columns: width, starts: starts, indices: indices, values: numbers)
  }
}

extension SparseRows {
  /// This matrix times a dense one, `[self.columns, columns]`.
  func product(_ right: [Double], columns: Int) -> [Double] {
    var made = [Double](repeating: 0, count: rows * columns)
    made.withUnsafeMutableBufferPointer { target in
      right.withUnsafeBufferPointer { source in
        for row in 0..<rows {
          for entry in starts[row]..<starts[row + 1] {
            let value = values[entry], from = Int(indices[entry]) * columns
            for column in 0..<columns { target[row * columns + column] += value * source[from + column] }
          }
        }
      }
    }
    return made
  }

  /// This matrix's transpose times a dense one, `[rows, columns]`.
  func transposedProduct(_ right: [Double], columns: Int) -> [Double] {
    var made = [Double](repeating: 0, count: self.columns * columns)
    made.withUnsafeMutableBufferPointer { target in
      right.withUnsafeBufferPointer { source in
        for row in 0..<rows {
          for entry in starts[row]..<starts[row + 1] {
            let value = values[entry], to = Int(indices[entry]) * columns
            for column in 0..<columns { target[to + column] += value * source[row * columns + column] }
          }
        }
      }
    }
    return made
  }
}
