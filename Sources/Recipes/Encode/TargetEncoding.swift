import Foundation
import MartletCore
import Tables

/// Each category's mean of the target, drawn towards the mean of all. As `TargetEncoder` (Micci-Barreca 2001).
///
/// Training rows get values from folds that they are not in; new rows those of all training rows. Several classes give a column each.
public struct TargetEncoding: RecipeStep {
  public static let name = "target-encode"
  public static let accepted: Set<RecipeKind> = [.categorical, .text, .boolean, .numeric]
  public var columns: ColumnSelection
  /// Rows' worth of the mean of all; `nil` for the empirical Bayes estimate.
  public var smooth: Double?
  public var folds: Int
  public var shuffle: Bool

  public init() { self.init(columns: .categorical) }
  public init(columns: ColumnSelection, smooth: Double? = nil, folds: Int = 5, shuffle: Bool = true) {
    self.columns = columns
    self.smooth = smooth
    self.folds = folds
    self.shuffle = shuffle
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    if let smooth, !(smooth >= 0) { throw input.settingError("smooth", smooth, expected: "0 or more") }
    let target = try TargetColumns(try input.requireTarget(Self.name))
    let fold = try Folds.assign(
      try input.requireTarget(Self.name), rows: input.rows, count: folds, seed: shuffle ? input.context.seed : nil)
    var maps: [CategoryValues] = [], outputs: [[RecipeColumn]] = [], training: [RecipeValues] = []
    for (column, values) in zip(input.columns, input.values) {
      let learnt = try CategoryCodes.learn(values, column)
      let hasMissing = learnt.codes.contains { $0 < 0 }
      let count = learnt.categories.count + (hasMissing ? 1 : 0)
      // Missing is a category of its own.
      let codes = learnt.codes.map { $0 < 0 ? learnt.categories.count : Int($0) }
      var values: [Doubles] = [], missing: [Double] = [], unknown: [Double] = []
      for y in target.columns {
        let all = encode(codes, y, count) { _ in true }
        values.append(Doubles(Array(all.values.prefix(learnt.categories.count))))
        unknown.append(all.mean)
        missing.append(hasMissing ? all.values[count - 1] : all.mean)
        var outOfFold = [Double](repeating: 0, count: input.rows)
        for number in 0..<folds {
          let others = encode(codes, y, count) { fold[$0] != number }
          for row in 0..<input.rows where fold[row] == number { outOfFold[row] = others.values[codes[row]] }
        }
        training.append(.numbers(outOfFold))
      }
      maps.append(
        CategoryValues(
          index: CategoryIndex(learnt.categories, isBoolean: column.kind == .boolean), isText: OneHot.isText(column), values: values,
          missing: Doubles(missing), unknown: Doubles(unknown)))
      outputs.append(target.labels.map { labels in labels.map { column.derived("\(column.name)_\($0)") } } ?? [column.replaced()])
    }
    return StepFit(FittedCategoryValues(maps: maps), outputs: outputs, training: training)
  }

  private func encode(_ codes: [Int], _ y: [Double], _ count: Int, _ takes: (Int) -> Bool) -> (values: [Double], mean: Double) {
    var sums = [Double](repeating: 0, count: count), counts = sums
    var total = 0.0, rows = 0.0
    for row in codes.indices where takes(row) {
      sums[codes[row]] += y[row]
      counts[codes[row]] += 1
      total += y[row]
      rows += 1
    }
    let mean = total / rows
    if let smooth {
      return (
        (0..<count).map { counts[$0] + smooth == 0 ? mean : (sums[$0] + smooth * mean) / (counts[$0] + smooth) }, mean
      )
    }
    var squares = [Double](repeating: 0, count: count), variance = 0.0
    let means = (0..<count).map { sums[$0] / counts[$0] }
    for row in codes.indices where takes(row) {
      let own = y[row] - means[codes[row]], all = y[row] - mean
      squares[codes[row]] += own * own
      variance += all * all
    }
    variance /= rows
    let values = (0..<count).map { code -> Double in
      let weight = variance * counts[code] / (variance * counts[code] + squares[code] / counts[code])
      return weight.isNaN ? mean : weight * means[code] + (1 - weight) * mean
    }
    return (values, mean)
  }
}

/// The target as numbers: one column for two classes or values, one a class for several.
struct TargetColumns {
  let columns: [[Double]]
  /// The classes that the columns stand for, where there are several.
  let labels: [String]?

  init(_ target: Target) throws {
    switch target {
    case .values(let values): (columns, labels) = ([values], nil)
    case .classes(let classes, let names):
      if names.count <= 2 {
        (columns, labels) = ([classes.map { Double($0) }], nil)
      } else {
        columns = names.indices.map { label in classes.map { $0 == label ? 1 : 0 } }
        labels = names
      }
    }
  }

  /// - Throws: `RecipeError` if there are not two classes.
  static func binary(_ target: Target, step: String) throws -> [Double] {
    guard case .classes(let classes, let labels) = target, labels.count == 2 else {
      throw RecipeError("the target does not have two classes", expected: "two classes", remedy: "use target-encode", step: step)
    }
    return classes.map { Double($0) }
  }
}

/// Which fold each row is held out in: the classes spread evenly, as `StratifiedKFold` and `KFold` do.
enum Folds {
  /// - Parameter seed: for shuffled folds; `nil` for folds in the order of the rows.
  static func assign(_ target: Target, rows: Int, count: Int, seed: UInt64?) throws -> [Int] {
    guard count >= 2, count <= rows else { throw RecipeError("folds is \(count)", expected: "2 to the number of training rows, \(rows)") }
    guard case .classes(let classes, let labels) = target else {
      var order = Array(0..<rows)
      if let seed {
        var random = KeyedRandom(seed: seed, purpose: "recipe.folds")
        order.shuffle(using: &random)
      }
      var fold = [Int](repeating: 0, count: rows), start = 0
      for number in 0..<count {
        let size = rows / count + (number < rows % count ? 1 : 0)
        for place in start..<start + size { fold[order[place]] = number }
        start += size
      }
      return fold
    }
    // Classes by first appearance, dealt out so that no fold's share of a class differs by more than one row.
    var rank = [Int](repeating: -1, count: labels.count), seen = 0
    for label in classes where rank[label] < 0 {
      rank[label] = seen
      seen += 1
    }
    let ranks = classes.map { rank[$0] }
    let sorted = ranks.sorted()
    var allocation = [[Int]](repeating: [Int](repeating: 0, count: seen), count: count)
    for (place, label) in sorted.enumerated() { allocation[place % count][label] += 1 }
    var fold = [Int](repeating: 0, count: rows)
    for label in 0..<seen {
      var places = (0..<count).flatMap { [Int](repeating: $0, count: allocation[$0][label]) }
      if let seed {
        var random = KeyedRandom(seed: seed, purpose: "recipe.folds", index: UInt64(label))
        places.shuffle(using: &random)
      }
      var next = 0
      for row in 0..<rows where ranks[row] == label {
        fold[row] = places[next]
        next += 1
      }
    }
    return fold
  }
}
