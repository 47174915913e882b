public import Charts
import Foundation
import MartletCore

/// Trains and measures one model per fold.
///
/// ```swift
/// let result = try await crossValidate(.stratified(5, labels: labels, seed: 1)) { fold in
///   let train = try DataLoader(Subset(source, items: fold.training), batchSize: 64, shuffle: true, seed: fold.seed)
///   let trainer = try Trainer(RandomState.with(seed: fold.seed) { makeNet() }, loss: .crossEntropy, optimizer: .adamW(), seed: fold.seed)
///   try await trainer.fit(train, epochs: 10)
///   return try await trainer.evaluate(DataLoader(Subset(source, items: fold.validation), batchSize: 256))
/// }
/// print(result.text)
/// ```
/// The folds are gone through one after the other, so that the result does not depend on what else runs. What the closure fits (means,
/// vocabularies, thresholds) must come from `fold.training` alone.
/// - Parameter body: trains a new model and gives its metrics on the fold's validation items.
/// - Throws: `ArgumentError` if two folds give different metrics; what `body` throws.
public func crossValidate(
  _ folds: Folds, isolation: isolated (any Actor)? = #isolation, _ body: (Folds.Fold) async throws -> [String: Double]
) async throws -> CrossValidationResult {
  var values: [[String: Double]] = []
  for fold in folds.folds {
    try Task.checkCancellation()
    let measured = try await body(fold)
    if let first = values.first, Set(first.keys) != Set(measured.keys) {
      throw ArgumentError(
        "fold \(fold.index + 1) gave the metrics \(measured.keys.sorted().joined(separator: ", "))",
        expected: "those of the first: \(first.keys.sorted().joined(separator: ", "))")
    }
    values.append(measured)
  }
  return CrossValidationResult(folds: values, sizes: folds.folds.map { ($0.training.count, $0.validation.count) })
}

/// What the folds' models measured.
public struct CrossValidationResult: Sendable {
  /// Each fold's metrics by name.
  public let folds: [[String: Double]]
  private let sizes: [(training: Int, validation: Int)]

  init(folds: [[String: Double]], sizes: [(training: Int, validation: Int)]) {
    self.folds = folds
    self.sizes = sizes
  }

  /// One metric over the folds.
  public struct Summary: Sendable, Hashable {
    /// The metric.
    public let name: String
    /// Its value in each fold.
    public let values: [Double]
    /// The mean over the folds.
    public let mean: Double
    /// The standard deviation over the folds, with the folds less one in the denominator.
    public let deviation: Double
    /// The interval for the mean of the method (not of one model).
    public let interval: ClosedRange<Double>
  }

  /// The metrics' names, in alphabetical order.
  public var names: [String] { folds.first?.keys.sorted() ?? [] }

  /// One metric over the folds, or `nil` if there is none of this name.
  ///
  /// The interval is Student's, with the variance of Nadeau and Bengio (Machine Learning 52, 2003): the folds' training sets overlap, so
  /// the plain standard error would be too small.
  /// - Parameter level: the interval's level of confidence.
  public func summary(_ name: String, level: Double = 0.95) -> Summary? {
    let values = folds.compactMap { $0[name] }
    guard values.count >= 2, values.count == folds.count, (0..<1).contains(level) else { return nil }
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)).squareRoot()
    let ratios = sizes.map { Double($0.validation) / Double(max(1, $0.training)) }
    let ratio = ratios.reduce(0, +) / Double(max(1, ratios.count))
    let error = deviation * (1 / count + ratio).squareRoot()
    let half = Probability.studentQuantile((1 + level) / 2, degrees: count - 1) * error
    return Summary(
      name: name, values: values, mean: mean, deviation: deviation,
      interval: half.isFinite ? (mean - half)...(mean + half) : -Double.infinity...Double.infinity)
  }

  /// The metrics as rows: mean, standard deviation, interval, and each fold.
  public var table: TextTable {
    TextTable(
      columns: [.init("metric"), .number("mean"), .number("sd"), .number("95 % interval")]
        + folds.indices.map { .number("fold \($0 + 1)") },
      rows: names.compactMap { summary($0) }.map { summary in
        let ends = [summary.interval.lowerBound, summary.interval.upperBound].map { NumberText.significant($0) }
        return [
          summary.name, NumberText.significant(summary.mean), NumberText.significant(summary.deviation), ends.joined(separator: " … "),
        ] + summary.values.map { NumberText.significant($0) }
      })
  }

  /// The table as lines.
  public var text: String { table.render() }
}
