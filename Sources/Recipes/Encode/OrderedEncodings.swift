import Foundation
import MartletCore
import Tables

/// The weight of evidence: the logarithm of a category's share of the second class over its share of the first.
///
/// Training rows get values from folds that they are not in, so that a category of one row does not give its target away.
public struct WeightOfEvidence: RecipeStep {
  public static let name = "weight-of-evidence"
  public static let accepted: Set<RecipeKind> = [.categorical, .text, .boolean, .numeric]
  public var columns: ColumnSelection
  /// Added to both counts, so that a pure category is finite.
  public var regularization: Double
  public var folds: Int
  public var shuffle: Bool

  public init() { self.init(columns: .categorical) }
  public init(columns: ColumnSelection, regularization: Double = 1, folds: Int = 5, shuffle: Bool = true) {
    self.columns = columns
    self.regularization = regularization
    self.folds = folds
    self.shuffle = shuffle
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    guard regularization > 0 else { throw input.settingError("regularization", regularization, expected: "more than 0") }
    let target = try input.requireTarget(Self.name)
    let y = try TargetColumns.binary(target, step: Self.name)
    let fold = try Folds.assign(target, rows: input.rows, count: folds, seed: shuffle ? input.context.seed : nil)
    var maps: [CategoryValues] = [], training: [RecipeValues] = []
    for (column, values) in zip(input.columns, input.values) {
      let codes = try SlotCodes(values, column)
      let all = evidence(codes, y) { _ in true }
      var outOfFold = [Double](repeating: 0, count: input.rows)
      for number in 0..<folds {
        let others = evidence(codes, y) { fold[$0] != number }
        for row in 0..<input.rows where fold[row] == number { outOfFold[row] = others[codes.places[row]] }
      }
      maps.append(codes.map(all, unknown: 0))
      training.append(.numbers(outOfFold))
    }
    return StepFit(FittedCategoryValues(maps: maps), outputs: input.columns.map { [$0.replaced()] }, training: training)
  }

  private func evidence(_ codes: SlotCodes, _ y: [Double], _ takes: (Int) -> Bool) -> [Double] {
    var ones = [Double](repeating: 0, count: codes.count), counts = ones
    for row in y.indices where takes(row) {
      ones[codes.places[row]] += y[row]
      counts[codes.places[row]] += 1
    }
    let allOnes = ones.reduce(0, +), all = counts.reduce(0, +)
    return ones.indices.map { code in
      if counts[code] == 0 { return 0 }
      let second = (ones[code] + regularization) / (allOnes + 2 * regularization)
      let first = (counts[code] - ones[code] + regularization) / (all - allOnes + 2 * regularization)
      return log(second / first)
    }
  }
}

/// Each category's mean of the target over the other rows of the category. New rows get the mean over all of them.
public struct LeaveOneOutEncoding: RecipeStep {
  public static let name = "leave-one-out-encode"
  public static let accepted: Set<RecipeKind> = [.categorical, .text, .boolean, .numeric]
  public var columns: ColumnSelection

  public init() { self.init(columns: .categorical) }
  public init(columns: ColumnSelection) { self.columns = columns }

  public func fit(_ input: StepInput) throws -> StepFit {
    let target = try TargetColumns(try input.requireTarget(Self.name))
    var maps: [CategoryValues] = [], outputs: [[RecipeColumn]] = [], training: [RecipeValues] = []
    for (column, values) in zip(input.columns, input.values) {
      let codes = try SlotCodes(values, column)
      var all: [[Double]] = [], means: [Double] = []
      for y in target.columns {
        let (sums, counts) = codes.sums(y)
        let mean = Numbers.mean(y)
        all.append(zip(sums, counts).map { $1 > 0 ? $0 / $1 : mean })
        means.append(mean)
        training.append(
          .numbers(
            y.indices.map { row in
              let code = codes.places[row]
              return counts[code] > 1 ? (sums[code] - y[row]) / (counts[code] - 1) : mean
            }))
      }
      maps.append(codes.map(all, unknown: means))
      outputs.append(target.labels.map { labels in labels.map { column.derived("\(column.name)_\($0)") } } ?? [column.replaced()])
    }
    return StepFit(FittedCategoryValues(maps: maps), outputs: outputs, training: training)
  }
}

/// CatBoost's ordered statistics: a training row sees only the targets of the rows before it, in an order that the seed draws.
///
/// Prokhorenkova et al., "CatBoost: unbiased boosting with categorical features" (2018), section 3.2.
public struct OrderedEncoding: RecipeStep {
  public static let name = "ordered-encode"
  public static let accepted: Set<RecipeKind> = [.categorical, .text, .boolean, .numeric]
  public var columns: ColumnSelection
  /// Rows' worth of the mean of all.
  public var prior: Double
  public var shuffle: Bool

  public init() { self.init(columns: .categorical) }
  public init(columns: ColumnSelection, prior: Double = 1, shuffle: Bool = true) {
    self.columns = columns
    self.prior = prior
    self.shuffle = shuffle
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    guard prior > 0 else { throw input.settingError("prior", prior, expected: "more than 0") }
    let target = try TargetColumns(try input.requireTarget(Self.name))
    var order = Array(0..<input.rows)
    if shuffle {
      var random = KeyedRandom(seed: input.context.seed, purpose: "recipe.ordered")
      order.shuffle(using: &random)
    }
    var maps: [CategoryValues] = [], outputs: [[RecipeColumn]] = [], training: [RecipeValues] = []
    for (column, values) in zip(input.columns, input.values) {
      let codes = try SlotCodes(values, column)
      var all: [[Double]] = [], means: [Double] = []
      for y in target.columns {
        let mean = Numbers.mean(y)
        var sums = [Double](repeating: 0, count: codes.count), counts = sums
        var encoded = [Double](repeating: 0, count: input.rows)
        for row in order {
          let code = codes.places[row]
          encoded[row] = (sums[code] + mean * prior) / (counts[code] + prior)
          sums[code] += y[row]
          counts[code] += 1
        }
        all.append(zip(sums, counts).map { ($0 + mean * prior) / ($1 + prior) })
        means.append(mean)
        training.append(.numbers(encoded))
      }
      maps.append(codes.map(all, unknown: means))
      outputs.append(target.labels.map { labels in labels.map { column.derived("\(column.name)_\($0)") } } ?? [column.replaced()])
    }
    return StepFit(FittedCategoryValues(maps: maps), outputs: outputs, training: training)
  }
}

/// A column's categories with missing as one of its own, the last.
struct SlotCodes {
  let learnt: CategoryCodes
  let places: [Int]
  let count: Int
  private let isBoolean: Bool
  private let isText: Bool

  init(_ values: RecipeValues, _ column: RecipeColumn) throws {
    let learnt = try CategoryCodes.learn(values, column)
    self.learnt = learnt
    places = learnt.codes.map { $0 < 0 ? learnt.categories.count : Int($0) }
    count = learnt.categories.count + 1
    isBoolean = column.kind == .boolean
    isText = OneHot.isText(column)
  }

  func sums(_ y: [Double]) -> (sums: [Double], counts: [Double]) {
    var sums = [Double](repeating: 0, count: count), counts = sums
    for row in y.indices {
      sums[places[row]] += y[row]
      counts[places[row]] += 1
    }
    return (sums, counts)
  }

  func map(_ values: [Double], unknown: Double) -> CategoryValues { map([values], unknown: [unknown]) }

  func map(_ values: [[Double]], unknown: [Double]) -> CategoryValues {
    CategoryValues(
      index: CategoryIndex(learnt.categories, isBoolean: isBoolean), isText: isText,
      values: values.map { Doubles(Array($0.prefix(learnt.categories.count))) },
      missing: Doubles(values.map { $0[count - 1] }), unknown: Doubles(unknown))
  }
}
