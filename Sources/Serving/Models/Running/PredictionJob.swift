import MartletCore
import NIOCore
import Synchronization
import Web

/// One request's part of a model's work: its inputs, and whoever waits for the answer.
final class PredictionJob: Sendable {
  typealias Outputs = [String: HostArray]

  /// The number of items, or `nil` where the signature knows no items.
  let items: Int?
  /// What `canJoin` compares.
  let form: [Int]
  let arrival: NIODeadline
  /// How long it may take.
  let timeout: TimeAmount
  let priority: Int
  /// Where the request's trace and bill learn what was done for it.
  let work = Caller.current.work
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

  init(inputs: [String: HostArray], items: Int?, form: [Int] = [], timeout: TimeAmount, priority: Int = 0) {
    self.items = items
    self.form = form
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

  /// Whether the items of both can stand in one batch: the same types, and the same shapes behind the batch dimension.
  static func canJoin(_ first: PredictionJob, _ second: PredictionJob) -> Bool {
    first.items != nil && second.items != nil && first.form == second.form
  }

  /// Types and shapes of inputs as far as they decide what can be joined; two that are equal can be.
  static func form(_ inputs: [String: HostArray], _ signature: Signature, _ ragged: RaggedInputs?) -> [Int] {
    var form: [Int] = []
    for spec in signature.inputs {
      guard let array = inputs[spec.name] else {
        form.append(-1)
        continue
      }
      form.append(Int(array.dtype.rawValue))
      form.append(array.shape.count)
      form.append(contentsOf: array.shape.dropFirst())
      if let ragged, ragged.fill[spec.name] != nil, array.shape.count > 1 {
        form[form.count - array.shape.count + 1] = ragged.bucket(of: array.shape[1])
      }
    }
    return form
  }
}
