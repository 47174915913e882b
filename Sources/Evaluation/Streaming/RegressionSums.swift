import Foundation

/// The state of an evaluation of predicted numbers in constant memory. Parts add up to exactly the whole, in any order.
public struct RegressionSums: Sendable, Hashable, Codable {
  /// How many rows.
  public private(set) var rows = 0
  private var truth = ExactSum()
  private var truthSquares = ExactSum()
  private var errors = ExactSum()
  private var errorSquares = ExactSum()
  private var absolute = ExactSum()
  private var percentages = ExactSum()
  /// What the spread of the above follows from: moments of the errors, of the truth, and of both.
  private var percentageSquares = ExactSum()
  private var errorFourths = ExactSum()
  private var truthCubes = ExactSum()
  private var truthFourths = ExactSum()
  private var errorSquaresTimesTruth = ExactSum()
  private var errorSquaresTimesTruthSquares = ExactSum()
  private var largest = 0.0
  /// What is taken from the truth before squaring, so that large offsets cost no digits; the same in all parts.
  public let centre: Double
  private var sizes: ScoreSketch

  /// An empty state.
  /// - Parameter centre: about where the truth lies, for numbers far from zero.
  public init(centre: Double = 0, sketchBits: Int = 10) {
    self.centre = centre
    sizes = ScoreSketch(bits: sketchBits)
  }

  /// Adds a batch.
  /// - Throws: `MetricError` naming the first row at fault; nothing of the batch is counted then.
  public mutating func add(truth batch: [Double], predicted: [Double]) throws(MetricError) {
    guard !batch.isEmpty || !predicted.isEmpty else { return }
    try Check.regression(batch, predicted, nil)
    for (y, p) in zip(batch, predicted) {
      let error = p - y, away = y - centre
      truth.add(away)
      truthSquares.add(away * away)
      errors.add(error)
      errorSquares.add(error * error)
      absolute.add(abs(error))
      let percentage = abs(error) / max(abs(y), .ulpOfOne)
      percentages.add(percentage)
      percentageSquares.add(percentage * percentage)
      let (square, awaySquare) = (error * error, away * away)
      errorFourths.add(square * square)
      truthCubes.add(awaySquare * away)
      truthFourths.add(awaySquare * awaySquare)
      errorSquaresTimesTruth.add(square * away)
      errorSquaresTimesTruthSquares.add(square * awaySquare)
      largest = max(largest, abs(error))
      try sizes.add(abs(error))
    }
    rows += batch.count
  }

  /// Adds the state of other rows.
  /// - Throws: `MetricError` if centres or sketches differ.
  public mutating func merge(_ other: RegressionSums) throws(MetricError) {
    guard other.centre == centre else {
      throw MetricError(.badArgument, "a state around \(other.centre) cannot be added to one around \(centre)")
    }
    try sizes.merge(other.sizes)
    truth.merge(other.truth)
    truthSquares.merge(other.truthSquares)
    errors.merge(other.errors)
    errorSquares.merge(other.errorSquares)
    absolute.merge(other.absolute)
    percentages.merge(other.percentages)
    percentageSquares.merge(other.percentageSquares)
    errorFourths.merge(other.errorFourths)
    truthCubes.merge(other.truthCubes)
    truthFourths.merge(other.truthFourths)
    errorSquaresTimesTruth.merge(other.errorSquaresTimesTruth)
    errorSquaresTimesTruthSquares.merge(other.errorSquaresTimesTruthSquares)
    largest = max(largest, other.largest)
    rows += other.rows
  }

  /// The metrics so far, by the names of `RegressionEvaluation`: exact but for the median, which is within 2^-(bits + 1) of its size.
  /// - Throws: `MetricError` without rows.
  public func metrics() throws(MetricError) -> [String: Double] {
    try Check.rows(rows)
    let count = Double(rows)
    let spread = truthSquares.value - truth.value * truth.value / count
    func explained(_ error: Double) -> Double { spread > 0 ? 1 - error / spread : error == 0 ? 1 : 0 }
    let squares = errorSquares.value
    return [
      "mse": squares / count, "rmse": (squares / count).squareRoot(), "mae": absolute.value / count, "bias": errors.value / count,
      "mape": percentages.value / count, "max_error": largest, "r2": explained(squares),
      "explained_variance": explained(squares - errors.value * errors.value / count), "median_absolute_error": sizes.quantile(0.5),
    ]
  }

  /// The metrics with normal intervals (the delta method: from the rows' influence on each), the median's and the largest's from the ordered
  /// sizes of the errors. The explained variance is not among them.
  /// - Throws: `MetricError` without rows, and where the options make no sense.
  public func estimates(options: IntervalOptions = IntervalOptions()) throws(MetricError) -> [String: Estimate] {
    try options.check()
    let values = try metrics()
    let count = Double(rows), level = options.level, z = options.normalQuantile
    func around(_ name: String, deviation: Double, from least: Double = -.infinity, to most: Double = .infinity) -> Estimate {
      let value = values[name] ?? .nan
      return Estimate(
        value: value, lower: max(least, value - z * deviation), upper: min(most, value + z * deviation), level: level, method: .normal)
    }
    /// The deviation of a mean from the mean and the sum of squares.
    func deviation(_ mean: Double, _ squares: Double) -> Double {
      (max(0, squares / count - mean * mean) / max(count - 1, 1)).squareRoot()
    }
    let mse = errorSquares.value / count, mae = absolute.value / count, bias = errors.value / count
    let ofMSE = deviation(mse, errorFourths.value)
    var result = [
      "mse": around("mse", deviation: ofMSE, from: 0), "mae": around("mae", deviation: deviation(mae, errorSquares.value), from: 0),
      "rmse": around("rmse", deviation: mse > 0 ? ofMSE / (2 * mse.squareRoot()) : 0, from: 0),
      "bias": around("bias", deviation: deviation(bias, errorSquares.value)),
      "mape": around("mape", deviation: deviation(percentages.value / count, percentageSquares.value), from: 0),
      "r2": around("r2", deviation: explainedDeviation(mse), to: 1),
    ]
    let half = z * 0.5 / count.squareRoot()
    func between(_ name: String, _ low: Double, _ high: Double) -> Estimate {
      let value = values[name] ?? .nan
      return Estimate(value: value, lower: min(value, low), upper: max(value, high), level: level, method: .orderStatistics)
    }
    result["median_absolute_error"] = between(
      "median_absolute_error", sizes.quantile(max(0, 0.5 - half)), sizes.quantile(min(1, 0.5 + half)))
    result["max_error"] = between("max_error", sizes.quantile(pow((1 - level) / 2, 1 / count)), .infinity)
    return result
  }

  /// The standard error of r²: a row moves it by (mse (y - mean)² / variance - error²) / variance.
  private func explainedDeviation(_ mse: Double) -> Double {
    let count = Double(rows), mean = truth.value / count
    let variance = truthSquares.value / count - mean * mean
    guard variance > 0 else { return 0 }
    let both =
      errorSquaresTimesTruthSquares.value - 2 * mean * errorSquaresTimesTruth.value + mean * mean * errorSquares.value
    let fourths =
      truthFourths.value - 4 * mean * truthCubes.value + 6 * mean * mean * truthSquares.value - 3 * count * mean * mean * mean * mean
    let ratio = mse / variance
    let squares = (errorFourths.value - 2 * ratio * both + ratio * ratio * fourths) / (variance * variance)
    return max(0, squares).squareRoot() / count
  }
}

/// States by name, one a slice: a group, a version, a day.
public struct SliceSums<State: Sendable & Codable & Hashable>: Sendable, Codable, Hashable {
  /// The states so far.
  public private(set) var slices: [String: State] = [:]
  private let empty: State

  /// - Parameter empty: what every slice begins with.
  public init(empty: State) { self.empty = empty }

  /// Changes a slice's state.
  /// - Throws: what the change throws; the slice stays as it was then.
  public mutating func update<Failure: Error>(_ name: String, _ change: (inout State) throws(Failure) -> Void) throws(Failure) {
    var state = slices[name] ?? empty
    try change(&state)
    slices[name] = state
  }

  /// Adds the states of other rows, slice by slice.
  /// - Parameter combine: adds one state to another, as `{ try $0.merge($1) }`.
  /// - Throws: what combining throws.
  public mutating func merge<Failure: Error>(
    _ other: SliceSums, _ combine: (inout State, State) throws(Failure) -> Void
  ) throws(Failure) {
    for (name, state) in other.slices.sorted(by: { $0.key < $1.key }) {
      var mine = slices[name] ?? empty
      try combine(&mine, state)
      slices[name] = mine
    }
  }
}
