import Foundation
import Generation
import MartletCore
import Text

/// What surrounds a language model: choosing tokens, grammars, training a tokenizer, telling languages apart.
enum LanguageToolsBenchmark {
  /// - Parameter arguments: the folder of the fetched data sets `bible` and `locales`.
  static func run(_ arguments: [String]) throws -> [String: Double] {
    var results: [String: Double] = [:]
    let data = arguments.first ?? ".deps/share/data"
    try sampling(&results)
    try masks(&results)
    try training(data, &results)
    try languages(data, &results)
    return results
  }

  private static func seconds(rounds: Int = 1, _ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    var best = Double.infinity
    for _ in 0..<rounds {
      let time = try clock.measure(body)
      best = min(best, Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18)
    }
    return best
  }

  private static func sampling(_ results: inout [String: Double]) throws {
    let count = 150_000
    var random = KeyedRandom(seed: 1, purpose: "scores")
    let scores = (0..<count).map { _ in Float((0..<4).reduce(0.0) { sum, _ in sum + random.uniform(in: -1...1) } * 3) }
    var plain = SamplingSettings()
    plain.temperature = 0.8
    var nucleus = plain
    nucleus.topP = 0.9
    var short = nucleus
    short.topK = 50
    for (name, settings) in [("greedy", SamplingSettings.greedy), ("plain", plain), ("top-p", nucleus), ("top-k and top-p", short)] {
      let sampler = try TokenSampler(settings, vocabulary: count, seed: 3)
      let copies = [Float](scores)
      results["sampling, 150,000 tokens, \(name), microseconds"] =
        try seconds(rounds: 20) { _ = try sampler.next(copies, tokens: [1, 2, 3], promptCount: 1) } * 1e6
    }
  }

  private static func masks(_ results: inout [String: Double]) throws {
    var random = KeyedRandom(seed: 2, purpose: "tokens")
    var tokens = (0...255 as ClosedRange<UInt8>).map { [$0] }
    let letters = Array("abcdefghijklmnopqrstuvwxyz     0123456789\"{}[],:".utf8)
    while tokens.count < 50_000 {
      tokens.append((0..<2 + random.next() % 7).map { _ in letters[Int(random.next() % UInt64(letters.count))] })
    }
    tokens.append([])
    let vocabulary = GrammarVocabulary(tokens, endTokens: [tokens.count - 1])
    let schema = try TemplateValue(
      json: Data(#"{"properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name","age"]}"#.utf8), source: "schema")
    let constraint = try GrammarConstraint(Grammar(schema: schema), vocabulary: vocabulary)
    var matcher = constraint.matcher()
    try matcher.accept(bytes: "{\"name\": \"a".utf8)
    results["grammar, first mask in a string, 50,000 tokens, milliseconds"] = try seconds { _ = try matcher.mask() } * 1e3
    results["grammar, the same mask again, microseconds"] = try seconds(rounds: 20) { _ = try matcher.mask() } * 1e6
  }

  private static func training(_ data: String, _ results: inout [String: Double]) throws {
    let texts = try String(contentsOfFile: data + "/bible/kjv.txt", encoding: .utf8).split(separator: "\n").map(String.init)
    var trainer = BPETrainer()
    trainer.vocabularySize = 256 + 2_000
    var result: BPETrainer.Result?
    results["BPE, 2,000 merges of the Bible, seconds"] = try seconds(rounds: 3) { result = try trainer.train(texts) }
    // The merges' hash shows at a glance whether another trainer's are the same: its first 48 bits as a number.
    let merges = (result?.merges ?? []).map { "\($0.left) \($0.right)\n" }.joined()
    results["BPE, merges' fingerprint"] = Double(
      merges.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 } >> 16)
    var unigram = UnigramTrainer()
    unigram.vocabularySize = 4_000
    results["unigram, 4,000 pieces of the Bible, seconds"] = try seconds { _ = try unigram.train(texts) }
  }

  /// The 21 languages of the catalogue with their codes there; every tenth text is held out.
  static let locales = [
    "ar", "cs", "da", "de", "el", "en_GB", "es", "fi", "fr", "hu", "it", "ja", "ko", "nl", "pl", "pt", "ru", "sv", "tr", "uk", "zh_CN",
  ]

  private static func languages(_ data: String, _ results: inout [String: Double]) throws {
    let known = Set(locales)
    var train: [LanguageIdentifier.Example] = [], test: [LanguageIdentifier.Example] = []
    var seen: [String: Int] = [:]
    for line in try String(contentsOfFile: data + "/locales/locales.csv", encoding: .utf8).split(separator: "\n").dropFirst() {
      guard let comma = line.firstIndex(of: ","), known.contains(String(line[..<comma])) else { continue }
      let language = String(line[..<comma])
      let text = String(line[line.index(after: comma)...])
      guard text.unicodeScalars.count(where: { $0.properties.isAlphabetic }) >= 4 else { continue }
      seen[language, default: 0] += 1
      let example = LanguageIdentifier.Example(language: language, text: text)
      if (seen[language] ?? 0) % 10 == 0 { test.append(example) } else { train.append(example) }
    }
    var identifier: LanguageIdentifier?
    results["languages, training, seconds"] = try seconds { identifier = try LanguageIdentifier.train(train) }
    guard let identifier else { return }
    let right = test.count { identifier.language(of: $0.text) == $0.language }
    results["languages, texts to train on"] = Double(train.count)
    results["languages, held-out accuracy of 21"] = Double(right) / Double(max(test.count, 1))
    let bytes = test.reduce(0) { $0 + $1.text.utf8.count }
    results["languages, MB/s"] = Double(bytes) / 1e6 / seconds { for example in test { _ = identifier.language(of: example.text) } }
  }
}
