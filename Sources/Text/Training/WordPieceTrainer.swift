public import Foundation
import MartletCore

/// Learns a WordPiece vocabulary: the tokens of byte-pair encoding over characters, those within a word marked by `##`.
///
/// As Hugging Face's trainer does it; the tokens are then taken longest first, as BERT does.
public struct WordPieceTrainer: Sendable {
  /// Entries of the vocabulary, special tokens and letters included.
  public var vocabularySize = 30_000
  public var minimumFrequency = 0
  /// Tokens with the first ids; `[UNK]` stands for what is unknown.
  public var specialTokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
  public var maximumLetters: Int? = 1_000
  /// Whether text is made small, and its accents taken away, before it is cut.
  public var isLowercase = true

  public init() {}

  /// - Returns: the tokens in the order of their ids.
  /// - Throws: `TokenizerTrainingError` where the vocabulary is too small for the letters, or there are no words.
  public func train(_ texts: some Sequence<String>) throws(TokenizerTrainingError) -> [String] {
    var trainer = BPETrainer()
    trainer.vocabularySize = vocabularySize
    trainer.minimumFrequency = minimumFrequency
    trainer.specialTokens = specialTokens
    trainer.isByteLevel = false
    trainer.maximumLetters = maximumLetters
    trainer.continuation = "##"
    trainer.split = .whitespace
    return try trainer.train(texts.lazy.map { isLowercase ? Self.plain($0) : $0 }).vocabulary
  }

  /// Small letters without their accents, as BERT's normalizer makes them.
  static func plain(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.lowercased().decomposedStringWithCanonicalMapping.unicodeScalars
    where scalar.properties.generalCategory != .nonspacingMark { result.append(scalar) }
    return String(result)
  }

  /// The whole `tokenizer.json`.
  public func tokenizerJSON(_ vocabulary: [String]) throws -> Data {
    let model: JSONValue = [
      "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
      "vocab": TrainedTokenizer.ids(vocabulary),
    ]
    let normalizer: JSONValue = [
      "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": false, "strip_accents": nil, "lowercase": .bool(isLowercase),
    ]
    return try TrainedTokenizer.file(
      model: model, specialTokens: specialTokens, normalizer: normalizer, preTokenizer: TrainingSplit.whitespace.preTokenizer,
      decoder: ["type": "WordPiece", "prefix": "##", "cleanup": true])
  }
}
