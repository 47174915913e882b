public import Charts
import MartletCore

/// How a score changes with something: how many rows are learned from, or a setting's value.
public struct ScoreCurve: Codable, Sendable, Hashable {
  /// What changes.
  public enum Kind: String, Codable, Sendable, Hashable {
    /// The rows learned from.
    case learning
    /// A setting.
    case validation
  }

  /// One place of the curve.
  public struct Place: Codable, Sendable, Hashable {
    /// Rows learned from, or the setting's value.
    public let x: Double
    /// The scores on the rows learned from, one a fold.
    public let training: [Double]
    /// The scores on other rows, one a fold.
    public let test: [Double]
    /// The mean of `training`, with its interval over the folds.
    public let trainingScore: Estimate
    /// The mean of `test`, with its interval over the folds.
    public let testScore: Estimate
  }

  /// What changes.
  public let kind: Kind
  /// What x is: `rows`, or the setting's name.
  public let name: String
  /// The metric's name.
  public let metric: String
  /// The curve, by rising x.
  public let places: [Place]

  /// A curve from scores that are measured already.
  /// - Throws: `MetricError` where a place has no scores.
  public init(
    kind: Kind, name: String, metric: String, scores: [(x: Double, training: [Double], test: [Double])], testToTrain: Double = 0.25,
    level: Double = 0.95
  ) throws(MetricError) {
    var places: [Place] = []
    for (x, training, test) in scores.sorted(by: { $0.x < $1.x }) {
      guard !training.isEmpty, training.count == test.count else {
        throw MetricError(.lengthMismatch, "\(training.count) and \(test.count) scores at \(x)", expected: "as many of both, at least one")
      }
      places.append(
        Place(
          x: x, training: training, test: test, trainingScore: Self.estimate(training, testToTrain, level),
          testScore: Self.estimate(test, testToTrain, level)))
    }
    self.kind = kind
    self.name = name
    self.metric = metric
    self.places = places
  }

  private static func estimate(_ values: [Double], _ ratio: Double, _ level: Double) -> Estimate {
    if let test = try? PairedTest.correctedResampledT(differences: values, testToTrain: ratio, level: level), let mean = test.difference {
      return mean
    }
    let mean = values.reduce(0, +) / Double(values.count)
    return Estimate(value: mean, lower: .nan, upper: .nan, level: level, method: .correctedResampledT)
  }

  /// Learns from more and more of each fold's training rows, drawn by chance; each larger part holds the smaller ones.
  /// - Parameters:
  ///   - sizes: shares of the training rows, above 0 to 1.
  ///   - score: learns from the training rows and gives the scores on them and on the test rows.
  /// - Throws: `MetricError` on no folds and bad sizes, `CancellationError` in a cancelled task, and what `score` throws.
  public static func learning(
    _ folds: [FoldSplit], sizes: [Double] = [0.1, 0.25, 0.5, 0.75, 1], metric: String, seed: UInt64 = 0,
    isolation: isolated (any Actor)? = #isolation, score: (FoldSplit) async throws -> (training: Double, test: Double)
  ) async throws -> ScoreCurve {
    guard !folds.isEmpty, sizes.allSatisfy({ $0 > 0 && $0 <= 1 }) else {
      throw MetricError(.badArgument, "sizes \(sizes) of \(folds.count) folds", expected: "shares above 0 to 1, and at least one fold")
    }
    let rows = folds.map(\.training.count).min() ?? 0
    var scores: [(x: Double, training: [Double], test: [Double])] = []
    for size in sizes {
      let count = max(1, Int((Double(rows) * size).rounded()))
      var training: [Double] = [], test: [Double] = []
      for (index, fold) in folds.enumerated() {
        try Task.checkCancellation()
        var random = KeyedRandom(seed: seed, purpose: "learning curve", index: UInt64(index))
        let part = size == 1 ? fold.training : Array(fold.training.shuffled(using: &random).prefix(count)).sorted()
        let measured = try await score(FoldSplit(training: part, test: fold.test))
        training.append(measured.training)
        test.append(measured.test)
      }
      scores.append((Double(count), training, test))
    }
    return try ScoreCurve(kind: .learning, name: "rows", metric: metric, scores: scores, testToTrain: ratio(folds))
  }

  /// Learns with each value of a setting on each fold.
  /// - Parameter score: learns from the training rows with the value, and gives the scores on them and on the test rows.
  /// - Throws: `MetricError` on no folds and no values, `CancellationError` in a cancelled task, and what `score` throws.
  public static func validation(
    _ folds: [FoldSplit], setting: String, values: [Double], metric: String, isolation: isolated (any Actor)? = #isolation,
    score: (_ value: Double, FoldSplit) async throws -> (training: Double, test: Double)
  ) async throws -> ScoreCurve {
    guard !folds.isEmpty, !values.isEmpty else {
      throw MetricError(.badArgument, "\(values.count) values on \(folds.count) folds", expected: "at least one of each")
    }
    var scores: [(x: Double, training: [Double], test: [Double])] = []
    for value in values {
      var training: [Double] = [], test: [Double] = []
      for fold in folds {
        try Task.checkCancellation()
        let measured = try await score(value, fold)
        training.append(measured.training)
        test.append(measured.test)
      }
      scores.append((value, training, test))
    }
    return try ScoreCurve(kind: .validation, name: setting, metric: metric, scores: scores, testToTrain: ratio(folds))
  }

  private static func ratio(_ folds: [FoldSplit]) -> Double {
    folds.reduce(0) { $0 + Double($1.test.count) / Double(max(1, $1.training.count)) } / Double(max(1, folds.count))
  }

  /// What the curve says: whether more rows would help, or which value is best.
  public var verdict: String {
    guard let last = places.last, places.count > 1 else { return "One place says nothing about a direction." }
    let higher = MetricInfo.named(metric)?.higherIsBetter ?? true
    switch kind {
    case .learning:
      let before = places[places.count - 2]
      let gain = (last.testScore.value - before.testScore.value) * (higher ? 1 : -1)
      let gap = abs(last.trainingScore.value - last.testScore.value)
      let noise = last.testScore.margin.isFinite ? last.testScore.margin / 2 : 0
      if gain > noise { return "Still getting better with more rows: more data should help." }
      return gap > 2 * noise && gap > 0.02 * abs(last.testScore.value)
        ? "No better with more rows, and better on what it has seen: a simpler model or more regularisation should help."
        : "No better with more rows: a richer model or better features should help, more data will not."
    case .validation:
      let best = places.max { higher ? $0.testScore.value < $1.testScore.value : $0.testScore.value > $1.testScore.value }
      return best.map { "Best at \(name) = \(NumberText.significant($0.x))." } ?? ""
    }
  }

  /// The curve as a picture: both scores with their intervals.
  public var chart: any Chart {
    let title = MetricInfo.named(metric)?.title ?? metric
    let hasIntervals = places.allSatisfy { $0.testScore.lower.isFinite }
    var series: [LineChart.Series] = [
      .init("other rows", points: places.map { Point(x: $0.x, y: $0.testScore.value) }),
      .init("rows learned from", points: places.map { Point(x: $0.x, y: $0.trainingScore.value) }),
    ]
    if hasIntervals {
      series.append(.init("other rows, from", points: places.map { Point(x: $0.x, y: $0.testScore.lower) }))
      series.append(.init("other rows, to", points: places.map { Point(x: $0.x, y: $0.testScore.upper) }))
    }
    return LineChart(
      title: kind == .learning ? "Learning curve" : "\(title) by \(name)", xTitle: kind == .learning ? "rows learned from" : name,
      yTitle: title, series: series)
  }
}
