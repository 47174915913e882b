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
      percentages.add(abs(error) / max(abs(y), .ulpOfOne))
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
