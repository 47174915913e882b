import Foundation
import MartletCore

/// Holds one relation between columns against rows as they come.
struct RelationCheck: Sendable {
  let relation: DataRelation
  let maximumKeys: Int
  private(set) var compared = 0
  private(set) var broken = RowFinding()
  private(set) var keysWereCut = false
  private var partners = HashTable()

  init(_ relation: DataRelation, maximumKeys: Int) {
    self.relation = relation
    self.maximumKeys = maximumKeys
  }

  /// Columns that a table lacks, or of types that cannot be related, are left alone: other rules name them.
  mutating func add(_ table: Table, first: Int) {
    let columns = relation.columns.compactMap { try? table.column($0) }
    guard columns.count == relation.columns.count else { return }
    switch relation.kind {
    case .determines: addPairs(columns, first)
    case .equal where columns.contains { $0.type.kind == .text || $0.type.kind == .categorical }: addEqual(columns, first)
    default: addNumbers(columns, first)
    }
  }

  private mutating func addNumbers(_ columns: [Column], _ first: Int) {
    var values: [[Double]] = []
    for column in columns {
      guard let numbers = try? column.numbers() else { return }
      values.append(numbers)
    }
    for row in values[0].indices {
      let left = values[0][row]
      var right = values[1][row]
      for part in values.dropFirst(2) { right += part[row] }
      guard !left.isNaN, !right.isNaN else { continue }
      compared += 1
      if !Self.holds(relation.kind, left, right) {
        broken.add(first + row, columns.map { "\($0.name) \($0.value(row).text())" }.joined(separator: ", "))
      }
    }
  }

  /// Sums of decimals are compared with the care that decimals need.
  @inline(__always)
  static func holds(_ kind: DataRelation.Kind, _ left: Double, _ right: Double) -> Bool {
    let slack = 1e-9 * max(abs(left), abs(right))
    switch kind {
    case .atMost: return left <= right + slack
    default: return abs(left - right) <= slack
    }
  }

  private mutating func addEqual(_ columns: [Column], _ first: Int) {
    let left = columns[0].rowHashes(), right = columns[1].rowHashes()
    for row in left.indices where left[row] != StableHash.missing && right[row] != StableHash.missing {
      compared += 1
      if left[row] != right[row] {
        broken.add(first + row, columns.map { "\($0.name) \($0.value(row).text())" }.joined(separator: ", "))
      }
    }
  }

  private mutating func addPairs(_ columns: [Column], _ first: Int) {
    let left = columns[0].rowHashes(), right = columns[1].rowHashes()
    for row in left.indices where left[row] != StableHash.missing && right[row] != StableHash.missing {
      if partners.count >= maximumKeys {
        keysWereCut = true
        return
      }
      compared += 1
      let partner = Int(bitPattern: UInt(right[row]))
      if let before = partners.insert(left[row], partner), before != partner {
        broken.add(first + row, columns.map { "\($0.name) \($0.value(row).text())" }.joined(separator: ", "))
      }
    }
  }

  /// - Parameter learned: the rows that the schema was inferred from. What held in so many may still be broken in three of as many more
  /// (the rule of three), so that a few rows are a warning; relations that people wrote down are not to be broken at all.
  func violation(significance: Double, learned: Int) -> DataViolation? {
    guard broken.count > 0 else { return nil }
    if relation.allowed > 0, Probability.binomialUpper(broken.count, of: compared, rate: relation.allowed) >= significance { return nil }
    let isSure = learned == 0 || Probability.binomialUpper(broken.count, of: compared, rate: 3 / Double(max(learned, 3))) < significance
    return DataViolation(
      isSure ? .error : .warning, .relation,
      expected: relation.text + (relation.allowed > 0 ? " in all but \(ColumnCheck.percent(relation.allowed))" : ""),
      found: "broken in \(ColumnCheck.rowsText(broken.count, of: compared))", rows: broken.count, firstRows: broken.rows,
      values: broken.values)
  }
}
