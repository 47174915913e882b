/// The bins that a schema keeps of the rows it was learned from: tenths of numbers, categories.
package struct SchemaBins: Sendable {
  /// A column that has bins.
  package struct Binned: Sendable {
    package let name: String
    /// Rows that the schema was learned from, by bin.
    package let learned: [Int]
    fileprivate let rule: ColumnRule
  }

  package let columns: [Binned]

  /// - Parameter schema: its target has no bins here, nor have texts, times and what names the row.
  package init(_ schema: DataSchema) {
    columns = schema.columns.compactMap { rule in
      guard rule.name != schema.target else { return nil }
      var only = ColumnRule(name: rule.name, type: rule.type), shares: [Double]
      if let categories = rule.categories ?? rule.constant.map({ CategoryRule(shares: [$0: 1]) }) {
        only.categories = categories
        // The last bin is for categories that nobody knows.
        shares = categories.shares.sorted { $0.key < $1.key }.map(\.value) + [0]
      } else if let edges = rule.number?.edges, let known = rule.number?.shares, known.count == edges.count + 1 {
        only.number = NumberRule(edges: edges)
        shares = known
      } else {
        return nil
      }
      let rows = Double(schema.learnedRows)
      return Binned(name: rule.name, learned: shares.map { Int(($0 * rows).rounded()) }, rule: only)
    }
  }

  /// How many rows of a table fall into each bin, a column after the other; rows without a value fall into none.
  package func counts(_ table: Table) -> [[Int]] {
    columns.map { binned in
      var check = ColumnCheck(rule: binned.rule, options: DataCheckOptions())
      if let column = try? table.column(binned.name) { check.add(column, first: 0) }
      return check.tally
    }
  }
}
