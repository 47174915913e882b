import MartletCore
import Tables

/// The features of columns and sparse blocks, one after the other, each as a dense column.
struct FeatureView: Sendable {
  /// For each feature, its input and its column within it.
  let places: [(input: Int, column: Int)]
  private let values: [RecipeValues]
  private let rows: Int
  /// For each sparse input, the entries of each column.
  private let entries: [Int: [[(row: Int32, value: Double)]]]

  init(_ input: StepInput) {
    values = input.values
    rows = input.rows
    var places: [(Int, Int)] = [], entries: [Int: [[(Int32, Double)]]] = [:]
    for (place, value) in input.values.enumerated() {
      guard case .sparse(let sparse) = value else {
        places.append((place, 0))
        continue
      }
      var columns = [[(Int32, Double)]](repeating: [], count: sparse.columns)
      for row in 0..<sparse.rows {
        for entry in sparse.starts[row]..<sparse.starts[row + 1] {
          columns[Int(sparse.indices[entry])].append((Int32(row), sparse.values[entry]))
        }
      }
      entries[place] = columns
      places += (0..<sparse.columns).map { (place, $0) }
    }
    self.places = places
    self.entries = entries
  }

  var count: Int { places.count }

  func column(_ feature: Int) throws -> [Double] {
    let (input, column) = places[feature]
    guard let entries = entries[input] else { return try values[input].doubles() }
    var dense = [Double](repeating: 0, count: rows)
    for (row, value) in entries[column] { dense[Int(row)] = value }
    return dense
  }

  /// - Throws: `RecipeError` naming the column that misses values.
  func complete(_ feature: Int, _ input: StepInput) throws -> [Double] {
    let values = try column(feature)
    if let row = values.firstIndex(where: { $0.isNaN }) {
      let name = input.columns[places[feature].input].name
      throw RecipeError(
        "column '\(name)' is missing in row \(row)", expected: "no missing values", remedy: "impute before this step", column: name,
        row: row)
    }
    return values
  }

  /// All features as a matrix.
  func matrix(_ input: StepInput) throws -> FeatureMatrix {
    var values = [Double](repeating: 0, count: rows * count)
    for feature in 0..<count { for (row, value) in try column(feature).enumerated() { values[row * count + feature] = value } }
    let names = places.map { place in input.columns[place.input].features?[place.column] ?? input.columns[place.input].name }
    return try FeatureMatrix(rows: rows, names: names, values: values)
  }

  /// The fit of a step that keeps some features.
  func keeping(_ kept: [Bool], scores: [Double], of input: StepInput) throws -> StepFit {
    guard kept.contains(true) else {
      throw RecipeError("no feature is left of \(count)", expected: "1 or more", remedy: "lower the threshold")
    }
    var chosen = [[Int]](repeating: [], count: input.columns.count)
    for (feature, isKept) in kept.enumerated() where isKept { chosen[places[feature].input].append(places[feature].column) }
    let outputs = zip(input.columns, chosen).map { column, kept -> [RecipeColumn] in
      if kept.isEmpty { return [] }
      var output = column
      output.features = column.features.map { names in kept.map { names[$0] } }
      return [output]
    }
    return StepFit(FittedPick(kept: chosen, scores: Doubles(scores)), outputs: outputs)
  }
}

struct FittedPick: FittedStep {
  static let name = "picked"
  /// For each input, the features that stay; for a plain column `[0]` or nothing.
  let kept: [[Int]]
  /// What each feature was judged by.
  let scores: Doubles
  var takesSingleRows: Bool { true }

  func transform(_ inputs: [RecipeValues], rows: Int, threads: Int) throws -> [RecipeValues] {
    try zip(inputs, kept).compactMap { input, kept -> RecipeValues? in
      if kept.isEmpty { return nil }
      guard case .sparse(let sparse) = input else { return input }
      var map = [Int32](repeating: -1, count: sparse.columns)
      for (place, column) in kept.enumerated() { map[column] = Int32(place) }
      let made = (0..<sparse.rows).map { row in
        (sparse.starts[row]..<sparse.starts[row + 1]).compactMap { entry -> (Int32, Double)? in
          let place = map[Int(sparse.indices[entry])]
          return place < 0 ? nil : (place, sparse.values[entry])
        }
      }
      return .sparse(try SparseRows.joining(made, columns: kept.count))
    }
  }

  func transform(row: inout RowCells, inputs: [Int], outputs: [Int]) throws {
    var next = 0
    for (input, kept) in zip(inputs, kept) where !kept.isEmpty {
      row.numbers[outputs[next]] = row.numbers[input]
      next += 1
    }
  }
}
