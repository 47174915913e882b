import MartletCore

/// Metrics of every group of rows, and how far groups are apart: what fairlearn calls a metric frame, with intervals.
///
/// Groups are every combination of the features' groups that has rows (and, within each combination of the controls' groups, all others,
/// without metrics). With controls, groups are compared only within the same control group.
public struct FairnessFrame: Codable, Sendable, Hashable {
  /// The sensitive features.
  public let features: [String]
  /// The features within whose groups others are compared.
  public let controls: [String]
  /// The metrics' names, in order.
  public let measures: [String]
  /// All rows of each combination of control groups; one entry where there are no controls.
  public let overall: [Group]
  /// The groups, by control group first.
  public let groups: [Group]
  /// How far groups are apart, by control group and metric.
  public let disparities: [Disparity]
  /// What to know about the numbers.
  public let notes: [String]

  /// Rows that belong together.
  public struct Group: Codable, Sendable, Hashable {
    /// The control features' groups, in their order.
    public let control: [String]
    /// The sensitive features' groups, in their order; empty for all rows of a control group.
    public let values: [String]
    /// How many rows.
    public let rows: Int
    /// Metrics by name; NaN in a group without rows.
    public let metrics: [String: Estimate]
  }

  /// How far the groups are apart in one metric.
  public struct Disparity: Codable, Sendable, Hashable {
    /// The control features' groups that this is within.
    public let control: [String]
    /// The metric.
    public let measure: String
    /// The least of the groups.
    public let minimum: Double
    /// The greatest of the groups.
    public let maximum: Double
    /// Greatest minus least.
    public let difference: Estimate
    /// The farthest from all rows.
    public let differenceToOverall: Estimate
    /// Least over greatest.
    public let ratio: Estimate
    /// The least ratio to all rows, or of all rows to the group: at most 1.
    public let ratioToOverall: Estimate
  }

  /// The disparity of a metric where there are no controls, or in a control group.
  public func disparity(_ measure: String, control: [String]? = nil) -> Disparity? {
    disparities.first { $0.measure == measure && (control == nil || $0.control == control) }
  }

  /// Decisions between two classes.
  /// - Parameters:
  ///   - truth, predicted: whether each row is, and is decided, positive.
  ///   - features: sensitive features, one value a row.
  ///   - controls: features within whose groups others are compared.
  ///   - options: 100 resamples take 2 ms for any number of rows.
  /// - Throws: `MetricError` on no rows, no features, different lengths and bad weights.
  public init(
    truth: [Bool], predicted: [Bool], features: [GroupFeature], controls: [GroupFeature] = [], weights: [Double]? = nil,
    measures: [GroupMeasure] = GroupMeasure.allCases, options: IntervalOptions = IntervalOptions()
  ) throws(MetricError) {
    try Check.rows(truth.count, predicted.count, weights: weights?.count)
    try Check.weights(weights)
    let frame = try GroupFrame(rows: truth.count, features: features, controls: controls)
    let sums = GroupSums(groupOfRow: frame.groupOfRow, groups: frame.groups, truth: truth, predicted: predicted, weights: weights)
    try self.init(frame, sums, measures.map { measure in (measure.rawValue, { measure.value($0) }) }, options)
  }

  /// Predicted numbers.
  /// - Parameter metrics: those that are sums over rows; medians and largest errors are not among them.
  /// - Throws: `MetricError` on no rows, no features, different lengths, values that are not finite and bad weights.
  public init(
    truth: [Double], predicted: [Double], features: [GroupFeature], controls: [GroupFeature] = [], weights: [Double]? = nil,
    metrics: [RegressionMetric] = [.meanAbsoluteError, .rootMeanSquaredError, .bias], options: IntervalOptions = IntervalOptions()
  ) throws(MetricError) {
    try Check.regression(truth, predicted, weights)
    let frame = try GroupFrame(rows: truth.count, features: features, controls: controls)
    var places: [(String, Int, Int, (Double, Double, (Int, Double) -> Void) -> Void, ([Double]) -> Double)] = []
    var columns = 1
    for metric in metrics {
      if let problem = metric.problem(truth: truth, predicted: predicted) { throw problem }
      guard case .sums(let count, let row, let value) = RegressionForm(metric, truth: truth, weights: weights) else {
        throw MetricError(.badArgument, "\(metric.name ?? "a quantile of errors") by group", expected: "a metric that is a sum over rows")
      }
      places.append((metric.name ?? "\(metric)", columns, count - 1, row, value))
      columns += count - 1
    }
    let sums = GroupSums(groupOfRow: frame.groupOfRow, groups: frame.groups, columns: columns, seed: options.seed) { index, add in
      let weight = weights?[index] ?? 1
      add(0, weight)
      for place in places { place.3(truth[index], predicted[index]) { add(place.1 + $0 - 1, weight * $1) } }
    }
    try self.init(
      frame, sums,
      places.map { place in
        (
          place.0,
          { sums in
            let first = sums.startIndex
            if sums[first] == 0 { return .nan }
            return place.4([sums[first]] + sums[(first + place.1)..<(first + place.1 + place.2)])
          }
        )
      }, options)
  }

  private init(
    _ frame: GroupFrame, _ sums: GroupSums, _ measures: [(name: String, value: (ArraySlice<Double>) -> Double)], _ options: IntervalOptions
  ) throws(MetricError) {
    try options.check()
    // Per metric: every group, then every control group as a whole, then the four disparities of every control group.
    let (groups, levels) = (frame.groups, frame.levels)
    let perLevel = groups / levels, width = groups + 5 * levels
    func values(_ totals: [Double], _ value: (ArraySlice<Double>) -> Double) -> [Double] {
      var result = (0..<groups).map { value(totals[($0 * sums.columns)..<(($0 + 1) * sums.columns)]) }
      var whole: [Double] = []
      for level in 0..<levels {
        var all = [Double](repeating: 0, count: sums.columns)
        for group in (level * perLevel)..<((level + 1) * perLevel) {
          for column in all.indices { all[column] += totals[group * sums.columns + column] }
        }
        whole.append(value(all[...]))
      }
      result += whole
      for level in 0..<levels {
        let own = Array(result[(level * perLevel)..<((level + 1) * perLevel)])
        for method in [DisparityMethod.betweenGroups, .toOverall] {
          result.append(Disparities.difference(own, overall: whole[level], method))
          result.append(Disparities.ratio(own, overall: whole[level], method))
        }
      }
      return result
    }
    let totals = sums.totals
    let seen = measures.map { values(totals, $0.value) }
    var draws = [[Double]](repeating: [], count: measures.count * width)
    sums.resample(options) { totals in
      for (index, measure) in measures.enumerated() {
        for (place, value) in values(totals, measure.value).enumerated() { draws[index * width + place].append(value) }
      }
    }
    func estimate(_ index: Int, _ place: Int) -> Estimate {
      let value = seen[index][place]
      guard place >= groups + levels else { return Intervals.percentiles(draws[index * width + place], value: value, level: options.level) }
      // Resampling sets groups apart that are not: the reversed percentiles take that out.
      let isRatio = (place - groups - levels) % 2 == 1
      let sorted = draws[index * width + place].filter { $0.isFinite }.sorted()
      guard !sorted.isEmpty, value.isFinite else {
        return Estimate(value: value, lower: .nan, upper: .nan, level: options.level, method: .basicBootstrap)
      }
      let low = Quantile.sorted(sorted, 0.5 - options.level / 2), high = Quantile.sorted(sorted, 0.5 + options.level / 2)
      let upper = max(value, 2 * value - low)
      return Estimate(
        value: value, lower: max(0, min(value, 2 * value - high)), upper: isRatio ? min(max(1, value), upper) : upper, level: options.level,
        method: .basicBootstrap)
    }
    func metrics(_ place: Int) -> [String: Estimate] {
      Dictionary(uniqueKeysWithValues: measures.indices.map { (measures[$0].name, estimate($0, place)) })
    }
    features = frame.featureNames
    controls = frame.controlNames
    self.measures = measures.map(\.name)
    self.groups = (0..<groups).map { group in
      let rows = frame.counts[group]
      return Group(
        control: frame.controlValues(group / perLevel), values: frame.values(group % perLevel), rows: rows,
        metrics: metrics(group))
    }
    overall = (0..<levels).map { level in
      Group(
        control: frame.controlValues(level), values: [],
        rows: frame.counts[(level * perLevel)..<((level + 1) * perLevel)].reduce(0, +), metrics: metrics(groups + level))
    }
    var disparities: [Disparity] = []
    for level in 0..<levels {
      for index in measures.indices {
        let known = seen[index][(level * perLevel)..<((level + 1) * perLevel)].filter { !$0.isNaN }
        let base = groups + levels + 4 * level
        disparities.append(
          Disparity(
            control: frame.controlValues(level), measure: measures[index].name, minimum: known.min() ?? .nan, maximum: known.max() ?? .nan,
            difference: estimate(index, base), differenceToOverall: estimate(index, base + 2), ratio: estimate(index, base + 1),
            ratioToOverall: estimate(index, base + 3)))
      }
    }
    self.disparities = disparities
    var notes: [String] = []
    let small = frame.counts.filter { $0 > 0 && $0 < 30 }.count, empty = frame.counts.filter { $0 == 0 }.count
    if small > 0 { notes.append("\(small) group\(small == 1 ? " has" : "s have") fewer than 30 rows: their numbers say little.") }
    if empty > 0 { notes.append("\(empty) combination\(empty == 1 ? " has" : "s have") no rows, and no numbers.") }
    self.notes = notes
  }
}

/// Rows numbered by the combination of their groups.
struct GroupFrame {
  let featureNames: [String]
  let controlNames: [String]
  private let features: [GroupFeature]
  private let controlFeatures: [GroupFeature]
  /// Combinations of control groups.
  let levels: Int
  /// Combinations of everything.
  let groups: Int
  let groupOfRow: [Int]
  let counts: [Int]

  init(rows: Int, features: [GroupFeature], controls: [GroupFeature]) throws(MetricError) {
    guard !features.isEmpty else { throw MetricError(.badArgument, "there are no features to group by", expected: "at least one") }
    for feature in controls + features where feature.codes.count != rows {
      throw MetricError(
        .lengthMismatch, "'\(feature.name)' has \(feature.codes.count) values for \(rows) rows", expected: "one value a row")
    }
    let sizes = (controls + features).map(\.labels.count)
    let product = sizes.reduce(1.0) { $0 * Double($1) }
    guard product <= 100_000 else {
      throw MetricError(
        .badArgument, "\(product) combinations of groups", expected: "at most 100,000", remedy: "use fewer features or bins")
    }
    self.features = features
    controlFeatures = controls
    featureNames = features.map(\.name)
    controlNames = controls.map(\.name)
    levels = controls.reduce(1) { $0 * $1.labels.count }
    groups = sizes.reduce(1, *)
    var code = [Int](repeating: 0, count: rows)
    for feature in controls + features {
      let size = feature.labels.count
      code.withUnsafeMutableBufferPointer { code in
        feature.codes.withUnsafeBufferPointer { own in for row in 0..<rows { code[row] = code[row] &* size &+ own[row] } }
      }
    }
    groupOfRow = code
    var counts = [Int](repeating: 0, count: groups)
    for group in code { counts[group] += 1 }
    self.counts = counts
  }

  func values(_ index: Int) -> [String] { Self.labels(index, features) }
  func controlValues(_ index: Int) -> [String] { Self.labels(index, controlFeatures) }

  private static func labels(_ index: Int, _ features: [GroupFeature]) -> [String] {
    var rest = index, result: [String] = []
    for feature in features.reversed() {
      result.append(feature.labels[rest % feature.labels.count])
      rest /= feature.labels.count
    }
    return result.reversed()
  }
}
