public import Charts

/// A small tree that says in words where a model errs: rules that part the rows into few and many errors.
///
/// It is a summary for people, not a test: `SliceFinder` says what is beyond chance.
public struct ErrorTree: Codable, Sendable, Hashable {
  /// A leaf.
  public struct Rule: Codable, Sendable, Hashable {
    /// What holds for its rows, as `region is north` or `age not < 25`; empty for all rows.
    public let conditions: [String]
    /// How many rows.
    public let rows: Int
    /// Their mean loss, with its interval.
    public let loss: Estimate
    /// Their part of the loss of all rows.
    public let share: Double
  }

  /// The leaves, the largest mean loss first.
  public let rules: [Rule]
  /// The share of the losses' variance that the leaves explain.
  public let explained: Double

  /// Grows the tree: each split takes one group of one feature from the rest, the one that lessens the squares most.
  /// - Parameters:
  ///   - losses: a loss a row, higher is worse.
  ///   - depth: the most conditions of a rule.
  ///   - minimumRows: the fewest rows of a leaf.
  /// - Throws: as `SliceFinder`.
  public init(features: [GroupFeature], losses: [Double], depth: Int = 3, minimumRows: Int = 30) throws(MetricError) {
    _ = try SliceFinder(features: features, losses: losses)
    let total = losses.reduce(0, +), mean = total / Double(losses.count)
    let squares = losses.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let isZeroOne = losses.allSatisfy { $0 == 0 || $0 == 1 }
    var leaves: [(conditions: [String], rows: [Int])] = []
    func grow(_ rows: [Int], _ conditions: [String]) {
      var best: (feature: Int, code: Int, gain: Double)?
      if conditions.count < depth {
        let sum = rows.reduce(0) { $0 + losses[$1] }, count = Double(rows.count)
        for (index, feature) in features.enumerated() {
          var counts = [Double](repeating: 0, count: feature.labels.count), sums = counts
          for row in rows {
            counts[feature.codes[row]] += 1
            sums[feature.codes[row]] += losses[row]
          }
          for code in counts.indices where Int(counts[code]) >= minimumRows && Int(count - counts[code]) >= minimumRows {
            let rest = sum - sums[code]
            let gain = sums[code] * sums[code] / counts[code] + rest * rest / (count - counts[code]) - sum * sum / count
            if gain > (best?.gain ?? 1e-9 * max(squares, .leastNonzeroMagnitude)) { best = (index, code, gain) }
          }
        }
      }
      // A split that explains next to nothing, or no more than the best of many by chance, only makes the summary longer.
      let own = rows.map { losses[$0] }, average = own.reduce(0, +) / Double(rows.count)
      let variance = own.reduce(0) { $0 + ($1 - average) * ($1 - average) } / Double(max(1, rows.count - 1))
      guard let best, best.gain >= max(0.002 * squares, 15 * variance) else {
        leaves.append((conditions, rows))
        return
      }
      let feature = features[best.feature]
      let label = feature.labels[best.code]
      grow(
        rows.filter { feature.codes[$0] == best.code },
        conditions + [label.isRange ? "\(feature.name) \(label)" : "\(feature.name) is \(label)"])
      grow(
        rows.filter { feature.codes[$0] != best.code },
        conditions + [label.isRange ? "\(feature.name) not \(label)" : "\(feature.name) is not \(label)"])
    }
    grow(Array(losses.indices), [])
    var within = 0.0
    rules = leaves.map { conditions, rows in
      let own = rows.map { losses[$0] }
      let sum = own.reduce(0, +), average = sum / Double(rows.count)
      within += own.reduce(0) { $0 + ($1 - average) * ($1 - average) }
      let loss =
        isZeroOne
        ? Intervals.wilson(share: average, count: Double(rows.count), level: 0.95)
        : Bootstrap.mean(own, weights: nil, options: IntervalOptions(resamples: 300))
      return Rule(conditions: conditions, rows: rows.count, loss: loss, share: total != 0 ? sum / total : 0)
    }.sorted { ($0.loss.value, $0.rows) > ($1.loss.value, $1.rows) }
    explained = squares > 0 ? 1 - within / squares : 0
  }

  /// The rules as rows.
  public var table: TextTable {
    TextTable(
      columns: [.init("where"), .number("rows"), .number("mean loss"), .number("from"), .number("to"), .number("of all loss")],
      rows: rules.map {
        [
          $0.conditions.isEmpty ? "all rows" : $0.conditions.joined(separator: ", "), NumberText.grouped($0.rows),
          ClassificationEvaluation.text($0.loss.value), ClassificationEvaluation.text($0.loss.lower),
          ClassificationEvaluation.text($0.loss.upper), NumberText.percent($0.share, digits: 3),
        ]
      })
  }
}

/// Where a model is worst, found and not asked for: slices beyond chance, and a summary in rules.
public struct ErrorAnalysis: Codable, Sendable, Hashable {
  /// What a row's loss is: `wrong`, `absolute error`.
  public let lossName: String
  /// The mean loss of all rows.
  public let meanLoss: Double
  /// The worst slices, the worst first.
  public let slices: [Slice]
  /// The same in rules.
  public let tree: ErrorTree

  /// Looks for slices and grows the tree.
  /// - Throws: as `SliceFinder`.
  public init(
    features: [GroupFeature], losses: [Double], lossName: String = "wrong", options: SliceOptions = SliceOptions()
  ) throws(MetricError) {
    self.lossName = lossName
    meanLoss = try Bootstrap.checkedMean(losses)
    slices = try SliceFinder(features: features, losses: losses).worstSlices(options)
    tree = try ErrorTree(features: features, losses: losses, minimumRows: options.minimumRows)
  }

  /// The slices as rows.
  public var table: TextTable {
    TextTable(
      columns: [
        .init("slice"), .number("rows"), .number(lossName), .number("from"), .number("to"), .number("elsewhere"), .number("p, corrected"),
      ],
      rows: slices.map {
        [
          $0.name, NumberText.grouped($0.rows), ClassificationEvaluation.text($0.loss.value), ClassificationEvaluation.text($0.loss.lower),
          ClassificationEvaluation.text($0.loss.upper), ClassificationEvaluation.text($0.otherLoss),
          NumberText.significant($0.adjustedPValue, digits: 2),
        ]
      })
  }

  /// The section of a report.
  public var section: HTMLReport.Section {
    var blocks: [ReportBlock] = []
    if slices.isEmpty {
      blocks.append(.text("No slice of the features is worse than the rest beyond chance."))
    } else {
      let bars = slices.map { BarChart.Bar($0.name, $0.loss.value, interval: $0.loss.lower...max($0.loss.lower, $0.loss.upper)) }
      blocks.append(.charts([BarChart(title: "Where it is worst: \(lossName)", valueTitle: lossName, bars: bars)], isWide: true))
      blocks.append(.table(table))
    }
    if tree.rules.count > 1 { blocks.append(.table(tree.table, caption: "The same as rules")) }
    return .init(
      "Where it is worst",
      note: "All rows: \(ClassificationEvaluation.text(meanLoss)). P-values are corrected for how many slices were looked at.", blocks)
  }
}

extension Bootstrap {
  static func checkedMean(_ values: [Double]) throws(MetricError) -> Double {
    try Check.rows(values.count)
    return values.reduce(0, +) / Double(values.count)
  }
}
