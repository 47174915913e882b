public import MartletCore

/// Changes texts a little, so that a model learns from more than it was given (Wei, Zou, "EDA", 2019).
///
/// Every change is keyed by the seed, the epoch and the text's place in the data, so that training repeats exactly at any number of
/// workers.
public struct TextAugmenter: Sendable {
  /// How likely a word is left out.
  public var deletion: Double
  /// How likely a word changes places with the one behind it.
  public var swap: Double
  /// How likely a word that has synonyms is replaced by one of them.
  public var replacement: Double
  /// Words that say the same, by the word in small letters.
  public var synonyms: [String: [String]]
  public var seed: UInt64
  /// What texts say in other words (``BackTranslation``), by their places in the data; `nil` for those that have no other words.
  public var paraphrases: [String?] = []
  /// How likely a text that has other words is said in them.
  public var paraphrasing = 0.0

  /// - Throws: `ArgumentError` for a probability outside 0 to 1.
  public init(
    deletion: Double = 0.1, swap: Double = 0.1, replacement: Double = 0.1, synonyms: [String: [String]] = [:], seed: UInt64 = 0
  ) throws(ArgumentError) {
    for (name, value) in [("deletion", deletion), ("swap", swap), ("replacement", replacement)] where !(0...1).contains(value) {
      throw ArgumentError("the probability of \(name) is \(value)", expected: "a number from 0 to 1")
    }
    self.deletion = deletion
    self.swap = swap
    self.replacement = replacement
    self.synonyms = synonyms
    self.seed = seed
  }

  /// The changed text: words are what white space parts, or single characters where a text has none (Chinese). Never empty unless `text`
  /// is.
  /// - Parameters:
  ///   - index: the text's place in the data.
  ///   - epoch: another one gives other changes.
  public func augment(_ text: String, index: Int, epoch: Int = 0) -> String {
    var random = KeyedRandom(
      seed: seed, purpose: "augment text",
      index: UInt64(truncatingIfNeeded: epoch) << 40 | UInt64(truncatingIfNeeded: index) & 0xFF_FFFF_FFFF)
    var text = text
    if paraphrases.indices.contains(index), let other = paraphrases[index], random.bernoulli(paraphrasing) { text = other }
    let isSpaced = text.contains { $0.isWhitespace }
    var words = isSpaced ? text.split { $0.isWhitespace }.map(String.init) : text.map { String($0) }
    guard !words.isEmpty else { return text }
    words = words.map { word in
      guard random.bernoulli(replacement) else { return word }
      guard let others = synonyms[word.lowercased()], let other = others.randomElement(using: &random) else { return word }
      // A sentence still begins with a large letter.
      return word.first?.isUppercase == true ? other.prefix(1).uppercased() + other.dropFirst() : other
    }
    for place in words.indices.dropLast() where random.bernoulli(swap) { words.swapAt(place, place + 1) }
    let kept = words.filter { _ in !random.bernoulli(deletion) }
    return (kept.isEmpty ? [words[0]] : kept).joined(separator: isSpaced ? " " : "")
  }
}
