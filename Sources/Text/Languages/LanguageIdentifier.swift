import Foundation
public import MartletCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Says which language a text is in, from its character n-grams: a softmax over hashed features, a byte a weight.
///
/// Trained by `LanguageIdentifier.train`. One JSON file holds it; 21 languages take about 7.4 MB with the settings left alone.
public struct LanguageIdentifier: Sendable, Codable, Equatable {
  /// A language and its probability.
  public struct Guess: Sendable, Hashable, Codable {
    public var language: String
    public var probability: Double

    public init(language: String, probability: Double) {
      self.language = language
      self.probability = probability
    }
  }

  /// How to train.
  public struct Settings: Sendable, Codable, Equatable {
    /// A power of two.
    public var buckets = 1 << 18
    /// Characters of the longest n-grams.
    public var longest = 5
    /// Whole words are features, too.
    public var countsWords = true
    /// Marks such as `¿`, `«` and `、` are characters of n-grams.
    public var countsMarks = true
    /// The weights begin at so many times the logarithms of the n-grams' shares in each language, as naive Bayes has them: what is rare is
    /// known from the first, and what is often is learnt. 0 begins at nothing.
    public var countsShare: Float = 0.3
    /// Is added to every count.
    public var smoothing: Float = 0.05
    public var epochs = 4
    public var learningRate: Float = 0.2
    public var seed: UInt64 = 1

    public init() {}
  }

  /// A text whose language is known.
  public struct Example: Sendable, Hashable {
    public var language: String
    public var text: String

    public init(language: String, text: String) {
      self.language = language
      self.text = text
    }
  }

  /// In alphabetical order.
  public let languages: [String]
  private let buckets: Int
  private let longest: Int
  private let countsWords: Bool
  private let countsMarks: Bool
  /// What a language's weights are multiples of.
  private let scales: [Float]
  /// Row-major `[buckets, languages]`, signed bytes.
  private let weights: Data

  private var features: LanguageFeatures {
    LanguageFeatures(buckets: buckets, longest: longest, countsWords: countsWords, countsMarks: countsMarks)
  }

  /// The languages by falling probability. A text without letters gives equal probabilities.
  public func guesses(_ text: String) -> [Guess] {
    let probabilities = probabilities(text)
    return zip(languages, probabilities).map { Guess(language: $0, probability: $1) }
      .sorted { ($1.probability, $0.language) < ($0.probability, $1.language) }
  }

  /// The likeliest language, or `nil` for a text without letters.
  public func language(of text: String) -> String? {
    guard features.hasAny(text) else { return nil }
    return guesses(text).first?.language
  }

  private func probabilities(_ text: String) -> [Double] {
    var sums = [Int32](repeating: 0, count: languages.count)
    var count = 0
    weights.withUnsafeBytes { weights in
      let weights = weights.bindMemory(to: Int8.self)
      features.forEach(text) { bucket in
        count += 1
        for language in sums.indices { sums[language] &+= Int32(weights[bucket * sums.count + language]) }
      }
    }
    let length = Double(max(count, 1)).squareRoot()
    let scores = zip(sums, scales).map { Double($0) * Double($1) / length }
    let best = scores.max() ?? 0
    let exponentials = scores.map { exp($0 - best) }
    let total = exponentials.reduce(0, +)
    return exponentials.map { $0 / total }
  }

  private enum CodingKeys: String, CodingKey { case languages, buckets, longest, countsWords, countsMarks, scales, weights }

  private init(languages: [String], settings: Settings, scales: [Float], weights: Data) {
    self.languages = languages
    buckets = settings.buckets
    longest = settings.longest
    countsWords = settings.countsWords
    countsMarks = settings.countsMarks
    self.scales = scales
    self.weights = weights
  }

  public init(from decoder: any Swift.Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    languages = try values.decode([String].self, forKey: .languages)
    buckets = try values.decode(Int.self, forKey: .buckets)
    longest = try values.decode(Int.self, forKey: .longest)
    countsWords = try values.decodeIfPresent(Bool.self, forKey: .countsWords) ?? false
    countsMarks = try values.decodeIfPresent(Bool.self, forKey: .countsMarks) ?? false
    scales = try values.decode([Float].self, forKey: .scales)
    weights = try values.decode(Data.self, forKey: .weights)
    guard buckets > 0, buckets <= 1 << 24, buckets & (buckets - 1) == 0, 1...8 ~= longest, languages.count >= 2,
      languages.count < 1 << 16, scales.count == languages.count, weights.count == buckets * languages.count
    else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "the sizes of a language identifier's parts do not fit together"))
    }
  }

  /// Trains from the counts of naive Bayes by stochastic gradients with a rate for each bucket (AdaGrad; Duchi, Hazan, Singer, 2011), in an
  /// order keyed by the seed.
  /// - Throws: `ArgumentError` for fewer than two languages or sizes out of range.
  public static func train(_ examples: [Example], settings: Settings = Settings()) throws(ArgumentError) -> LanguageIdentifier {
    let languages = Set(examples.map(\.language)).sorted()
    guard languages.count >= 2 else {
      throw ArgumentError("there are examples of \(languages.count) languages", expected: "at least two")
    }
    guard settings.smoothing > 0, settings.countsShare >= 0, settings.countsShare.isFinite, settings.smoothing.isFinite else {
      throw ArgumentError(
        "counts that are taken \(settings.countsShare) times with \(settings.smoothing) more", expected: "0 or more, and above 0")
    }
    guard settings.buckets > 0, settings.buckets <= 1 << 22, settings.buckets & (settings.buckets - 1) == 0, 1...8 ~= settings.longest
    else {
      throw ArgumentError("\(settings.buckets) buckets of n-grams up to \(settings.longest)", expected: "a power of two, and 1 to 8")
    }
    var run = LanguageTraining(examples, languages: languages, settings: settings)
    for epoch in 0..<settings.epochs { run.pass(epoch) }
    let (scales, weights) = run.quantized()
    return LanguageIdentifier(languages: languages, settings: settings, scales: scales, weights: Data(weights))
  }
}

extension LanguageFeatures {
  func hasAny(_ text: String) -> Bool {
    var found = false
    forEach(text) { _ in found = true }
    return found
  }
}

/// Softmax regression on sparse counts.
struct LanguageTraining {
  private let width: Int
  private let settings: LanguageIdentifier.Settings
  private let labels: [Int]
  private let features: [Int32]
  private let ends: [Int]
  private var weights: [Float]
  private var squares: [Float]

  init(_ examples: [LanguageIdentifier.Example], languages: [String], settings: LanguageIdentifier.Settings) {
    self.settings = settings
    width = languages.count
    let places = Dictionary(uniqueKeysWithValues: languages.enumerated().map { ($1, $0) })
    labels = examples.map { places[$0.language] ?? 0 }
    let extractor = LanguageFeatures(
      buckets: settings.buckets, longest: settings.longest, countsWords: settings.countsWords, countsMarks: settings.countsMarks)
    var features: [Int32] = [], ends: [Int] = []
    for example in examples {
      extractor.forEach(example.text) { features.append(Int32(truncatingIfNeeded: $0)) }
      ends.append(features.count)
    }
    self.features = features
    self.ends = ends
    weights = [Float](repeating: 0, count: settings.buckets * width)
    squares = [Float](repeating: 1e-6, count: settings.buckets)
    if settings.countsShare > 0 { count() }
  }

  /// Sets the weights to the scaled logarithms of the buckets' shares in each language, less their mean.
  private mutating func count() {
    var totals = [Float](repeating: 0, count: width)
    for (example, label) in labels.enumerated() {
      let range = (example == 0 ? 0 : ends[example - 1])..<ends[example]
      for place in range { weights[Int(features[place]) * width + label] += 1 }
      totals[label] += Float(range.count)
    }
    let rows = (0..<settings.buckets).filter { bucket in (0..<width).contains { weights[bucket * width + $0] > 0 } }
    let norms = totals.map { logf($0 + settings.smoothing * Float(rows.count)) }
    for bucket in rows {
      let values = (0..<width).map { logf(weights[bucket * width + $0] + settings.smoothing) - norms[$0] }
      let mean = values.reduce(0, +) / Float(width)
      for language in 0..<width { weights[bucket * width + language] = settings.countsShare * (values[language] - mean) }
    }
  }

  mutating func pass(_ epoch: Int) {
    var order = Array(labels.indices)
    var random = KeyedRandom(seed: settings.seed, purpose: "language order", index: UInt64(epoch))
    order.shuffle(using: &random)
    let width = width
    var scores = [Float](repeating: 0, count: width)
    let (features, ends, labels, rate) = (features, ends, labels, settings.learningRate)
    weights.withUnsafeMutableBufferPointer { weights in
      squares.withUnsafeMutableBufferPointer { squares in
        scores.withUnsafeMutableBufferPointer { scores in
          features.withUnsafeBufferPointer { features in
            for example in order {
              let range = (example == 0 ? 0 : ends[example - 1])..<ends[example]
              guard !range.isEmpty else { continue }
              let norm = 1 / Float(range.count).squareRoot()
              scores.update(repeating: 0)
              for place in range {
                let row = Int(features[place]) * width
                for language in 0..<width { scores[language] += weights[row + language] }
              }
              var best = -Float.infinity
              for language in 0..<width { best = max(best, scores[language] * norm) }
              var total: Float = 0
              for language in 0..<width {
                scores[language] = expf(scores[language] * norm - best)
                total += scores[language]
              }
              var square: Float = 0
              for language in 0..<width {
                scores[language] = (scores[language] / total - (language == labels[example] ? 1 : 0)) * norm
                square += scores[language] * scores[language]
              }
              for place in range {
                let bucket = Int(features[place])
                squares[bucket] += square
                let step = rate / squares[bucket].squareRoot()
                for language in 0..<width { weights[bucket * width + language] -= step * scores[language] }
              }
            }
          }
        }
      }
    }
  }

  /// The weights as signed bytes, and what a language's are multiples of.
  func quantized() -> ([Float], [UInt8]) {
    var scales = [Float](repeating: 1e-12, count: width)
    for (index, weight) in weights.enumerated() { scales[index % width] = max(scales[index % width], abs(weight) / 127) }
    return (
      scales,
      weights.enumerated().map { index, weight in
        UInt8(bitPattern: Int8(max(-127, min(127, (weight / scales[index % width]).rounded()))))
      }
    )
  }
}
