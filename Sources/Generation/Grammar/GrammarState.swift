/// Where a text stands in a grammar: all the ways in which it could be read so far.
///
/// A way is a stack of places, shared between the ways: what has to come when the innermost rule is done. States are values; equal texts
/// give equal states, so masks can be kept by state.
final class GrammarStack: Sendable, Hashable {
  /// The next symbol's place in the grammar.
  let place: Int
  let below: GrammarStack?
  private let fingerprint: Int
  let depth: Int

  init(_ place: Int, _ below: GrammarStack?) {
    self.place = place
    self.below = below
    depth = (below?.depth ?? 0) + 1
    var hasher = Hasher()
    hasher.combine(place)
    hasher.combine(below?.fingerprint ?? 0)
    fingerprint = hasher.finalize()
  }

  func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }

  static func == (a: GrammarStack, b: GrammarStack) -> Bool {
    var first: GrammarStack? = a, second: GrammarStack? = b
    while let x = first, let y = second {
      if x === y { return true }
      if x.place != y.place || x.fingerprint != y.fingerprint { return false }
      first = x.below
      second = y.below
    }
    return first == nil && second == nil
  }
}

/// The ways at one point of a text.
struct GrammarState: Sendable, Hashable {
  /// Ways that want another byte.
  var ways: Set<GrammarStack>
  /// Whether the text may end here.
  var isComplete: Bool
}

extension Grammar {
  static let maximumWays = 4_096
  /// Taking down a stack uses the thread's own, link by link.
  static let maximumDepth = 2_000

  /// Before the first byte.
  func start() throws(GrammarError) -> GrammarState {
    var state = GrammarState(ways: [], isComplete: false)
    var seen: Set<GrammarStack> = []
    for place in alternatives[root] { try expand(GrammarStack(place, nil), into: &state, &seen) }
    return state
  }

  /// The state after a byte, or `nil` where it may not come.
  func next(_ state: GrammarState, _ byte: UInt8) throws(GrammarError) -> GrammarState? {
    var result = GrammarState(ways: [], isComplete: false)
    var seen: Set<GrammarStack> = []
    for way in state.ways {
      guard case .bytes(let set) = symbols[way.place], sets[set].contains(byte) else { continue }
      try expand(GrammarStack(way.place + 1, way.below), into: &result, &seen)
    }
    return result.ways.isEmpty && !result.isComplete ? nil : result
  }

  /// Follows rules until every way wants a byte.
  private func expand(_ start: GrammarStack, into state: inout GrammarState, _ seen: inout Set<GrammarStack>) throws(GrammarError) {
    var open: [GrammarStack] = [start]
    while let way = open.popLast() {
      guard seen.insert(way).inserted else { continue }
      guard seen.count <= Self.maximumWays * 8, way.depth <= Self.maximumDepth else {
        throw GrammarError(.limit, "the grammar is too ambiguous or nests too deeply")
      }
      switch symbols[way.place] {
      case .bytes:
        state.ways.insert(way)
        guard state.ways.count <= Self.maximumWays else {
          throw GrammarError(.limit, "the text can be read in more than \(Self.maximumWays) ways")
        }
      case .end:
        guard let below = way.below else {
          state.isComplete = true
          continue
        }
        open.append(below)
      case .rule(let rule):
        // A rule in last place needs no way back: what follows it is what follows its caller.
        let back: GrammarStack?
        if case .end = symbols[way.place + 1] { back = way.below } else { back = GrammarStack(way.place + 1, way.below) }
        for place in alternatives[rule] { open.append(GrammarStack(place, back)) }
      }
    }
  }
}
