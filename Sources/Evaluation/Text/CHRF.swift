/// How near translations come to those of people, by runs of characters (Popović: "chrF", WMT 2015) and, for chrF++, of words, too
/// (Popović 2017). Equal to sacrebleu's corpus chrF. Works where words are not separated, and where they are inflected.
///
/// It is a state of counts, so that parts of a corpus add up to exactly the whole:
///
/// ```swift
/// var score = try CHRF()
/// try score.add(hypothesis: "the cat sat on the mat", references: ["the cat is on the mat"])
/// print(score.score)                                      // 0 … 100
/// ```
public struct CHRF: Sendable, Hashable, Codable {
  /// The longest runs of characters that count; 6 is usual.
  public let characterOrder: Int
  /// The longest runs of words: 0 is chrF, 2 is chrF++.
  public let wordOrder: Int
  /// How many times more recall counts than precision; 2 is usual.
  public let beta: Double
  /// Upper and lower case are the same.
  public let lowercased: Bool
  /// White space is a character like others.
  public let keepsWhitespace: Bool

  /// Texts so far.
  public private(set) var texts = 0
  /// For each order of characters and then of words: runs in the hypotheses, in the references, in both.
  public private(set) var counts: [Int]

  /// chrF++.
  public static var plusPlus: CHRF { get throws(MetricError) { try CHRF(wordOrder: 2) } }

  /// An empty state. The settings left alone are those that papers report.
  /// - Throws: `MetricError` for an order below 1 of characters or below 0 of words, and a beta that is not above 0.
  public init(
    characterOrder: Int = 6, wordOrder: Int = 0, beta: Double = 2, lowercased: Bool = false, keepsWhitespace: Bool = false
  ) throws(MetricError) {
    guard characterOrder >= 1, wordOrder >= 0 else {
      throw MetricError(.badArgument, "chrF of orders \(characterOrder) and \(wordOrder)", expected: "1 or more, and 0 or more")
    }
    guard beta > 0, beta.isFinite else { throw MetricError(.badArgument, "a beta of \(beta)", expected: "above 0") }
    self.characterOrder = characterOrder
    self.wordOrder = wordOrder
    self.beta = beta
    self.lowercased = lowercased
    self.keepsWhitespace = keepsWhitespace
    counts = Array(repeating: 0, count: 3 * (characterOrder + wordOrder))
  }

  /// Adds a text; of several references the one that fits best counts.
  /// - Throws: `MetricError` without a reference.
  public mutating func add(hypothesis: String, references: [String]) throws(MetricError) {
    guard !references.isEmpty else { throw MetricError(.empty, row: texts, "text \(texts) has no reference", expected: "one or more") }
    let added = statistics(hypothesis, references)
    texts += 1
    for index in counts.indices { counts[index] += added[index] }
  }

  /// Adds the state of other texts.
  /// - Throws: `MetricError` if the settings differ.
  public mutating func merge(_ other: CHRF) throws(MetricError) {
    guard other.characterOrder == characterOrder, other.wordOrder == wordOrder, other.beta == beta, other.lowercased == lowercased,
      other.keepsWhitespace == keepsWhitespace
    else { throw MetricError(.badArgument, "two chrF states with different settings", expected: "the same orders, beta, case and spaces") }
    texts += other.texts
    for index in counts.indices { counts[index] += other.counts[index] }
  }

  /// The score: 0 … 100; 0 without any match, and without any text.
  public var score: Double { score(counts.map(Double.init)) }

  /// The score of counts, as of a resample.
  func score(_ counts: [Double]) -> Double {
    var precision = 0.0, recall = 0.0, orders = 0.0
    for index in stride(from: 0, to: counts.count, by: 3) where counts[index] > 0 && counts[index + 1] > 0 {
      precision += counts[index + 2] / counts[index]
      recall += counts[index + 2] / counts[index + 1]
      orders += 1
    }
    guard orders > 0, precision + recall > 0 else { return 0 }
    precision /= orders
    recall /= orders
    let factor = beta * beta
    return 100 * (1 + factor) * precision * recall / (factor * precision + recall)
  }

  /// What one text adds: the counts against the reference with the best score, the first of equals.
  func statistics(_ hypothesis: String, _ references: [String]) -> [Int] {
    let said = runs(hypothesis)
    var best: (score: Double, counts: [Int]) = (-1, counts.map { _ in 0 })
    for reference in references {
      var counts: [Int] = []
      for (own, others) in zip(said, runs(reference)) {
        var common = 0, all = 0
        for (run, count) in own {
          all += count
          common += min(count, others[run] ?? 0)
        }
        counts += [others.isEmpty ? 0 : all, others.values.reduce(0, +), common]
      }
      let score = score(counts.map(Double.init))
      if score > best.score { best = (score, counts) }
    }
    return best.counts
  }

  private func runs(_ text: String) -> [[[Unicode.Scalar]: Int]] {
    let text = lowercased ? text.lowercased() : text
    let words = text.unicodeScalars.split(whereSeparator: TextWords.isSpace)
    let characters = keepsWhitespace ? Array(text.unicodeScalars) : words.flatMap { Array($0) }
    var all = (1...characterOrder).map { Self.count(characters, $0) { Array($0) } }
    if wordOrder > 0 {
      let parts = words.flatMap(Self.withoutPunctuation)
      all += (1...wordOrder).map { Self.count(parts, $0) { Array($0.joined(separator: CollectionOfOne(" "))) } }
    }
    return all
  }

  private static func count<Element>(
    _ items: [Element], _ order: Int, _ key: (ArraySlice<Element>) -> [Unicode.Scalar]
  ) -> [[Unicode.Scalar]: Int] {
    guard items.count >= order else { return [:] }
    var counts: [[Unicode.Scalar]: Int] = [:]
    for start in 0...(items.count - order) { counts[key(items[start..<(start + order)]), default: 0] += 1 }
    return counts
  }

  /// A punctuation mark at the end of a word is a word, or one at its beginning, but not both.
  private static func withoutPunctuation(_ word: Substring.UnicodeScalarView) -> [[Unicode.Scalar]] {
    let word = Array(word)
    guard word.count > 1, let first = word.first, let last = word.last else { return [word] }
    if TextWords.isPunctuation(last) { return [Array(word.dropLast()), [last]] }
    if TextWords.isPunctuation(first) { return [[first], Array(word.dropFirst())] }
    return [word]
  }
}

extension Metrics {
  /// chrF of a corpus with the settings that papers report: 0 … 100. For chrF++ and others see ``CHRF``.
  /// - Parameter references: of each hypothesis, one or more.
  /// - Throws: `MetricError` on no texts, different lengths, and a text without a reference.
  public static func chrF(hypotheses: [String], references: [[String]]) throws(MetricError) -> Double {
    try Check.rows(references.count, hypotheses.count, "hypotheses")
    var state = try CHRF()
    for (hypothesis, references) in zip(hypotheses, references) { try state.add(hypothesis: hypothesis, references: references) }
    return state.score
  }
}
