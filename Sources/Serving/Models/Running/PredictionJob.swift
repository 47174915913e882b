import MartletCore
import NIOCore
import Synchronization
import Web

/// One request's part of a model's work: its inputs, and whoever waits for the answer.
final class PredictionJob: Sendable {
  typealias Outputs = [String: HostArray]

  /// The number of items, or `nil` where the signature knows no items.
  let items: Int?
  let arrival: NIODeadline
  /// How long it may take.
  let timeout: TimeAmount
  let priority: Int
  private let state: Mutex<State>

  /// A step of priority is worth so much of a head start.
  private static let step = TimeAmount.milliseconds(250)

  private struct State {
    var inputs: [String: HostArray]
    var continuation: CheckedContinuation<Outputs, any Error>?
    var watch: ClientPresence.Watch?
    /// The client went away before there was anything to take back.
    var isCancelled = false
  }

  init(inputs: [String: HostArray], items: Int?, timeout: TimeAmount, priority: Int = 0) {
    self.items = items
    arrival = .now()
    self.timeout = timeout
    self.priority = priority
    state = Mutex(State(inputs: inputs))
  }

  var deadline: NIODeadline { arrival + timeout }

  /// Where it stands in the queue: the smallest goes first. Grows with time, so that nothing is overtaken for ever.
  var rank: NIODeadline { arrival - Self.step * priority }

  var inputs: [String: HostArray] { state.withLock { $0.inputs } }

  /// Somebody still waits for the answer.
  var isWaiting: Bool { state.withLock { $0.continuation != nil } }

  /// - Returns: whether the job is still wanted.
  func hold(_ continuation: CheckedContinuation<Outputs, any Error>) -> Bool {
    let isCancelled = state.withLock { state in
      if !state.isCancelled { state.continuation = continuation }
      return state.isCancelled
    }
    if isCancelled { continuation.resume(throwing: CancellationError()) }
    return !isCancelled
  }

  /// Ends the job when its client goes away.
  func watch(_ channel: any Channel) {
    let watch = ClientPresence.watch(channel) { [weak self] in self?.finish(.failure(ClientLeft())) }
    let isOver = state.withLock { state in
      guard state.continuation != nil else { return true }
      state.watch = watch
      return false
    }
    if isOver { watch.cancel() }
  }

  /// Nobody wants the answer any more.
  func cancel() {
    let continuation = state.withLock { state in
      state.isCancelled = true
      defer { state.continuation = nil }
      return state.continuation
    }
    continuation?.resume(throwing: CancellationError())
  }

  /// Answers, unless it was answered already, and lets go of the inputs.
  /// - Returns: whether this was the answer.
  @discardableResult
  func finish(_ result: Result<Outputs, any Error>) -> Bool {
    let (continuation, watch) = state.withLock { state in
      let found = (state.continuation, state.watch)
      state.continuation = nil
      state.watch = nil
      state.inputs = [:]
      return found
    }
    watch?.cancel()
    continuation?.resume(with: result)
    return continuation != nil
  }

  /// Whether the items of both can stand in one batch: the same inputs, the same shapes behind the batch dimension.
  static func canJoin(_ first: PredictionJob, _ second: PredictionJob, ragged: RaggedInputs? = nil) -> Bool {
    guard first.items != nil, second.items != nil else { return false }
    let left = first.inputs, right = second.inputs
    return !left.isEmpty && left.count == right.count
      && left.allSatisfy { name, array in
        guard let other = right[name], array.dtype == other.dtype, array.shape.count == other.shape.count else { return false }
        guard let ragged, ragged.fill[name] != nil, array.shape.count > 1 else { return array.shape.dropFirst() == other.shape.dropFirst() }
        return array.shape.dropFirst(2) == other.shape.dropFirst(2)
          && ragged.bucket(of: array.shape[1]) == ragged.bucket(of: other.shape[1])
      }
  }
}
