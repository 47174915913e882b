import Foundation
import Logging
import Synchronization

/// Work that a server does beside answering: once in so long, and once more when it stops.
public struct ServerChore: Sendable {
  /// What the log calls it.
  public let name: String
  /// How long it rests between two rounds.
  public let interval: Duration
  /// How long the last round may take, when the server stops.
  public let patience: Duration
  private let body: @Sendable (_ mayGoOn: @Sendable () -> Bool) throws -> Void

  /// - Parameter body: one round. May block: it has a thread of its own. Begins no new piece of work when its argument says so.
  public init(
    _ name: String, every interval: Duration, patience: Duration = .seconds(5),
    _ body: @escaping @Sendable (_ mayGoOn: @Sendable () -> Bool) throws -> Void
  ) {
    self.name = name
    self.interval = interval
    self.patience = patience
    self.body = body
  }

  /// Goes on until the task is cancelled.
  func run(logger: Logger) async {
    let isStopping = Flag()
    await withTaskCancellationHandler {
      while (try? await Task.sleep(for: interval)) != nil { await round(logger) { !isStopping.isSet } }
    } onCancel: {
      isStopping.set()
    }
    let end = ContinuousClock.now + patience
    await round(logger) { .now < end }
  }

  private func round(_ logger: Logger, _ mayGoOn: @escaping @Sendable () -> Bool) async {
    let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<Void, any Error>, Never>) in
      Thread.detachNewThread { [body] in continuation.resume(returning: Result { try body(mayGoOn) }) }
    }
    if case .failure(let error) = result {
      logger.error("a chore failed", metadata: ["chore": .string(name), "detail": .string("\(error)")])
    }
  }

  private final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
  }
}
