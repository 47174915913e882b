import MartletCore
import Testing

@testable import Profiling

/// Repeated rows are counted exactly while they are few, and estimated in bounded memory beyond.
@Suite struct DuplicateRowsTests {
  /// Hashes of rows of which every tenth repeats one before.
  private func hashes(_ rows: Int) -> [UInt64] {
    (0..<rows).map { row in
      var random = KeyedRandom(seed: 3, purpose: "rows", index: UInt64(row % 10 == 9 ? row - 5 : row))
      return random.next()
    }
  }

  @Test func fewRowsAreCounted() {
    var found = DuplicateRows(limit: 2000)
    found.add(hashes(1000))
    #expect(found.result.rows == 100 && found.notes.isEmpty)
    #expect(found.result.first.first == [9, 4] && found.result.first.count == 20)
  }

  @Test func manyRowsAreEstimated() {
    let all = hashes(40_000)
    var found = DuplicateRows(limit: 2000)
    for start in stride(from: 0, to: all.count, by: 777) { found.add(Array(all[start..<min(start + 777, all.count)])) }
    #expect(found.level >= 4)
    // 4,000 repeats, of which some 200 are in the sample: five standard errors.
    let bound = 4000 * 5 / 125.0.squareRoot()
    #expect(abs(Double(found.result.rows) - 4000) < bound)
    #expect(found.notes.count == 1 && found.notes[0].contains("estimate"))
    // Whatever the pieces.
    var whole = DuplicateRows(limit: 2000)
    whole.add(all)
    #expect(whole.result == found.result)
  }

  @Test func rowsThatAreAllDifferentHaveNoRepeats() {
    var found = DuplicateRows(limit: 500)
    found.add(
      (0..<20_000).map { row in
        var random = KeyedRandom(seed: 4, purpose: "rows", index: UInt64(row)); return random.next()
      })
    #expect(found.result.rows == 0 && found.notes[0].contains("few or none"))
  }
}
