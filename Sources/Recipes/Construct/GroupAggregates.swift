import Tables

/// Statistics of number columns within each group of the training rows, looked up by the group: the mean price of the district. Unknown and
/// missing groups get the statistic of all rows.
public struct GroupAggregates: RecipeStep {
  public enum Statistic: String, Hashable, Sendable, Codable, CaseIterable {
    case mean, median, min, max, sum, count
    /// With one less than the count below.
    case deviation
  }
  public static let name = "group-aggregates"
  public static let accepted: Set<RecipeKind> = [.numeric, .boolean]
  private static let groups: Set<RecipeKind> = [.categorical, .text, .boolean, .numeric]
  /// What is aggregated.
  public var columns: ColumnSelection
  /// The column of groups.
  public var by: String
  public var statistics: [Statistic]

  public init() { self.init(columns: .numeric, by: "") }
  public init(columns: ColumnSelection, by: String, statistics: [Statistic] = [.mean]) {
    self.columns = columns
    self.by = by
    self.statistics = statistics
  }

  public func select(among columns: [RecipeColumn]) throws -> [Int] {
    let group = try ColumnSelection(names: [by]).places(among: columns, accepted: Self.groups)
    let values = try self.columns.places(among: columns, accepted: Self.accepted).filter { !group.contains($0) }
    guard !values.isEmpty else { throw RecipeError("there are no columns to aggregate by '\(by)'", expected: "number columns") }
    return group + values
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    guard !statistics.isEmpty else { throw input.settingError("statistics", "empty", expected: "1 or more") }
    let codes = try SlotCodes(input.values[0], input.columns[0])
    var values: [[Double]] = [], unknown: [Double] = [], outputs: [RecipeColumn] = []
    for (column, source) in zip(input.columns, input.values).dropFirst() {
      let numbers = try source.doubles()
      var groups = [[Double]](repeating: [], count: codes.count)
      for (row, number) in numbers.enumerated() where !number.isNaN { groups[codes.places[row]].append(number) }
      let all = groups.flatMap { $0 }
      for statistic in statistics {
        // The rows without a group are no group of their own.
        let total = value(statistic, all)
        var known = groups.map { $0.isEmpty ? total : value(statistic, $0) }
        known[codes.count - 1] = total
        values.append(known)
        unknown.append(total)
        outputs.append(
          RecipeColumn(
            name: "\(column.name)_\(statistic.rawValue)_by_\(by)",
            origins: Array(Set(column.origins + input.columns[0].origins)).sorted()))
      }
    }
    return StepFit(
      FittedLookup(map: codes.map(values, unknown: unknown)), outputs: input.columns.map { _ in [] } + [outputs], keepsInputs: true)
  }

  private func value(_ statistic: Statistic, _ values: [Double]) -> Double {
    guard !values.isEmpty else { return statistic == .count ? 0 : .nan }
    switch statistic {
    case .mean: return Numbers.mean(values)
    case .median: return Numbers.median(values)
    case .min: return values.min() ?? .nan
    case .max: return values.max() ?? .nan
    case .sum: return Numbers.sum(values)
    case .count: return Double(values.count)
    case .deviation:
      guard values.count > 1 else { return .nan }
      let count = Double(values.count)
      return (Numbers.variance(values, mean: Numbers.mean(values)) * count / (count - 1)).squareRoot()
    }
  }
}

/// Numbers looked up by the first input's category; the other inputs were needed for learning only.
struct FittedLookup: FittedStep {
  static let name = "lookup"
  let map: CategoryValues
  var takesSingleRows: Bool { true }

  func transform(_ inputs: [RecipeValues], rows: Int, threads: Int) throws -> [RecipeValues] {
    let codes = try map.index.codes(inputs[0])
    return map.values.indices.map { output in .numbers(codes.map { map.value($0, output) }) }
  }

  func transform(row: inout RowCells, inputs: [Int], outputs: [Int]) throws {
    let code = map.isText ? map.index.code(row.texts[inputs[0]]) : map.index.code(row.numbers[inputs[0]])
    for output in map.values.indices { row.numbers[outputs[output]] = map.value(code, output) }
  }
}
