public import Foundation
import MartletCore
import Text

/// Makes tokenizers of texts, as the `tokenizer.json` that everybody reads.
public enum TextTokenizers {
  /// What new tokenizers know besides what they learn. The first one fills up, the last one ends a text.
  public static let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "</s>"]
  public static let padding = 0, unknown = 1, mask = 4, end = 5

  /// A token for each character of the texts.
  /// - Throws: `ArgumentError` without texts.
  public static func characters(of texts: some Sequence<String>) throws -> Data {
    var counts: [Unicode.Scalar: Int] = [:]
    for text in texts { for scalar in text.unicodeScalars { counts[scalar, default: 0] += 1 } }
    guard !counts.isEmpty else { throw ArgumentError("there are no characters to learn", expected: "texts") }
    let letters = counts.keys.sorted().map { String($0) }
    let vocabulary = Dictionary(uniqueKeysWithValues: (special + letters).enumerated().map { ($1, JSONValue.int($0)) })
    let model: JSONValue = [
      "type": "BPE", "dropout": nil, "unk_token": "[UNK]", "continuing_subword_prefix": nil, "end_of_word_suffix": nil, "fuse_unk": false,
      "byte_fallback": false, "ignore_merges": false, "vocab": .object(vocabulary), "merges": [],
    ]
    return try file(model, normalizer: nil, preTokenizer: nil, decoder: ["type": "Fuse"])
  }

  /// Byte pairs, learnt from the texts.
  /// - Throws: `TokenizerTrainingError` where the vocabulary is too small, or there are no words.
  public static func bytePairs(of texts: some Sequence<String>, vocabulary: Int) throws -> Data {
    var trainer = BPETrainer()
    trainer.vocabularySize = vocabulary
    trainer.specialTokens = special
    return try trainer.tokenizerJSON(trainer.train(texts))
  }

  /// BERT's pieces of words, learnt from the texts: small letters, between `[CLS]` and `[SEP]`.
  /// - Throws: `TokenizerTrainingError` where the vocabulary is too small, or there are no words.
  public static func wordPieces(of texts: some Sequence<String>, vocabulary: Int) throws -> Data {
    var trainer = BPETrainer()
    trainer.vocabularySize = vocabulary
    trainer.specialTokens = special
    trainer.isByteLevel = false
    trainer.continuation = "##"
    trainer.split = .whitespace
    let result = try trainer.train(texts.lazy.map { $0.lowercased() })
    let model: JSONValue = [
      "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
      "vocab": .object(
        Dictionary(result.vocabulary.enumerated().map { ($1, JSONValue.int($0)) }, uniquingKeysWith: { first, _ in first })),
    ]
    return try file(
      model,
      normalizer: [
        "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": false, "lowercase": true,
      ], preTokenizer: ["type": "BertPreTokenizer"],
      decoder: ["type": "WordPiece", "prefix": "##", "cleanup": true], surrounded: true)
  }

  private static func file(
    _ model: JSONValue, normalizer: JSONValue, preTokenizer: JSONValue, decoder: JSONValue, surrounded: Bool = false
  ) throws -> Data {
    let added = special.enumerated().map { index, token -> JSONValue in
      [
        "id": .int(index), "content": .string(token), "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
        "special": true,
      ]
    }
    func one(_ token: String) -> JSONValue { ["SpecialToken": ["id": .string(token), "type_id": 0]] }
    let text: JSONValue = ["Sequence": ["id": "A", "type_id": 0]], second: JSONValue = ["Sequence": ["id": "B", "type_id": 1]]
    let frame: JSONValue = [
      "type": "TemplateProcessing", "single": [one("[CLS]"), text, one("[SEP]")],
      "pair": [one("[CLS]"), text, one("[SEP]"), second, ["SpecialToken": ["id": "[SEP]", "type_id": 1]]],
      "special_tokens": [
        "[CLS]": ["id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]], "[SEP]": ["id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]],
      ],
    ]
    return try JSON.encode(
      [
        "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": .array(added), "normalizer": normalizer,
        "pre_tokenizer": preTokenizer, "post_processor": surrounded ? frame : nil, "decoder": decoder, "model": model,
      ] as JSONValue, pretty: false)
  }
}
