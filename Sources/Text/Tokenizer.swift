public import MartletCore

/// Turns text into the tokens that a language model was trained on, and tokens into text.
///
/// ```swift
/// let tokenizer = try Tokenizer(file: "tokenizer.json")
/// let encoding = try tokenizer.encode("Hello, world!")
/// print(encoding.ids, encoding.tokens, encoding.offsets)
/// print(try tokenizer.decode(encoding.ids))
/// ```
///
/// A value that can be copied and used from many threads at once: copies share everything but truncation and padding.
/// Ids and offsets are those of the libraries that the files come from (Hugging Face's tokenizers, SentencePiece, tiktoken).
public struct Tokenizer: Sendable {
  let core: TokenizerCore
  /// How texts that are too long are cut; `nil` leaves them whole.
  public var truncation: Truncation?
  /// How encodings are made equally long; `nil` leaves them as they are.
  public var padding: Padding?
  /// What special tokens are for.
  public var specialTokens: SpecialTokens

  init(core: TokenizerCore, truncation: Truncation? = nil, padding: Padding? = nil, specialTokens: SpecialTokens = SpecialTokens()) {
    self.core = core
    self.truncation = truncation
    self.padding = padding
    self.specialTokens = specialTokens
  }

  /// The tokens of the model; added ones are in `addedTokens`.
  public var vocabulary: Vocabulary { core.model.vocabulary }
  /// The tokens besides the model's own, by id. Those that are in the model's vocabulary, too, are here as well.
  public var addedTokens: [Int: AddedToken] { core.added.tokens }
  /// One more than the largest id: the rows that an embedding needs.
  public var idCount: Int { max(vocabulary.idCount, (core.added.tokens.keys.max() ?? -1) + 1) }

  /// The id of a token, added or the model's, or `nil`.
  public func id(of token: String) -> Int? { core.added.id(of: token.utf8) ?? vocabulary.id(of: token) }

  /// The token with an id, added or the model's, or `nil`.
  public func token(of id: Int) -> String? { core.names.bytes(of: id).map { String(decoding: $0, as: UTF8.self) } }

  /// Encodes a text, or a pair of texts for models that take two.
  /// - Parameters:
  ///   - addSpecialTokens: whether the tokens are put around the text that the model was trained with (`[CLS]`, `<s>` …).
  ///   - allowSpecialTokens: whether special tokens written in the text become those tokens; `false` for text that is not to be trusted.
  /// - Throws: `TokenizerError` where a word is unknown and there is no token for that, or where truncation cannot do what it is asked.
  public func encode(
    _ text: String, pair: String? = nil, addSpecialTokens: Bool = true, allowSpecialTokens: Bool = true
  ) throws(TokenizerError) -> Encoding {
    var result = [try unpadded(text, pair, addSpecialTokens, allowSpecialTokens)]
    padding?.apply(&result)
    return result[0]
  }

  /// Encodes words that were cut before: `words` of the result are their places in the list, and offsets are within each word.
  public func encode(words: [String], addSpecialTokens: Bool = true, allowSpecialTokens: Bool = true) throws(TokenizerError) -> Encoding {
    var first = Encoding(names: core.names)
    for (index, word) in words.enumerated() {
      first.append(
        try Self.withBytes(word) { bytes throws(TokenizerError) in
          try core.encode(bytes, typeID: 0, allowsSpecial: allowSpecialTokens, word: index)
        })
    }
    var result = [try finish(first, nil, addSpecialTokens)]
    padding?.apply(&result)
    return result[0]
  }

  /// Encodes many texts at once. The answer is that of one after the other, at any number of threads; only padding sees the batch.
  /// - Parameter pairs: the second text for each, or `nil`.
  public func encode(
    batch texts: [String], pairs: [String]? = nil, addSpecialTokens: Bool = true, allowSpecialTokens: Bool = true,
    threads: Int = Parallel.defaultThreads
  ) throws -> [Encoding] {
    if let pairs, pairs.count != texts.count {
      throw TokenizerError(
        source: "the batch", problem: "has \(texts.count) texts and \(pairs.count) second ones", expected: "as many of both")
    }
    var result = try Parallel.map(texts.count, threads: threads) { index in
      try unpadded(texts[index], pairs?[index], addSpecialTokens, allowSpecialTokens)
    }
    padding?.apply(&result)
    return result
  }

  /// The ids of a text alone: nothing put around it, cut or padded, and no offsets, which takes about half the time.
  public func ids(of text: String, allowSpecialTokens: Bool = true) throws(TokenizerError) -> [Int] {
    try Self.withBytes(text) { bytes throws(TokenizerError) in
      try core.withTokens(bytes, allowsSpecial: allowSpecialTokens) { space in space.tokens.ids.map { Int($0) } }
    }
  }

  /// The text of tokens.
  /// - Parameter skipSpecialTokens: leaves special tokens out.
  /// - Returns: text in which bytes that are not UTF-8 are U+FFFD; ids that no token has are left out.
  public func decode(_ ids: [Int], skipSpecialTokens: Bool = true) throws(TokenizerError) -> String {
    String(decoding: try decodedBytes(ids, skipSpecialTokens), as: UTF8.self)
  }

  func decodedBytes(_ ids: [Int], _ skipSpecialTokens: Bool) throws(TokenizerError) -> [UInt8] {
    var tokens: [[UInt8]] = []
    tokens.reserveCapacity(ids.count)
    for id in ids { if let token = token(decoding: id, skipSpecialTokens) { tokens.append(token) } }
    guard let decoder = core.decoder else { return Array(tokens.joined(separator: [0x20])) }
    return tokens.isEmpty ? [] : Array(try decoder.apply(tokens).joined())
  }

  /// What decoding sees of an id: `nil` where nothing.
  func token(decoding id: Int, _ skipSpecialTokens: Bool) -> [UInt8]? {
    if let normalized = core.added.decoded[id] { return normalized }
    if skipSpecialTokens, core.added.specialIDs.contains(id) { return nil }
    return core.names.bytes(of: id).map { Array($0) }
  }

  private func unpadded(_ text: String, _ pair: String?, _ addSpecialTokens: Bool, _ allowsSpecial: Bool) throws(TokenizerError) -> Encoding
  {
    let first = try Self.withBytes(text) { bytes throws(TokenizerError) in
      try core.encode(bytes, typeID: 0, allowsSpecial: allowsSpecial)
    }
    guard let pair else { return try finish(first, nil, addSpecialTokens) }
    let second = try Self.withBytes(pair) { bytes throws(TokenizerError) in
      try core.encode(bytes, typeID: 1, allowsSpecial: allowsSpecial)
    }
    return try finish(first, second, addSpecialTokens)
  }

  private func finish(_ first: Encoding, _ second: Encoding?, _ addSpecialTokens: Bool) throws(TokenizerError) -> Encoding {
    var (first, second) = (first, second)
    if let truncation {
      let added = addSpecialTokens ? core.postProcessor?.addedTokens(isPair: second != nil) ?? 0 : 0
      try truncation.apply(&first, &second, length: max(0, truncation.maxLength - added))
    }
    guard core.postProcessor != nil || second != nil else { return first }
    first.setTypeID(0)
    second?.setTypeID(1)
    var parts = second.map { [first, $0] } ?? [first]
    if let processor = core.postProcessor { parts = try processor.apply(parts, addSpecialTokens: addSpecialTokens) }
    guard var result = parts.first else { return Encoding(names: core.names) }
    for part in parts.dropFirst() { result.append(part) }
    return result
  }

  /// The bytes of a text, which `String` may hold in another form.
  private static func withBytes<Result>(
    _ text: String, _ body: (UnsafeBufferPointer<UInt8>) throws(TokenizerError) -> Result
  ) throws(TokenizerError) -> Result {
    let answer = text.utf8.withContiguousStorageIfAvailable { buffer in
      Swift.Result { () throws(TokenizerError) in try body(buffer) }
    }
    if let answer { return try answer.get() }
    let bytes = Array(text.utf8)
    return try bytes.withUnsafeBufferPointer { buffer throws(TokenizerError) in try body(buffer) }
  }
}

/// The special tokens of a model by what they are for, as its files name them.
public struct SpecialTokens: Sendable, Hashable {
  public var beginning: String?
  public var end: String?
  public var unknown: String?
  public var padding: String?
  public var mask: String?
  public var classifier: String?
  public var separator: String?

  public init(
    beginning: String? = nil, end: String? = nil, unknown: String? = nil, padding: String? = nil, mask: String? = nil,
    classifier: String? = nil, separator: String? = nil
  ) {
    self.beginning = beginning
    self.end = end
    self.unknown = unknown
    self.padding = padding
    self.mask = mask
    self.classifier = classifier
    self.separator = separator
  }
}
