import Foundation
import MartletCore
import Web

/// What happened in one version of a model, as the statistics extension counts it.
struct InferenceStatistics: Sendable {
  struct Duration: Sendable, Hashable {
    var count: UInt64 = 0
    var nanoseconds: UInt64 = 0

    init(count: UInt64 = 0, nanoseconds: UInt64 = 0) {
      self.count = count
      self.nanoseconds = nanoseconds
    }

    init(_ time: CountedTime) { self.init(count: time.count, nanoseconds: time.nanoseconds) }
  }

  struct Batch: Sendable, Hashable {
    let size: UInt64
    var computeInput = Duration()
    var computeInfer = Duration()
    var computeOutput = Duration()
  }

  let name: String
  let version: String
  /// Milliseconds since 1970; 0 before the first request.
  var lastInference: UInt64 = 0
  /// Items, and calls of the model that computed them.
  var inferences: UInt64 = 0
  var executions: UInt64 = 0
  /// In the protocol's order: `success`, `fail`, `queue`, `compute_input`, `compute_infer`, `compute_output`, `cache_hit`, `cache_miss`.
  var success = Duration()
  var fail = Duration()
  var queue = Duration()
  var computeInput = Duration()
  var computeInfer = Duration()
  var computeOutput = Duration()
  var cacheHit = Duration()
  var cacheMiss = Duration()
  var batches: [Batch] = []

  init(_ runner: ModelRunner) {
    name = runner.model.name
    version = runner.model.version
    let figures = runner.statistics
    lastInference = UInt64(max(0, (figures.lastInference?.timeIntervalSince1970 ?? 0) * 1000))
    inferences = figures.inferenceCount
    executions = figures.executionCount
    success = Duration(figures.success)
    fail = Duration(figures.fail)
    queue = Duration(figures.queue)
    computeInput = Duration(figures.computeInput)
    computeInfer = Duration(figures.computeInfer)
    computeOutput = Duration(figures.computeOutput)
    cacheHit = Duration(figures.cacheHit)
    cacheMiss = Duration(figures.cacheMiss)
    batches = figures.batches.sorted { $0.key < $1.key }.map { size, batch in
      Batch(
        size: UInt64(max(0, size)), computeInput: Duration(batch.computeInput), computeInfer: Duration(batch.computeInfer),
        computeOutput: Duration(batch.computeOutput))
    }
  }

  init(_ runner: LanguageRunner) {
    name = runner.model.name
    version = runner.model.version
    let figures = runner.metrics.snapshot
    let generations = figures.seconds.counts.reduce(0, +)
    executions = generations + figures.embeddingSeconds.counts.reduce(0, +)
    inferences = generations + figures.embeddedInputs
    computeInfer = Duration(count: executions, nanoseconds: UInt64((figures.seconds.sum + figures.embeddingSeconds.sum) * 1e9))
    success = computeInfer
    fail.count = [.failed, .deadline, .rejected].reduce(0) { $0 + (figures.outcomes[$1] ?? 0) }
  }

  func write(to writer: inout JSONWriter) {
    func integer(_ key: StaticString, _ value: UInt64) {
      writer.raw(key)
      writer.integer(value)
    }
    func duration(_ key: StaticString, _ value: Duration) {
      writer.raw(key)
      integer("{\"count\":", value.count)
      integer(",\"ns\":", value.nanoseconds)
      writer.raw("}")
    }
    writer.raw("{\"name\":")
    writer.string(name)
    writer.raw(",\"version\":")
    writer.string(version)
    integer(",\"last_inference\":", lastInference)
    integer(",\"inference_count\":", inferences)
    integer(",\"execution_count\":", executions)
    writer.raw(",\"inference_stats\":{")
    duration("\"success\":", success)
    duration(",\"fail\":", fail)
    duration(",\"queue\":", queue)
    duration(",\"compute_input\":", computeInput)
    duration(",\"compute_infer\":", computeInfer)
    duration(",\"compute_output\":", computeOutput)
    duration(",\"cache_hit\":", cacheHit)
    duration(",\"cache_miss\":", cacheMiss)
    writer.raw("},\"batch_stats\":[")
    for (index, batch) in batches.enumerated() {
      if index > 0 { writer.raw(",") }
      integer("{\"batch_size\":", batch.size)
      duration(",\"compute_input\":", batch.computeInput)
      duration(",\"compute_infer\":", batch.computeInfer)
      duration(",\"compute_output\":", batch.computeOutput)
      writer.raw("}")
    }
    writer.raw("]}")
  }
}
