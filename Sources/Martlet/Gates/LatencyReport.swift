import Commands
import Foundation
import Images
import MartletCore
import Project
import Registry
import Tables
import TextTasks
import Torch

/// How long answers take on this machine, as gates on `latency` read it: `report/latency.json`.
///
/// ```json
/// {"unit": "ms", "calls": 400, "p50": {"value": 0.4, "lower": 0.39, "upper": 0.41}, "p99": …, "batch_rows": 32, "batch_p50": …}
/// ```
struct LatencyReport {
  /// How hard to try.
  struct Effort {
    /// Calls for one row; of so many the largest says where the 99th percentile is at most, with 95 % confidence.
    var calls: Int
    /// Seconds for them; fewer calls are made of a slow model.
    var seconds: Double

    /// A glance where nobody asks, a measurement where a gate does.
    init(gates: [String]) {
      let isAsked = gates.contains { $0.trimmingCharacters(in: .whitespaces).hasPrefix("latency") }
      (calls, seconds) = isAsked ? (500, 30) : (40, 0.3)
    }
  }

  private var members: [String: JSONValue] = ["unit": "ms"]

  /// Measures a model after a few calls that warm it up.
  /// - Parameters:
  ///   - one: asks the model about one row.
  ///   - rows: rows of a batch; below 2 batches are not measured.
  ///   - batch: asks it about so many.
  init(
    _ effort: Effort, one: () async throws -> Void, rows: Int, batch: () async throws -> Void
  ) async throws {
    let single = try await Self.times(effort.calls, effort.seconds, one)
    members["calls"] = .int(single.count)
    add(single, "")
    guard rows > 1 else { return }
    let many = try await Self.times(max(10, effort.calls / 5), effort.seconds / 2, batch)
    members["batch_rows"] = .int(rows)
    members["batch_calls"] = .int(many.count)
    add(many, "batch_")
  }

  /// Writes the file into a report's folder.
  func write(to folder: String) throws {
    try AtomicFile.write(JSON.encode(JSONValue.object(members)), to: folder + "/latency.json")
  }

  private mutating func add(_ times: [Double], _ prefix: String) {
    for percent in [50, 90, 95, 99] {
      let found = Self.quantile(Double(percent) / 100, of: times, level: 0.95)
      var document: [String: JSONValue] = ["value": .double(found.value)]
      if let lower = found.lower { document["lower"] = .double(lower) }
      if let upper = found.upper { document["upper"] = .double(upper) }
      members["\(prefix)p\(percent)"] = .object(document)
    }
  }

  /// Milliseconds of each call, in order of size.
  private static func times(_ calls: Int, _ seconds: Double, _ body: () async throws -> Void) async throws -> [Double] {
    for _ in 0..<3 { try await body() }
    let start = ContinuousClock.now
    var times: [Double] = []
    while times.count < calls, times.count < 10 || (ContinuousClock.now - start) / .seconds(1) < seconds {
      try Task.checkCancellation()
      let begun = ContinuousClock.now
      try await body()
      times.append((ContinuousClock.now - begun) / .milliseconds(1))
    }
    return times.sorted()
  }

  /// A quantile with the interval that order statistics give (David, Nagaraja, "Order Statistics", 7.1): no shape is assumed.
  /// - Parameter values: sorted, at least one.
  /// - Returns: an end is `nil` where there are too few values for it.
  static func quantile(_ q: Double, of values: [Double], level: Double) -> (value: Double, lower: Double?, upper: Double?) {
    let count = values.count
    let value = values[min(count - 1, max(0, Int((q * Double(count)).rounded(.up)) - 1))]
    // below[k]: the probability that at most k of the values lie below the quantile.
    var below: [Double] = [], sum = 0.0
    for k in 0...count {
      sum += exp(SpecialFunction.logChoose(count, k) + Double(k) * log(q) + Double(count - k) * log1p(-q))
      below.append(sum)
    }
    let tail = (1 - level) / 2
    // The value of rank r (from 1) is beyond the quantile if fewer than r lie below it.
    let lower = (1...count).last { below[$0 - 1] <= tail }
    let upper = (1...count).first { below[$0 - 1] >= 1 - tail }
    return (value, lower.map { values[$0 - 1] }, upper.map { values[$0 - 1] })
  }
}

extension ImageJudging {
  /// How long the classifier takes for one picture of the test part, and for 32.
  func latency(of classifier: TorchClassifier) async throws -> LatencyReport {
    let batcher = ImageBatcher(test, preparation: preparation)
    func inputs(_ count: Int) throws -> [String: HostArray] {
      let floats = try batcher.floats(items: Array(0..<count), epoch: nil)
      return [TorchClassifier.inputName: try HostArray(floats, shape: [count] + preparation.shape)]
    }
    let rows = min(32, test.count), one = try inputs(1), many = try inputs(rows), gates = file.project.gates ?? []
    return try await CancelledBySignals.run {
      try await LatencyReport(
        .init(gates: gates), one: { _ = try await classifier.predict(one) }, rows: rows, batch: { _ = try await classifier.predict(many) })
    }
  }
}

extension TableJudgement {
  /// How long the model takes for one row of those that judge, and for 256.
  func latency() async throws -> LatencyReport {
    let rows = min(256, table.rowCount), one = try table.slice(0..<1), many = try table.slice(0..<rows)
    let gates = training.project.gates ?? []
    return try await CancelledBySignals.run { [model, training] in
      try await LatencyReport(
        .init(gates: gates), one: { _ = try model.predict(one, threads: training.threads) }, rows: rows,
        batch: { _ = try model.predict(many, threads: training.threads) })
    }
  }
}

extension TextLearning {
  /// How long a model takes for one text of the first task's test part, and for 32; `nil` for models that answer no rows.
  func latency(of model: LearntTexts) async throws -> LatencyReport? {
    guard TextBundle.kinds.contains(model.kind), let training = trainings.first else { return nil }
    let rows = min(32, training.parts.test.rowCount), gates = project.gates ?? [], threads = training.threads
    let texts = Array(try training.examples.allTexts(training.parts.test.slice(0..<rows)).prefix(rows))
    guard let first = texts.first else { return nil }
    let answering = TextAnswers(model)
    let ask: @Sendable ([String]) async throws -> Void = { texts in
      _ = try await TorchThread.main.run { try TorchThreads.with(threads) { try answering.answers(texts) } }
    }
    return try await CancelledBySignals.run {
      try await LatencyReport(
        .init(gates: gates), one: { try await ask([first]) }, rows: texts.count, batch: { try await ask(texts) })
    }
  }
}

extension RunSummary {
  /// The same with what the project's gates said.
  func with(_ verdicts: [GateVerdict]?) -> RunSummary {
    var copy = self
    copy.aliasGates = verdicts
    return copy
  }
}
