/// A compiled pattern: steps of a machine that tries alternatives in order and goes back where one fails.
struct PatternProgram: Sendable {
  enum Step: Sendable {
    case set(Int)
    /// A repeated set needs one entry on the stack, not one for each scalar.
    case repeatSet(Int, min: Int, max: Int, PatternNode.Greed)
    case split(first: Int, second: Int)
    case jump(Int)
    /// The steps up to `end` are tried by themselves.
    case look(end: Int, negated: Bool)
    case lookBehind(end: Int, min: Int, max: Int, negated: Bool)
    case atomic(end: Int)
    case assertion(PatternNode.Assertion)
    /// Notes the place where a round of a loop begins; leaves the loop where a round took nothing.
    case mark(Int)
    case leaveIfEmpty(Int, to: Int)
    case accept
  }

  private(set) var steps: [Step] = []
  private(set) var sets: [CharacterSet] = []
  private(set) var marks = 0
  /// Whether a match can begin with a byte.
  private(set) var canBegin = [Bool](repeating: false, count: 256)

  init(_ node: PatternNode) throws(TokenizerError) {
    try add(node)
    steps.append(.accept)
    var begin = canBegin
    if Self.first(node, &begin) { begin = [Bool](repeating: true, count: 256) }
    canBegin = begin
  }

  private mutating func set(_ set: CharacterSet) -> Int {
    sets.append(set)
    return sets.count - 1
  }

  private mutating func add(_ node: PatternNode) throws(TokenizerError) {
    guard steps.count < 20_000 else {
      throw TokenizerError(source: "a pattern", problem: "becomes more than 20000 steps", expected: "a shorter one")
    }
    switch node {
    case .empty: break
    case .set(let characters): steps.append(.set(set(characters)))
    case .sequence(let nodes): for node in nodes { try add(node) }
    case .alternatives(let branches):
      var jumps: [Int] = []
      for (index, branch) in branches.enumerated() {
        if index == branches.count - 1 {
          try add(branch)
        } else {
          let split = steps.count
          steps.append(.accept)
          try add(branch)
          jumps.append(steps.count)
          steps.append(.accept)
          steps[split] = .split(first: split + 1, second: steps.count)
        }
      }
      for jump in jumps { steps[jump] = .jump(steps.count) }
    case .repetition(let inner, let low, let high, let greed): try addRepetition(inner, low, high, greed)
    case .look(let inner, let ahead, let negated):
      let start = steps.count
      steps.append(.accept)
      try add(inner)
      steps.append(.accept)
      if ahead {
        steps[start] = .look(end: steps.count, negated: negated)
      } else {
        let (low, high) = Self.width(inner)
        guard high <= 255 else {
          throw TokenizerError(source: "a pattern", problem: "looks behind by more than 255 characters", expected: "a bounded length")
        }
        steps[start] = .lookBehind(end: steps.count, min: low, max: high, negated: negated)
      }
    case .atomic(let inner):
      let start = steps.count
      steps.append(.accept)
      try add(inner)
      steps.append(.accept)
      steps[start] = .atomic(end: steps.count)
    case .assertion(let assertion): steps.append(.assertion(assertion))
    }
  }

  private mutating func addRepetition(_ inner: PatternNode, _ low: Int, _ high: Int, _ greed: PatternNode.Greed) throws(TokenizerError) {
    if case .set(let characters) = inner {
      steps.append(.repeatSet(set(characters), min: low, max: high, greed))
      return
    }
    if greed == .possessive { return try add(.atomic(.repetition(inner, low, high, .greedy))) }
    for _ in 0..<low { try add(inner) }
    func choice(_ inside: Int, _ outside: Int) -> Step {
      greed == .lazy ? .split(first: outside, second: inside) : .split(first: inside, second: outside)
    }
    if high == Int.max {
      let mark = marks
      marks += 1
      let start = steps.count
      steps.append(.accept)
      steps.append(.mark(mark))
      try add(inner)
      let leave = steps.count
      steps.append(.accept)
      steps.append(.jump(start))
      steps[leave] = .leaveIfEmpty(mark, to: steps.count)
      steps[start] = choice(start + 1, steps.count)
    } else {
      var splits: [Int] = []
      for _ in low..<max(high, low) {
        splits.append(steps.count)
        steps.append(.accept)
        try add(inner)
      }
      for split in splits { steps[split] = choice(split + 1, steps.count) }
    }
  }

  /// The fewest and most scalars that a node takes; `Int.max / 2` and above means without end.
  private static func width(_ node: PatternNode) -> (Int, Int) {
    let endless = Int.max / 4
    switch node {
    case .empty, .look, .assertion: return (0, 0)
    case .set: return (1, 1)
    case .sequence(let nodes):
      return nodes.reduce((0, 0)) { sum, node in
        let own = width(node)
        return (min(sum.0 + own.0, endless), min(sum.1 + own.1, endless))
      }
    case .alternatives(let nodes):
      let widths = nodes.map(width)
      return (widths.map(\.0).min() ?? 0, widths.map(\.1).max() ?? 0)
    case .repetition(let inner, let low, let high, _):
      let own = width(inner)
      return (min(own.0 * low, endless), high > 1000 || own.1 >= endless ? endless : own.1 * high)
    case .atomic(let inner): return width(inner)
    }
  }

  /// Adds the bytes with which a match of the node can begin; says whether it can be empty.
  private static func first(_ node: PatternNode, _ bytes: inout [Bool]) -> Bool {
    switch node {
    case .empty, .look, .assertion: return true
    case .set(let set):
      for byte in 0..<128 where set.contains(UInt32(byte)) { bytes[byte] = true }
      for byte in 128..<256 { bytes[byte] = true }
      return false
    case .sequence(let nodes):
      for node in nodes where !first(node, &bytes) { return false }
      return true
    case .alternatives(let nodes):
      var canBeEmpty = false
      for node in nodes where first(node, &bytes) { canBeEmpty = true }
      return canBeEmpty
    case .repetition(let inner, let low, _, _): return first(inner, &bytes) || low == 0
    case .atomic(let inner): return first(inner, &bytes)
    }
  }
}
