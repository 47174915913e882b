/// A regular expression over UTF-8 bytes, with the meaning that the reference libraries give it.
final class Pattern: Sendable {
  let text: String
  let dialect: PatternParser.Dialect
  private let program: PatternProgram
  /// A faster way to the same matches, for the patterns of well-known models.
  let known: KnownPattern?

  init(_ text: String, dialect: PatternParser.Dialect) throws(TokenizerError) {
    self.text = text
    self.dialect = dialect
    known = KnownPattern(text, dialect: dialect)
    program = try PatternProgram(try PatternParser.parse(text, dialect: dialect))
  }

  /// All matches in a piece of text, from left to right, none within another.
  /// - Throws: `TokenizerError` where the pattern would try without end.
  func matches(in bytes: UnsafeBufferPointer<UInt8>) throws(TokenizerError) -> [Range<Int>] {
    var result: [Range<Int>] = []
    guard let pointer = bytes.baseAddress else { return result }
    if let known {
      known.split(pointer, bytes.count) { result.append($0..<$1) }
      return result
    }
    var machine = PatternMachine(program, pointer, bytes.count)
    var at = 0
    var lastEnd = -1
    while at <= bytes.count {
      if at < bytes.count, !program.canBegin[Int(pointer[at])] {
        at += UTF8Text.length(pointer[at])
        continue
      }
      if let end = machine.match(at) {
        // An empty match right after another is none.
        if !(end == at && end == lastEnd) { result.append(at..<end) }
        lastEnd = end
        if end > at {
          at = end
          continue
        }
      } else if machine.isExhausted {
        throw TokenizerError(
          source: "the pattern '\(text)'", problem: "takes more than \(PatternMachine.limit) steps to match at one place",
          expected: "a pattern that does not try the same in very many ways")
      }
      at += at < bytes.count ? UTF8Text.length(pointer[at]) : 1
    }
    return result
  }
}

/// Runs a program at a place.
private struct PatternMachine {
  static let limit = 20_000_000

  private enum Entry {
    case resume(step: Int, at: Int)
    /// A greedy repetition that can give back scalars down to `low`.
    case shrink(step: Int, low: Int, at: Int)
    /// A lazy repetition that can take one more.
    case grow(step: Int, set: Int, left: Int, at: Int)
  }

  private let program: PatternProgram
  private let bytes: UnsafePointer<UInt8>
  private let count: Int
  private var stack: [Entry] = []
  private var marks: [Int]
  private var taken = 0
  private(set) var isExhausted = false

  init(_ program: PatternProgram, _ bytes: UnsafePointer<UInt8>, _ count: Int) {
    self.program = program
    self.bytes = bytes
    self.count = count
    marks = [Int](repeating: -1, count: program.marks)
  }

  /// The end of the match that begins at a place.
  mutating func match(_ at: Int) -> Int? {
    taken = 0
    return run(0, at, mustEndAt: nil)
  }

  private mutating func run(_ firstStep: Int, _ start: Int, mustEndAt target: Int?) -> Int? {
    let floor = stack.count
    defer { stack.removeLast(stack.count - floor) }
    var step = firstStep
    var at = start
    while true {
      taken += 1
      if taken > Self.limit {
        isExhausted = true
        return nil
      }
      var failed = false
      switch program.steps[step] {
      case .accept:
        if target == nil || at == target { return at }
        failed = true
      case .set(let set):
        if at < count {
          let (scalar, length) = UTF8Text.decode(bytes, at)
          if program.sets[set].contains(scalar) { at += length } else { failed = true }
        } else {
          failed = true
        }
        step += 1
      case .repeatSet(let set, let low, let high, let greed):
        (at, failed) = repeated(set, low, high, greed, step, at)
        step += 1
      case .split(let first, let second):
        stack.append(.resume(step: second, at: at))
        step = first
      case .jump(let place): step = place
      case .look(let end, let negated):
        let found = run(step + 1, at, mustEndAt: nil) != nil
        if isExhausted { return nil }
        failed = found == negated
        step = end
      case .lookBehind(let end, let low, let high, let negated):
        failed = lookBehind(step + 1, at, low, high) == negated
        if isExhausted { return nil }
        step = end
      case .atomic(let end):
        if let place = run(step + 1, at, mustEndAt: nil) { at = place } else { failed = true }
        if isExhausted { return nil }
        step = end
      case .assertion(let assertion):
        failed = !holds(assertion, at)
        step += 1
      case .mark(let mark):
        marks[mark] = at
        step += 1
      case .leaveIfEmpty(let mark, let place): step = marks[mark] == at ? place : step + 1
      }
      if failed {
        guard stack.count > floor, let (next, place) = back() else { return nil }
        (step, at) = (next, place)
      }
    }
  }

  private mutating func repeated(_ set: Int, _ low: Int, _ high: Int, _ greed: PatternNode.Greed, _ step: Int, _ start: Int) -> (Int, Bool)
  {
    var at = start
    var number = 0
    var lowest = start
    let most = greed == .lazy ? low : high
    let characters = program.sets[set]
    while number < most, at < count {
      let (scalar, length) = UTF8Text.decode(bytes, at)
      guard characters.contains(scalar) else { break }
      at += length
      number += 1
      if number == low { lowest = at }
    }
    taken += number / 8
    guard number >= low else { return (start, true) }
    switch greed {
    case .greedy: if at > lowest { stack.append(.shrink(step: step + 1, low: lowest, at: at)) }
    case .lazy: if high > low { stack.append(.grow(step: step + 1, set: set, left: high == Int.max ? high : high - low, at: at)) }
    case .possessive: break
    }
    return (at, false)
  }

  /// Takes up the last choice that is left.
  private mutating func back() -> (step: Int, at: Int)? {
    switch stack.removeLast() {
    case .resume(let step, let at): return (step, at)
    case .shrink(let step, let low, let at):
      let before = UTF8Text.start(bytes, at - 1)
      if before > low { stack.append(.shrink(step: step, low: low, at: before)) }
      return (step, before)
    case .grow(let step, let set, let left, let at):
      if left > 0, at < count {
        let (scalar, length) = UTF8Text.decode(bytes, at)
        if program.sets[set].contains(scalar) {
          stack.append(.grow(step: step, set: set, left: left == Int.max ? left : left - 1, at: at + length))
          return (step, at + length)
        }
      }
      return nil
    }
  }

  private mutating func lookBehind(_ step: Int, _ at: Int, _ low: Int, _ high: Int) -> Bool {
    var place = at
    for width in 0...high {
      if width >= low, run(step, place, mustEndAt: at) != nil { return true }
      guard place > 0, !isExhausted else { return false }
      place = UTF8Text.start(bytes, place - 1)
    }
    return false
  }

  private func isWord(_ at: Int) -> Bool { UnicodeTable.shared.has(UTF8Text.decode(bytes, at).scalar, .word) }

  private func holds(_ assertion: PatternNode.Assertion, _ at: Int) -> Bool {
    switch assertion {
    case .textStart: return at == 0
    case .textEnd: return at == count
    case .textEndOrNewline: return at == count || at == count - 1 && bytes[at] == 10
    case .lineStart: return at == 0 || bytes[at - 1] == 10 && at < count
    case .lineEnd: return at == count || bytes[at] == 10
    case .wordBoundary, .noWordBoundary:
      let before = at > 0 && isWord(UTF8Text.start(bytes, at - 1))
      let after = at < count && isWord(at)
      return (before != after) == (assertion == .wordBoundary)
    }
  }
}
