import Foundation
import Synchronization
import Testing

@testable import Serving

@Suite struct ChoreTests {
  private struct Failure: Error {}

  @Test(.timeLimit(.minutes(1))) func `a chore is done again and again, and once more when the server stops`() async throws {
    let (rounds, told) = AsyncStream<Bool>.makeStream(), lines = LogLines(), seen = Rounds()
    let chore = ServerChore("tidy", every: .milliseconds(1)) { mayGoOn in
      told.yield(mayGoOn())
      seen.add(mayGoOn())
      if seen.all.count == 1 { throw Failure() }
    }
    let task = Task { await chore.run(logger: lines.logger) }
    var iterator = rounds.makeAsyncIterator()
    for _ in 0..<3 { #expect(await iterator.next() == true) }
    task.cancel()
    await task.value
    // The last round may go on, though the server stops.
    #expect(seen.all.count >= 4 && seen.all.last == true)
    #expect(lines.all.count { $0.contains("a chore failed") && $0.contains("tidy") } == 1)
  }

  @Test(.timeLimit(.minutes(1))) func `a round that is under way hears that the server stops`() async throws {
    let (begun, told) = AsyncStream<Void>.makeStream(), seen = Rounds()
    let chore = ServerChore("slow", every: .milliseconds(1), patience: .zero) { mayGoOn in
      told.yield()
      while mayGoOn() { usleep(1000) }
      seen.add(false)
    }
    let task = Task { await chore.run(logger: LogLines().logger) }
    var iterator = begun.makeAsyncIterator()
    await iterator.next()
    task.cancel()
    await task.value
    #expect(seen.all.count == 2)
  }
}

private final class Rounds: Sendable {
  private let state = Mutex<[Bool]>([])
  var all: [Bool] { state.withLock { $0 } }
  func add(_ value: Bool) { state.withLock { $0.append(value) } }
}
