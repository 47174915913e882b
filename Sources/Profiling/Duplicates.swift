import Foundation
import Tables

/// Rows that came before, in an amount of memory that does not grow with the rows.
///
/// Every row's hash is kept up to `limit` different rows: the count is exact. Beyond, only hashes below a bound are kept, and the bound is
/// halved whenever they are too many (Wegman's adaptive sampling, in Flajolet, "On adaptive sampling", Computing 34, 1990). All copies of a
/// row have its hash and go or stay together, so the repeats that are left, times what the bound leaves out, estimate all of them.
struct DuplicateRows {
  let limit: Int
  private var first: [UInt64: Seen] = [:]
  private var rows = 0
  private var pairs: [[Int]] = []
  /// Hashes are kept if so many leading bits are zero.
  private(set) var level = 0

  private struct Seen {
    let row: Int
    var repeats: Int
  }

  init(limit: Int) { self.limit = max(limit, 16) }

  mutating func add(_ hashes: [UInt64]) {
    for hash in hashes {
      if hash.leadingZeroBitCount >= level {
        if let before = first[hash] {
          first[hash]?.repeats += 1
          if pairs.count < 20 { pairs.append([rows, before.row]) }
        } else {
          first[hash] = Seen(row: rows, repeats: 0)
          while first.count > limit, level < 64 { thin() }
        }
      }
      rows += 1
    }
  }

  private mutating func thin() {
    level += 1
    let level = level
    first = first.filter { $0.key.leadingZeroBitCount >= level }
  }

  private var repeats: Int { first.values.reduce(0) { $0 + $1.repeats } }

  var result: DataProfile.Duplicates {
    .init(rows: level == 0 ? repeats : min(rows, Int(Double(repeats) * exp2(Double(level)))), first: pairs, columns: [])
  }

  /// The relative standard error of the count, about, where every repeat is of a row of its own.
  private var error: Double { 1 / Double(max(repeats, 1)).squareRoot() }

  var notes: [String] {
    guard level > 0 else { return [] }
    let share = "Repeated rows were counted among one of \(1 << min(level, 62)) different rows, drawn by chance"
    guard repeats > 0 else { return ["\(share): none was found there, so that there are few or none."] }
    return ["\(share): the number is an estimate, give or take about \(Int((error * 100).rounded(.up))) %."]
  }
}

/// Columns with the same values in every row of the sample.
enum SameColumns {
  static func find(_ table: Table, _ summary: TableSummary) -> [[String]] {
    guard table.rowCount >= 2 else { return [] }
    var seen: [UInt64: String] = [:]
    var pairs: [[String]] = []
    for column in table.columns {
      guard let known = summary.column(column.name), known.present > 0, !known.isConstant else { continue }
      guard let hashes = try? Table([column]).rowHashes() else { continue }
      // Order matters: the hash of the hashes.
      let hash = hashes.reduce(UInt64(0x5851_f42d_4c95_7f2d)) { ($0 ^ $1) &* 0x9e37_79b9_7f4a_7c15 &+ ($0 >> 29) }
      if let other = seen[hash] { pairs.append([other, column.name]) } else { seen[hash] = column.name }
    }
    return pairs
  }
}
