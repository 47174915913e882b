import MartletCore

/// Resampling from what is sufficient: the cells of a confusion matrix, or sums over groups of rows. Never a pass over all rows a resample.
enum Bootstrap {
  /// A cell that is drawn anew in every resample: its count is Poisson around what was seen. With weights, the draw is scaled so that mean
  /// and variance are those of the resampled weights.
  struct Cell {
    let index: Int
    let count: Double
    let unit: Double

    init(index: Int, weight: Double, squared: Double?) {
      self.index = index
      let squared = squared ?? weight
      count = squared > 0 ? weight * weight / squared : 0
      unit = weight > 0 ? squared / weight : 0
    }
  }

  static func cells(_ matrix: ConfusionMatrix) -> [Cell] {
    matrix.counts.indices.filter { matrix.counts[$0] > 0 }.map {
      Cell(index: $0, weight: matrix.counts[$0], squared: matrix.squaredWeights?[$0])
    }
  }

  /// Intervals of several numbers that follow from a confusion matrix's sums, from the same resamples.
  static func confusion<Name: Hashable>(
    _ matrix: ConfusionMatrix, options: IntervalOptions, _ measures: [Name: (Margins) -> Double]
  ) -> [Name: Estimate] {
    let cells = cells(matrix)
    let ordered = Array(measures)
    var draws = [[Double]](repeating: [], count: ordered.count)
    for index in draws.indices { draws[index].reserveCapacity(options.resamples) }
    var margins = Margins(classes: matrix.classes)
    for resample in 0..<options.resamples {
      var sampler = PoissonSampler(KeyedRandom(seed: options.seed, purpose: "bootstrap", index: UInt64(resample)))
      margins.clear()
      for cell in cells {
        let drawn = sampler.next(mean: cell.count) * cell.unit
        if drawn > 0 { margins.add(drawn, truth: cell.index / matrix.classes, predicted: cell.index % matrix.classes) }
      }
      guard margins.total > 0 else { continue }
      for (index, measure) in ordered.enumerated() { draws[index].append(measure.value(margins)) }
    }
    let seen = Margins(matrix)
    return Dictionary(
      uniqueKeysWithValues: ordered.enumerated().map { index, measure in
        (measure.key, Intervals.percentiles(draws[index], value: measure.value(seen), level: options.level))
      })
  }

  /// Rows put into groups by chance, their columns of numbers added up within each.
  struct Groups {
    let columns: Int
    private(set) var sums: [Double]
    let count: Int

    /// - Parameter row: gives the numbers of a row to an adder; every number goes to a column 0 ..< columns.
    init(rows: Int, columns: Int, limit: Int = 600, seed: UInt64, _ row: (Int, (Int, Double) -> Void) -> Void) {
      self.columns = columns
      count = min(rows, limit)
      var sums = [Double](repeating: 0, count: count * columns)
      if rows <= limit {
        for index in 0..<rows { row(index) { sums[index * columns + $0] += $1 } }
      } else {
        // A shuffled deal of the rows: groups of equal size, whatever order the data came in.
        var random = KeyedRandom(seed: seed, purpose: "bootstrap groups")
        let dealt = (0..<rows).shuffled(using: &random)
        for (place, index) in dealt.enumerated() {
          let base = place % count * columns
          row(index) { sums[base + $0] += $1 }
        }
      }
      self.sums = sums
    }

    /// The sums over all rows of every resample.
    func resample(_ options: IntervalOptions, _ body: ([Double]) -> Void) {
      var totals = [Double](repeating: 0, count: columns)
      for resample in 0..<options.resamples {
        var sampler = PoissonSampler(KeyedRandom(seed: options.seed, purpose: "bootstrap", index: UInt64(resample)))
        for column in 0..<columns { totals[column] = 0 }
        var drawn = 0.0
        for group in 0..<count {
          let times = sampler.nextUnit()
          if times == 0 { continue }
          drawn += times
          for column in 0..<columns { totals[column] += times * sums[group * columns + column] }
        }
        if drawn > 0 { body(totals) }
      }
    }
  }

  /// The interval of a mean of numbers, one a row.
  static func mean(_ values: [Double], weights: [Double]?, options: IntervalOptions) -> Estimate {
    let groups = Groups(rows: values.count, columns: 2, seed: options.seed) { row, add in
      let weight = weights?[row] ?? 1
      add(0, weight * values[row])
      add(1, weight)
    }
    var draws: [Double] = []
    groups.resample(options) { draws.append($0[0] / $0[1]) }
    return Intervals.percentiles(draws, value: Metrics.weightedMean(values, weights: weights), level: options.level)
  }

  /// The interval of a calibration error.
  static func calibrationError(
    confidences: [Double], isRight: [Bool], bins: Int, weights: [Double]?, options: IntervalOptions,
    maximum: Bool = false
  ) -> Estimate {
    let inner = (1..<max(bins, 1)).map { Double($0) / Double(bins) }
    // The gap of a bin is |Σ (confidence - right)|, so two sums a bin are enough.
    let groups = Groups(rows: confidences.count, columns: 2 * bins, seed: options.seed) { row, add in
      let bin = CalibrationEdges.bin(of: confidences[row], inner)
      let weight = weights?[row] ?? 1
      add(2 * bin, weight * (confidences[row] - (isRight[row] ? 1 : 0)))
      add(2 * bin + 1, weight)
    }
    func error(_ sums: [Double]) -> Double {
      if maximum { return (0..<bins).reduce(0.0) { sums[2 * $1 + 1] > 0 ? max($0, abs(sums[2 * $1]) / sums[2 * $1 + 1]) : $0 } }
      let total = (0..<bins).reduce(0.0) { $0 + sums[2 * $1 + 1] }
      return (0..<bins).reduce(0.0) { $0 + abs(sums[2 * $1]) } / total
    }
    var draws: [Double] = []
    groups.resample(options) { draws.append(error($0)) }
    var seen = [Double](repeating: 0, count: 2 * bins)
    for group in 0..<groups.count { for column in seen.indices { seen[column] += groups.sums[group * 2 * bins + column] } }
    let estimate = Intervals.percentiles(draws, value: error(seen), level: options.level, method: .basicBootstrap)
    // Twice the value less a small draw can be more than any gap between confidence and truth.
    return Estimate(
      value: estimate.value, lower: estimate.lower, upper: min(1, estimate.upper), level: estimate.level, method: estimate.method)
  }
}
