import Foundation
import Synchronization
import Testing
import Torch

/// Several ranks of one group, each on a thread of this process, meeting in a file.
enum Ranks {
  /// - Returns: what `body` returned, rank by rank.
  /// - Throws: the first rank's error.
  @discardableResult
  static func run<Result: Sendable>(
    _ size: Int, timeout: Duration = .seconds(20), _ body: @escaping @Sendable (ProcessGroup) throws -> Result
  ) throws -> [Result] {
    try outcomes(size, timeout: timeout, body).map { try $0.get() }
  }

  /// The same with every rank's own outcome.
  static func outcomes<Value: Sendable>(
    _ size: Int, timeout: Duration = .seconds(20), _ body: @escaping @Sendable (ProcessGroup) throws -> Value
  ) -> [Result<Value, any Error>] {
    let path = NSTemporaryDirectory() + "martlet-ranks-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let outcomes = Outcomes<Value>(count: size)
    let done = DispatchGroup()
    for rank in 0..<size {
      done.enter()
      let thread = Thread {
        outcomes.set(rank, Result { try body(ProcessGroup(.gloo, .file(path), rank: rank, size: size, timeout: timeout)) })
        done.leave()
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
    done.wait()
    return outcomes.all
  }

  private final class Outcomes<Value: Sendable>: Sendable {
    private let list: Mutex<[Result<Value, any Error>]>
    init(count: Int) { list = Mutex(Array(repeating: .failure(CancellationError()), count: count)) }
    func set(_ rank: Int, _ outcome: sending Result<Value, any Error>) { list.withLock { $0[rank] = outcome } }
    var all: [Result<Value, any Error>] { list.withLock { $0 } }
  }
}
