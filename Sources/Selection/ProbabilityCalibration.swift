import Foundation
public import Learners

/// Makes probabilities mean what they say, learnt from predictions of rows that the model had not seen.
public struct ProbabilityCalibration: Sendable, Hashable, Codable {
  /// One scaling a class; two classes need one, for the second.
  private enum Scaling: Sendable, Hashable, Codable {
    case sigmoid([PlattScaling])
    case isotonic([IsotonicScaling])
    case temperature(TemperatureScaling)
  }

  private let classes: Int
  private let scaling: Scaling

  /// - Parameters:
  ///   - probabilities: row-major, `[rows, classes]`, out of fold.
  ///   - truth: the class of each row.
  public init(_ method: CalibrationMethod, probabilities: [Double], truth: [Int], classes: Int, weights: [Double]? = nil) {
    self.classes = classes
    let rows = truth.indices
    let judged = classes == 2 ? [1] : Array(0..<classes)
    switch method {
    case .sigmoid:
      scaling = .sigmoid(
        judged.map { label in
          PlattScaling(
            scores: rows.map { Self.logit(probabilities[$0 * classes + label]) }, positives: truth.map { $0 == label }, weights: weights)
        })
    case .isotonic:
      scaling = .isotonic(
        judged.map { label in
          IsotonicScaling(
            scores: rows.map { probabilities[$0 * classes + label] }, targets: truth.map { $0 == label ? 1 : 0 }, weights: weights)
        })
    case .temperature:
      scaling = .temperature(
        TemperatureScaling(logits: probabilities.map(Self.logarithm), codes: truth, classes: classes, weights: weights))
    }
  }

  private static func logarithm(_ p: Double) -> Double { log(min(max(p, 1e-12), 1)) }
  private static func logit(_ p: Double) -> Double { logarithm(p) - logarithm(1 - p) }

  /// - Parameter probabilities: row-major, `[rows, classes]`.
  /// - Returns: the same shape; every row sums to one.
  public func applied(to probabilities: [Double]) -> [Double] {
    var result = probabilities
    for start in stride(from: 0, to: probabilities.count, by: classes) {
      let row = Array(probabilities[start..<start + classes])
      let scaled: [Double]
      switch scaling {
      case .sigmoid(let parts):
        scaled = classes == 2 ? pair(parts[0].probability(Self.logit(row[1]))) : zip(parts, row).map { $0.probability(Self.logit($1)) }
      case .isotonic(let parts):
        scaled = classes == 2 ? pair(parts[0].value(row[1])) : zip(parts, row).map { $0.value($1) }
      case .temperature(let temperature):
        let logits = row.map { Self.logarithm($0) * temperature.factor }, most = logits.max() ?? 0
        scaled = logits.map { exp($0 - most) }
      }
      let sum = scaled.reduce(0, +)
      for place in 0..<classes { result[start + place] = sum > 0 ? scaled[place] / sum : 1 / Double(classes) }
    }
    return result
  }

  private func pair(_ positive: Double) -> [Double] { [1 - positive, positive] }
}
