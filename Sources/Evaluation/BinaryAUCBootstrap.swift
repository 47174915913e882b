import MartletCore

extension Metrics {
  /// The area under the ROC curve with an interval from resamples of the rows, sorted once: a check on DeLong's interval, which is faster.
  /// - Throws: as `auc`.
  public static func bootstrapAUC<Score: BinaryFloatingPoint>(
    _ isPositive: [Bool], _ scores: [Score], options: IntervalOptions = IntervalOptions()
  ) throws(MetricError) -> Estimate {
    try options.check()
    let value = try auc(isPositive, scores)
    let sorted = try SortedScores(scores)
    let count = sorted.order.count
    // In the order of the scores: each row's kind, and whether it ends a run of equal scores.
    let kinds: [UInt8] = sorted.order.indices.map { (isPositive[Int(sorted.order[$0])] ? 1 : 0) | (sorted.tiesWithNext[$0] ? 0 : 2) }
    var times = [UInt16](repeating: 0, count: count)
    var draws: [Double] = []
    for resample in 0..<options.resamples {
      var random = KeyedRandom(seed: options.seed, purpose: "bootstrap rows", index: UInt64(resample))
      let area = times.withUnsafeMutableBufferPointer { times in
        kinds.withUnsafeBufferPointer { kinds in Self.area(kinds, times, &random) }
      }
      if let area { draws.append(area) }
    }
    return Intervals.percentiles(draws, value: value, level: options.level)
  }

  private static func area(
    _ kinds: UnsafeBufferPointer<UInt8>, _ times: UnsafeMutableBufferPointer<UInt16>, _ random: inout KeyedRandom
  ) -> Double? {
    times.update(repeating: 0)
    let count = UInt64(kinds.count)
    // Two draws of a row from each 64 random bits, by multiplication.
    for draw in 0..<(kinds.count / 2 + 1) {
      let bits = random.next()
      times[Int(((bits & 0xFFFF_FFFF) &* count) >> 32)] &+= 1
      if draw &* 2 &+ 1 < kinds.count { times[Int(((bits >> 32) &* count) >> 32)] &+= 1 }
    }
    var twiceAbove = 0, below = 0, positives = 0, groupPositive = 0, groupNegative = 0
    for place in 0..<kinds.count {
      let kind = kinds[place], weight = Int(times[place])
      let positive = Int(kind & 1) &* weight
      groupPositive &+= positive
      groupNegative &+= weight &- positive
      if kind & 2 != 0 {
        twiceAbove &+= groupPositive &* (2 &* below &+ groupNegative)
        below &+= groupNegative
        positives &+= groupPositive
        groupPositive = 0
        groupNegative = 0
      }
    }
    guard positives > 0, below > 0 else { return nil }
    return Double(twiceAbove) / 2 / (Double(positives) * Double(below))
  }
}
