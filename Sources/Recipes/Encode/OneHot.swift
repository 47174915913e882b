import Tables

/// What an encoder does with a category that no training row had.
public enum UnknownCategory: String, Hashable, Sendable, Codable, CaseIterable {
  /// No category: zeros in one-hot columns, missing in ordinal ones.
  case ignore
  /// An error naming the column, the row and the value.
  case refuse
  /// Taken as one of the rare categories, where there are any; else as `ignore`.
  case infrequent
}

/// A column of zeros and ones for each category. As `OneHotEncoder`; a missing value is a category of its own where training rows miss any.
public struct OneHot: RecipeStep {
  public enum DropFirst: String, Hashable, Sendable, Codable, CaseIterable {
    case never, first
    case ifBinary = "if-binary"
  }
  public static let name = "one-hot"
  public static let accepted: Set<RecipeKind> = [.categorical, .text, .boolean, .numeric]
  public var columns: ColumnSelection
  public var unknown: UnknownCategory
  /// Categories with fewer rows are put together: a count from 1, or a share of the rows below 1.
  public var minFrequency: Double?
  /// Columns for each input at most, rare categories put together.
  public var maxCategories: Int?
  public var drop: DropFirst
  /// Whether the columns are one sparse block; `nil` for more than 100 categories.
  public var sparse: Bool?

  public init() { self.init(columns: .categorical) }
  public init(
    columns: ColumnSelection, unknown: UnknownCategory = .infrequent, minFrequency: Double? = nil, maxCategories: Int? = nil,
    drop: DropFirst = .never, sparse: Bool? = nil
  ) {
    self.columns = columns
    self.unknown = unknown
    self.minFrequency = minFrequency
    self.maxCategories = maxCategories
    self.drop = drop
    self.sparse = sparse
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    if let minFrequency, minFrequency <= 0 { throw input.settingError("min-frequency", minFrequency, expected: "more than 0") }
    if let maxCategories, maxCategories < 1 { throw input.settingError("max-categories", maxCategories, expected: "1 or more") }
    var fitted: [FittedOneHot.Encoding] = [], outputs: [[RecipeColumn]] = []
    for (column, values) in zip(input.columns, input.values) {
      let learnt = try CategoryCodes.learn(values, column)
      let hasMissing = learnt.codes.contains { $0 < 0 }
      var counts = [Int](repeating: 0, count: learnt.categories.count + (hasMissing ? 1 : 0))
      for code in learnt.codes { counts[code < 0 ? counts.count - 1 : Int(code)] += 1 }
      let rare = rareCategories(counts, rows: input.rows)
      // Frequent categories in their order, then one for the rare ones.
      var places = [Int32](repeating: -1, count: counts.count), labels: [String] = []
      for code in counts.indices where !rare.contains(code) {
        places[code] = Int32(labels.count)
        labels.append(code < learnt.categories.count ? learnt.categories[code] : "missing")
      }
      var rarePlace: Int32 = -1
      if !rare.isEmpty {
        rarePlace = Int32(labels.count)
        labels.append("infrequent")
        for code in rare { places[code] = rarePlace }
      }
      let leavesOut = drop == .first || (drop == .ifBinary && labels.count == 2)
      if leavesOut, !labels.isEmpty {
        labels.removeFirst()
        places = places.map { $0 - 1 }
        rarePlace -= rarePlace < 0 ? 0 : 1
      }
      let isSparse = sparse ?? (labels.count > 100)
      let names = labels.map { "\(column.name)_\($0)" }
      fitted.append(
        FittedOneHot.Encoding(
          index: CategoryIndex(learnt.categories, isBoolean: column.kind == .boolean),
          places: Array(places.prefix(learnt.categories.count)),
          missing: hasMissing ? places[places.count - 1] : nil, rare: rarePlace < 0 ? nil : rarePlace, width: labels.count,
          isSparse: isSparse, column: column.name, isText: Self.isText(column)))
      outputs.append(
        isSparse
          ? [RecipeColumn(name: column.name, kind: .sparse, origins: column.origins, features: names)] : names.map { column.derived($0) })
    }
    return StepFit(FittedOneHot(encodings: fitted, unknown: unknown), outputs: outputs)
  }

  static func isText(_ column: RecipeColumn) -> Bool { column.kind == .categorical || column.kind == .text }

  /// The codes that are put together, by scikit-learn's rules.
  private func rareCategories(_ counts: [Int], rows: Int) -> Set<Int> {
    var rare = Set<Int>()
    if let minFrequency {
      let least = minFrequency < 1 ? minFrequency * Double(rows) : minFrequency
      rare = Set(counts.indices.filter { Double(counts[$0]) < least })
    }
    // scikit-learn counts the place of the rare ones always: as many categories as places is one too many.
    let kept = counts.count - rare.count + 1
    if let maxCategories, maxCategories < kept {
      // One place goes to the rare ones. Of equal counts the later category is kept.
      let order = counts.indices.sorted { counts[$0] == counts[$1] ? $0 > $1 : counts[$0] > counts[$1] }
      rare = Set(order.dropFirst(maxCategories - 1)).union(rare)
    }
    return rare
  }
}

struct FittedOneHot: FittedStep {
  static let name = "one-hot-codes"
  struct Encoding: Hashable, Sendable, Codable {
    let index: CategoryIndex
    /// The column of each category; -1 for the one that is left out.
    let places: [Int32]
    let missing: Int32?
    let rare: Int32?
    let width: Int
    let isSparse: Bool
    let column: String
    let isText: Bool
  }
  let encodings: [Encoding]
  let unknown: UnknownCategory

  var takesSingleRows: Bool { !encodings.contains { $0.isSparse } }

  /// The output column of a code, or -1 for none.
  private func place(_ code: Int32, _ encoding: Encoding) -> Int32? {
    if code >= 0 { return encoding.places[Int(code)] }
    if code == CategoryIndex.missing, let place = encoding.missing { return place }
    switch unknown {
    case .refuse: return nil
    case .infrequent: return encoding.rare ?? -1
    case .ignore: return -1
    }
  }

  private func refusal(_ value: String, _ row: Int, _ encoding: Encoding) -> RecipeError {
    RecipeError(
      "column '\(encoding.column)' holds '\(value)' in row \(row), which no training row has", expected: listed(encoding.index.categories),
      remedy: "fit with unknown: ignore or unknown: infrequent", step: OneHot.name, column: encoding.column, row: row, value: value)
  }

  func transform(_ inputs: [RecipeValues], rows: Int, threads: Int) throws -> [RecipeValues] {
    var made: [RecipeValues] = []
    for (input, encoding) in zip(inputs, encodings) {
      let codes = try encoding.index.codes(input)
      var places = [Int32](repeating: -1, count: rows)
      for (row, code) in codes.enumerated() {
        guard let place = place(code, encoding) else { throw refusal(encoding.index.text(input, row: row), row, encoding) }
        places[row] = place
      }
      if encoding.isSparse {
        var starts = [0], indices: [Int32] = []
        for place in places {
          if place >= 0 { indices.append(place) }
          starts.append(indices.count)
        }
        let ones = [Double](repeating: 1, count: indices.count)
        made.append(.sparse(try SparseRows(columns: encoding.width, starts: starts, indices: indices, values: ones)))
      } else {
        for column in 0..<Int32(encoding.width) { made.append(.numbers(places.map { $0 == column ? 1 : 0 })) }
      }
    }
    return made
  }

  func transform(row: inout RowCells, inputs: [Int], outputs: [Int]) throws {
    var next = 0
    for (input, encoding) in zip(inputs, encodings) {
      let code = encoding.isText ? encoding.index.code(row.texts[input]) : encoding.index.code(row.numbers[input])
      guard let place = place(code, encoding) else {
        throw refusal(encoding.isText ? row.texts[input] ?? "missing" : "\(row.numbers[input])", 0, encoding)
      }
      for column in 0..<encoding.width { row.numbers[outputs[next + column]] = 0 }
      if place >= 0 { row.numbers[outputs[next + Int(place)]] = 1 }
      next += encoding.width
    }
  }
}
