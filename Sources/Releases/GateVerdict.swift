import Foundation
import MartletCore

/// What a gate says.
public enum GateVerdict: String, Sendable, Hashable, Codable {
  /// The whole interval lies on the good side of the limit.
  case pass
  /// The whole interval lies on the bad side.
  case fail
  /// The limit lies inside: there are too few samples to know.
  case inconclusive
}

/// What a gate found.
public struct GateResult: Sendable, Hashable, Codable {
  /// The gate.
  public let gate: ReleaseGate
  /// What it says.
  public let verdict: GateVerdict
  /// What was measured; `nil` where nothing was.
  public let value: Double?
  /// The interval of the truth; open where an end is `nil`.
  public let lower: Double?, upper: Double?
  /// The candidate's samples.
  public let samples: Int
  /// What else there is to say: where the value was found, or why there is none.
  public let note: String?

  /// `"error rate 0.002 (0.0004 to 0.0091) of 800: pass, at most 0.01"`
  public var sentence: String {
    func text(_ value: Double?) -> String { value.map { String(format: "%.4g", $0) } ?? "?" }
    let limit = gate.limit
    return "\(gate.name) \(text(value)) (\(text(lower)) to \(text(upper))) of \(samples): \(verdict.rawValue), "
      + "at \(limit.isUpper ? "most" : "least") \(text(limit.value))" + (note.map { " (\($0))" } ?? "")
  }
}

extension ReleaseGate {
  /// - Parameters:
  ///   - figures: what was seen while both versions took requests under the same conditions.
  ///   - error: the chance that this look says pass or fail against the truth.
  func judge(_ figures: ReleaseFigures, error: Double) -> GateResult {
    let candidate = figures.candidate, baseline = figures.baseline
    switch self {
    case .errorRate: return share(candidate.failures, candidate.requests, error)
    case .errorIncrease:
      return difference((candidate.failures, candidate.requests), (baseline.failures, baseline.requests), error)
    case .quality: return share(candidate.correct, candidate.labelled, error)
    case .qualityDrop: return difference((baseline.correct, baseline.labelled), (candidate.correct, candidate.labelled), error)
    case .agreement: return share(figures.agreed, figures.compared, error)
    case .verdicts: return share(candidate.good, candidate.judged, error)
    case .latency(let percentile, _):
      let ends = ExactIntervals.percentile(percentile, of: candidate.latency, error: error)
      return result(candidate.latency.percentile(percentile), ends.lower, ends.upper, candidate.latency.count)
    case .latencyRatio(let percentile, _):
      let ours = ExactIntervals.percentile(percentile, of: candidate.latency, error: error / 2)
      let theirs = ExactIntervals.percentile(percentile, of: baseline.latency, error: error / 2)
      func ratio(_ a: Double?, _ b: Double?) -> Double? { a.flatMap { a in b.map { a / $0 } } }
      return result(
        ratio(candidate.latency.percentile(percentile), baseline.latency.percentile(percentile)), ratio(ours.lower, theirs.upper),
        ratio(ours.upper, theirs.lower), min(candidate.latency.count, baseline.latency.count))
    case .drift:
      let drift = StabilityIndex(baseline.answers, candidate.answers)
      let ends = drift.interval(error: error)
      return result(drift.value, ends?.lowerBound, ends?.upperBound, drift.samples)
    case .inputDrift: return inputDrift(figures.inputs, error)
    }
  }

  /// The error is shared by the inputs: together they are wrong with at most the chance of one.
  private func inputDrift(_ inputs: [InputCounts], _ error: Double) -> GateResult {
    guard !inputs.isEmpty else {
      let why = "not measured: the version has no columns with a profile of its training rows; texts, pictures and tensors have none"
      return result(nil, nil, nil, 0, why)
    }
    let (sent, absent) = (inputs.filter(\.isSeen), inputs.filter { !$0.isSeen })
    let indices = sent.map { (name: $0.name, index: StabilityIndex($0.learned, $0.seen)) }
    guard let worst = indices.max(by: { $0.index.value ?? 0 < $1.index.value ?? 0 }) else { return result(nil, nil, nil, 0) }
    let ends = indices.compactMap { $0.index.interval(error: error / Double(indices.count)) }
    var note = "'\(worst.name)' is farthest from its training rows"
    if !absent.isEmpty { note += "; without a value in every row: " + absent.prefix(5).map { "'\($0.name)'" }.joined(separator: ", ") }
    return result(
      worst.index.value, ends.map(\.lowerBound).max(), ends.map(\.upperBound).max(), indices.map(\.index.samples).min() ?? 0, note)
  }

  private func share(_ hits: Int, _ count: Int, _ error: Double) -> GateResult {
    let interval = ExactIntervals.share(hits, of: count, error: error)
    return result(count > 0 ? Double(hits) / Double(count) : nil, interval.lowerBound, interval.upperBound, count)
  }

  private func difference(_ a: (hits: Int, count: Int), _ b: (hits: Int, count: Int), _ error: Double) -> GateResult {
    let interval = ExactIntervals.difference(a, b, error: error)
    let value = a.count > 0 && b.count > 0 ? Double(a.hits) / Double(a.count) - Double(b.hits) / Double(b.count) : nil
    return result(value, interval.lowerBound, interval.upperBound, min(a.count, b.count))
  }

  private func result(_ value: Double?, _ lower: Double?, _ upper: Double?, _ samples: Int, _ note: String? = nil) -> GateResult {
    let limit = limit
    let verdict: GateVerdict
    if value == nil {
      verdict = .inconclusive
    } else if limit.isUpper {
      verdict = upper.map { $0 <= limit.value } ?? false ? .pass : lower.map { $0 > limit.value } ?? false ? .fail : .inconclusive
    } else {
      verdict = lower.map { $0 >= limit.value } ?? false ? .pass : upper.map { $0 < limit.value } ?? false ? .fail : .inconclusive
    }
    return GateResult(gate: self, verdict: verdict, value: value, lower: lower, upper: upper, samples: samples, note: note)
  }
}

/// The population stability index of two distributions over classes.
struct StabilityIndex {
  private let first: [Double], second: [Double]
  private let firstCount: Double, secondCount: Double

  init(_ first: [String: Int], _ second: [String: Int]) {
    let names = Set(first.keys).union(second.keys).sorted()
    self.init(names.map { first[$0] ?? 0 }, names.map { second[$0] ?? 0 })
  }

  /// - Parameter first: by class; classes that nobody has seen are left out.
  init(_ first: [Int], _ second: [Int]) {
    let pairs = zip(first, second).filter { $0 > 0 || $1 > 0 }
    self.first = pairs.map { Double($0.0) }
    self.second = pairs.map { Double($0.1) }
    firstCount = self.first.reduce(0, +)
    secondCount = self.second.reduce(0, +)
  }

  var samples: Int { Int(min(firstCount, secondCount)) }

  /// `nil` where one side has no answers. Half an answer is added to every class, so that a class that one side lacks counts much, not
  /// without end.
  var value: Double? {
    guard firstCount > 0, secondCount > 0 else { return nil }
    return terms.reduce(0) { $0 + ($1.p - $1.q) * log($1.p / $1.q) }
  }

  private var terms: [(p: Double, q: Double)] {
    let half = 0.5 * Double(first.count)
    return zip(first, second).map { (($0 + 0.5) / (firstCount + half), ($1 + 0.5) / (secondCount + half)) }
  }

  /// By the spread of the index as both counts vary (the delta method), plus what chance alone adds where nothing has changed: an index of
  /// equal distributions is not zero but about (classes − 1)(1/n + 1/m).
  func interval(error: Double) -> ClosedRange<Double>? {
    guard let value else { return nil }
    var firstMean = 0.0, firstSquares = 0.0, secondMean = 0.0, secondSquares = 0.0
    for (p, q) in terms {
      let a = log(p / q) + 1 - q / p, b = log(q / p) + 1 - p / q
      firstMean += p * a
      firstSquares += p * a * a
      secondMean += q * b
      secondSquares += q * b * b
    }
    let variance = max(0, firstSquares - firstMean * firstMean) / firstCount + max(0, secondSquares - secondMean * secondMean) / secondCount
    let chance = Double(max(0, first.count - 1)) * (1 / firstCount + 1 / secondCount)
    let half = Probability.normalQuantile(1 - error / 2) * (variance + 2 * chance * chance / Double(max(1, first.count - 1))).squareRoot()
    return max(0, value - chance - half)...(value + half)
  }
}
