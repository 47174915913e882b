#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Beam search as a state machine: it says which sequences to go on with, and is told the log-probabilities of their next tokens.
///
/// The bookkeeping is transformers': of each step's best continuations those that end are kept by their score divided by
/// length^`lengthPenalty`, the others run on. With several groups it is diverse beam search (Vijayakumar et al., 2016): a group pays
/// `diversityPenalty` for every earlier group's beam that took the same token in this step.
public struct BeamSearch: Sendable {
  /// When the search is over.
  public enum EarlyStopping: String, Sendable, Codable {
    /// As soon as there are as many ended sequences as beams.
    case whenFull = "true"
    /// When the best running beam, at its present length, is worse than the worst ended one.
    case heuristic = "false"
    /// When no running beam could become better at any length.
    case never
  }

  /// A sequence and its score.
  public struct Hypothesis: Sendable, Hashable {
    /// The prompt and what was generated, with the end token if there was one.
    public var tokens: [Int]
    /// Running: the sum of log-probabilities. Ended: that sum divided by length^`lengthPenalty`.
    public var score: Float
    /// For each generated token the beam it went on from.
    public var parents: [Int]
  }

  public struct Settings: Sendable, Hashable, Codable {
    public var beams = 4
    /// Divides the beams; 1 is plain beam search.
    public var groups = 1
    public var diversityPenalty: Float = 0
    /// Above 0 favours long sequences, below 0 short ones.
    public var lengthPenalty: Float = 1
    public var earlyStopping = EarlyStopping.heuristic
    /// Tokens of the whole sequence, the prompt's included.
    public var maximumLength = 256
    public var endTokens: [Int] = []

    public init() {}
  }

  private static let impossible: Float = -1e9

  private struct Group: Sendable {
    var running: [Hypothesis]
    var ended: [Hypothesis]
    var isEnded: [Bool]
    var mayImprove = true
    var isDone = false
  }

  public let settings: Settings
  public let promptCount: Int
  private let endTokens: Set<Int>
  private var groups: [Group]
  private var length: Int

  /// - Throws: `SamplingError` for settings that do not fit together.
  public init(_ settings: Settings, prompt: [Int]) throws(SamplingError) {
    guard settings.beams >= 1, settings.groups >= 1, settings.beams % settings.groups == 0 else {
      throw SamplingError(
        .setting, "\(settings.beams) beams in \(settings.groups) groups", expected: "a number of beams that the groups divide")
    }
    guard settings.maximumLength > prompt.count, settings.maximumLength < 1 << 24 else {
      throw SamplingError(
        .setting, "the maximal length is \(settings.maximumLength)", expected: "more than the prompt's \(prompt.count) tokens")
    }
    guard settings.diversityPenalty >= 0, settings.lengthPenalty.isFinite else {
      throw SamplingError(.setting, "the diversity penalty is \(settings.diversityPenalty)", expected: "0 or more")
    }
    self.settings = settings
    promptCount = prompt.count
    length = prompt.count
    endTokens = Set(settings.endTokens)
    let size = settings.beams / settings.groups
    // Only the first beam counts at first: the others hold the same tokens.
    let running = (0..<size).map { Hypothesis(tokens: prompt, score: $0 == 0 ? 0 : Self.impossible, parents: []) }
    let empty = (0..<size).map { _ in Hypothesis(tokens: prompt, score: Self.impossible, parents: []) }
    groups = (0..<settings.groups).map { _ in
      Group(running: running, ended: empty, isEnded: [Bool](repeating: false, count: size))
    }
  }

  /// The sequences whose next token is wanted, `beams` of them, group after group.
  public var running: [Hypothesis] { groups.flatMap(\.running) }

  public var isDone: Bool { groups.allSatisfy(\.isDone) }

  /// The best ended sequences, best first; at the maximal length those that ran are among them.
  public var best: [Hypothesis] {
    groups.flatMap { group in zip(group.ended, group.isEnded).filter(\.1).map(\.0) }
      .enumerated().sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }.map(\.element)
  }

  /// Takes one step.
  /// - Parameter logProbabilities: row-major `[beams, vocabulary]`, log-probabilities of the next token of each running sequence.
  /// - Returns: for each new running sequence the row that it goes on from, so that caches can be moved.
  /// - Throws: `SamplingError` if the number of values is not a multiple of the beams, or too few tokens are in the vocabulary.
  public mutating func advance(_ logProbabilities: UnsafeBufferPointer<Float>) throws(SamplingError) -> [Int] {
    guard logProbabilities.count % settings.beams == 0 else {
      throw SamplingError(
        .logits, "\(logProbabilities.count) log-probabilities for \(settings.beams) beams", expected: "a row for each beam")
    }
    let vocabulary = logProbabilities.count / settings.beams
    let size = settings.beams / settings.groups
    let kept = max(2, 1 + endTokens.count) * size
    guard size * vocabulary >= kept, vocabulary < Int(Int32.max) / settings.beams else {
      throw SamplingError(
        .logits, "a vocabulary of \(vocabulary) tokens for \(size) beams", expected: "at least \((kept + size - 1) / size) tokens")
    }
    var parents: [Int] = []
    var taken: [Int: Int] = [:]
    for place in groups.indices {
      let rows = place * size..<(place + 1) * size
      guard !groups[place].isDone else {
        parents += rows
        continue
      }
      var scores = Array(logProbabilities[rows.lowerBound * vocabulary..<rows.upperBound * vocabulary])
      if settings.diversityPenalty > 0 {
        for row in 0..<size {
          for (token, count) in taken { scores[row * vocabulary + token] -= settings.diversityPenalty * Float(count) }
        }
      }
      let chosen = step(&groups[place], scores: &scores, vocabulary: vocabulary, keeping: kept)
      parents += chosen.map { rows.lowerBound + $0 }
      for hypothesis in groups[place].running { if let token = hypothesis.tokens.last { taken[token, default: 0] += 1 } }
    }
    length += 1
    return parents
  }

  /// As above, from an array.
  public mutating func advance(_ logProbabilities: [Float]) throws(SamplingError) -> [Int] {
    try logProbabilities.withUnsafeBufferPointer { values -> Result<[Int], SamplingError> in
      Result { () throws(SamplingError) in try advance(values) }
    }.get()
  }

  /// One group's step; returns the row within the group that each new running sequence goes on from.
  private func step(_ group: inout Group, scores: inout [Float], vocabulary: Int, keeping kept: Int) -> [Int] {
    let size = group.running.count
    for row in 0..<size {
      let sum = group.running[row].score
      for token in 0..<vocabulary { scores[row * vocabulary + token] += sum }
    }
    let entries = scores.withUnsafeBufferPointer { Selection.largest(kept, of: $0) }
    let atEnd = length + 1 >= settings.maximumLength
    let candidates = entries.map { entry in
      let row = Int(entry.index) / vocabulary, token = Int(entry.index) % vocabulary
      let parent = group.running[row]
      return (
        hypothesis: Hypothesis(tokens: parent.tokens + [token], score: entry.score, parents: parent.parents + [row]),
        ends: atEnd || endTokens.contains(token)
      )
    }
    // Ended sequences run on only where nothing else is left.
    let order = Self.order(candidates.map { $0.ends ? $0.hypothesis.score + Self.impossible : $0.hypothesis.score })
    let running = order.prefix(size).map { place in
      var hypothesis = candidates[place].hypothesis
      if candidates[place].ends { hypothesis.score += Self.impossible }
      return hypothesis
    }

    let isFull = group.isEnded.allSatisfy { $0 } && settings.earlyStopping == .whenFull
    let divisor = powf(Float(length + 1 - promptCount), settings.lengthPenalty)
    var merged = zip(group.ended, group.isEnded).map { ($0, $1) }
    for (place, candidate) in candidates.enumerated() {
      // The others are spares for sequences that end.
      let ends = candidate.ends && place < size
      var hypothesis = candidate.hypothesis
      hypothesis.score /= divisor
      if isFull { hypothesis.score += Self.impossible }
      if !group.mayImprove { hypothesis.score += Self.impossible }
      if !ends { hypothesis.score += Self.impossible }
      merged.append((hypothesis, ends))
    }
    let best = Self.order(merged.map(\.0.score)).prefix(size)
    group.ended = best.map { merged[$0].0 }
    group.isEnded = best.map { merged[$0].1 }
    group.running = running
    finish(&group, allEnd: candidates.allSatisfy(\.ends))
    return running.map { $0.parents.last ?? 0 }
  }

  /// Whether the group can still find something better after the step that was just taken.
  private func finish(_ group: inout Group, allEnd: Bool) {
    let generated = length + 1 - promptCount
    let hopeful = settings.earlyStopping == .never && settings.lengthPenalty > 0 ? settings.maximumLength - promptCount : generated
    let possible = group.running[0].score / powf(Float(hopeful), settings.lengthPenalty)
    let worst = group.ended.reduce(Float.infinity) { min($0, $1.score) }
    let improves = group.isEnded.contains { possible > ($0 ? worst : Self.impossible) }
    group.mayImprove = group.mayImprove && improves
    let isFull = group.isEnded.allSatisfy { $0 } && settings.earlyStopping == .whenFull
    group.isDone = !group.mayImprove || isFull || allEnd || length + 1 >= settings.maximumLength
  }

  /// Places by falling score, the first of equals first.
  private static func order(_ scores: [Float]) -> [Int] {
    scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
  }
}
