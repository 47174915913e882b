import Tables

/// Names for new columns of a table: one that is taken gets a number.
struct FreeNames {
  private var taken: Set<String>

  init(_ table: Table) { taken = Set(table.columnNames) }

  mutating func callAsFunction(_ wanted: String) -> String {
    var name = wanted, number = 2
    while !taken.insert(name).inserted {
      name = "\(wanted)_\(number)"
      number += 1
    }
    return name
  }
}
