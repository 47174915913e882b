/// A context-free grammar over bytes: rules of alternatives of byte sets and other rules.
///
/// Made from a JSON schema (`Grammar(schema:)`), from text in the notation of GBNF (`Grammar(_:root:)`), or by hand with a `Builder`.
public struct Grammar: Sendable {
  /// A set of bytes, 256 bits.
  public struct ByteSet: Sendable, Hashable {
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    public init() {}

    public init(_ bytes: some Sequence<UInt8>) { for byte in bytes { insert(byte) } }

    public func contains(_ byte: UInt8) -> Bool {
      let bit: UInt64 = 1 << UInt64(byte & 63)
      switch byte >> 6 {
      case 0: return words.0 & bit != 0
      case 1: return words.1 & bit != 0
      case 2: return words.2 & bit != 0
      default: return words.3 & bit != 0
      }
    }

    public mutating func insert(_ byte: UInt8) {
      let bit: UInt64 = 1 << UInt64(byte & 63)
      switch byte >> 6 {
      case 0: words.0 |= bit
      case 1: words.1 |= bit
      case 2: words.2 |= bit
      default: words.3 |= bit
      }
    }

    public static func == (a: ByteSet, b: ByteSet) -> Bool {
      a.words.0 == b.words.0 && a.words.1 == b.words.1 && a.words.2 == b.words.2 && a.words.3 == b.words.3
    }

    public func hash(into hasher: inout Hasher) {
      hasher.combine(words.0)
      hasher.combine(words.1)
      hasher.combine(words.2)
      hasher.combine(words.3)
    }
  }

  /// A part of an alternative.
  enum Symbol: Sendable, Hashable {
    case bytes(Int)
    case rule(Int)
    case end
  }

  /// All alternatives' symbols, each alternative ended by `.end`.
  let symbols: [Symbol]
  /// For each rule the places in `symbols` where its alternatives begin.
  let alternatives: [[Int]]
  let sets: [ByteSet]
  let root: Int

  /// Puts a grammar together.
  public struct Builder {
    /// An expression over bytes.
    public indirect enum Expression: Sendable, Hashable {
      case bytes(ByteSet)
      case text(String)
      case rule(Int)
      case sequence([Expression])
      case choice([Expression])
      /// At least `from` and at most `to` times; `nil` has no upper bound.
      case times(Expression, from: Int, to: Int?)

      public static var nothing: Expression { .sequence([]) }
    }

    static let limit = 200_000
    private var rules: [[[Symbol]]] = []
    private var sets: [ByteSet] = []
    private var places: [ByteSet: Int] = [:]
    private var size = 0

    public init() {}

    /// A rule whose content is told later, so that rules may refer to each other.
    public mutating func reserve() -> Int {
      rules.append([])
      return rules.count - 1
    }

    /// - Throws: `GrammarError` when the grammar becomes too large.
    public mutating func define(_ rule: Int, as expression: Expression) throws(GrammarError) {
      if case .choice(let parts) = expression {
        var all: [[Symbol]] = []
        for part in parts { all.append(try symbols(part)) }
        rules[rule] = all
      } else {
        rules[rule] = [try symbols(expression)]
      }
    }

    /// A new rule with this content.
    public mutating func rule(_ expression: Expression) throws(GrammarError) -> Expression {
      let rule = reserve()
      try define(rule, as: expression)
      return .rule(rule)
    }

    private mutating func grow(_ count: Int) throws(GrammarError) {
      size += count
      if size > Self.limit {
        throw GrammarError(.limit, "the grammar has more than \(Self.limit) parts", remedy: "smaller bounds on lengths and counts")
      }
    }

    private mutating func symbols(_ expression: Expression) throws(GrammarError) -> [Symbol] {
      switch expression {
      case .bytes(let set):
        try grow(1)
        if let place = places[set] { return [.bytes(place)] }
        places[set] = sets.count
        sets.append(set)
        return [.bytes(sets.count - 1)]
      case .text(let text):
        var result: [Symbol] = []
        for byte in text.utf8 { result += try symbols(.bytes(ByteSet([byte]))) }
        return result
      case .rule(let rule):
        try grow(1)
        return [.rule(rule)]
      case .sequence(let parts):
        var result: [Symbol] = []
        for part in parts { result += try symbols(part) }
        return result
      case .choice:
        let rule = reserve()
        try define(rule, as: expression)
        return [.rule(rule)]
      case .times(let part, let from, let to): return try times(part, from: from, to: to)
      }
    }

    private mutating func times(_ part: Expression, from: Int, to: Int?) throws(GrammarError) -> [Symbol] {
      guard from >= 0, to.map({ $0 >= from }) ?? true else {
        throw GrammarError(.syntax, "at least \(from) and at most \(to ?? 0) times")
      }
      try grow(min(from, Self.limit))
      let single = try symbols(part)
      // One rule holds the part, so that repeating it costs one symbol each.
      let item: [Symbol]
      if single.count == 1 {
        item = single
      } else {
        rules.append([single])
        item = [.rule(rules.count - 1)]
      }
      var result: [Symbol] = []
      for _ in 0..<from { result += item }
      guard let to else {
        let more = reserve()
        rules[more] = [item + [.rule(more)], []]
        return result + [.rule(more)]
      }
      try grow(min(to - from, Self.limit))
      // At most n: an item and at most n − 1 more, or nothing.
      var tail: [Symbol] = []
      for _ in 0..<to - from {
        rules.append([item + tail, []])
        tail = [.rule(rules.count - 1)]
      }
      return result + tail
    }

    /// - Throws: `GrammarError` for a rule that begins with itself: nothing could be written by it.
    public func finish(root: Int) throws(GrammarError) -> Grammar {
      var symbols: [Symbol] = []
      var alternatives: [[Int]] = []
      for rule in rules {
        var starts: [Int] = []
        for alternative in rule {
          starts.append(symbols.count)
          symbols += alternative
          symbols.append(.end)
        }
        alternatives.append(starts)
      }
      let grammar = Grammar(symbols: symbols, alternatives: alternatives, sets: sets, root: root)
      try grammar.checkRecursion()
      return grammar
    }
  }

  /// Refuses rules that can come to themselves without a byte in between.
  private func checkRecursion() throws(GrammarError) {
    var isEmpty = [Bool](repeating: false, count: alternatives.count)
    var changed = true
    func passes(_ start: Int) -> Bool {
      var place = start
      while true {
        switch symbols[place] {
        case .end: return true
        case .bytes: return false
        case .rule(let rule): if !isEmpty[rule] { return false }
        }
        place += 1
      }
    }
    while changed {
      changed = false
      for rule in alternatives.indices where !isEmpty[rule] && alternatives[rule].contains(where: passes) {
        isEmpty[rule] = true
        changed = true
      }
    }
    // 0 not seen, 1 on the way, 2 done; without recursion, for grammars may be deep.
    var state = [UInt8](repeating: 0, count: alternatives.count)
    func first(_ rule: Int) -> [Int] {
      var result: [Int] = []
      for start in alternatives[rule] {
        var place = start
        walk: while true {
          switch symbols[place] {
          case .end, .bytes: break walk
          case .rule(let next):
            result.append(next)
            if !isEmpty[next] { break walk }
          }
          place += 1
        }
      }
      return result
    }
    for rule in alternatives.indices where state[rule] == 0 {
      var stack = [(rule, first(rule))]
      state[rule] = 1
      while !stack.isEmpty {
        guard let next = stack[stack.count - 1].1.popLast() else {
          state[stack[stack.count - 1].0] = 2
          stack.removeLast()
          continue
        }
        if state[next] == 1 { throw GrammarError(.syntax, "a rule begins with itself", remedy: "write the repetition as x*") }
        if state[next] == 0 {
          state[next] = 1
          stack.append((next, first(next)))
        }
      }
    }
  }
}
