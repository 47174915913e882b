import MartletCore

/// Rows that a model may learn from. What is fitted (preparation, resampling, learners' settings) takes this type and no other, so that the
/// rows which judge the model cannot reach it: the compiler refuses ``HeldOutPart``.
public struct TrainingPart: Sendable {
  public let table: Table
  /// The rows' places in the table that was split.
  public let rows: [Int]

  init(table: Table, rows: [Int]) {
    self.table = table
    self.rows = rows
  }

  /// All rows of a table whose held-out rows lie elsewhere: in another file, or in a later month.
  public init(all table: Table) {
    self.init(table: table, rows: Array(0..<table.rowCount))
  }

  /// A further split of the training rows, for choosing between models without looking at the test rows.
  public func split(_ division: ([Int]) throws(TableError) -> [Int]) throws(TableError) -> Split {
    try Split(table, test: division(Array(0..<table.rowCount)))
  }
}

/// Rows that judge a model. Nothing can be fitted on them.
public struct HeldOutPart: Sendable {
  public let table: Table
  /// The rows' places in the table that was split.
  public let rows: [Int]

  init(table: Table, rows: [Int]) {
    self.table = table
    self.rows = rows
  }

  /// Rows that lie in a table of their own.
  public init(all table: Table) {
    self.init(table: table, rows: Array(0..<table.rowCount))
  }
}

/// A table cut into rows to learn from and rows to judge by.
public struct Split: Sendable {
  public let training: TrainingPart
  public let test: HeldOutPart

  /// A split by the places of the test rows; all others train, in their order.
  /// - Throws: `TableError` if a row does not exist or comes twice, or a part would be empty.
  public init(_ table: Table, test: [Int]) throws(TableError) {
    var held = [Bool](repeating: false, count: table.rowCount)
    for row in test {
      guard row >= 0, row < table.rowCount else {
        throw TableError("test row \(row) does not exist", expected: "0 to \(table.rowCount - 1)")
      }
      guard !held[row] else { throw TableError("test row \(row) is given twice") }
      held[row] = true
    }
    let training = held.indices.filter { !held[$0] }
    guard !training.isEmpty, !test.isEmpty else {
      throw TableError(
        "a split of \(table.rowCount) rows leaves \(training.count) to learn from and \(test.count) to judge by",
        expected: "at least one of each")
    }
    self.training = TrainingPart(table: try table.taking(training), rows: training)
    self.test = HeldOutPart(table: try table.taking(test), rows: test)
  }

  /// A split of which only the given rows take part, as cross-validation over time needs it.
  public init(_ table: Table, training: [Int], test: [Int]) throws(TableError) {
    let shared = Set(training).intersection(test)
    if let row = shared.min() {
      throw TableError("row \(row) is both to learn from and to judge by", expected: "parts that do not overlap")
    }
    guard !training.isEmpty, !test.isEmpty else { throw TableError("a part of the split is empty", expected: "at least one row in each") }
    self.training = TrainingPart(table: try table.taking(training), rows: training)
    self.test = HeldOutPart(table: try table.taking(test), rows: test)
  }

  /// A random share as test rows; with `stratify`, the same share of every value of that column.
  /// - Parameter share: of the rows, between 0 and 1. Every part gets at least one row.
  /// - Throws: `TableError` if the share is not between 0 and 1, the column is unknown, or there are fewer than two rows.
  public static func random(_ table: Table, test share: Double, seed: UInt64, stratify: String? = nil) throws(TableError) -> Split {
    guard share > 0, share < 1 else { throw TableError("a test share of \(share)", expected: "more than 0 and less than 1") }
    guard table.rowCount >= 2 else { throw TableError("a table of \(table.rowCount) rows cannot be split", expected: "2 or more") }
    var random = KeyedRandom(seed: seed, purpose: "split")
    var groups = [Array(0..<table.rowCount)]
    if let stratify {
      let codes = try table.column(stratify).codes()
      groups = [[Int]](repeating: [], count: codes.categories.count + 1)
      for (row, code) in codes.codes.enumerated() { groups[Int(code) + 1].append(row) }
    }
    // Largest remainders, so that the sizes add up to the wanted share.
    let wanted = min(max(Int((Double(table.rowCount) * share).rounded()), 1), table.rowCount - 1)
    var sizes = groups.map { Int(Double($0.count) * share) }
    let order = groups.indices.sorted {
      let (a, b) = (Double(groups[$0].count) * share - Double(sizes[$0]), Double(groups[$1].count) * share - Double(sizes[$1]))
      return a == b ? $0 < $1 : a > b
    }
    var rest = wanted - sizes.reduce(0, +)
    for group in order where rest > 0 && sizes[group] < groups[group].count {
      sizes[group] += 1
      rest -= 1
    }
    var test: [Int] = []
    for (group, size) in zip(groups, sizes) { test += group.shuffled(using: &random).prefix(size) }
    return try Split(table, test: test.sorted())
  }

  /// All rows at or after a point in time judge, the earlier ones train. Rows without a time are left out.
  /// - Parameter cutoff: in the column's own unit: microseconds for timestamps.
  /// - Throws: `TableError` if the column is unknown or has no order, or a part would be empty.
  public static func after(_ cutoff: Double, in column: String, of table: Table) throws(TableError) -> Split {
    let values = try table.column(column).numbers()
    return try Split(
      table, training: values.indices.filter { values[$0] < cutoff }, test: values.indices.filter { values[$0] >= cutoff })
  }

  /// Whole groups (customers, machines, days) go to one side, so that no group is on both.
  /// - Throws: `TableError` if the column is unknown or has fewer than two groups.
  public static func groups(_ column: String, of table: Table, test share: Double, seed: UInt64) throws(TableError) -> Split {
    guard share > 0, share < 1 else { throw TableError("a test share of \(share)", expected: "more than 0 and less than 1") }
    let codes = try table.column(column).codes()
    guard codes.categories.count >= 2 else {
      throw TableError("column '\(column)' has \(codes.categories.count) groups", expected: "2 or more to split by")
    }
    var random = KeyedRandom(seed: seed, purpose: "split.groups")
    let order = Array(0..<codes.categories.count).shuffled(using: &random)
    var sizes = [Int](repeating: 0, count: order.count)
    for code in codes.codes where code >= 0 { sizes[Int(code)] += 1 }
    let wanted = Double(codes.codes.count) * share
    var held = Set<Int32>(), taken = 0.0
    for group in order where held.count < order.count - 1 && taken < wanted {
      held.insert(Int32(group))
      taken += Double(sizes[group])
    }
    // A row without a group cannot be shown to be apart from the others: it trains.
    return try Split(table, test: codes.codes.indices.filter { held.contains(codes.codes[$0]) })
  }
}
