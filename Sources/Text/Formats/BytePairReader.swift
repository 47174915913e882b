public import Foundation

extension Tokenizer {
  /// A byte-level tokenizer from GPT-2's two files: `vocab.json` (or `encoder.json`), tokens and their ids, and `merges.txt` (or `vocab.bpe`),
  /// a merge a line, the first one first.
  /// - Parameters:
  ///   - addsPrefixSpace: whether a blank goes before the first word, as RoBERTa's files say in `tokenizer_config.json`.
  ///   - specialTokens: tokens that are taken whole wherever they stand.
  public init(
    vocabulary: Data, merges: Data, addsPrefixSpace: Bool = false, specialTokens: [String] = ["<|endoftext|>"],
    source: String = "vocab.json"
  ) throws(TokenizerError) {
    let root = try JSONDocument(vocabulary, source: source).root
    var tokens: [(bytes: ArraySlice<UInt8>, id: Int)] = []
    try root.forEachMember { (token, id) throws(TokenizerError) in tokens.append((token, try id.int())) }
    let vocabulary = try Vocabulary(tokens, source: source, place: "")
    let mergeSource = "the merges of \(source)"
    let bytes = Array(merges)
    if let bad = UTF8Text.firstInvalid(bytes) { throw TokenizerError(source: mergeSource, place: "byte \(bad)", problem: "is not UTF-8") }
    var table = MergeTable(capacity: vocabulary.count)
    var rank: UInt32 = 0
    for (number, line) in bytes.split(separator: 10).enumerated() {
      let line = line.last == 13 ? line.dropLast() : line
      if line.isEmpty || line.starts(with: "#version".utf8) { continue }
      let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        throw TokenizerError(
          source: mergeSource, place: "line \(number + 1)", problem: "'\(String(decoding: line, as: UTF8.self))' is not two tokens",
          expected: "two tokens with a blank between")
      }
      try MergeReader.add(
        parts[0], parts[1], rank: rank, prefix: 0, vocabulary, &table, source: mergeSource, place: "line \(number + 1)")
      rank += 1
    }
    let added = try AddedTokens(
      specialTokens.filter { vocabulary.id(of: $0) != nil }.map { AddedToken($0, isSpecial: true) }, vocabulary: vocabulary, normalizer: nil
    )
    let step = PreTokenizer.byteLevel(addsPrefixSpace: addsPrefixSpace, usesPattern: true)
    try self.init(byteLevel: vocabulary, merges: table, preTokenizer: step, added: added, source: source)
    self.specialTokens = SpecialTokens(beginning: specialTokens.first, end: specialTokens.first)
  }

  /// A byte-level model: what is common to GPT-2's files and to GGUF.
  init(
    byteLevel vocabulary: Vocabulary, merges: MergeTable, preTokenizer: PreTokenizer, normalizer: Normalizer? = nil,
    ignoresMerges: Bool = false,
    postProcessor: PostProcessor? = .byteLevel(trims: false, addsPrefixSpace: false), added: AddedTokens, source: String
  ) throws(TokenizerError) {
    // Some vocabularies lack bytes that hardly occur; a vocabulary of another kind lacks most.
    guard (0..<256).count(where: { vocabulary.find(ByteAlphabet.encode([UInt8($0)])) >= 0 }) >= 128 else {
      throw TokenizerError(
        source: source, problem: "has no tokens for most bytes", expected: "a byte-level vocabulary, with a token for each byte")
    }
    var settings = BytePairModel.Settings()
    settings.takesBytes = true
    settings.ignoresMerges = ignoresMerges
    self.init(
      core: TokenizerCore(
        normalizer: normalizer, preTokenizer: preTokenizer,
        model: .bytePair(BytePairModel(vocabulary: vocabulary, merges: merges, settings: settings)), postProcessor: postProcessor,
        decoder: .byteLevel, added: added))
  }
}
