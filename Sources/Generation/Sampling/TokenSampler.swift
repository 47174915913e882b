import CGeneration
import MartletCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A token that was chosen.
public struct SampledToken: Sendable, Hashable {
  /// A token and the logarithm of its probability.
  public struct Alternative: Sendable, Hashable, Codable {
    public var token: Int
    public var logProbability: Float

    public init(token: Int, logProbability: Float) {
      self.token = token
      self.logProbability = logProbability
    }
  }

  public var token: Int
  /// Under the model's own distribution, before penalties, temperature and cut-offs; `nil` where nobody asked.
  public var logProbability: Float?
  /// The likeliest tokens of that distribution, likeliest first.
  public var alternatives: [Alternative] = []

  public init(token: Int, logProbability: Float? = nil, alternatives: [Alternative] = []) {
    self.token = token
    self.logProbability = logProbability
    self.alternatives = alternatives
  }
}

/// Chooses a request's tokens one by one from the model's scores.
///
/// The order of the rules is that of transformers: mask and biases, penalties, forbidden and forced tokens, temperature, then the cut-offs
/// top-k, top-p, min-p, typical, ε and η. The draw is keyed by the seed and the place in the sequence, so a request's text does not
/// depend on what else is in its batch. Equal scores are resolved in favour of the lower token id.
public struct TokenSampler: Sendable {
  public let settings: SamplingSettings
  public let seed: UInt64
  private let rules: [any LogitsProcessor]
  private let cutoffs: [any LogitsProcessor]

  /// - Parameters:
  ///   - seed: used where the settings hold none.
  ///   - endTokens: the tokens that end a text, for the minimal length.
  ///   - extra: rules of your own, run after the settings' and before the temperature.
  /// - Throws: `SamplingError` for a setting out of its range, or a token outside the vocabulary.
  public init(
    _ settings: SamplingSettings, vocabulary: Int, seed: UInt64 = 0, endTokens: [Int] = [], extra: [any LogitsProcessor] = []
  ) throws(SamplingError) {
    try settings.validate()
    let named = Array(settings.logitBias.keys) + Array(settings.forcedTokens.values) + settings.badWords.flatMap { $0 } + endTokens
    if let token = named.sorted().first(where: { !(0..<vocabulary).contains($0) }) {
      throw SamplingError(.token, "token \(token) is not in the vocabulary", expected: "0 to \(vocabulary - 1)")
    }
    self.settings = settings
    self.seed = settings.seed ?? seed
    var rules: [any LogitsProcessor] = []
    if !settings.logitBias.isEmpty { rules.append(LogitBias(settings.logitBias.mapValues { Float($0) })) }
    if settings.repetitionPenalty != 1 { rules.append(RepetitionPenalty(Float(settings.repetitionPenalty))) }
    if settings.presencePenalty != 0 || settings.frequencyPenalty != 0 {
      rules.append(OccurrencePenalty(presence: Float(settings.presencePenalty), frequency: Float(settings.frequencyPenalty)))
    }
    if settings.noRepeatNGram > 0 { rules.append(NoRepeatNGram(settings.noRepeatNGram)) }
    if !settings.badWords.isEmpty { rules.append(SequenceBias(forbidding: settings.badWords)) }
    if settings.minimumNewTokens > 0, !endTokens.isEmpty {
      rules.append(MinimumNewTokens(settings.minimumNewTokens, endTokens: endTokens))
    }
    if !settings.forcedTokens.isEmpty { rules.append(ForcedTokens(settings.forcedTokens)) }
    self.rules = rules + extra
    var cutoffs: [any LogitsProcessor] = []
    if settings.topP < 1 { cutoffs.append(TopP(settings.topP)) }
    if settings.minP > 0 { cutoffs.append(MinP(Float(settings.minP))) }
    if settings.typicalP < 1 { cutoffs.append(Typical(settings.typicalP)) }
    if settings.epsilonCutoff > 0 { cutoffs.append(EpsilonCutoff(settings.epsilonCutoff)) }
    if settings.etaCutoff > 0 { cutoffs.append(EtaCutoff(settings.etaCutoff)) }
    self.cutoffs = cutoffs
  }

  /// Whether the choice is the likeliest token of the model itself: no rule can change it, so a draft may be checked against plain scores.
  public var isPlainGreedy: Bool { settings.temperature == 0 && rules.isEmpty }

  /// Chooses the next token.
  /// - Parameters:
  ///   - logits: the model's scores, one for each token of the vocabulary; changed by the rules.
  ///   - tokens: the prompt and what has been generated.
  ///   - promptCount: how many of them are the prompt's.
  ///   - allowed: the tokens that a grammar lets through.
  /// - Throws: `SamplingError` for NaN or positive infinity in the scores, and where every token is forbidden.
  public func next(
    _ logits: UnsafeMutableBufferPointer<Float>, tokens: [Int], promptCount: Int, allowed: TokenMask? = nil
  ) throws(SamplingError) -> SampledToken {
    guard VectorMath.maximum(UnsafeBufferPointer(logits)).isValid else {
      let index = logits.firstIndex { !($0 < .infinity) } ?? 0
      throw SamplingError(.logits, "the score of token \(index) is \(logits[index])", expected: "numbers below infinity")
    }
    var normalizer: Float = 0
    var likeliest: [Selection.Entry] = []
    // What the model said is read before the rules change it.
    var original: [Float] = []
    if let count = settings.topLogProbabilities {
      normalizer = VectorMath.logSumExp(UnsafeBufferPointer(logits))
      likeliest = Selection.largest(count, of: UnsafeBufferPointer(logits))
      original = Array(logits)
    }
    adjust(logits, tokens: tokens, promptCount: promptCount, allowed: allowed)
    let token = try settings.temperature == 0 ? Self.likeliest(logits) : draw(logits, position: tokens.count - promptCount)
    guard settings.topLogProbabilities != nil else { return SampledToken(token: token) }
    return SampledToken(
      token: token, logProbability: original[token] - normalizer,
      alternatives: likeliest.map { SampledToken.Alternative(token: Int($0.index), logProbability: $0.score - normalizer) })
  }

  /// Applies the mask, the biases, penalties and bans to scores or log-probabilities, and draws nothing.
  public func adjust(_ logits: UnsafeMutableBufferPointer<Float>, tokens: [Int], promptCount: Int, allowed: TokenMask? = nil) {
    allowed?.apply(to: logits)
    for rule in rules { rule.process(logits, tokens: tokens, promptCount: promptCount) }
  }

  /// What would be drawn from these scores at this place, or `nil` where nothing can be.
  func guess(_ logits: UnsafeMutableBufferPointer<Float>, tokens: [Int], promptCount: Int) -> Int? {
    guard VectorMath.maximum(UnsafeBufferPointer(logits)).isValid else { return nil }
    adjust(logits, tokens: tokens, promptCount: promptCount)
    return try? settings.temperature == 0 ? Self.likeliest(logits) : draw(logits, position: tokens.count - promptCount)
  }

  /// As `next`, from a copy of the scores.
  public func next(_ logits: [Float], tokens: [Int], promptCount: Int, allowed: TokenMask? = nil) throws(SamplingError) -> SampledToken {
    var copy = logits
    return try copy.withUnsafeMutableBufferPointer { buffer -> Result<SampledToken, SamplingError> in
      Result { () throws(SamplingError) in try next(buffer, tokens: tokens, promptCount: promptCount, allowed: allowed) }
    }.get()
  }

  private static let nothingAllowed = SamplingError(
    .nothingAllowed, "every token is forbidden", expected: "at least one that may come next", remedy: "fewer bans, or another grammar")

  /// The token of the largest score, the lowest of equals.
  private static func likeliest(_ logits: UnsafeMutableBufferPointer<Float>) throws(SamplingError) -> Int {
    let best = VectorMath.maximum(UnsafeBufferPointer(logits)).value
    guard best > -.infinity, let index = logits.firstIndex(of: best) else { throw nothingAllowed }
    return index
  }

  /// Draws from the softmax of what the cut-offs leave.
  private func draw(_ logits: UnsafeMutableBufferPointer<Float>, position: Int) throws(SamplingError) -> Int {
    if settings.temperature != 1 {
      if let base = logits.baseAddress { cg_scores_scale(base, Int64(logits.count), Float(1 / settings.temperature)) }
    }
    var random = KeyedRandom(seed: seed, purpose: "sample", index: UInt64(truncatingIfNeeded: position))
    let chance = random.uniform()
    if settings.topK > 0, settings.topK < logits.count {
      // A few candidates are left: the other cut-offs need to see only them.
      guard let last = Selection.largest(settings.topK, of: UnsafeBufferPointer(logits)).last else { throw Self.nothingAllowed }
      let candidates = Selection.entries(of: UnsafeBufferPointer(logits), from: last.score)
      var scores = candidates.map(\.score)
      let place = scores.withUnsafeMutableBufferPointer { scores in
        for cutoff in cutoffs { cutoff.process(scores, tokens: [], promptCount: 0) }
        return Self.place(of: chance, in: UnsafeBufferPointer(scores))
      }
      guard let place else { throw Self.nothingAllowed }
      return Int(candidates[place].index)
    }
    for cutoff in cutoffs { cutoff.process(logits, tokens: [], promptCount: 0) }
    guard let place = Self.place(of: chance, in: UnsafeBufferPointer(logits)) else { throw Self.nothingAllowed }
    return place
  }

  /// The place where the running sum of the probabilities passes `chance`.
  private static func place(of chance: Double, in scores: UnsafeBufferPointer<Float>) -> Int? {
    let shift = VectorMath.maximum(scores).value
    guard shift > -.infinity else { return nil }
    let size = 1024
    var sums: [Double] = []
    for start in stride(from: 0, to: scores.count, by: size) {
      let part = UnsafeBufferPointer(rebasing: scores[start..<min(start + size, scores.count)])
      sums.append(VectorMath.sumOfExponentials(part, shift: shift))
    }
    var rest = chance * sums.reduce(0, +)
    var block = 0
    while block < sums.count - 1, rest >= sums[block] {
      rest -= sums[block]
      block += 1
    }
    // Rounding may carry the draw past a block's last token: the last possible one before it is as good.
    var last: Int?
    for index in block * size..<min(block * size + size, scores.count) where scores[index] > -.infinity {
      last = index
      rest -= Double(expf(scores[index] - shift))
      if rest < 0 { return index }
    }
    return last ?? scores.firstIndex { $0 == shift }
  }
}
