/// Holds back text that may be the beginning of a stop string, and ends where one is whole.
struct StopStrings: Sendable {
  private let stops: [[UInt8]]
  private let longest: Int
  private var held: [UInt8] = []
  private(set) var isStopped = false

  init(_ stops: [String]) {
    self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty }
    longest = self.stops.map(\.count).max() ?? 0
  }

  /// - Returns: what may be given out now.
  mutating func append(_ text: String) -> String {
    guard !isStopped else { return "" }
    guard longest > 0 else { return text }
    held += text.utf8
    var first: Int?
    for stop in stops {
      if let place = Self.place(of: stop, in: held), place < first ?? .max { first = place }
    }
    if let first {
      isStopped = true
      defer { held = [] }
      return String(decoding: held[..<first], as: UTF8.self)
    }
    // The longest end that some stop string begins with stays; whole characters, since both are text.
    var kept = min(longest - 1, held.count)
    while kept > 0, !stops.contains(where: { $0.count > kept && $0.starts(with: held.suffix(kept)) }) { kept -= 1 }
    defer { held.removeFirst(held.count - kept) }
    return String(decoding: held.dropLast(kept), as: UTF8.self)
  }

  /// - Returns: what was held back and turned out to be no stop string.
  mutating func finish() -> String {
    defer { held = [] }
    return String(decoding: held, as: UTF8.self)
  }

  private static func place(of stop: [UInt8], in text: [UInt8]) -> Int? {
    guard text.count >= stop.count else { return nil }
    return (0...text.count - stop.count).first { text[$0] == stop[0] && text[$0..<$0 + stop.count].elementsEqual(stop) }
  }
}
