import Synchronization

/// A grammar over a vocabulary: what all requests share that write by it.
///
/// Which tokens may come at a state is worked out once and kept. Bytes move between numbered states by a table that fills as it is used,
/// so that walking a vocabulary of 150,000 tokens is a look-up a byte.
public final class GrammarConstraint: Sendable {
  public let grammar: Grammar
  public let vocabulary: GrammarVocabulary
  private let start: GrammarState
  private let table: Mutex<Table>

  private struct Table: Sendable {
    static let unknown: Int32 = -2
    static let dead: Int32 = -1
    static let capacity = 8_192
    var numbers: [GrammarState: Int32] = [:]
    var states: [GrammarState] = []
    var moves: [Int32] = []
    var masks: [Int32: TokenMask] = [:]

    mutating func number(_ state: GrammarState) -> Int32 {
      if let number = numbers[state] { return number }
      let number = Int32(states.count)
      numbers[state] = number
      states.append(state)
      moves += repeatElement(Table.unknown, count: 256)
      return number
    }
  }

  /// - Throws: `GrammarError` where the grammar can be read in too many ways from the start.
  public init(_ grammar: Grammar, vocabulary: GrammarVocabulary) throws(GrammarError) {
    self.grammar = grammar
    self.vocabulary = vocabulary
    start = try grammar.start()
    table = Mutex(Table())
  }

  /// A matcher at the beginning of a text.
  public func matcher() -> GrammarMatcher { GrammarMatcher(self, state: start) }

  func mask(_ state: GrammarState) throws(GrammarError) -> TokenMask {
    try table.withLock { table -> Result<TokenMask, GrammarError> in
      Result { () throws(GrammarError) in
        // What was kept for other states goes when there is too much of it.
        if table.states.count > Table.capacity { table = Table() }
        let number = table.number(state)
        if let mask = table.masks[number] { return mask }
        let mask = try walk(from: number, &table)
        table.masks[number] = mask
        return mask
      }
    }.get()
  }

  private func walk(from start: Int32, _ table: inout Table) throws(GrammarError) -> TokenMask {
    var mask = TokenMask(count: vocabulary.count)
    if table.states[Int(start)].isComplete { for token in vocabulary.endTokens { mask[token] = true } }
    // The states along the path to the node, and where their nodes end.
    var path: [Int32] = [start]
    var ends: [Int] = []
    var node = 0
    let count = vocabulary.nodeBytes.count
    while node < count {
      while let end = ends.last, node >= end {
        ends.removeLast()
        path.removeLast()
      }
      let byte = vocabulary.nodeBytes[node]
      let end = Int(vocabulary.nodeEnds[node])
      let here = path[path.count - 1]
      var next = table.moves[Int(here) * 256 + Int(byte)]
      if next == Table.unknown {
        next = try grammar.next(table.states[Int(here)], byte).map { table.number($0) } ?? Table.dead
        table.moves[Int(here) * 256 + Int(byte)] = next
      }
      guard next != Table.dead else {
        node = end
        continue
      }
      // Tokens that end at a node lie before those of its first child.
      for place in Int(vocabulary.tokenStarts[node])..<Int(vocabulary.tokenStarts[node + 1]) { mask[Int(vocabulary.tokens[place])] = true }
      if end > node + 1 {
        path.append(next)
        ends.append(end)
      }
      node += 1
    }
    return mask
  }
}

/// Keeps a text within a grammar, token by token.
///
/// `mask()` says which tokens may come next, `accept(_:)` takes one. A matcher is a value: a copy goes its own way (speculative decoding,
/// beams).
public struct GrammarMatcher: Sendable {
  public let constraint: GrammarConstraint
  private var state: GrammarState
  /// Whether an end token was taken.
  public private(set) var isFinished = false

  init(_ constraint: GrammarConstraint, state: GrammarState) {
    self.constraint = constraint
    self.state = state
  }

  /// Whether the text may end here.
  public var isComplete: Bool { state.isComplete }

  /// Whether nothing more can come: an end token was taken, or the text is complete and no byte could follow.
  public var isExhausted: Bool { isFinished || (state.isComplete && state.ways.isEmpty) }

  /// The tokens that may come next; the end tokens where the text is complete.
  /// - Throws: `GrammarError` (`.limit`) where the grammar can be read in too many ways.
  public func mask() throws(GrammarError) -> TokenMask {
    isFinished ? TokenMask(count: constraint.vocabulary.count) : try constraint.mask(state)
  }

  /// Takes a token.
  /// - Throws: `GrammarError` (`.token`) for one that may not come next; the matcher then stays where it was.
  public mutating func accept(_ token: Int) throws(GrammarError) {
    if constraint.vocabulary.endTokens.contains(token) {
      guard state.isComplete else { throw GrammarError(.token, "the end token \(token) comes before the text is complete") }
      isFinished = true
      return
    }
    let bytes = constraint.vocabulary.bytes(of: token)
    guard !bytes.isEmpty else { throw GrammarError(.token, "token \(token) has no bytes") }
    try accept(bytes: bytes)
  }

  /// Takes bytes that come from somewhere else, such as a beginning that was written already.
  public mutating func accept(bytes: some Sequence<UInt8>) throws(GrammarError) {
    guard !isFinished else { throw GrammarError(.token, "the text has ended") }
    var state = state
    for byte in bytes {
      guard let next = try constraint.grammar.next(state, byte) else {
        throw GrammarError(.token, "the byte \(byte) may not come next", expected: "what the grammar allows")
      }
      state = next
    }
    self.state = state
  }
}
