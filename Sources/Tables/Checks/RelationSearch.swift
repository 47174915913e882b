import MartletCore

/// Finds what holds between columns of every row and would not hold by chance.
enum RelationSearch {
  /// Columns of one kind that are looked at, rows that are, and relations that are kept.
  static let columnLimit = 40, rowLimit = 20_000, relationLimit = 60

  static func relations(in table: Table, summary: TableSummary, isWhole: Bool) -> [DataRelation] {
    guard table.rowCount >= 50 else { return [] }
    let stride = max(1, table.rowCount / rowLimit)
    let rows = Array(Swift.stride(from: 0, to: table.rowCount, by: stride))
    var found = numbers(in: table, rows: rows, summary: summary)
    found += dependencies(in: table, rows: rows, summary: summary)
    // What a few thousand rows suggest all rows must confirm; what only a sample could, may be broken now and then.
    if stride > 1 {
      found = found.filter { relation in
        var check = RelationCheck(relation, maximumKeys: .max)
        check.add(table, first: 0)
        return check.broken.count == 0
      }
    }
    let allowed = isWhole ? 0 : 3 / Double(table.rowCount)
    return found.prefix(relationLimit).map { DataRelation($0.kind, $0.columns, allowed: allowed) }
  }

  private struct Numbers {
    let name: String
    let isTime: Bool
    let values: [Double]
  }

  private static func numbers(in table: Table, rows: [Int], summary: TableSummary) -> [DataRelation] {
    var columns: [Numbers] = []
    for column in table.columns where column.type.kind == .numeric || column.type.kind == .timestamp {
      guard columns.count < columnLimit, let known = summary.column(column.name), known.present >= 50, !known.isConstant,
        !DataSchema.isKey(known), let values = try? column.numbers()
      else { continue }
      columns.append(Numbers(name: column.name, isTime: column.type.kind == .timestamp, values: rows.map { values[$0] }))
    }
    var relations: [DataRelation] = []
    for (i, a) in columns.enumerated() {
      for (j, b) in columns.enumerated() where i < j && a.isTime == b.isTime {
        switch order(a.values, b.values) {
        case .equal: relations.append(DataRelation(.equal, [a.name, b.name]))
        case .below: relations.append(DataRelation(.atMost, [a.name, b.name]))
        case .above: relations.append(DataRelation(.atMost, [b.name, a.name]))
        case nil: break
        }
      }
    }
    return relations + sums(columns.filter { !$0.isTime }, equal: relations.filter { $0.kind == .equal })
  }

  private enum Order { case below, above, equal }

  private static func order(_ a: [Double], _ b: [Double]) -> Order? {
    var below = true, above = true, both = 0
    for row in a.indices where !a[row].isNaN && !b[row].isNaN {
      both += 1
      if !RelationCheck.holds(.atMost, a[row], b[row]) { below = false }
      if !RelationCheck.holds(.atMost, b[row], a[row]) { above = false }
      if !below, !above { return nil }
    }
    guard both >= 50 else { return nil }
    if below, above { return .equal }
    // Numbers of different rows must often be the other way round, or the order says nothing about rows.
    let step = a.count / 3 + 1
    var against = 0
    for row in a.indices {
      let other = b[(row + step) % b.count]
      if !a[row].isNaN, !other.isNaN, below ? a[row] > other : a[row] < other { against += 1 }
    }
    return Double(against) >= max(20, 0.05 * Double(both)) ? (below ? .below : .above) : nil
  }

  private static func sums(_ columns: [Numbers], equal: [DataRelation]) -> [DataRelation] {
    let columns = Array(columns.prefix(25))
    var relations: [DataRelation] = []
    func nonzero(_ values: [Double]) -> Bool { values.count { $0 != 0 && !$0.isNaN } * 5 >= values.count }
    let useful = columns.map { nonzero($0.values) }
    for (whole, total) in columns.enumerated() where useful[whole] {
      for i in columns.indices where i != whole && useful[i] {
        for j in columns.indices where j > i && j != whole && useful[j] {
          var compared = 0
          let holds = total.values.indices.allSatisfy { row in
            let sum = columns[i].values[row] + columns[j].values[row]
            guard !sum.isNaN, !total.values[row].isNaN else { return true }
            compared += 1
            return RelationCheck.holds(.sum, total.values[row], sum)
          }
          if holds, compared >= 50 { relations.append(DataRelation(.sum, [total.name, columns[i].name, columns[j].name])) }
        }
      }
    }
    return relations
  }

  private static func dependencies(in table: Table, rows: [Int], summary: TableSummary) -> [DataRelation] {
    var columns: [(name: String, hashes: [UInt64], distinct: Int)] = []
    for column in table.columns where column.type.kind != .list && column.type.kind != .boolean {
      guard columns.count < columnLimit, let known = summary.column(column.name), known.present >= 50, !known.isConstant else { continue }
      // Decimals and times determine nothing that a person would call a rule.
      guard column.type.kind == .text || column.type.kind == .categorical || (column.type.kind == .numeric && known.isWhole) else {
        continue
      }
      let all = column.rowHashes()
      let hashes = rows.map { all[$0] }
      let distinct = Set(hashes).count
      guard distinct >= 2, distinct * 2 <= hashes.count else { continue }
      columns.append((column.name, hashes, distinct))
    }
    var relations: [DataRelation] = []
    for (i, a) in columns.enumerated() {
      for (j, b) in columns.enumerated() where i != j && a.distinct >= b.distinct {
        if determines(a.hashes, b.hashes) { relations.append(DataRelation(.determines, [a.name, b.name])) }
      }
    }
    return relations
  }

  private static func determines(_ a: [UInt64], _ b: [UInt64]) -> Bool {
    var partners = HashTable(), repeated = 0
    var counts: [UInt64: Int] = [:]
    for row in a.indices where a[row] != StableHash.missing && b[row] != StableHash.missing {
      let partner = Int(bitPattern: UInt(b[row]))
      counts[b[row], default: 0] += 1
      if let before = partners.insert(a[row], partner) {
        if before != partner { return false }
        repeated += 1
      }
    }
    // By chance a repeated value would meet another partner with this probability.
    let total = Double(counts.values.reduce(0, +))
    guard total > 0 else { return false }
    let agreement = counts.values.reduce(0.0) { $0 + Double($1) * Double($1) / (total * total) }
    return Double(repeated) * (1 - agreement) >= 20 && counts.count > 1
  }
}
