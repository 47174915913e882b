public import Bundles
import Foundation

/// One requirement of `evaluation.require` and its answer.
public struct Gate: Codable, Sendable, Hashable {
  /// The metric's name.
  public var metric: String
  /// What is needed.
  public var required: Double
  /// What was measured; `nil` where there is no such metric.
  public var value: Double?
  /// Larger values are better.
  public var higherIsBetter: Bool
  /// The requirement holds.
  public var passed: Bool

  /// Compares the metrics with the requirements, each in its own direction.
  /// - Returns: one gate for each requirement, by name. A metric that is missing, not a number, or without a known direction does not pass.
  public static func check(_ require: [String: Double], metrics: [String: MetricSummary]) -> [Gate] {
    require.sorted { $0.key < $1.key }.map { name, required in
      guard let metric = metrics[name], let higherIsBetter = metric.higherIsBetter else {
        return Gate(metric: name, required: required, value: metrics[name]?.value, higherIsBetter: true, passed: false)
      }
      let passed = higherIsBetter ? metric.value >= required : metric.value <= required
      return Gate(metric: name, required: required, value: metric.value, higherIsBetter: higherIsBetter, passed: passed)
    }
  }

  /// `accuracy is 0.87; at least 0.9 is required`
  var text: String {
    let found = value.map { "is \(Self.plain($0))" } ?? "was not measured"
    return "\(metric) \(found); \(higherIsBetter ? "at least" : "at most") \(Self.plain(required)) is required"
  }

  /// As people write a requirement, with digits enough to see on which side of it a value lies.
  private static func plain(_ value: Double) -> String { String(format: "%.7g", value) }
}
