package import Foundation

/// How often something happened, and how long it took altogether.
package struct CountedTime: Sendable, Hashable {
  package private(set) var count: UInt64 = 0
  package private(set) var nanoseconds: UInt64 = 0

  package init() {}

  mutating func add(_ nanoseconds: UInt64, count: Int = 1) {
    self.count &+= UInt64(max(0, count))
    self.nanoseconds &+= nanoseconds
  }
}

/// What one version has done since it was loaded, counted as Triton's statistics extension counts.
package struct ModelStatistics: Sendable {
  /// What executions of one batch size took.
  package struct BatchSize: Sendable, Hashable {
    package internal(set) var computeInput = CountedTime()
    package internal(set) var computeInfer = CountedTime()
    package internal(set) var computeOutput = CountedTime()
  }

  /// Items in requests that succeeded; a request of a batch of five counts five. Answers from the cache are not counted.
  package internal(set) var inferenceCount: UInt64 = 0
  /// Calls of the predictor; many requests may share one.
  package internal(set) var executionCount: UInt64 = 0
  /// Requests that succeeded, from submission to answer.
  package internal(set) var success = CountedTime()
  /// Requests that failed, for whatever reason.
  package internal(set) var fail = CountedTime()
  /// Waiting before the call.
  package internal(set) var queue = CountedTime()
  /// Joining the inputs of a call.
  package internal(set) var computeInput = CountedTime()
  /// The predictor's own work.
  package internal(set) var computeInfer = CountedTime()
  /// Splitting the outputs of a call.
  package internal(set) var computeOutput = CountedTime()
  /// Answers found in the response cache.
  package internal(set) var cacheHit = CountedTime()
  /// Requests that were not found there, and what looking and storing took.
  package internal(set) var cacheMiss = CountedTime()
  /// By the number of items in one call.
  package internal(set) var batches: [Int: BatchSize] = [:]
  /// When the last answer was given; `nil` before the first.
  package internal(set) var lastInference: Date?

  package init() {}
}
