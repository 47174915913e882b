import MartletCore

/// Intervals from leaving out one of several random groups of rows at a time: for numbers that need all rows in order.
enum Jackknife {
  /// - Parameter value: the number without the rows that the function it is given says are left out.
  static func estimate(
    _ whole: Double, rows: Int, options: IntervalOptions, range: ClosedRange<Double> = 0...1, _ value: ((Int) -> Bool) -> Double
  ) -> Estimate {
    let count = min(40, rows)
    guard count > 1 else {
      return Estimate(value: whole, lower: range.lowerBound, upper: range.upperBound, level: options.level, method: .jackknife)
    }
    var random = KeyedRandom(seed: options.seed, purpose: "jackknife")
    var group = [UInt8](repeating: 0, count: rows)
    for (place, row) in (0..<rows).shuffled(using: &random).enumerated() { group[row] = UInt8(place % count) }
    let parts = (0..<count).map { left in value { group[$0] == left } }.filter { $0.isFinite }
    guard parts.count > 1 else {
      return Estimate(value: whole, lower: range.lowerBound, upper: range.upperBound, level: options.level, method: .jackknife)
    }
    let number = Double(parts.count)
    let mean = parts.reduce(0, +) / number
    let deviation = (parts.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } * (number - 1) / number).squareRoot()
    let t = Quantile.student(0.5 + options.level / 2, degrees: number - 1)
    return Estimate(
      value: whole, lower: max(range.lowerBound, whole - t * deviation), upper: min(range.upperBound, whole + t * deviation),
      level: options.level, method: .jackknife)
  }

  /// Average precision over sorted rows of any weights, zeros included.
  @inline(__always)
  static func averagePrecision(_ sorted: SortedScores, isPositive: (Int) -> Bool, weight: (Int) -> Double) -> Double {
    var sum = 0.0, above = 0.0, all = 0.0, group = 0.0
    for place in stride(from: sorted.order.count - 1, through: 0, by: -1) {
      let row = Int(sorted.order[place])
      let amount = weight(row)
      all += amount
      if isPositive(row) { group += amount }
      if place == 0 || !sorted.tiesWithNext[place - 1] {
        above += group
        if all > 0 { sum += group * above / all }
        group = 0
      }
    }
    return above > 0 ? sum / above : .nan
  }
}
