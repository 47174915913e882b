public import Bundles
import Foundation
public import MartletCore

/// How two versions differ.
public struct Comparison: Sendable, Hashable, Codable {
  /// The version that is compared with.
  public let first: ModelVersion
  /// The version that is judged.
  public let second: ModelVersion
  /// Every metric of either, by name.
  public let metrics: [MetricDifference]
  /// What differs in `config.json`.
  public let configuration: [ValueDifference]
  /// What differs in the lineage: data, seed, code, machine.
  public let lineage: [ValueDifference]
  /// What differs in the inputs and outputs.
  public let signature: [ValueDifference]
  /// What differs in the classes, by position.
  public let labels: [ValueDifference]
  /// Bytes that the second has more than the first.
  public let sizeDifference: Int
}

/// A place in a document at which two versions differ; `nil` where one does not have it.
public struct ValueDifference: Sendable, Hashable, Codable {
  /// `"model.layers[0].width"`.
  public let path: String
  /// The first version's value.
  public let first: JSONValue?
  /// The second version's value.
  public let second: JSONValue?

  /// What differs between two documents, by path.
  public static func between(_ first: JSONValue, _ second: JSONValue) -> [ValueDifference] {
    let a = JSONPaths.flatten(first), b = JSONPaths.flatten(second)
    return Set(a.keys).union(b.keys).sorted().compactMap { path in
      a[path] == b[path] || (path.isEmpty && (a.count > 1 || b.count > 1))
        ? nil : ValueDifference(path: path, first: a[path], second: b[path])
    }
  }
}

/// One metric of two versions.
public struct MetricDifference: Sendable, Hashable, Codable {
  /// The second against the first.
  public enum Verdict: String, Sendable, Hashable, Codable {
    /// The interval of the difference lies on the good or the bad side of zero.
    case better, worse
    /// The same value.
    case same
    /// The interval of the difference holds zero, or there is none: the difference may be chance.
    case unclear
    /// One of them lacks the metric, or nobody said which direction is good.
    case unknown
  }

  /// The metric's name.
  public let name: String
  /// The first version's value and interval.
  public let first: MetricSummary?
  /// The second version's value and interval.
  public let second: MetricSummary?
  /// Second minus first.
  public let difference: Double?
  /// The interval of the difference where both values have one: the MOVER of Zou and Donner ("Construction of confidence limits about
  /// effect measures", Statistics in Medicine 27, 2008), which takes the two as independent. For two models judged on the same items it
  /// is wider than need be, never too narrow as long as their errors go together.
  public let lower: Double?
  /// The upper end of the interval of the difference.
  public let upper: Double?
  /// What the difference says about the second version.
  public let verdict: Verdict

  /// Computes the difference and its interval from two summaries.
  public init(name: String, first: MetricSummary?, second: MetricSummary?) {
    self.name = name
    self.first = first
    self.second = second
    guard let first, let second, first.value.isFinite, second.value.isFinite else {
      (difference, lower, upper, verdict) = (nil, nil, nil, .unknown)
      return
    }
    let difference = second.value - first.value
    self.difference = difference
    if let firstLower = first.lower, let firstUpper = first.upper, let secondLower = second.lower, let secondUpper = second.upper,
      first.level == second.level
    {
      lower = difference - hypot(second.value - secondLower, firstUpper - first.value)
      upper = difference + hypot(secondUpper - second.value, first.value - firstLower)
    } else {
      (lower, upper) = (nil, nil)
    }
    verdict = Self.judge(difference, lower, upper, directions: [first.higherIsBetter, second.higherIsBetter].compactMap { $0 })
  }

  private static func judge(_ difference: Double, _ lower: Double?, _ upper: Double?, directions: [Bool]) -> Verdict {
    if difference == 0 { return .same }
    guard let isHigherBetter = directions.first, directions.allSatisfy({ $0 == isHigherBetter }) else { return .unknown }
    guard let lower, let upper, lower > 0 || upper < 0 else { return .unclear }
    return (lower > 0) == isHigherBetter ? .better : .worse
  }
}

extension ModelRegistry {
  /// Compares two versions, of one model or of two.
  /// - Throws: `RegistryError`: `.notFound`, `.missingObject`, `.bundle`.
  public func compare(_ first: ModelVersion, _ second: ModelVersion) throws(RegistryError) -> Comparison {
    try guarded {
      let a = try bundle(first, verify: .none), b = try bundle(second, verify: .none)
      func differences(_ value: (ModelBundle) throws -> some Encodable) throws -> [ValueDifference] {
        ValueDifference.between(try document(value(a)), try document(value(b)))
      }
      let names = Set(a.manifest.metrics.keys).union(b.manifest.metrics.keys).sorted()
      return Comparison(
        first: first, second: second,
        metrics: names.map { MetricDifference(name: $0, first: a.manifest.metrics[$0], second: b.manifest.metrics[$0]) },
        configuration: try differences { try $0.configuration() }, lineage: try differences { $0.manifest.lineage },
        signature: try differences { $0.manifest.signature }, labels: try differences { $0.manifest.labels },
        sizeDifference: second.size - first.size)
    }
  }

  private func document(_ value: some Encodable) throws -> JSONValue {
    try JSON.decode(JSONValue.self, from: JSON.encode(value, pretty: false), source: "a comparison")
  }
}
