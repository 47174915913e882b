import NIOCore
import Synchronization
import Web

/// Closes the connection of a client that does not read what it has asked for: a piece of a stream that finds no room for too long.
///
/// Without it a client that never reads would keep its answer in this server's memory, and its place in the model's queue, for ever.
final class StalledClient: Sendable {
  private let channel: any Channel
  private let limit: TimeAmount
  private let began = Mutex<NIODeadline?>(nil)
  private let check = Mutex<RepeatedTask?>(nil)

  init(_ channel: any Channel, limit: Duration) {
    self.channel = channel
    self.limit = .nanoseconds(Int64(limit / .nanoseconds(1)))
    let pause = TimeAmount.nanoseconds(max(self.limit.nanoseconds / 4, 1_000_000))
    let task = channel.eventLoop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { [weak self] task in
      guard let self else { return task.cancel() }
      guard let start = began.withLock({ $0 }), NIODeadline.now() - start > self.limit else { return }
      task.cancel()
      // What waits for room fails then, and with it the stream.
      self.channel.close(promise: nil)
    }
    check.withLock { $0 = task }
  }

  deinit { check.withLock { $0?.cancel() } }

  /// Sends one piece under the clock.
  func send(_ bytes: [UInt8], by send: ReplyStream.Send) async throws {
    began.withLock { $0 = .now() }
    defer { began.withLock { $0 = nil } }
    try await send(bytes)
  }
}
