import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Whether the threads that answer requests still move. Each event loop sets its own clock once a second; one that stands still hangs.
///
/// Whoever asks is answered by a loop that works, so a server that hangs as a whole does not answer at all; this finds those that hang in
/// part, whose other connections would wait for ever.
final class Liveness: Sendable {
  private let beats: Mutex<[NIODeadline]>
  private let loops: [any EventLoop]
  private let timers = Mutex<[RepeatedTask]>([])
  private let limit: TimeAmount

  /// - Parameter limit: from when on a loop counts as hanging.
  init(_ group: MultiThreadedEventLoopGroup = .singleton, limit: TimeAmount = .seconds(10)) {
    loops = group.makeIterator().map { $0 }
    beats = Mutex(loops.map { _ in .now() })
    self.limit = limit
  }

  /// Starts the clocks, until `stop`.
  func start(every interval: TimeAmount = .seconds(1)) {
    for (index, loop) in loops.enumerated() {
      let timer = loop.scheduleRepeatedTask(initialDelay: .zero, delay: interval) { [weak self] _ in
        self?.beats.withLock { $0[index] = .now() }
      }
      timers.withLock { $0.append(timer) }
    }
  }

  func stop() {
    let timers = timers.withLock { timers in
      defer { timers = [] }
      return timers
    }
    for timer in timers { timer.cancel() }
  }

  deinit { stop() }

  /// The loops that have not moved for too long. Without clocks, as in tests that have no sockets, there are none.
  func hanging(at now: NIODeadline = .now()) -> Int {
    guard !timers.withLock({ $0.isEmpty }) else { return 0 }
    return beats.withLock { $0.count { now - $0 > limit } }
  }
}
