import MartletCore

/// Sums by group that metrics follow from, made of units that resampling draws again: cells of counts, or small lots of rows.
struct GroupSums {
  struct Unit {
    let group: Int
    /// How often it is drawn in a resample, in the mean.
    let mean: Double
    let sums: [Double]
  }

  let groups: Int
  let columns: Int
  let units: [Unit]

  init(groups: Int, columns: Int, units: [Unit]) {
    self.groups = groups
    self.columns = columns
    self.units = units
  }

  /// Decisions between two classes: columns are true negatives, false positives, false negatives, true positives.
  init(groupOfRow: [Int], groups: Int, truth: [Bool], predicted: [Bool], weights: [Double]?) {
    var counts = [Double](repeating: 0, count: groups * 4), squares = counts
    if let weights {
      for row in groupOfRow.indices {
        let cell = groupOfRow[row] * 4 + (truth[row] ? 2 : 0) + (predicted[row] ? 1 : 0)
        counts[cell] += weights[row]
        squares[cell] += weights[row] * weights[row]
      }
    } else {
      var whole = [Int](repeating: 0, count: groups * 4)
      whole.withUnsafeMutableBufferPointer { whole in
        groupOfRow.withUnsafeBufferPointer { group in
          truth.withUnsafeBufferPointer { truth in
            predicted.withUnsafeBufferPointer { predicted in
              for row in 0..<group.count { whole[group[row] &* 4 &+ (truth[row] ? 2 : 0) &+ (predicted[row] ? 1 : 0)] &+= 1 }
            }
          }
        }
      }
      counts = whole.map { Double($0) }
      squares = counts
    }
    self.init(
      groups: groups, columns: 4,
      units: counts.indices.filter { counts[$0] > 0 }.map { cell in
        let draws = Bootstrap.Cell(index: cell, weight: counts[cell], squared: squares[cell])
        var sums = [0.0, 0, 0, 0]
        sums[cell % 4] = draws.unit
        return Unit(group: cell / 4, mean: draws.count, sums: sums)
      })
  }

  /// Rows in lots of random members, at most `lots` in each group.
  init(
    groupOfRow: [Int], groups: Int, columns: Int, lots: Int = 200, seed: UInt64, _ row: (Int, (Int, Double) -> Void) -> Void
  ) {
    var random = KeyedRandom(seed: seed, purpose: "group lots")
    var members = [Int](repeating: 0, count: groups)
    var sums = [[Double]](repeating: [], count: groups)
    for index in groupOfRow.indices.shuffled(using: &random) {
      let group = groupOfRow[index], lot = members[group] % lots
      if members[group] < lots { sums[group] += [Double](repeating: 0, count: columns) }
      members[group] += 1
      row(index) { sums[group][lot * columns + $0] += $1 }
    }
    var units: [Unit] = []
    for group in 0..<groups {
      for start in stride(from: 0, to: sums[group].count, by: columns) {
        units.append(Unit(group: group, mean: 1, sums: Array(sums[group][start..<(start + columns)])))
      }
    }
    self.init(groups: groups, columns: columns, units: units)
  }

  /// The sums of all rows, `[groups, columns]`.
  var totals: [Double] {
    var totals = [Double](repeating: 0, count: groups * columns)
    for unit in units { for column in 0..<columns { totals[unit.group * columns + column] += unit.mean * unit.sums[column] } }
    return totals
  }

  /// The sums of every resample.
  func resample(_ options: IntervalOptions, _ body: ([Double]) -> Void) {
    var totals = [Double](repeating: 0, count: groups * columns)
    for resample in 0..<options.resamples {
      var sampler = PoissonSampler(KeyedRandom(seed: options.seed, purpose: "bootstrap groups", index: UInt64(resample)))
      for index in totals.indices { totals[index] = 0 }
      for unit in units {
        let times = unit.mean == 1 ? sampler.nextUnit() : sampler.next(mean: unit.mean)
        if times == 0 { continue }
        let base = unit.group * columns
        for column in 0..<columns { totals[base + column] += times * unit.sums[column] }
      }
      body(totals)
    }
  }
}
