import Dispatch
import Torch

#if canImport(Glibc)
  import Glibc
#endif

/// Turns Ctrl-C and SIGTERM into the cancellation of a task, which may then save what it has. A second signal ends the process at once.
///
/// ```swift
/// try await CancelledBySignals.run { try await trainer.fit(train, epochs: 10, handlers: [Checkpoints(in: "checkpoints")]) }
/// ```
/// A trainer that is cancelled so writes a checkpoint of the step that it was in and throws `TrainingInterrupted`, which says how to go on.
public enum CancelledBySignals {
  /// Runs the body; the first signal cancels it, the second ends the process.
  /// - Throws: what the body throws.
  public static func run<Result: Sendable>(_ body: @escaping () async throws -> sending Result) async throws -> Result {
    try await Holder(body).run()
  }

  /// `@unchecked Sendable`: the closure is handed over to the one task that calls it.
  private final class Holder<Result: Sendable>: @unchecked Sendable {
    let body: () async throws -> sending Result
    init(_ body: @escaping () async throws -> sending Result) { self.body = body }

    func run() async throws -> Result {
      // Everything in there that is not bound to an actor runs where libtorch belongs.
      let task = Task(executorPreference: TorchThread.main) { try await self.body() }
      let sources = [SIGINT, SIGTERM].map { number in
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler {
          task.cancel()
          signal(number, SIG_DFL)
        }
        source.resume()
        return (number, source)
      }
      defer {
        for (number, source) in sources {
          source.cancel()
          signal(number, SIG_DFL)
        }
      }
      return try await withTaskCancellationHandler {
        try await task.value
      } onCancel: {
        task.cancel()
      }
    }
  }
}
