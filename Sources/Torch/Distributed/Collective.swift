import CTorch
import Synchronization

/// A collective operation under way. Every process of the group starts the same ones in the same order.
///
/// `@unchecked Sendable`: libtorch's object may be asked and waited for from any thread, and the result changes under its lock only.
public final class Collective: @unchecked Sendable {
  /// What it is, for errors: `all-reduce of float32[25000]`.
  public let name: String
  private let raw: CTWork
  private let group: ProcessGroup
  private let timeout: Duration
  private let outcome: Mutex<Outcome>

  private enum Outcome {
    case pending(Tensor?, then: (@Sendable (Tensor) throws(TorchError) -> Tensor)?)
    case done(Tensor?)
    case failed(DistributedError)
  }

  init(
    owning raw: CTWork, name: String, group: ProcessGroup, timeout: Duration, result: Tensor?,
    then: (@Sendable (Tensor) throws(TorchError) -> Tensor)? = nil
  ) {
    self.raw = raw
    self.name = name
    self.group = group
    self.timeout = timeout
    outcome = Mutex(.pending(result, then: then))
  }

  deinit { ct_work_release(raw) }

  /// Waiting would not take any time.
  public var isDone: Bool { ct_work_is_done(raw) }

  /// Waits on this thread for the end.
  /// - Returns: the result; the same for every call. A barrier has none.
  /// - Throws: `DistributedError` naming the collective, the process and, where it is known, the one that has gone.
  @discardableResult
  public func wait() throws(DistributedError) -> Tensor? {
    let result = outcome.withLock { outcome -> Result<Tensor?, DistributedError> in
      switch outcome {
      case .done(let tensor): return .success(tensor)
      case .failed(let error): return .failure(error)
      case .pending(let tensor, let then):
        let finished = Result { () throws(DistributedError) -> Tensor? in try finish(tensor, then) }
        switch finished {
        case .success(let tensor): outcome = .done(tensor)
        case .failure(let error): outcome = .failed(error)
        }
        return finished
      }
    }
    return try result.get()
  }

  /// Waits for the result of an operation that has one.
  public func result() throws(DistributedError) -> Tensor {
    guard let tensor = try wait() else { throw group.failure(.engine, "it has no result", name) }
    return tensor
  }

  private func finish(_ tensor: Tensor?, _ then: ((Tensor) throws(TorchError) -> Tensor)?) throws(DistributedError) -> Tensor? {
    var error: CTError?
    guard ct_work_wait(raw, &error) == 0 else { throw group.explained(TorchError(error, named: name, []), name, timeout: timeout) }
    guard let tensor, let then else { return tensor }
    do throws(TorchError) { return try then(tensor) } catch { throw group.failure(.engine, error.message, name) }
  }
}
