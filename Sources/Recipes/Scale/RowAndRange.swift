import Foundation
import Tables

/// Divides every row by its norm over the chosen columns. As `Normalizer`. A row with a missing value becomes missing.
public struct NormalizeRows: RecipeStep {
  public enum Norm: String, Hashable, Sendable, Codable, CaseIterable { case l1, l2, max }
  public static let name = "normalize-rows"
  public var columns: ColumnSelection
  public var norm: Norm

  public init() { self.init(columns: .automatic) }
  public init(columns: ColumnSelection, norm: Norm = .l2) {
    self.columns = columns
    self.norm = norm
  }

  public func fit(_ input: StepInput) throws -> StepFit { StepFit(replacing: input, by: FittedNorm(norm: norm)) }
}

struct FittedNorm: FittedStep {
  static let name = "row-norm"
  let norm: NormalizeRows.Norm
  var takesSingleRows: Bool { true }

  func transform(_ inputs: [RecipeValues], rows: Int, threads: Int) throws -> [RecipeValues] {
    var columns = try inputs.map { try $0.doubles() }
    var cells = [Double](repeating: 0, count: columns.count)
    for row in 0..<rows {
      for column in columns.indices { cells[column] = columns[column][row] }
      let scale = length(cells)
      for column in columns.indices { columns[column][row] = cells[column] / scale }
    }
    return columns.map { .numbers($0) }
  }

  func transform(row: inout RowCells, inputs: [Int], outputs: [Int]) throws {
    let scale = length(inputs.map { row.numbers[$0] })
    for place in inputs.indices { row.numbers[outputs[place]] = row.numbers[inputs[place]] / scale }
  }

  private func length(_ cells: [Double]) -> Double {
    let value: Double
    switch norm {
    case .l1: value = cells.reduce(0) { $0 + abs($1) }
    case .l2: value = cells.reduce(0) { $0 + $1 * $1 }.squareRoot()
    case .max: value = cells.contains { $0.isNaN } ? .nan : cells.map(abs).max() ?? 0
    }
    return value < 10 * Double.ulpOfOne ? 1 : value
  }
}

/// Holds values within limits: given ones, or quantiles of the training rows (winsorising).
public struct Clip: RecipeStep {
  public static let name = "clip"
  public var columns: ColumnSelection
  public var lower: Double?
  public var upper: Double?
  /// Between 0 and 1.
  public var lowerQuantile: Double?
  public var upperQuantile: Double?

  public init() { self.init(columns: .automatic) }
  public init(
    columns: ColumnSelection, lower: Double? = nil, upper: Double? = nil, lowerQuantile: Double? = nil, upperQuantile: Double? = nil
  ) {
    self.columns = columns
    self.lower = lower
    self.upper = upper
    self.lowerQuantile = lowerQuantile
    self.upperQuantile = upperQuantile
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    for quantile in [lowerQuantile, upperQuantile].compactMap({ $0 }) where !(0...1).contains(quantile) {
      throw input.settingError("a quantile", quantile, expected: "0 to 1")
    }
    // Winsorising at 1 % and 99 % where nothing is said.
    let isSilent = lower == nil && upper == nil && lowerQuantile == nil && upperQuantile == nil
    let low = isSilent ? 0.01 : lowerQuantile, high = isSilent ? 0.99 : upperQuantile
    var lowers: [Double] = [], uppers: [Double] = []
    for (place, (values, _)) in try input.presentColumns().enumerated() {
      let sorted = values.sorted()
      lowers.append(
        max(lower ?? -.infinity, low.map { sorted.isEmpty ? -.infinity : Numbers.percentile(sorted: sorted, $0) } ?? -.infinity))
      uppers.append(min(upper ?? .infinity, high.map { sorted.isEmpty ? .infinity : Numbers.percentile(sorted: sorted, $0) } ?? .infinity))
      guard lowers[place] <= uppers[place] else {
        throw RecipeError(
          "column '\(input.columns[place].name)' would be held between \(lowers[place]) and \(uppers[place])",
          expected: "a lower limit that is not above the upper", column: input.columns[place].name)
      }
    }
    return StepFit(replacing: input, by: FittedClip(lowers: Doubles(lowers), uppers: Doubles(uppers)))
  }
}

struct FittedClip: Columnwise {
  static let name = "limits"
  let lowers: Doubles
  let uppers: Doubles
  func map(_ value: Double, column: Int) -> Double { value.isNaN ? value : min(max(value, lowers.values[column]), uppers.values[column]) }
}

/// The logarithm of values.
public struct Log: RecipeStep {
  public enum Form: String, Hashable, Sendable, Codable, CaseIterable {
    /// log(1 + x), for x > -1.
    case plusOne = "plus-one"
    /// log(x), for x > 0.
    case plain
    /// sign(x) log(1 + |x|), for any x.
    case signed
  }
  public static let name = "log"
  public var columns: ColumnSelection
  public var form: Form

  public init() { self.init(columns: .automatic) }
  public init(columns: ColumnSelection, form: Form = .plusOne) {
    self.columns = columns
    self.form = form
  }

  /// A training value without a logarithm is an error; a later one becomes missing.
  public func fit(_ input: StepInput) throws -> StepFit {
    let fitted = FittedLog(form: form)
    for (column, values) in zip(input.columns, try input.doubles()) {
      if let row = values.firstIndex(where: { !$0.isNaN && !fitted.map($0, column: 0).isFinite }) {
        throw RecipeError(
          "column '\(column.name)' holds \(values[row]) in row \(row)", expected: form == .plain ? "more than 0" : "more than -1",
          remedy: "use form: signed, or clip first", column: column.name, row: row, value: "\(values[row])")
      }
    }
    return StepFit(replacing: input, by: fitted)
  }
}

struct FittedLog: Columnwise {
  static let name = "logarithm"
  let form: Log.Form
  func map(_ value: Double, column: Int) -> Double {
    let result: Double
    switch form {
    case .plusOne: result = log1p(value)
    case .plain: result = log(value)
    case .signed: result = value < 0 ? -log1p(-value) : log1p(value)
    }
    return result == -.infinity ? .nan : result
  }
}
