public import Foundation

extension Tokenizer {
  /// A tokenizer from the contents of a SentencePiece `.model`: BPE or Unigram, with its rules of normalisation.
  ///
  /// Ids are SentencePiece's own; no special tokens are put around the text, as SentencePiece puts none.
  public init(sentencePiece data: Data, source: String = "tokenizer.model") throws(TokenizerError) {
    self = try SentencePieceReader(data, source: source).read()
  }
}

/// Reads SentencePiece's protocol buffer (`sentencepiece_model.proto`).
private struct SentencePieceReader {
  enum Kind: Int { case normal = 1, unknown, control, userDefined, unused, byte }

  private struct Piece {
    var text: ArraySlice<UInt8> = []
    var score: Float = 0
    var kind = Kind.normal
  }

  private let source: String
  private var pieces: [Piece] = []
  private var modelType = 1
  private var fallsBackToBytes = false
  private var spaceIsSuffix = false
  private var unknownText: [UInt8] = Array(" \u{2047} ".utf8)
  private var normalizer = SentencePieceNormalizer()

  init(_ data: Data, source: String) throws(TokenizerError) {
    self.source = source
    var fields = ProtobufReader(ArraySlice(Array(data)), source: source)
    while let field = try fields.next() {
      switch field.number {
      case 1: pieces.append(try readPiece(field))
      case 2: try readTrainer(field)
      case 3: try readNormalizer(field)
      default: break
      }
    }
    guard !pieces.isEmpty else { throw fail("has no pieces", expected: "a SentencePiece model") }
  }

  private func fail(_ problem: String, expected: String? = nil) -> TokenizerError {
    TokenizerError(source: source, problem: problem, expected: expected)
  }

  private func readPiece(_ field: ProtobufReader.Field) throws(TokenizerError) -> Piece {
    var piece = Piece()
    var fields = try field.message(source)
    while let field = try fields.next() {
      switch field.number {
      case 1: piece.text = try field.bytes(source)
      case 2: piece.score = try field.float(source)
      case 3:
        guard let kind = Kind(rawValue: try field.int(source)) else {
          throw fail("piece \(pieces.count) is of the type \(try field.int(source))")
        }
        piece.kind = kind
      default: break
      }
    }
    guard !piece.text.isEmpty, UTF8Text.firstInvalid(Array(piece.text)) == nil, piece.score.isFinite else {
      throw fail("piece \(pieces.count) is empty, not UTF-8, or has a score that is not finite")
    }
    return piece
  }

  private mutating func readTrainer(_ field: ProtobufReader.Field) throws(TokenizerError) {
    var fields = try field.message(source)
    while let field = try fields.next() {
      switch field.number {
      case 3: modelType = try field.int(source)
      case 24: spaceIsSuffix = try field.int(source) != 0
      case 35: fallsBackToBytes = try field.int(source) != 0
      case 44: unknownText = Array(try field.bytes(source))
      default: break
      }
    }
  }

  private mutating func readNormalizer(_ field: ProtobufReader.Field) throws(TokenizerError) {
    var fields = try field.message(source)
    while let field = try fields.next() {
      switch field.number {
      case 2:
        let blob = try field.bytes(source)
        if !blob.isEmpty { normalizer.map = try CharacterMap(blob, source: source, place: "normalizer_spec.precompiled_charsmap") }
      case 3: normalizer.addsPrefix = try field.int(source) != 0
      case 4: normalizer.removesExtraSpaces = try field.int(source) != 0
      case 5: normalizer.escapesSpaces = try field.int(source) != 0
      default: break
      }
    }
  }

  func read() throws(TokenizerError) -> Tokenizer {
    guard modelType == 1 || modelType == 2 else {
      throw fail("is of the model type \(modelType == 3 ? "WORD" : modelType == 4 ? "CHAR" : "\(modelType)")", expected: "UNIGRAM or BPE")
    }
    let unknown = pieces.indices.filter { pieces[$0].kind == .unknown }
    guard unknown.count == 1, let unknownID = unknown.first else { throw fail("has \(unknown.count) unknown pieces", expected: "one") }
    let vocabulary = try Vocabulary(pieces.enumerated().map { (bytes: $0.element.text, id: $0.offset) }, source: source, place: "pieces")
    guard vocabulary.count == pieces.count else { throw fail("has a piece twice") }
    var normalizer = normalizer
    normalizer.spaceIsSuffix = spaceIsSuffix
    let fixed = pieces.indices.filter { pieces[$0].kind == .userDefined }
    if !fixed.isEmpty {
      var trie = ByteTrie()
      for id in fixed { trie.insert(pieces[id].text, Int32(id)) }
      normalizer.fixed = trie
    }
    let scores = pieces.map { Double($0.score) }
    let unused = Set(pieces.indices.filter { pieces[$0].kind == .unused }.map { Int32($0) })
    let usable = pieces.indices.filter { [.normal, .userDefined, .unused].contains(pieces[$0].kind) }
    if fallsBackToBytes {
      for byte in 0..<256 {
        let digits = String(byte, radix: 16, uppercase: true)
        guard vocabulary.id(of: "<0x\(digits.count == 1 ? "0" : "")\(digits)>") != nil else {
          throw fail("falls back to bytes, and has none for byte \(byte)", expected: "256 byte pieces")
        }
      }
    }
    let model: TokenModel
    if modelType == 1 {
      var settings = UnigramModel.Settings()
      settings.unknown = Int32(unknownID)
      settings.fallsBackToBytes = fallsBackToBytes
      settings.isSinglePrecision = true
      settings.fixed = Set(fixed.map { Int32($0) })
      settings.unused = unused
      settings.placesBytesLikeSentencePiece = true
      model = .unigram(
        UnigramModel(
          vocabulary: vocabulary, scores: scores, pieces: usable, ordinary: pieces.indices.filter { pieces[$0].kind == .normal },
          settings: settings))
    } else {
      var settings = BytePairModel.Settings()
      settings.unknown = Int32(unknownID)
      settings.fallsBackToBytes = fallsBackToBytes
      settings.fixed = normalizer.fixed
      settings.unused = unused
      model = .bytePair(ScoredMerges.model(vocabulary, scores: scores, usable: usable, settings: settings))
    }
    let decoder = SentencePieceDecoder(
      unknownPiece: Array(pieces[unknownID].text), unknownText: unknownText,
      control: Set(pieces.filter { $0.kind == .control }.map { Array($0.text) }),
      addsPrefix: normalizer.addsPrefix, removesExtraSpaces: normalizer.removesExtraSpaces, hasBytes: fallsBackToBytes)
    let core = TokenizerCore(
      normalizer: .sentencePiece(normalizer), preTokenizer: nil, model: model, postProcessor: nil, decoder: .sentencePiece(decoder),
      added: try AddedTokens([], vocabulary: vocabulary, normalizer: nil))
    func named(_ candidates: String...) -> String? { candidates.first { vocabulary.id(of: $0) != nil } }
    return Tokenizer(
      core: core,
      specialTokens: SpecialTokens(
        beginning: named("<s>", "<bos>"), end: named("</s>", "<eos>"), unknown: String(decoding: pieces[unknownID].text, as: UTF8.self),
        padding: named("<pad>")))
  }
}

/// Merges that follow from the scores of pieces: two neighbours merge where their joining is a piece, the one with the highest score first.
enum ScoredMerges {
  static func model(_ vocabulary: Vocabulary, scores: [Double], usable: [Int], settings: BytePairModel.Settings) -> BytePairModel {
    let isUsable = Set(usable)
    // Equal scores have the same rank, so that the leftmost pair goes first.
    let order = Set(usable.map { scores[$0] }).sorted(by: >)
    let ranks = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($0.element, UInt32($0.offset)) })
    // Characters that are no pieces get ids past the vocabulary.
    var loose = ByteTable(capacity: 256)
    var next = Int32(vocabulary.idCount)
    func symbol(_ bytes: ArraySlice<UInt8>) -> Int32? {
      let id = vocabulary.find(bytes)
      if id >= 0, isUsable.contains(Int(id)) { return id }
      guard let first = bytes.first, UTF8Text.length(first) == bytes.count else { return nil }
      let known = loose.value(bytes)
      if known >= 0 { return known }
      loose.insert(bytes, next)
      next += 1
      return next - 1
    }
    var merges = MergeTable(capacity: usable.count * 2)
    for id in usable {
      guard let piece = vocabulary.bytes(of: id), let rank = ranks[scores[id]] else { continue }
      for place in piece.indices.dropFirst() where piece[place] & 0xC0 != 0x80 {
        if let left = symbol(piece[..<place]), let right = symbol(piece[place...]) { merges.insert(left, right, rank: rank, id: Int32(id)) }
      }
    }
    return BytePairModel(vocabulary: vocabulary, merges: merges, settings: settings, loose: loose)
  }
}
