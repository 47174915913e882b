import Foundation
import Synchronization
import Web

/// What happened in one model.
final class ModelMetrics: Sendable {
  let name: String
  let version: String
  let platform: String
  private let state = Mutex(Snapshot())

  enum Rejection: String, Sendable, CaseIterable { case queueFull = "queue_full", deadline, hanging }

  struct Snapshot: Sendable {
    var seconds = Histogram(bounds: Histogram.seconds)
    var items = Histogram(bounds: Histogram.items)
    var failures: UInt64 = 0
    var rejections: [Rejection: UInt64] = [:]
    var replacements: UInt64 = 0
    var statistics = ModelStatistics()
  }

  /// One call of the predictor that succeeded; times in nanoseconds.
  struct Execution {
    let items: Int
    let requests: Int
    /// Over all its requests, as `total`.
    let queue: UInt64
    let total: UInt64
    let input: UInt64
    let infer: UInt64
    let output: UInt64
  }

  init(model: ServedModel) {
    name = model.name
    version = model.version
    platform = model.platform
  }

  var snapshot: Snapshot { state.withLock { $0 } }

  func executed(_ execution: Execution) {
    let date = Date()
    state.withLock { state in
      state.seconds.record(Double(execution.infer) / 1e9)
      state.items.record(Double(execution.items))
      // A request in a call of many took as long as the call.
      let requests = UInt64(execution.requests)
      state.statistics.inferenceCount &+= UInt64(execution.items)
      state.statistics.executionCount &+= 1
      state.statistics.success.add(execution.total, count: execution.requests)
      state.statistics.queue.add(execution.queue, count: execution.requests)
      state.statistics.computeInput.add(execution.input &* requests, count: execution.requests)
      state.statistics.computeInfer.add(execution.infer &* requests, count: execution.requests)
      state.statistics.computeOutput.add(execution.output &* requests, count: execution.requests)
      // The sizes of batches are the clients' choice; past so many, new ones are not told apart.
      if state.statistics.batches.count < 1024 || state.statistics.batches[execution.items] != nil {
        var batch = state.statistics.batches[execution.items] ?? ModelStatistics.BatchSize()
        batch.computeInput.add(execution.input)
        batch.computeInfer.add(execution.infer)
        batch.computeOutput.add(execution.output)
        state.statistics.batches[execution.items] = batch
      }
      state.statistics.lastInference = date
    }
  }

  /// A request got no answer of the model, after so many nanoseconds.
  func ended(badly nanoseconds: UInt64) { state.withLock { $0.statistics.fail.add(nanoseconds) } }

  func hit(_ nanoseconds: UInt64) {
    let date = Date()
    state.withLock { state in
      state.statistics.cacheHit.add(nanoseconds)
      state.statistics.success.add(nanoseconds)
      state.statistics.lastInference = date
    }
  }

  func missed(_ nanoseconds: UInt64) { state.withLock { $0.statistics.cacheMiss.add(nanoseconds) } }

  func failed() { state.withLock { $0.failures += 1 } }

  func replaced() { state.withLock { $0.replacements += 1 } }

  func rejected(_ reason: Rejection) { state.withLock { $0.rejections[reason, default: 0] += 1 } }
}
