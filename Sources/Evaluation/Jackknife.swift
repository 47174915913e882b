import MartletCore

/// Intervals from leaving out one of several random groups of rows at a time: for numbers that need all rows in order.
enum Jackknife {
  /// The group of every row, 0 ..< count: dealt by chance, of equal size.
  static func groups(rows: Int, seed: UInt64) -> (of: [UInt8], count: Int) {
    let count = min(40, rows)
    var random = KeyedRandom(seed: seed, purpose: "jackknife")
    var groups = [UInt8](repeating: 0, count: rows)
    for (place, row) in (0..<rows).shuffled(using: &random).enumerated() { groups[row] = UInt8(place % count) }
    return (groups, count)
  }

  /// The interval of a number between 0 and 1.
  /// - Parameter parts: the number without each of the groups.
  static func estimate(_ whole: Double, parts: [Double], level: Double) -> Estimate {
    let defined = parts.filter(\.isFinite)
    guard defined.count > 1 else { return Estimate(value: whole, lower: 0, upper: 1, level: level, method: .jackknife) }
    let number = Double(defined.count)
    let mean = defined.reduce(0, +) / number
    let deviation = (defined.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } * (number - 1) / number).squareRoot()
    let half = Probability.studentQuantile(0.5 + level / 2, degrees: number - 1) * deviation
    return Estimate(value: whole, lower: max(0, whole - half), upper: min(1, whole + half), level: level, method: .jackknife)
  }

  /// Average precision without each of the groups. Everything is put in the order of the scores once, so that each group costs one walk
  /// through memory from end to end.
  static func averagePrecisions(
    _ sorted: SortedScores, isPositive: (Int) -> Bool, weights: [Double]?, groups: (of: [UInt8], count: Int)
  ) -> [Double] {
    let count = sorted.order.count
    var kinds = [UInt8](repeating: 0, count: count), places = kinds
    var ordered = [Double](repeating: 1, count: weights == nil ? 0 : count)
    for (index, place) in stride(from: count - 1, through: 0, by: -1).enumerated() {
      let row = Int(sorted.order[place])
      // Bit 0: positive. Bit 1: the last of a run of equal scores, seen from above.
      kinds[index] = (isPositive(row) ? 1 : 0) | (place == 0 || !sorted.tiesWithNext[place - 1] ? 2 : 0)
      places[index] = groups.of[row]
      if let weights { ordered[index] = weights[row] }
    }
    return walk(kinds, places, ordered, groups: groups.count)
  }

  /// One walk down the scores for all groups: where a run holds positives, what it adds without each of the groups.
  private static func walk(_ kinds: [UInt8], _ places: [UInt8], _ ordered: [Double], groups: Int) -> [Double] {
    // What each group has so far of positives, of rows, and of the run's positives.
    var above = [Double](repeating: 0, count: groups), rows = above, run = above, sums = above
    var allAbove = 0.0, allRows = 0.0, allRun = 0.0
    above.withUnsafeMutableBufferPointer { above in
      rows.withUnsafeMutableBufferPointer { rows in
        run.withUnsafeMutableBufferPointer { run in
          sums.withUnsafeMutableBufferPointer { sums in
            kinds.withUnsafeBufferPointer { kinds in
              places.withUnsafeBufferPointer { places in
                for index in 0..<kinds.count {
                  let group = Int(places[index]), weight = ordered.isEmpty ? 1 : ordered[index]
                  rows[group] += weight
                  allRows += weight
                  if kinds[index] & 1 != 0 {
                    run[group] += weight
                    allRun += weight
                  }
                  guard kinds[index] & 2 != 0, allRun > 0 else { continue }
                  allAbove += allRun
                  for left in 0..<groups {
                    above[left] += run[left]
                    // Where a group holds the whole run, nothing is added without it; rows are above zero otherwise.
                    let rest = allRun - run[left], count = allRows - rows[left]
                    sums[left] += rest > 0 ? rest * (allAbove - above[left]) / count : 0
                    run[left] = 0
                  }
                  allRun = 0
                }
              }
            }
          }
        }
      }
    }
    return (0..<groups).map { allAbove - above[$0] > 0 ? sums[$0] / (allAbove - above[$0]) : .nan }
  }
}
