import GRPCCore
import MartletCore
import NIOCore
import Synchronization
import Web

/// Until when a client waits for a call's answer.
struct CallDeadline: Sendable {
  @TaskLocal static var current: CallDeadline?

  let instant: ContinuousClock.Instant?

  /// Reads `grpc-timeout`: at most eight digits and a unit.
  init(_ metadata: Metadata, _ start: ContinuousClock.Instant) {
    instant = metadata[stringValues: "grpc-timeout"].first { _ in true }.flatMap(Self.duration).map { start + $0 }
  }

  static func duration(_ text: String) -> Duration? {
    guard let unit = text.last, (1...8).contains(text.utf8.count - 1), let amount = Int64(text.dropLast()), amount >= 0 else { return nil }
    return switch unit {
    case "H": .seconds(amount * 3600)
    case "M": .seconds(amount * 60)
    case "S": .seconds(amount)
    case "m": .milliseconds(amount)
    case "u": .microseconds(amount)
    case "n": .nanoseconds(amount)
    default: nil
    }
  }

  /// What is left of it, for the model's queue; `nil` where the client waits for ever.
  var remaining: TimeAmount? {
    instant.map { instant in
      // A client may name millions of hours.
      let left = min(instant - .now, .seconds(86_400))
      return .nanoseconds(max(1, Int64(left / .nanoseconds(1))))
    }
  }

  private var hasPassed: Bool { instant.map { $0 <= .now } ?? false }

  /// Works until the client gives up: then the work is cancelled, and the caller goes on at once.
  /// - Parameter isStopping: a server that stops cancels its calls, too, but those in flight may finish.
  /// - Throws: what the work throws; `RPCError` `deadlineExceeded` or `cancelled`.
  static func run<Result: Sendable>(
    isStopping: @escaping @Sendable () -> Bool, _ work: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    let deadline = current
    let answer = FirstAnswer<Result>()
    return try await withRPCCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        answer.wait(continuation)
        answer.work(Task { answer.give(await Swift.Result { try await work() }) })
      }
    } onCancelRPC: {
      let isLate = deadline?.hasPassed ?? false
      guard isLate || !isStopping() else { return }
      answer.give(
        .failure(
          isLate
            ? RPCError(code: .deadlineExceeded, message: "the deadline has passed")
            : RPCError(code: .cancelled, message: "the client has cancelled the call")))
      answer.cancel()
    }
  }
}

extension Result where Failure == any Error {
  fileprivate init(_ work: () async throws -> Success) async {
    do { self = .success(try await work()) } catch { self = .failure(error) }
  }
}

/// Hands over the first of two answers: that of the work, or that of its end.
private final class FirstAnswer<Value: Sendable>: Sendable {
  private struct State {
    var continuation: CheckedContinuation<Value, any Error>?
    var early: Result<Value, any Error>?
    var task: Task<Void, Never>?
    var isGiven = false
    var isCancelled = false
  }

  private let state = Mutex(State())

  func wait(_ continuation: CheckedContinuation<Value, any Error>) {
    let early = state.withLock { state in
      if state.early == nil { state.continuation = continuation }
      return state.early
    }
    if let early { continuation.resume(with: early) }
  }

  func work(_ task: Task<Void, Never>) {
    let isCancelled = state.withLock { state in
      state.task = task
      return state.isCancelled
    }
    if isCancelled { task.cancel() }
  }

  func give(_ result: Result<Value, any Error>) {
    let continuation = state.withLock { state -> CheckedContinuation<Value, any Error>? in
      guard !state.isGiven else { return nil }
      state.isGiven = true
      defer { state.continuation = nil }
      if state.continuation == nil { state.early = result }
      return state.continuation
    }
    continuation?.resume(with: result)
  }

  func cancel() {
    let task = state.withLock { state in
      state.isCancelled = true
      return state.task
    }
    task?.cancel()
  }
}
