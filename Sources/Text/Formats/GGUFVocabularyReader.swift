/// A tokenizer as the metadata of a GGUF file holds it: plain lists under the keys `tokenizer.ggml.*`.
public struct GGUFTokenizer: Sendable {
  /// `tokenizer.ggml.model`: `llama` (SentencePiece BPE), `gpt2` (byte-level BPE), `bert` (WordPiece) or `t5` (Unigram).
  public var model: String
  /// `tokenizer.ggml.pre`: how text is cut into words.
  public var pre: String
  /// `tokenizer.ggml.tokens`: the tokens, in the order of their ids.
  public var tokens: [[UInt8]]
  /// `tokenizer.ggml.scores`
  public var scores: [Float]
  /// `tokenizer.ggml.token_type`: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
  public var types: [Int]
  /// `tokenizer.ggml.merges`: two tokens with a blank between, the first merge first.
  public var merges: [[UInt8]]
  public var beginningID: Int?
  public var endID: Int?
  public var unknownID: Int?
  public var paddingID: Int?
  public var separatorID: Int?
  public var classifierID: Int?
  /// `add_bos_token`, `add_eos_token`, `add_space_prefix` (of `llama` models); `nil` where the file does not say.
  public var addsBeginning: Bool?
  public var addsEnd: Bool?
  public var addsSpacePrefix: Bool?
  /// `remove_extra_whitespaces` (of `t5` models).
  public var removesExtraSpaces: Bool?
  /// `precompiled_charsmap` (of `t5` models): what characters become, as SentencePiece packs it; empty for none.
  public var characterMap: [UInt8] = []

  public init(
    model: String, pre: String = "default", tokens: [[UInt8]], scores: [Float] = [], types: [Int] = [], merges: [[UInt8]] = [],
    beginningID: Int? = nil, endID: Int? = nil, unknownID: Int? = nil, paddingID: Int? = nil, separatorID: Int? = nil,
    classifierID: Int? = nil,
    addsBeginning: Bool? = nil, addsEnd: Bool? = nil, addsSpacePrefix: Bool? = nil
  ) {
    self.model = model
    self.pre = pre
    self.tokens = tokens
    self.scores = scores
    self.types = types
    self.merges = merges
    self.beginningID = beginningID
    self.endID = endID
    self.unknownID = unknownID
    self.paddingID = paddingID
    self.separatorID = separatorID
    self.classifierID = classifierID
    self.addsBeginning = addsBeginning
    self.addsEnd = addsEnd
    self.addsSpacePrefix = addsSpacePrefix
  }
}

extension Tokenizer {
  /// A tokenizer from the metadata of a GGUF file.
  /// - Throws: `TokenizerError` for lists that do not fit together, and for kinds of vocabulary that are not known.
  public init(gguf: GGUFTokenizer, source: String = "the GGUF file") throws(TokenizerError) {
    let place = "tokenizer.ggml"
    func fail(_ problem: String, expected: String? = nil) -> TokenizerError {
      TokenizerError(source: source, place: place, problem: problem, expected: expected)
    }
    guard !gguf.tokens.isEmpty else { throw fail("has no tokens") }
    for (name, count) in [("scores", gguf.scores.count), ("token_type", gguf.types.count)] where count != 0 && count != gguf.tokens.count {
      throw fail("has \(gguf.tokens.count) tokens and \(count) \(name)", expected: "as many of both")
    }
    guard gguf.tokens.allSatisfy({ UTF8Text.firstInvalid($0) == nil }) else { throw fail("has a token that is not UTF-8") }
    for id in [gguf.beginningID, gguf.endID, gguf.unknownID, gguf.paddingID, gguf.separatorID, gguf.classifierID].compactMap({ $0 })
    where !gguf.tokens.indices.contains(id) { throw fail("names the special token \(id)", expected: "an id below \(gguf.tokens.count)") }
    let vocabulary = try Vocabulary(gguf.tokens.enumerated().map { (bytes: $0.element[...], id: $0.offset) }, source: source, place: place)
    switch gguf.model {
    case "gpt2": try self.init(byteLevel: gguf, vocabulary, source)
    case "llama": try self.init(sentencePieces: gguf, vocabulary, source)
    case "bert": try self.init(wordPieces: gguf, source)
    case "t5": try self.init(unigram: gguf, vocabulary, source)
    default: throw fail("is of the model '\(gguf.model)', which is not known", expected: "gpt2, llama, bert or t5")
    }
    func name(_ id: Int?) -> String? { id.map { String(decoding: gguf.tokens[$0], as: UTF8.self) } }
    specialTokens = SpecialTokens(
      beginning: name(gguf.beginningID), end: name(gguf.endID), unknown: name(gguf.unknownID), padding: name(gguf.paddingID),
      classifier: name(gguf.classifierID), separator: name(gguf.separatorID))
  }

  /// Control and user-defined tokens are taken whole wherever they stand.
  private static func added(_ gguf: GGUFTokenizer) -> AddedTokens {
    AddedTokens(
      byID: gguf.types.enumerated().filter { $0.element == 3 || $0.element == 4 }.map {
        (id: $0.offset, token: AddedToken(String(decoding: gguf.tokens[$0.offset], as: UTF8.self), isSpecial: $0.element == 3))
      })
  }

  private static func frame(_ gguf: GGUFTokenizer, beginning: Bool, end: Bool) -> PostProcessor? {
    func special(_ id: Int?, _ isWanted: Bool) -> [PostProcessor.TemplatePiece] {
      guard isWanted, let id else { return [] }
      return [.special([.init(token: gguf.tokens[id], id: id)], typeID: 0)]
    }
    let first = special(gguf.beginningID, beginning)
    let last = special(gguf.endID, end)
    if first.isEmpty, last.isEmpty { return nil }
    return .template(
      single: first + [.sequence(0, typeID: 0)] + last,
      pair: first + [.sequence(0, typeID: 0)] + last + first + [.sequence(1, typeID: 1)] + last)
  }

  private init(byteLevel gguf: GGUFTokenizer, _ vocabulary: Vocabulary, _ source: String) throws(TokenizerError) {
    var merges = MergeTable(capacity: gguf.merges.count)
    for (rank, merge) in gguf.merges.enumerated() {
      let parts = merge.split(separator: 0x20, omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        throw TokenizerError(source: source, place: "tokenizer.ggml.merges", problem: "merge \(rank) is not two tokens")
      }
      try MergeReader.add(
        parts[0], parts[1], rank: UInt32(rank), prefix: 0, vocabulary, &merges, source: source, place: "tokenizer.ggml.merges")
    }
    guard let patterns = Self.patterns[gguf.pre] else {
      throw TokenizerError(
        source: source, place: "tokenizer.ggml.pre", problem: "cuts words in the way '\(gguf.pre)', which is not known",
        expected: "one of \(Self.patterns.keys.sorted().joined(separator: ", "))")
    }
    var steps: [PreTokenizer] = []
    for pattern in patterns { steps.append(.split(try Pattern(pattern, dialect: .oniguruma), .isolated, inverted: false)) }
    steps.append(.byteLevel(addsPrefixSpace: false, usesPattern: false))
    try self.init(
      byteLevel: vocabulary, merges: merges, preTokenizer: .sequence(steps), ignoresMerges: gguf.pre == "llama-bpe" || gguf.pre == "gpt-4o",
      postProcessor: Self.frame(gguf, beginning: gguf.addsBeginning ?? (gguf.pre == "llama-bpe"), end: gguf.addsEnd ?? false),
      added: Self.added(gguf), source: source)
  }

  private static let cl100k =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  private static let qwen2 =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  private static let o200k =
    #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"#
    + #"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"#
    + #"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

  /// The patterns of each way to cut words, one applied after the other.
  private static let patterns: [String: [String]] = [
    "default": [KnownPattern.gpt2], "gpt-2": [KnownPattern.gpt2], "mpt": [KnownPattern.gpt2], "olmo": [KnownPattern.gpt2],
    "phi-2": [KnownPattern.gpt2], "roberta-bpe": [KnownPattern.gpt2],
    "smollm": [#"\p{N}"#, KnownPattern.gpt2], "starcoder": [#"\p{N}"#, KnownPattern.gpt2], "refact": [#"\p{N}"#, KnownPattern.gpt2],
    "command-r": [#"\p{N}"#, KnownPattern.gpt2], "codeshell": [#"\p{N}"#, KnownPattern.gpt2],
    "llama-bpe": [cl100k], "llama3": [cl100k], "dbrx": [cl100k], "smaug-bpe": [cl100k], "qwen2": [qwen2], "deepseek-r1-qwen": [qwen2],
    "stablelm2": [qwen2], "gpt-4o": [o200k], "llama4": [o200k],
  ]

  private init(sentencePieces gguf: GGUFTokenizer, _ vocabulary: Vocabulary, _ source: String) throws(TokenizerError) {
    let count = gguf.tokens.count
    let types = gguf.types.isEmpty ? [Int](repeating: 1, count: count) : gguf.types
    let scores = gguf.scores.isEmpty ? [Double](repeating: 0, count: count) : gguf.scores.map { Double($0) }
    guard scores.allSatisfy(\.isFinite) else {
      throw TokenizerError(source: source, place: "tokenizer.ggml.scores", problem: "has a score that is not finite")
    }
    let usable = types.indices.filter { types[$0] == 1 || types[$0] == 4 || types[$0] == 5 }
    var settings = BytePairModel.Settings()
    settings.unknown = (gguf.unknownID ?? types.firstIndex(of: 2)).map { Int32($0) }
    settings.fallsBackToBytes = (0..<256).allSatisfy { byte in
      let digits = String(byte, radix: 16, uppercase: true)
      return vocabulary.id(of: "<0x\(digits.count == 1 ? "0" : "")\(digits)>") != nil
    }
    var normalizer = SentencePieceNormalizer()
    normalizer.addsPrefix = gguf.addsSpacePrefix ?? true
    normalizer.removesExtraSpaces = false
    let unknown = settings.unknown.map { gguf.tokens[Int($0)] } ?? []
    let control = Set(types.indices.filter { types[$0] == 3 }.map { gguf.tokens[$0] })
    self.init(
      core: TokenizerCore(
        normalizer: .sentencePiece(normalizer), preTokenizer: nil,
        model: .bytePair(ScoredMerges.model(vocabulary, scores: scores, usable: usable, settings: settings)),
        postProcessor: Self.frame(gguf, beginning: gguf.addsBeginning ?? true, end: gguf.addsEnd ?? false),
        decoder: .sentencePiece(
          SentencePieceDecoder(
            unknownPiece: unknown, unknownText: Array(" \u{2047} ".utf8), control: control, addsPrefix: normalizer.addsPrefix,
            removesExtraSpaces: false, hasBytes: settings.fallsBackToBytes)), added: Self.added(gguf)))
  }

  /// SentencePiece's unigram model, with its rules of normalisation.
  private init(unigram gguf: GGUFTokenizer, _ vocabulary: Vocabulary, _ source: String) throws(TokenizerError) {
    let place = "tokenizer.ggml"
    let count = gguf.tokens.count
    let types = gguf.types.isEmpty ? [Int](repeating: 1, count: count) : gguf.types
    guard gguf.scores.count == count, gguf.scores.allSatisfy(\.isFinite) else {
      throw TokenizerError(
        source: source, place: place + ".scores", problem: "has \(gguf.scores.count) scores", expected: "a finite number for each token")
    }
    guard let unknown = gguf.unknownID ?? types.firstIndex(of: 2) else {
      throw TokenizerError(source: source, place: place + ".token_type", problem: "has no unknown token", expected: "one of type 2")
    }
    var normalizer = SentencePieceNormalizer()
    normalizer.addsPrefix = gguf.addsSpacePrefix ?? true
    normalizer.removesExtraSpaces = gguf.removesExtraSpaces ?? true
    if !gguf.characterMap.isEmpty {
      normalizer.map = try CharacterMap(gguf.characterMap[...], source: source, place: place + ".precompiled_charsmap")
    }
    let fixed = types.indices.filter { types[$0] == 4 }
    if !fixed.isEmpty {
      var trie = ByteTrie()
      for id in fixed { trie.insert(gguf.tokens[id][...], Int32(id)) }
      normalizer.fixed = trie
    }
    var settings = UnigramModel.Settings()
    settings.unknown = Int32(unknown)
    settings.isSinglePrecision = true
    settings.fixed = Set(fixed.map { Int32($0) })
    settings.unused = Set(types.indices.filter { types[$0] == 5 }.map { Int32($0) })
    let usable = types.indices.filter { types[$0] == 1 || types[$0] == 4 || types[$0] == 5 }
    let ordinary = types.indices.filter { types[$0] == 1 }
    let control = Set(types.indices.filter { types[$0] == 3 }.map { gguf.tokens[$0] })
    self.init(
      core: TokenizerCore(
        normalizer: .sentencePiece(normalizer), preTokenizer: nil,
        model: .unigram(
          UnigramModel(
            vocabulary: vocabulary, scores: gguf.scores.map { Double($0) }, pieces: usable, ordinary: ordinary, settings: settings)),
        postProcessor: Self.frame(gguf, beginning: gguf.addsBeginning ?? false, end: gguf.addsEnd ?? true),
        decoder: .sentencePiece(
          SentencePieceDecoder(
            unknownPiece: gguf.tokens[unknown], unknownText: Array(" \u{2047} ".utf8), control: control, addsPrefix: normalizer.addsPrefix,
            removesExtraSpaces: normalizer.removesExtraSpaces, hasBytes: false)), added: Self.added(gguf)))
  }

  /// Word pieces in GGUF have a visible blank where a word begins, and nothing where it goes on.
  private init(wordPieces gguf: GGUFTokenizer, _ source: String) throws(TokenizerError) {
    let mark: [UInt8] = [0xE2, 0x96, 0x81]
    let tokens = gguf.tokens.enumerated().map { id, token -> (bytes: ArraySlice<UInt8>, id: Int) in
      if token.starts(with: mark) { return (token.dropFirst(3), id) }
      let isOrdinary = gguf.types.isEmpty ? token.first != UInt8(ascii: "[") : gguf.types[id] == 1
      return (isOrdinary ? (Array("##".utf8) + token)[...] : token[...], id)
    }
    try self.init(wordPieces: try Vocabulary(tokens, source: source, place: "tokenizer.ggml.tokens"), true, true, true, source)
  }
}
