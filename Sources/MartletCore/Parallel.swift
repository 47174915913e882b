import Dispatch
import Foundation

/// Work spread over the machine's cores by synchronous code.
public enum Parallel {
  /// Threads that are used where nobody says otherwise: `OMP_NUM_THREADS` if set, else the cores that the process may use.
  public static let defaultThreads: Int = {
    if let text = ProcessInfo.processInfo.environment["OMP_NUM_THREADS"], let count = Int(text), count > 0 { return count }
    return max(1, ProcessInfo.processInfo.activeProcessorCount)
  }()

  /// Runs the body once for each index. Results must not depend on which thread runs which index, or in what order.
  /// - Parameters:
  ///   - threads: how many run at a time; 1 runs everything on the calling thread, in order.
  public static func forEach(_ count: Int, threads: Int = defaultThreads, _ body: @Sendable (Int) -> Void) {
    let threads = min(max(threads, 1), count)
    guard threads > 1 else {
      for index in 0..<max(count, 0) { body(index) }
      return
    }
    // A shared counter gives the next index to whoever is free, so that uneven work is spread evenly.
    let next = Counter()
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      while true {
        let index = next.take()
        if index >= count { return }
        body(index)
      }
    }
  }

  /// The results of the body for each index, in the order of the indices.
  /// - Throws: the error of the lowest index that threw.
  public static func map<Result: Sendable>(
    _ count: Int, threads: Int = defaultThreads, _ body: @Sendable (Int) throws -> Result
  ) throws -> [Result] {
    let slots = Slots<Swift.Result<Result, any Error>>(count)
    forEach(count, threads: threads) { index in slots.set(index, Swift.Result { try body(index) }) }
    return try slots.values.map { try $0.get() }
  }

  /// `@unchecked Sendable`: the lock guards the only variable.
  private final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var value = 0
    func take() -> Int {
      lock.withLock {
        defer { value += 1 }
        return value
      }
    }
  }

  /// `@unchecked Sendable`: every place is written by the one thread that was given its index, and read after all are done.
  private final class Slots<Value>: @unchecked Sendable {
    private let storage: UnsafeMutableBufferPointer<Value?>
    init(_ count: Int) {
      storage = .allocate(capacity: max(count, 0))
      storage.initialize(repeating: nil)
    }
    func set(_ index: Int, _ value: Value) { storage[index] = value }
    var values: [Value] { storage.compactMap { $0 } }
    deinit {
      storage.deinitialize()
      storage.deallocate()
    }
  }
}
