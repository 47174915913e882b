/// Learns byte-pair encoding: the pair of neighbours that occurs most often becomes one, again and again (Sennrich, Haddow, Birch, 2016).
///
/// The merges are those of Hugging Face's trainer: of equally frequent pairs the one of the lower ids comes first. Nothing is random.
public struct BPETrainer: Sendable {
  /// Entries of the vocabulary, special tokens and letters included.
  public var vocabularySize = 30_000
  /// Pairs that occur less often are not merged.
  public var minimumFrequency = 0
  /// Tokens with the first ids, never made by merging.
  public var specialTokens: [String] = []
  /// Whether letters are bytes, written in GPT-2's visible alphabet; otherwise they are characters.
  public var isByteLevel = true
  /// Letters kept at most, the most frequent ones; `nil` keeps all.
  public var maximumLetters: Int?
  /// Stands before every letter but a word's first: `##` for WordPiece.
  public var continuation = ""
  public var split = TrainingSplit.gpt2

  public init() {}

  /// What was learnt.
  public struct Result: Sendable, Hashable {
    /// Tokens in the order of their ids.
    public var vocabulary: [String]
    /// Pairs in the order in which they are merged.
    public var merges: [Merge]

    public struct Merge: Sendable, Hashable {
      public var left: String
      public var right: String
    }
  }

  /// - Throws: `TokenizerTrainingError` where the vocabulary is too small for the letters, or there are no words.
  public func train(_ texts: some Sequence<String>) throws(TokenizerTrainingError) -> Result { try train(split.count(texts)) }

  public func train(_ words: WordCounts) throws(TokenizerTrainingError) -> Result {
    guard words.count > 0 else { throw TokenizerTrainingError("there are no words to learn from", expected: "text") }
    var run = BPERun(self)
    try run.prepare(words)
    run.merge()
    return Result(vocabulary: run.tokens, merges: run.merges)
  }

  /// GPT-2's letters for bytes: visible ones stand for themselves, the others for characters from U+0100 on.
  static let byteLetters: [String] = {
    let visible = Set(Array(0x21...0x7E) + Array(0xA1...0xAC) + Array(0xAE...0xFF) as [UInt32])
    var next: UInt32 = 0x100
    return (0..<256 as Range<UInt32>).map { byte in
      let value = visible.contains(byte) ? byte : next
      if value == next { next += 1 }
      return Unicode.Scalar(value).map { String($0) } ?? ""
    }
  }()
}

/// One training run.
struct BPERun {
  private let trainer: BPETrainer
  private(set) var tokens: [String] = []
  private(set) var merges: [BPETrainer.Result.Merge] = []
  private var ids: [String: Int32] = [:]
  private var words: [[Int32]] = []
  private var counts: [Int] = []
  private var pairs: [UInt64: Int32] = [:]
  private var pairCounts: [Int] = []
  private var pairWords: [[Int32]] = []
  private var heap = Heap()

  init(_ trainer: BPETrainer) { self.trainer = trainer }

  private mutating func token(_ text: String) -> Int32 {
    if let id = ids[text] { return id }
    let id = Int32(truncatingIfNeeded: tokens.count)
    ids[text] = id
    tokens.append(text)
    return id
  }

  mutating func prepare(_ source: WordCounts) throws(TokenizerTrainingError) {
    for special in trainer.specialTokens { _ = token(special) }
    let letters = alphabet(source)
    for letter in letters { _ = token(letter) }
    guard tokens.count <= trainer.vocabularySize else {
      throw TokenizerTrainingError(
        "a vocabulary of \(trainer.vocabularySize) has no room for \(tokens.count) letters and special tokens",
        remedy: "a larger vocabulary, or fewer letters (maximumLetters)")
    }
    let known = Set(letters)
    counts = source.counts
    words.reserveCapacity(source.count)
    for index in 0..<source.count {
      var symbols: [Int32] = []
      for letter in Self.letters(source.word(index), isByteLevel: trainer.isByteLevel) where known.contains(letter) {
        symbols.append(token(symbols.isEmpty ? letter : trainer.continuation + letter))
      }
      words.append(symbols)
    }
    for (index, word) in words.enumerated() {
      for place in 0..<max(word.count - 1, 0) { add(Self.key(word[place], word[place + 1]), counts[index], in: Int32(index)) }
    }
    for (key, place) in pairs where pairCounts[Int(place)] > 0 {
      heap.push(Heap.Entry(count: pairCounts[Int(place)], key: key, place: place))
    }
  }

  private static func letters(_ word: ArraySlice<UInt8>, isByteLevel: Bool) -> [String] {
    isByteLevel ? word.map { BPETrainer.byteLetters[Int($0)] } : String(decoding: word, as: UTF8.self).unicodeScalars.map { String($0) }
  }

  /// Letters in the order of their code points.
  private func alphabet(_ source: WordCounts) -> [String] {
    var frequencies: [String: Int] = [:]
    if trainer.isByteLevel {
      for letter in BPETrainer.byteLetters { frequencies[letter] = .max }
    } else {
      for index in 0..<source.count {
        for letter in Self.letters(source.word(index), isByteLevel: false) { frequencies[letter, default: 0] += source.counts[index] }
      }
    }
    func scalar(_ letter: String) -> UInt32 { letter.unicodeScalars.first?.value ?? 0 }
    var letters = frequencies.keys.sorted { scalar($0) < scalar($1) }
    if let most = trainer.maximumLetters, letters.count > most {
      letters = letters.sorted { (frequencies[$1] ?? 0, scalar($0)) < (frequencies[$0] ?? 0, scalar($1)) }.prefix(most)
        .sorted { scalar($0) < scalar($1) }
    }
    return letters
  }

  @inline(__always) private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  /// Counts a pair; one that grows is remembered with the word it stands in.
  private mutating func add(_ key: UInt64, _ count: Int, in word: Int32) {
    if let place = pairs[key] {
      pairCounts[Int(place)] += count
      if count > 0, pairWords[Int(place)].last != word { pairWords[Int(place)].append(word) }
    } else {
      pairs[key] = Int32(truncatingIfNeeded: pairCounts.count)
      pairCounts.append(count)
      pairWords.append(count > 0 ? [word] : [])
    }
  }

  mutating func merge() {
    var touched: [(key: UInt64, place: Int32)] = []
    while tokens.count < trainer.vocabularySize, let top = heap.pop() {
      let count = pairCounts[Int(top.place)]
      guard count == top.count else {
        // The count fell since; it goes back to where it belongs now.
        if count > 0 { heap.push(Heap.Entry(count: count, key: top.key, place: top.place)) }
        continue
      }
      if count < 1 || count < trainer.minimumFrequency { break }
      let left = Int32(truncatingIfNeeded: top.key >> 32), right = Int32(truncatingIfNeeded: top.key & 0xFFFF_FFFF)
      let second = tokens[Int(right)]
      let isContinued = !trainer.continuation.isEmpty && second.hasPrefix(trainer.continuation)
      let new = token(tokens[Int(left)] + (isContinued ? String(second.dropFirst(trainer.continuation.count)) : second))
      merges.append(BPETrainer.Result.Merge(left: tokens[Int(left)], right: second))
      touched.removeAll(keepingCapacity: true)
      let places = pairWords[Int(top.place)]
      pairWords[Int(top.place)] = []
      for word in places { merge(left, right, into: new, in: word, &touched) }
      // What was touched often is pushed once, at its final count.
      var last: Int32 = -1
      touched.sort { $0.place < $1.place }
      for item in touched where item.place != last {
        last = item.place
        let count = pairCounts[Int(item.place)]
        if count > 0 { heap.push(Heap.Entry(count: count, key: item.key, place: item.place)) }
      }
    }
  }

  private mutating func merge(
    _ left: Int32, _ right: Int32, into new: Int32, in index: Int32, _ touched: inout [(key: UInt64, place: Int32)]
  ) {
    var word = words[Int(index)]
    words[Int(index)] = []
    let count = counts[Int(index)]
    var kept = 0, place = 0
    func grew(_ key: UInt64) { if let place = pairs[key] { touched.append((key, place)) } }
    while place < word.count {
      guard place + 1 < word.count, word[place] == left, word[place + 1] == right else {
        word[kept] = word[place]
        kept += 1
        place += 1
        continue
      }
      if kept > 0 {
        let before = word[kept - 1]
        add(Self.key(before, left), -count, in: index)
        add(Self.key(before, new), count, in: index)
        grew(Self.key(before, new))
      }
      if place + 2 < word.count {
        let after = word[place + 2]
        add(Self.key(right, after), -count, in: index)
        add(Self.key(new, after), count, in: index)
        grew(Self.key(new, after))
      }
      word[kept] = new
      kept += 1
      place += 2
    }
    word.removeSubrange(kept...)
    words[Int(index)] = word
  }

  /// The most frequent pair first; of equals the one of the lower ids.
  private struct Heap {
    struct Entry {
      var count: Int
      var key: UInt64
      var place: Int32
      static func < (a: Entry, b: Entry) -> Bool { a.count > b.count || (a.count == b.count && a.key < b.key) }
    }

    private var entries: [Entry] = []

    mutating func push(_ entry: Entry) {
      entries.append(entry)
      var child = entries.count - 1
      while child > 0 {
        let parent = (child - 1) / 2
        guard entries[child] < entries[parent] else { return }
        entries.swapAt(child, parent)
        child = parent
      }
    }

    mutating func pop() -> Entry? {
      guard let top = entries.first else { return nil }
      let last = entries.removeLast()
      guard !entries.isEmpty else { return top }
      entries[0] = last
      var parent = 0
      while true {
        var best = parent
        for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count && entries[child] < entries[best] { best = child }
        guard best != parent else { return top }
        entries.swapAt(best, parent)
        parent = best
      }
    }
  }
}
