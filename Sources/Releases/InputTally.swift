import Synchronization

/// One input of a version, by the bins that its training rows were counted in.
public struct InputCounts: Sendable, Hashable, Codable {
  /// The input's name.
  public let name: String
  /// Training rows by bin.
  public let learned: [Int]
  /// Rows by bin that the version was asked about.
  public var seen: [Int]

  /// - Parameter seen: as many as `learned`; by default none were seen.
  public init(_ name: String, learned: [Int], seen: [Int]? = nil) {
    self.name = name
    self.learned = learned
    self.seen = seen ?? learned.map { _ in 0 }
  }

  var isSeen: Bool { seen.contains { $0 > 0 } }

  func since(_ earlier: [InputCounts]) -> InputCounts {
    guard let before = earlier.first(where: { $0.name == name }), before.seen.count == seen.count else { return self }
    return InputCounts(name, learned: learned, seen: zip(seen, before.seen).map { max(0, $0 - $1) })
  }
}

/// Counts what a version is asked about, while a release compares.
public final class InputTally: Sendable {
  private let state: Mutex<[InputCounts]>
  private let counts = Atomic<Bool>(false)

  /// - Parameter inputs: those that can be counted, with their training rows.
  public init(_ inputs: [InputCounts]) { state = Mutex(inputs) }

  /// Counting costs time, so it is done only where somebody asks for it.
  public var isCounting: Bool {
    get { counts.load(ordering: .relaxed) }
    set { counts.store(newValue, ordering: .relaxed) }
  }

  /// - Parameter rows: rows by bin, an input after the other, as they were given.
  public func add(_ rows: [[Int]]) {
    state.withLock { state in
      for (place, bins) in rows.enumerated() where place < state.count {
        for (bin, count) in bins.enumerated() where bin < state[place].seen.count { state[place].seen[bin] += count }
      }
    }
  }

  /// What was counted so far.
  public var inputs: [InputCounts] { state.withLock { $0 } }
}
