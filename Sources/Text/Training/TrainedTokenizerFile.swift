public import Foundation
import MartletCore

extension BPETrainer {
  /// The whole `tokenizer.json` of a byte-level tokenizer that was trained with the `gpt2` split, or of one over characters.
  public func tokenizerJSON(_ result: Result) throws -> Data {
    let model: JSONValue = [
      "type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil, "end_of_word_suffix": nil, "fuse_unk": false,
      "byte_fallback": false, "ignore_merges": false, "vocab": TrainedTokenizer.ids(result.vocabulary),
      "merges": .array(result.merges.map { [.string($0.left), .string($0.right)] }),
    ]
    let byteLevel: JSONValue = ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true]
    return try TrainedTokenizer.file(
      model: model, specialTokens: specialTokens, normalizer: nil, preTokenizer: isByteLevel ? byteLevel : split.preTokenizer,
      decoder: isByteLevel ? byteLevel : split.decoder)
  }
}

extension TrainingSplit {
  /// The step of a `tokenizer.json` that cuts text in the same way.
  var preTokenizer: JSONValue {
    switch self {
    case .gpt2: ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true]
    case .whitespace: ["type": "BertPreTokenizer"]
    case .metaspace: ["type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true]
    }
  }

  var decoder: JSONValue {
    switch self {
    case .gpt2: ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true]
    case .whitespace: nil
    case .metaspace: ["type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true]
    }
  }
}

/// The frame of a `tokenizer.json`.
enum TrainedTokenizer {
  static func ids(_ vocabulary: [String]) -> JSONValue {
    .object(Dictionary(vocabulary.enumerated().map { ($1, .int($0)) }, uniquingKeysWith: { first, _ in first }))
  }

  static func file(
    model: JSONValue, specialTokens: [String], normalizer: JSONValue, preTokenizer: JSONValue, decoder: JSONValue
  ) throws -> Data {
    let added = specialTokens.enumerated().map { index, token -> JSONValue in
      [
        "id": .int(index), "content": .string(token), "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
        "special": true,
      ]
    }
    return try JSON.encode(
      [
        "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": .array(added), "normalizer": normalizer,
        "pre_tokenizer": preTokenizer, "post_processor": nil, "decoder": decoder, "model": model,
      ] as JSONValue, pretty: false)
  }
}
