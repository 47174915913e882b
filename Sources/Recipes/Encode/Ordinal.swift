import Tables

/// Each category's place in their order. As `OrdinalEncoder`, missing stays missing. The codes are marked as categories in the matrix.
public struct Ordinal: RecipeStep {
  public static let name = "ordinal"
  public static let accepted: Set<RecipeKind> = [.categorical, .text, .boolean, .numeric]
  public var columns: ColumnSelection
  public var unknown: UnknownCategory
  /// The code of unknown categories; `nil` for missing.
  public var unknownValue: Double?
  /// The code of missing values; `nil` for missing.
  public var missingValue: Double?
  /// The categories of a column in their order, by column name; others in ascending order, a categorical column's in its own.
  public var categories: [String: [String]]

  public init() { self.init(columns: .categorical) }
  public init(
    columns: ColumnSelection, unknown: UnknownCategory = .ignore, unknownValue: Double? = nil, missingValue: Double? = nil,
    categories: [String: [String]] = [:]
  ) {
    self.columns = columns
    self.unknown = unknown
    self.unknownValue = unknownValue
    self.missingValue = missingValue
    self.categories = categories
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    guard unknown != .infrequent else { throw input.settingError("unknown", "infrequent", expected: "ignore or refuse") }
    var indexes: [CategoryIndex] = []
    for (column, values) in zip(input.columns, input.values) {
      guard let given = categories[column.name] else {
        indexes.append(CategoryIndex(try CategoryCodes.learn(values, column).categories, isBoolean: column.kind == .boolean))
        continue
      }
      let index = CategoryIndex(given, isBoolean: column.kind == .boolean)
      if unknown == .refuse, let row = try index.codes(values).firstIndex(of: CategoryIndex.unknown) {
        let value = index.text(values, row: row)
        throw RecipeError(
          "column '\(column.name)' holds '\(value)' in row \(row)", expected: listed(given), column: column.name, row: row, value: value)
      }
      indexes.append(index)
    }
    return StepFit(
      FittedOrdinal(
        indexes: indexes, columns: input.columns.map(\.name), isText: input.columns.map(OneHot.isText), refuses: unknown == .refuse,
        unknown: Doubles([unknownValue ?? .nan]), missing: Doubles([missingValue ?? .nan])),
      outputs: zip(input.columns, indexes).map { column, index in
        [column.replaced(levels: unknownValue == nil && missingValue == nil ? index.categories.count : nil)]
      })
  }
}

struct FittedOrdinal: FittedStep {
  static let name = "ordinal-codes"
  let indexes: [CategoryIndex]
  let columns: [String]
  let isText: [Bool]
  let refuses: Bool
  let unknown: Doubles
  let missing: Doubles
  var takesSingleRows: Bool { true }

  private func refusal(_ place: Int, _ row: Int, _ value: String) -> RecipeError {
    RecipeError(
      "column '\(columns[place])' holds '\(value)' in row \(row), which no training row has", expected: listed(indexes[place].categories),
      remedy: "fit with unknown: ignore", step: Ordinal.name, column: columns[place], row: row, value: value)
  }

  func transform(_ inputs: [RecipeValues], rows: Int, threads: Int) throws -> [RecipeValues] {
    try inputs.enumerated().map { place, input in
      let codes = try indexes[place].codes(input)
      if refuses, let row = codes.firstIndex(of: CategoryIndex.unknown) {
        throw refusal(place, row, indexes[place].text(input, row: row))
      }
      let (unknown, missing) = (unknown[0], missing[0])
      return .numbers(codes.map { $0 >= 0 ? Double($0) : $0 == CategoryIndex.missing ? missing : unknown })
    }
  }

  func transform(row: inout RowCells, inputs: [Int], outputs: [Int]) throws {
    for (place, input) in inputs.enumerated() {
      let code = isText[place] ? indexes[place].code(row.texts[input]) : indexes[place].code(row.numbers[input])
      if refuses, code == CategoryIndex.unknown { throw refusal(place, 0, row.texts[input] ?? "\(row.numbers[input])") }
      row.numbers[outputs[place]] = code >= 0 ? Double(code) : code == CategoryIndex.missing ? missing[0] : unknown[0]
    }
  }
}

/// Each category's number of training rows, or its share. Unknown categories have none.
public struct CountEncoding: RecipeStep {
  public static let name = "count-encode"
  public static let accepted: Set<RecipeKind> = [.categorical, .text, .boolean, .numeric]
  public var columns: ColumnSelection
  /// Whether counts are divided by the rows.
  public var share: Bool

  public init() { self.init(columns: .categorical) }
  public init(columns: ColumnSelection, share: Bool = false) {
    self.columns = columns
    self.share = share
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    var maps: [CategoryValues] = []
    for (column, values) in zip(input.columns, input.values) {
      let learnt = try CategoryCodes.learn(values, column)
      var counts = [Double](repeating: 0, count: learnt.categories.count), missing = 0.0
      for code in learnt.codes { if code < 0 { missing += 1 } else { counts[Int(code)] += 1 } }
      let divisor = share ? Double(input.rows) : 1
      maps.append(
        CategoryValues(
          index: CategoryIndex(learnt.categories, isBoolean: column.kind == .boolean), isText: OneHot.isText(column),
          values: [Doubles(counts.map { $0 / divisor })], missing: [missing / divisor], unknown: [0]))
    }
    return StepFit(replacing: input, by: FittedCategoryValues(maps: maps))
  }
}

/// Numbers for each category of a column.
struct CategoryValues: Hashable, Sendable, Codable {
  let index: CategoryIndex
  let isText: Bool
  /// For each output, a number a category.
  let values: [Doubles]
  /// For each output, the number of missing and of unknown values.
  let missing: Doubles
  let unknown: Doubles

  func value(_ code: Int32, _ output: Int) -> Double {
    code >= 0 ? values[output].values[Int(code)] : code == CategoryIndex.missing ? missing.values[output] : unknown.values[output]
  }
}

struct FittedCategoryValues: FittedStep {
  static let name = "category-values"
  let maps: [CategoryValues]
  var takesSingleRows: Bool { true }

  func transform(_ inputs: [RecipeValues], rows: Int, threads: Int) throws -> [RecipeValues] {
    try zip(inputs, maps).flatMap { input, map -> [RecipeValues] in
      let codes = try map.index.codes(input)
      return map.values.indices.map { output in .numbers(codes.map { map.value($0, output) }) }
    }
  }

  func transform(row: inout RowCells, inputs: [Int], outputs: [Int]) throws {
    var next = 0
    for (input, map) in zip(inputs, maps) {
      let code = map.isText ? map.index.code(row.texts[input]) : map.index.code(row.numbers[input])
      for output in map.values.indices {
        row.numbers[outputs[next]] = map.value(code, output)
        next += 1
      }
    }
  }
}
