import Bundles
import Foundation
import MartletCore

/// One thing that a version's measurements must say before it gets an alias.
public struct AliasGate: Sendable, Hashable, Codable {
  /// What is looked at.
  public enum Subject: String, Sendable, Hashable, Codable, CaseIterable {
    /// A metric of the evaluation.
    case metric
    /// Milliseconds of an answer, as `report/latency.json` says: `name` is `p50`, `p95`, `p99` …
    case latency
    /// Bytes of all files together.
    case size
    /// A metric in each slice of the rows, the worst one counts.
    case slices
    /// A gap between protected groups, the largest one counts.
    case fairness
  }

  /// What is looked at.
  public var subject: Subject
  /// The metric's name, the percentile, or the gap's name; empty for the size.
  public var name: String
  /// It must be this or more.
  public var atLeast: Double?
  /// It must be this or less.
  public var atMost: Double?
  /// Judge the value itself and not the bad end of its interval.
  public var usesValue: Bool

  /// Makes a gate. Unless `usesValue`, the bad end of the interval is judged: the lower one for `atLeast`, the upper one for `atMost`.
  public init(_ subject: Subject, _ name: String = "", atLeast: Double? = nil, atMost: Double? = nil, usesValue: Bool = false) {
    self.subject = subject
    self.name = name
    self.atLeast = atLeast
    self.atMost = atMost
    self.usesValue = usesValue
  }

  /// Reads `accuracy>=0.9`, `latency.p99<=50`, `size<=50000000`, `slices.accuracy>=0.8`, `fairness.gap<=0.1`; a `~` at the end judges the
  /// value and not the end of its interval.
  /// - Throws: `RegistryError` `.invalidQuery`.
  public init(text: String) throws(RegistryError) {
    let wrong = RegistryError(
      .invalidQuery, "'\(text.prefix(120))' is no gate", expected: "accuracy>=0.9, latency.p99<=50 or size<=50000000")
    guard let sign = text.range(of: ">=") ?? text.range(of: "<=") else { throw wrong }
    let left = text[..<sign.lowerBound].trimmingCharacters(in: .whitespaces)
    var right = text[sign.upperBound...].trimmingCharacters(in: .whitespaces)
    let usesValue = right.hasSuffix("~")
    if usesValue { right = String(right.dropLast()).trimmingCharacters(in: .whitespaces) }
    guard let limit = Double(right), limit.isFinite, !left.isEmpty else { throw wrong }
    let isLeast = text[sign] == ">="
    let parts = left.split(separator: ".", maxSplits: 1).map(String.init)
    let subject = parts.count == 2 || left == Subject.size.rawValue ? Subject(rawValue: parts[0]) : nil
    self.init(
      subject ?? .metric, subject == nil ? left : parts.dropFirst().first ?? "", atLeast: isLeast ? limit : nil,
      atMost: isLeast ? nil : limit,
      usesValue: usesValue)
  }

  /// As `init(text:)` reads it.
  public var text: String {
    let left = subject == .metric ? name : name.isEmpty ? subject.rawValue : "\(subject.rawValue).\(name)"
    let limits = [atLeast.map { ">=\(Self.plain($0))" }, atMost.map { "<=\(Self.plain($0))" }].compactMap { $0 }
    return left + limits.joined(separator: ", ") + (usesValue ? "~" : "")
  }

  /// `slices accuracy`
  public var title: String { subject == .metric ? name : name.isEmpty ? subject.rawValue : "\(subject.rawValue) \(name)" }

  /// A measurement with its interval, and where it was found.
  struct Measurement {
    var value: Double
    var lower: Double?
    var upper: Double?
    var place = ""
  }

  /// The verdict on what was measured. What was not measured, or has no interval where one is judged, does not pass.
  func judge(_ found: [Measurement]) -> GateVerdict {
    guard !found.isEmpty else { return GateVerdict(gate: self, judged: nil, passed: false, text: "\(title) was not measured") }
    var worst: (judged: Double, text: String, passed: Bool)?
    for measurement in found {
      for (limit, isLeast) in [(atLeast, true), (atMost, false)] {
        guard let limit else { continue }
        let end = usesValue ? measurement.value : isLeast ? measurement.lower : measurement.upper
        let place = measurement.place.isEmpty ? "" : " in '\(measurement.place)'"
        guard measurement.value.isFinite else {
          return GateVerdict(gate: self, judged: nil, passed: false, text: "\(title)\(place) was not measured")
        }
        guard let end, end.isFinite else {
          return GateVerdict(
            gate: self, judged: nil, passed: false,
            text: "\(title)\(place) has no interval, and the \(isLeast ? "lower" : "upper") end is judged")
        }
        let passed = isLeast ? end >= limit : end <= limit
        let what = usesValue ? "is" : isLeast ? "is at least" : "is at most"
        let text =
          "\(title)\(place) \(what) \(Self.plain(end)); \(isLeast ? "at least" : "at most") \(Self.plain(limit)) is required"
        if worst == nil || (worst?.passed == true && !passed) { worst = (end, text, passed) }
      }
    }
    guard let worst else { return GateVerdict(gate: self, judged: nil, passed: false, text: "\(title) has no limit") }
    return GateVerdict(gate: self, judged: worst.judged, passed: worst.passed, text: worst.text)
  }

  private static func plain(_ value: Double) -> String { String(format: "%.7g", value) }
}

/// A gate's answer.
public struct GateVerdict: Sendable, Hashable, Codable {
  /// What was asked.
  public let gate: AliasGate
  /// The number that was judged; `nil` where there is none.
  public let judged: Double?
  /// The requirement holds.
  public let passed: Bool
  /// One sentence for a person.
  public let text: String
}

extension ModelRegistry {
  /// What gates say to a version.
  /// - Returns: one verdict for each gate, in their order.
  /// - Throws: `RegistryError` for a version whose files cannot be read.
  public func evaluate(_ gates: [AliasGate], on version: ModelVersion) throws(RegistryError) -> [GateVerdict] {
    try guarded { try gateVerdicts(gates, version) }
  }

  func gateVerdicts(_ gates: [AliasGate], _ version: ModelVersion) throws -> [GateVerdict] {
    let needsReport = gates.contains { ![.metric, .size].contains($0.subject) }
    let bundle = needsReport ? try bundle(digest: version.digest, reference: version.reference) : nil
    return try gates.map { gate in
      switch gate.subject {
      case .metric:
        let metric = version.metrics[gate.name]
        return gate.judge(metric.map { [AliasGate.Measurement(value: $0.value, lower: $0.lower, upper: $0.upper)] } ?? [])
      case .size:
        let size = Double(version.size)
        return gate.judge([AliasGate.Measurement(value: size, lower: size, upper: size)])
      case .latency, .slices, .fairness:
        return gate.judge(try bundle.map { try Measurements.find(gate, in: $0) } ?? [])
      }
    }
  }
}

/// Measurements in a bundle's report. A file that is not there, or says nothing of the kind, was not measured.
private enum Measurements {
  /// `report/latency.json`: `{"p50": …, "p99": {"value": …, "lower": …, "upper": …}}`; `report/slices.json` and `report/fairness.json`:
  /// `{"slices" | "groups": [{"name": …, "metrics": {…: number or interval}}]}`.
  static func find(_ gate: AliasGate, in bundle: ModelBundle) throws -> [AliasGate.Measurement] {
    let path = "\(ModelBundle.WellKnown.report)/\(gate.subject.rawValue).json"
    guard bundle.has(path) else { return [] }
    let document = try bundle.json(JSONValue.self, of: path)
    if gate.subject == .latency { return measurement(document[gate.name]).map { [$0] } ?? [] }
    let entries = (document["slices"] ?? document["groups"])?.arrayValue ?? []
    return entries.compactMap { entry in
      guard let value = entry["metrics"]?[gate.name] else { return nil }
      var found = measurement(value) ?? AliasGate.Measurement(value: .nan)
      found.place = entry["name"]?.stringValue ?? ""
      return found
    }
  }

  private static func measurement(_ value: JSONValue?) -> AliasGate.Measurement? {
    guard let value else { return nil }
    if let number = value.doubleValue { return AliasGate.Measurement(value: number) }
    guard let number = value["value"]?.doubleValue else { return nil }
    return AliasGate.Measurement(value: number, lower: value["lower"]?.doubleValue, upper: value["upper"]?.doubleValue)
  }
}
