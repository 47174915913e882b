import Foundation
import Tables

/// Projects columns on the directions in which they vary most. As `PCA` with the full decomposition: the largest entry of each direction is
/// positive.
public struct PCA: RecipeStep {
  public static let name = "pca"
  public static let accepted: Set<RecipeKind> = [.numeric, .boolean]
  public var columns: ColumnSelection
  /// How many directions; `nil` for all, or as `variance` says.
  public var components: Int?
  /// As many directions as hold this share of the variance.
  public var variance: Double?
  /// Whether every direction gets a variance of one.
  public var whiten: Bool

  public init() { self.init(columns: .automatic) }
  public init(columns: ColumnSelection, components: Int? = nil, variance: Double? = nil, whiten: Bool = false) {
    self.columns = columns
    self.components = components
    self.variance = variance
    self.whiten = whiten
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    let view = FeatureView(input)
    let rows = input.rows, width = view.count, most = min(rows, width)
    if let components, !(1...most).contains(components) {
      throw input.settingError("components", components, expected: "1 to \(most) (the fewer of rows and columns)")
    }
    if let variance, !(variance > 0 && variance < 1) { throw input.settingError("variance", variance, expected: "between 0 and 1") }
    guard rows > 1 else { throw RecipeError("one row has no directions", expected: "2 or more training rows") }
    let columns = try (0..<width).map { try view.complete($0, input) }
    let means = columns.map(Numbers.mean)
    var centered = [Double](repeating: 0, count: rows * width)
    for column in 0..<width { for row in 0..<rows { centered[row * width + column] = columns[column][row] - means[column] } }
    let (singular, vectors) = try Algebra.rightVectors(centered, rows: rows, columns: width)
    let variances = singular.map { $0 * $0 / Double(rows - 1) }
    var count = components ?? most
    if let variance, components == nil {
      let total = Numbers.sum(variances)
      var running = 0.0
      count =
        (variances.firstIndex { value in
          running += value / total
          return running > variance
        } ?? most - 1) + 1
    }
    let scales = variances.prefix(count).map { whiten ? 1 / max($0.squareRoot(), Double.ulpOfOne) : 1 }
    let origins = Array(Set(input.columns.flatMap(\.origins))).sorted()
    return StepFit(
      FittedProjection(
        means: Doubles(means), vectors: vectors.prefix(count).map { Doubles($0) }, scales: Doubles(scales),
        variances: Doubles(Array(variances.prefix(count))), columns: input.columns.map(\.name)),
      outputs: [(0..<count).map { RecipeColumn(name: "pca\($0)", origins: origins) }] + input.columns.dropFirst().map { _ in [] })
  }
}

struct FittedProjection: FittedStep {
  static let name = "projection"
  let means: Doubles
  let vectors: [Doubles]
  let scales: Doubles
  /// The variance along each direction.
  let variances: Doubles
  let columns: [String]
  var takesSingleRows: Bool { true }

  func transform(_ inputs: [RecipeValues], rows: Int, threads: Int) throws -> [RecipeValues] {
    let columns = try inputs.map { try $0.doubles() }
    for (place, column) in columns.enumerated() {
      if let row = column.firstIndex(where: { $0.isNaN }) { throw missing(place, row) }
    }
    return vectors.indices.map { direction in
      var values = [Double](repeating: 0, count: rows)
      values.withUnsafeMutableBufferPointer { target in
        for (place, column) in columns.enumerated() {
          let factor = vectors[direction].values[place], mean = means.values[place]
          column.withUnsafeBufferPointer { source in for row in 0..<rows { target[row] += (source[row] - mean) * factor } }
        }
        let scale = scales.values[direction]
        for row in 0..<rows { target[row] *= scale }
      }
      return .numbers(values)
    }
  }

  private func missing(_ place: Int, _ row: Int) -> RecipeError {
    RecipeError(
      "column '\(columns[place])' is missing in row \(row)", expected: "no missing values", remedy: "impute before this step",
      step: PCA.name,
      column: columns[place], row: row)
  }

  func transform(row: inout RowCells, inputs: [Int], outputs: [Int]) throws {
    for direction in vectors.indices {
      var value = 0.0
      for (place, input) in inputs.enumerated() {
        if row.numbers[input].isNaN { throw missing(place, 0) }
        value += (row.numbers[input] - means.values[place]) * vectors[direction].values[place]
      }
      row.numbers[outputs[direction]] = value * scales.values[direction]
    }
  }
}
