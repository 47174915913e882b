import Tables

/// A fitted step that changes each number by itself.
protocol Columnwise: FittedStep {
  func map(_ value: Double, column: Int) -> Double
}

extension Columnwise {
  var takesSingleRows: Bool { true }

  func transform(_ inputs: [RecipeValues], rows: Int, threads: Int) throws -> [RecipeValues] {
    try inputs.enumerated().map { column, values in
      let source = try values.doubles()
      return .numbers(
        [Double](unsafeUninitializedCapacity: source.count) { target, written in
          source.withUnsafeBufferPointer { for row in 0..<$0.count { target[row] = map($0[row], column: column) } }
          written = source.count
        })
    }
  }

  func transform(row: inout RowCells, inputs: [Int], outputs: [Int]) throws {
    for place in inputs.indices { row.numbers[outputs[place]] = map(row.numbers[inputs[place]], column: place) }
  }
}

extension StepFit {
  /// Every input replaced by one number.
  init(replacing input: StepInput, by fitted: any FittedStep) {
    self.init(fitted, outputs: input.columns.map { [$0.replaced()] })
  }
}

extension StepInput {
  /// Values of the present rows of each column, and their weights.
  func presentColumns() throws -> [(values: [Double], weights: [Double]?)] {
    try doubles().map { column in
      guard let weights else { return (Numbers.present(column), nil) }
      var values: [Double] = [], kept: [Double] = []
      for (value, weight) in zip(column, weights) where !value.isNaN && weight > 0 {
        values.append(value)
        kept.append(weight)
      }
      return (values, kept)
    }
  }

  func settingError(_ name: String, _ value: some Any, expected: String) -> RecipeError {
    RecipeError("\(name) is \(value)", expected: expected)
  }
}
