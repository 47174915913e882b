public import Foundation
import MartletCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Learns a unigram language model over pieces of words (Kudo, "Subword regularization", 2018): many pieces at first, their probabilities
/// by expectation and maximisation, and again and again the least useful quarter goes. Nothing is random.
public struct UnigramTrainer: Sendable {
  /// Entries of the vocabulary, special tokens and letters included.
  public var vocabularySize = 8_000
  /// Tokens with the first ids; the first of them stands for what is unknown.
  public var specialTokens = ["<unk>"]
  /// Letters of the longest pieces.
  public var longest = 16
  /// Pieces to begin with.
  public var seedSize = 200_000
  /// What stays at each pruning.
  public var shrinking = 0.75
  public var split = TrainingSplit.metaspace

  public init() {}

  /// A piece and the logarithm of its probability.
  public struct Piece: Sendable, Hashable {
    public var text: String
    public var score: Double
  }

  /// - Returns: the pieces by falling score, special tokens first with a score of 0.
  /// - Throws: `TokenizerTrainingError` where the vocabulary is too small for the letters, or there are no words.
  public func train(_ texts: some Sequence<String>) throws(TokenizerTrainingError) -> [Piece] { try train(split.count(texts)) }

  public func train(_ words: WordCounts) throws(TokenizerTrainingError) -> [Piece] {
    guard words.count > 0 else { throw TokenizerTrainingError("there are no words to learn from", expected: "text") }
    guard !specialTokens.isEmpty, longest >= 1, shrinking > 0, shrinking < 1 else {
      throw TokenizerTrainingError(
        "\(specialTokens.count) special tokens, shrinking to \(shrinking)", expected: "one token, and a part of 1")
    }
    var run = UnigramRun(words, longest: longest, seedSize: seedSize)
    let wanted = vocabularySize - specialTokens.count
    guard run.letters.count <= wanted else {
      throw TokenizerTrainingError(
        "a vocabulary of \(vocabularySize) has no room for \(run.letters.count) letters and special tokens", remedy: "a larger vocabulary")
    }
    // A tenth more than wanted stays until the end, where the best are taken.
    let enough = wanted * 11 / 10
    while true {
      for _ in 0..<2 { run.maximise() }
      if run.pieces.count <= enough { break }
      run.prune(to: max(enough, Int(Double(run.pieces.count) * shrinking)))
    }
    return specialTokens.map { Piece(text: $0, score: 0) } + run.best(wanted)
  }

  /// The whole `tokenizer.json`.
  public func tokenizerJSON(_ pieces: [Piece]) throws -> Data {
    let model: JSONValue = [
      "type": "Unigram", "unk_id": 0, "byte_fallback": false,
      "vocab": .array(pieces.map { [.string($0.text), .double($0.score)] }),
    ]
    return try TrainedTokenizer.file(
      model: model, specialTokens: specialTokens, normalizer: nil, preTokenizer: split.preTokenizer, decoder: split.decoder)
  }
}

/// One training run.
struct UnigramRun {
  struct Entry {
    var text: [UInt32]
    var score: Double
  }

  private(set) var pieces: [Entry] = []
  let letters: Set<UInt32>
  private let words: [[UInt32]]
  private let counts: [Double]
  private let longest: Int
  private var trie = Trie()

  init(_ source: WordCounts, longest: Int, seedSize: Int) {
    self.longest = longest
    words = (0..<source.count).map { String(decoding: source.word($0), as: UTF8.self).unicodeScalars.map(\.value) }
    counts = source.counts.map(Double.init)
    var frequencies: [ArraySlice<UInt32>: Double] = [:]
    var singles: [UInt32: Double] = [:]
    for (word, count) in zip(words, counts) {
      for letter in word { singles[letter, default: 0] += count }
      for start in word.indices {
        for end in start + 2..<max(min(start + longest, word.count) + 1, start + 2) { frequencies[word[start..<end], default: 0] += count }
      }
    }
    letters = Set(singles.keys)
    // A piece is worth what it saves: its length times how often it occurs.
    var seeds = frequencies.filter { $0.value >= 2 }.map { (text: Array($0.key), weight: $0.value * Double($0.key.count)) }
    seeds.sort { $0.weight != $1.weight ? $0.weight > $1.weight : $0.text.lexicographicallyPrecedes($1.text) }
    let all = singles.sorted { $0.key < $1.key }.map { (text: [$0.key], weight: $0.value) } + seeds.prefix(seedSize)
    let total = log(all.reduce(0) { $0 + $1.weight })
    pieces = all.map { Entry(text: $0.text, score: log($0.weight) - total) }
    trie = Trie(pieces)
  }

  /// One step of expectation and maximisation; pieces that are hardly used go, letters stay.
  mutating func maximise() {
    var expected = [Double](repeating: 0, count: pieces.count)
    for (word, count) in zip(words, counts) { addExpectation(word, count, &expected) }
    var kept: [Entry] = []
    var weights: [Double] = []
    for (piece, weight) in zip(pieces, expected) where weight >= 0.5 || piece.text.count == 1 {
      kept.append(piece)
      weights.append(max(weight, 1e-3))
    }
    // The Bayesian step of Liang and Klein: rare pieces are worth less than their share.
    let total = Self.digamma(weights.reduce(0, +))
    for index in kept.indices { kept[index].score = Self.digamma(max(weights[index], 0.1)) - total }
    pieces = kept
    trie = Trie(pieces)
  }

  private func addExpectation(_ word: [UInt32], _ count: Double, _ expected: inout [Double]) {
    var forward = [Double](repeating: -.infinity, count: word.count + 1)
    var backward = forward
    forward[0] = 0
    backward[word.count] = 0
    var edges: [(start: Int, end: Int, piece: Int)] = []
    for start in word.indices {
      trie.forEach(word, from: start) { end, piece in
        edges.append((start, end, piece))
        forward[end] = Self.logSum(forward[end], forward[start] + pieces[piece].score)
      }
    }
    for edge in edges.reversed() { backward[edge.start] = Self.logSum(backward[edge.start], backward[edge.end] + pieces[edge.piece].score) }
    let all = forward[word.count]
    for edge in edges {
      expected[edge.piece] += count * exp(forward[edge.start] + pieces[edge.piece].score + backward[edge.end] - all)
    }
  }

  /// The likeliest way to write a word, without one of the pieces where that is asked.
  private func best(_ word: [UInt32], without excluded: Int = -1) -> [Int]? {
    var scores = [Double](repeating: -.infinity, count: word.count + 1)
    var back = [(start: Int, piece: Int)](repeating: (0, -1), count: word.count + 1)
    scores[0] = 0
    for start in word.indices where scores[start] > -.infinity {
      trie.forEach(word, from: start) { end, piece in
        let score = scores[start] + pieces[piece].score
        if piece != excluded, score > scores[end] {
          scores[end] = score
          back[end] = (start, piece)
        }
      }
    }
    guard scores[word.count] > -.infinity else { return nil }
    var path: [Int] = []
    var end = word.count
    while end > 0 {
      path.append(back[end].piece)
      end = back[end].start
    }
    return path.reversed()
  }

  /// Keeps the pieces whose loss would cost most.
  mutating func prune(to size: Int) {
    var used = [Double](repeating: 0, count: pieces.count)
    for (word, count) in zip(words, counts) { for piece in best(word) ?? [] { used[piece] += count } }
    let total = used.reduce(0, +)
    var kept: [Int] = []
    var losses: [(loss: Double, piece: Int)] = []
    for index in pieces.indices {
      guard pieces[index].text.count > 1 else {
        kept.append(index)
        continue
      }
      guard used[index] > 0, let others = best(pieces[index].text, without: index) else { continue }
      // Without it each of its occurrences is written by the others, which become likelier for it.
      let with = log(used[index]) - log(total)
      let sum = log(total + used[index] * Double(others.count - 1))
      let without = others.reduce(0.0) { $0 + log(used[$1] + used[index]) - sum }
      losses.append((used[index] * (with - without), index))
    }
    losses.sort { $0.loss != $1.loss ? $0.loss > $1.loss : $0.piece < $1.piece }
    kept += losses.prefix(max(size - kept.count, 0)).map(\.piece)
    pieces = kept.sorted().map { pieces[$0] }
    trie = Trie(pieces)
  }

  /// All letters and the best of the others, by falling score.
  func best(_ count: Int) -> [UnigramTrainer.Piece] {
    let order = pieces.sorted { $0.score != $1.score ? $0.score > $1.score : $0.text.lexicographicallyPrecedes($1.text) }
    let single = order.filter { $0.text.count == 1 }
    let chosen = single + order.filter { $0.text.count > 1 }.prefix(max(count - single.count, 0))
    return chosen.sorted { $0.score != $1.score ? $0.score > $1.score : $0.text.lexicographicallyPrecedes($1.text) }.map { entry in
      UnigramTrainer.Piece(text: entry.text.compactMap { Unicode.Scalar($0).map { String($0) } }.joined(), score: entry.score)
    }
  }

  private static func logSum(_ a: Double, _ b: Double) -> Double {
    let high = max(a, b)
    return high == -.infinity ? high : high + log1p(exp(min(a, b) - high))
  }

  /// The logarithm's derivative of the gamma function, by its series from 7 on.
  static func digamma(_ value: Double) -> Double {
    var x = value
    var result = 0.0
    while x < 7 {
      result -= 1 / x
      x += 1
    }
    x -= 0.5
    let square = 1 / (x * x)
    return result + log(x) + square * (1.0 / 24 - square * (7.0 / 960 - square * (31.0 / 8064 - square * 127.0 / 30720)))
  }

  /// Pieces by their letters.
  struct Trie {
    private var children: [UInt64: Int32] = [:]
    private var ends: [Int32] = [-1]

    init(_ pieces: [Entry] = []) {
      for (index, piece) in pieces.enumerated() {
        var node: Int32 = 0
        for letter in piece.text {
          let key = UInt64(UInt32(bitPattern: node)) << 32 | UInt64(letter)
          if let next = children[key] {
            node = next
          } else {
            let next = Int32(truncatingIfNeeded: ends.count)
            children[key] = next
            ends.append(-1)
            node = next
          }
        }
        ends[Int(node)] = Int32(truncatingIfNeeded: index)
      }
    }

    /// Calls the body with the end of every piece that begins at a place.
    func forEach(_ word: [UInt32], from start: Int, _ body: (Int, Int) -> Void) {
      var node: Int32 = 0
      for place in start..<word.count {
        guard let next = children[UInt64(UInt32(bitPattern: node)) << 32 | UInt64(word[place])] else { return }
        node = next
        if ends[Int(node)] >= 0 { body(place + 1, Int(ends[Int(node)])) }
      }
    }
  }
}
