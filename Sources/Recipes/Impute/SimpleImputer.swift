import Tables

/// Fills missing values by one value a column. As `SimpleImputer`; with `indicator`, a column that says where values were missing is added
/// for each column that misses any in the training rows.
public struct SimpleImputer: RecipeStep {
  public enum Strategy: String, Hashable, Sendable, Codable, CaseIterable {
    case mean, median
    /// Of several, the smallest.
    case mostFrequent = "most-frequent"
    case constant
  }
  public static let name = "impute"
  public static let accepted: Set<RecipeKind> = [.numeric, .boolean, .categorical, .text]
  public var columns: ColumnSelection
  public var strategy: Strategy
  /// The constant for numbers, and for columns without any value where those are kept.
  public var fill: Double
  /// The constant for texts and categories.
  public var fillText: String
  public var indicator: Bool
  /// Whether columns without any value stay, filled with `fill`. Otherwise they are dropped.
  public var keepEmpty: Bool

  public init() { self.init(columns: .numeric) }
  public init(
    columns: ColumnSelection, strategy: Strategy = .mean, fill: Double = 0, fillText: String = "missing", indicator: Bool = false,
    keepEmpty: Bool = false
  ) {
    self.columns = columns
    self.strategy = strategy
    self.fill = fill
    self.fillText = fillText
    self.indicator = indicator
    self.keepEmpty = keepEmpty
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    var fills: [Double] = [], texts: [String?] = [], dropped: [Bool] = [], flagged: [Int] = []
    for (place, column) in input.columns.enumerated() {
      if case .numbers(let all) = input.values[place] {
        let values = Numbers.present(all)
        if values.count < all.count { flagged.append(place) }
        dropped.append(values.isEmpty && !keepEmpty)
        fills.append(values.isEmpty ? fill : number(values))
        texts.append(nil)
      } else {
        guard strategy == .mostFrequent || strategy == .constant else {
          throw RecipeError(
            "column '\(column.name)' is \(column.kind.rawValue), which has no \(strategy.rawValue)", expected: "most-frequent or constant",
            remedy: "choose columns: numeric", column: column.name)
        }
        let learnt = try CategoryCodes.learn(input.values[place], column)
        var counts = [Int](repeating: 0, count: learnt.categories.count)
        for code in learnt.codes where code >= 0 { counts[Int(code)] += 1 }
        if learnt.codes.contains(where: { $0 < 0 }) { flagged.append(place) }
        dropped.append(counts.isEmpty && !keepEmpty)
        let most = counts.max() ?? 0
        let frequent = zip(learnt.categories, counts).filter { $0.1 == most }.map(\.0).min()
        texts.append(strategy == .constant ? fillText : frequent ?? fillText)
        fills.append(.nan)
      }
    }
    let flags = indicator ? flagged : []
    var outputs = input.columns.enumerated().map { place, column -> [RecipeColumn] in
      if dropped[place] { return [] }
      var kept = column
      kept.levels = nil
      return [kept]
    }
    outputs += flags.map { [input.columns[$0].derived("\(input.columns[$0].name)_missing")] }
    return StepFit(FittedFill(fills: Doubles(fills), texts: texts, dropped: dropped, flags: flags), outputs: outputs)
  }

  private func number(_ values: [Double]) -> Double {
    switch strategy {
    case .mean: return Numbers.mean(values)
    case .median: return Numbers.median(values)
    case .constant: return fill
    case .mostFrequent:
      var best = 0.0, most = 0, count = 0
      let sorted = values.sorted()
      for (place, value) in sorted.enumerated() {
        count = place > 0 && sorted[place - 1] == value ? count + 1 : 1
        if count > most { (best, most) = (value, count) }
      }
      return best
    }
  }
}

struct FittedFill: FittedStep {
  static let name = "fill"
  let fills: Doubles
  let texts: [String?]
  let dropped: [Bool]
  /// The inputs that have an indicator.
  let flags: [Int]
  var takesSingleRows: Bool { true }

  func transform(_ inputs: [RecipeValues], rows: Int, threads: Int) throws -> [RecipeValues] {
    var made: [RecipeValues] = []
    for (place, input) in inputs.enumerated() where !dropped[place] {
      switch input {
      case .numbers(let values):
        let fill = fills[place]
        made.append(.numbers(values.map { $0.isNaN ? fill : $0 }))
      case .column(let column):
        made.append(column.missingCount == 0 ? input : .column(Column(column.name, try column.texts().map { $0 ?? texts[place] })))
      case .sparse: made.append(input)
      }
    }
    for place in flags {
      switch inputs[place] {
      case .numbers(let values): made.append(.numbers(values.map { $0.isNaN ? 1 : 0 }))
      case .column(let column): made.append(.numbers((0..<rows).map { column.isMissing($0) ? 1 : 0 }))
      case .sparse: break
      }
    }
    return made
  }

  func transform(row: inout RowCells, inputs: [Int], outputs: [Int]) throws {
    var next = 0
    for (place, input) in inputs.enumerated() where !dropped[place] {
      if let text = texts[place] {
        row.texts[outputs[next]] = row.texts[input] ?? text
      } else {
        row.numbers[outputs[next]] = row.numbers[input].isNaN ? fills[place] : row.numbers[input]
      }
      next += 1
    }
    for place in flags {
      let isMissing = texts[place] != nil ? row.texts[inputs[place]] == nil : row.numbers[inputs[place]].isNaN
      row.numbers[outputs[next]] = isMissing ? 1 : 0
      next += 1
    }
  }
}
