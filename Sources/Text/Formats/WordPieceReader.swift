public import Foundation

extension Tokenizer {
  /// A BERT tokenizer from the contents of a `vocab.txt`: a token a line, its id the line's number.
  /// - Parameters:
  ///   - lowercases: whether the model was trained on lower case, as `tokenizer_config.json` says in `do_lower_case`.
  ///   - source: what to call it in error messages.
  public init(
    wordPieces data: Data, lowercases: Bool = true, stripsAccents: Bool? = nil, spacesChinese: Bool = true, source: String = "vocab.txt"
  ) throws(TokenizerError) {
    let bytes = Array(data)
    if let bad = UTF8Text.firstInvalid(bytes) { throw TokenizerError(source: source, place: "byte \(bad)", problem: "is not UTF-8") }
    var tokens: [(bytes: ArraySlice<UInt8>, id: Int)] = []
    for line in bytes.split(separator: 10, omittingEmptySubsequences: false) {
      var line = line
      while let last = line.last, last == 0x20 || (9...13).contains(last) { line.removeLast() }
      tokens.append((line, tokens.count))
    }
    // The end of the last line begins no other.
    if tokens.last?.bytes.isEmpty == true { tokens.removeLast() }
    let vocabulary = try Vocabulary(tokens, source: source, place: "")
    try self.init(wordPieces: vocabulary, lowercases, stripsAccents ?? lowercases, spacesChinese, source)
  }

  init(
    wordPieces vocabulary: Vocabulary, _ lowercases: Bool, _ stripsAccents: Bool, _ spacesChinese: Bool, _ source: String
  ) throws(TokenizerError) {
    let normalizer = Normalizer.bert(cleans: true, spacesChinese: spacesChinese, stripsAccents: stripsAccents, lowercases: lowercases)
    let names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    guard let separator = vocabulary.id(of: "[SEP]"), let classifier = vocabulary.id(of: "[CLS]"), let unknown = vocabulary.id(of: "[UNK]")
    else {
      throw TokenizerError(
        source: source, problem: "has no \(names.filter { vocabulary.id(of: $0) == nil }.joined(separator: ", "))",
        expected: "BERT's special tokens among the lines")
    }
    let added = try AddedTokens(
      names.filter { vocabulary.id(of: $0) != nil }.map { AddedToken($0, isSpecial: true) }, vocabulary: vocabulary, normalizer: normalizer)
    let cls = PostProcessor.Special(token: Array("[CLS]".utf8), id: classifier)
    let sep = PostProcessor.Special(token: Array("[SEP]".utf8), id: separator)
    let core = TokenizerCore(
      normalizer: normalizer, preTokenizer: .bert,
      model: .wordPiece(WordPieceModel(vocabulary: vocabulary, unknown: Int32(unknown), prefix: Array("##".utf8), longestWord: 100)),
      postProcessor: .template(
        single: [.special([cls], typeID: 0), .sequence(0, typeID: 0), .special([sep], typeID: 0)],
        pair: [
          .special([cls], typeID: 0), .sequence(0, typeID: 0), .special([sep], typeID: 0), .sequence(1, typeID: 1),
          .special([sep], typeID: 1),
        ]), decoder: .wordPiece(prefix: Array("##".utf8), cleansUp: true), added: added)
    self.init(
      core: core,
      specialTokens: SpecialTokens(unknown: "[UNK]", padding: "[PAD]", mask: "[MASK]", classifier: "[CLS]", separator: "[SEP]"))
  }
}
