import Foundation

/// A thread for calls that wait, which on Swift's own pool would hold up everything else.
enum BlockingThread {
  /// Starts a thread that ends with the body.
  /// - Parameter stack: bytes, of which only what is used takes memory.
  static func start(_ name: String, stack: Int = 1 << 20, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread(block: body)
    thread.name = name
    thread.stackSize = stack
    thread.start()
  }

  /// Runs the body on a thread of its own.
  static func run<Result: Sendable>(_ name: String, _ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      start(name) { continuation.resume(with: Swift.Result { try body() }) }
    }
  }
}
