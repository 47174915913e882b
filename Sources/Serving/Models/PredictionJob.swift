import MartletCore
import NIOCore
import Synchronization
import Web

/// One request's part of a model's work: its inputs, and whoever waits for the answer.
final class PredictionJob: Sendable {
  typealias Outputs = [String: HostArray]

  /// The number of items, or `nil` where the signature knows no items.
  let items: Int?
  let deadline: NIODeadline
  private let state: Mutex<State>

  private struct State {
    var inputs: [String: HostArray]
    var continuation: CheckedContinuation<Outputs, any Error>?
  }

  init(inputs: [String: HostArray], items: Int?, deadline: NIODeadline, continuation: CheckedContinuation<Outputs, any Error>) {
    self.items = items
    self.deadline = deadline
    state = Mutex(State(inputs: inputs, continuation: continuation))
  }

  var inputs: [String: HostArray] { state.withLock { $0.inputs } }

  /// Somebody still waits for the answer.
  var isWaiting: Bool { state.withLock { $0.continuation != nil } }

  /// Answers, unless it was answered already, and lets go of the inputs.
  /// - Returns: whether this was the answer.
  @discardableResult
  func finish(_ result: Result<Outputs, any Error>) -> Bool {
    let continuation = state.withLock { state in
      let continuation = state.continuation
      state.continuation = nil
      state.inputs = [:]
      return continuation
    }
    continuation?.resume(with: result)
    return continuation != nil
  }

  /// Whether the items of both can stand in one batch: the same inputs, the same shapes behind the batch dimension.
  static func canJoin(_ first: [String: HostArray], _ second: [String: HostArray]) -> Bool {
    first.count == second.count
      && first.allSatisfy { name, array in
        second[name].map { $0.dtype == array.dtype && $0.shape.dropFirst() == array.shape.dropFirst() } ?? false
      }
  }
}
