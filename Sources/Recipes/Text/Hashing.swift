import Foundation
import Tables

/// Text columns as counts of hashed terms: no vocabulary to keep, and new words have a place. As `HashingVectorizer`; sparse.
public struct HashText: RecipeStep {
  public static let name = "hash-text"
  public static let accepted: Set<RecipeKind> = [.text, .categorical]
  public var columns: ColumnSelection
  public var features: Int
  public var unit: TextUnit
  public var ngrams: [Int]
  public var lowercase: Bool
  public var stripAccents: Bool
  public var stopWords: [String]
  public var binary: Bool
  /// Half of the terms count negative, so that collisions cancel out.
  public var alternateSign: Bool
  public var norm: TextNorm

  public init() { self.init(columns: .text) }
  public init(
    columns: ColumnSelection, features: Int = 4096, unit: TextUnit = .words, ngrams: [Int] = [1, 1], lowercase: Bool = true,
    stripAccents: Bool = false, stopWords: [String] = [], binary: Bool = false, alternateSign: Bool = true, norm: TextNorm = .l2
  ) {
    self.columns = columns
    self.features = features
    self.unit = unit
    self.ngrams = ngrams
    self.lowercase = lowercase
    self.stripAccents = stripAccents
    self.stopWords = stopWords
    self.binary = binary
    self.alternateSign = alternateSign
    self.norm = norm
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    guard (1...1 << 24).contains(features) else { throw input.settingError("features", features, expected: "1 to \(1 << 24)") }
    guard ngrams.count == 2, ngrams[0] >= 1, ngrams[0] <= ngrams[1] else {
      throw input.settingError("ngrams", ngrams, expected: "the shortest and the longest, as [1, 2]")
    }
    let tokens = Tokens(
      unit: unit, shortest: ngrams[0], longest: ngrams[1], lowercase: lowercase, stripAccents: stripAccents, stopWords: Set(stopWords))
    return StepFit(
      FittedHashText(tokens: tokens, features: features, binary: binary, alternateSign: alternateSign, norm: norm),
      outputs: input.columns.map { column in
        [
          RecipeColumn(
            name: column.name, kind: .sparse, origins: column.origins, features: (0..<features).map { "\(column.name)_hash\($0)" })
        ]
      })
  }
}

struct FittedHashText: FittedStep {
  static let name = "hashed-terms"
  let tokens: Tokens
  let features: Int
  let binary: Bool
  let alternateSign: Bool
  let norm: TextNorm

  func transform(_ inputs: [RecipeValues], rows: Int, threads: Int) throws -> [RecipeValues] {
    try inputs.map { input in
      let made = try TextChunks.map(try input.texts(), threads: threads) { text in
        var counts: [Int32: Double] = [:]
        for term in tokens.terms(text) {
          let (place, sign) = Murmur.place(term, features)
          counts[place, default: 0] += alternateSign ? sign : 1
        }
        // Terms that cancel out stay as zeros in scikit-learn; nothing is the same.
        var entries = counts.filter { $0.value != 0 }.sorted { $0.key < $1.key }.map { ($0.key, binary ? 1 : $0.value) }
        SparseRows.normalize(&entries, norm)
        return entries
      }
      return .sparse(try SparseRows.joining(made, columns: features))
    }
  }
}

/// Categories hashed into a few columns, all chosen columns into the same. As `FeatureHasher` of `column=value`.
public struct HashCategories: RecipeStep {
  public static let name = "hash-categories"
  public static let accepted: Set<RecipeKind> = [.categorical, .text, .boolean, .numeric]
  public var columns: ColumnSelection
  public var features: Int
  public var alternateSign: Bool

  public init() { self.init(columns: .categorical) }
  public init(columns: ColumnSelection, features: Int = 64, alternateSign: Bool = true) {
    self.columns = columns
    self.features = features
    self.alternateSign = alternateSign
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    guard (1...1 << 24).contains(features) else { throw input.settingError("features", features, expected: "1 to \(1 << 24)") }
    let origins = Array(Set(input.columns.flatMap(\.origins))).sorted()
    let names = (0..<features).map { "hash\($0)" }
    let isSparse = features > 100
    let outputs =
      isSparse
      ? [RecipeColumn(name: "hash", kind: .sparse, origins: origins, features: names)]
      : names.map { RecipeColumn(name: $0, origins: origins) }
    return StepFit(
      FittedHashCategories(
        columns: input.columns.map(\.name), isText: input.columns.map(OneHot.isText), isBoolean: input.columns.map { $0.kind == .boolean },
        features: features, alternateSign: alternateSign, isSparse: isSparse),
      outputs: [outputs] + input.columns.dropFirst().map { _ in [] })
  }
}

struct FittedHashCategories: FittedStep {
  static let name = "hashed-categories"
  let columns: [String]
  let isText: [Bool]
  let isBoolean: [Bool]
  let features: Int
  let alternateSign: Bool
  let isSparse: Bool
  var takesSingleRows: Bool { !isSparse }

  private func add(_ place: Int, _ text: String, _ row: inout [Int32: Double]) {
    let (column, sign) = Murmur.place("\(columns[place])=\(text)", features)
    row[column, default: 0] += alternateSign ? sign : 1
  }

  func transform(_ inputs: [RecipeValues], rows: Int, threads: Int) throws -> [RecipeValues] {
    var made = [[Int32: Double]](repeating: [:], count: rows)
    for (place, input) in inputs.enumerated() {
      switch input {
      case .numbers(let values):
        let index = CategoryIndex([], isBoolean: isBoolean[place])
        for row in 0..<rows where !values[row].isNaN { add(place, index.spelled(values[row]), &made[row]) }
      case .column(let column):
        for (row, text) in try column.texts().enumerated() { if let text { add(place, text, &made[row]) } }
      case .sparse: throw RecipeError("a block of sparse features has no categories")
      }
    }
    if isSparse {
      return [
        .sparse(try SparseRows.joining(made.map { row in row.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }, columns: features))
      ]
    }
    return (0..<Int32(features)).map { column in .numbers(made.map { $0[column] ?? 0 }) }
  }

  func transform(row: inout RowCells, inputs: [Int], outputs: [Int]) throws {
    var made: [Int32: Double] = [:]
    for (place, input) in inputs.enumerated() {
      if isText[place] {
        if let text = row.texts[input] { add(place, text, &made) }
      } else if !row.numbers[input].isNaN {
        add(place, CategoryIndex([], isBoolean: isBoolean[place]).spelled(row.numbers[input]), &made)
      }
    }
    for (column, output) in outputs.enumerated() { row.numbers[output] = made[Int32(column)] ?? 0 }
  }
}
