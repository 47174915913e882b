public import MartletCore

/// What a GGUF file says of its tokenizer.
public struct GGUFVocabulary: Sendable, Hashable {
  /// `gpt2` (byte-level BPE), `llama` (SentencePiece BPE), `bert` (WordPiece), `t5` (Unigram) …
  public let model: String
  /// How text is split before merging (`smollm`, `llama-bpe`, `qwen2` …), or `nil` where the file does not say.
  public let split: String?
  public let tokens: [String]
  /// Of `llama` and `t5` vocabularies; empty where there are none.
  public let scores: [Float]
  /// 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte; empty where there are none.
  public let types: [Int]
  /// Pairs with a space between; empty where there are none.
  public let merges: [String]
  public let beginID: Int?
  public let endID: Int?
  public let unknownID: Int?
  public let paddingID: Int?
  public let addsBegin: Bool?
  public let addsEnd: Bool?
  public let addsSpacePrefix: Bool?
  public let removesExtraSpaces: Bool?
  /// What characters become before `t5` vocabularies cut them, as SentencePiece packs it; empty where there is none.
  public let characterMap: [UInt8]
  /// Jinja text, or `nil`.
  public let chatTemplate: String?

  /// - Throws: `FileError` if the file names no tokens, or lists of different lengths, or ids that no token has.
  public init(_ file: GGUFFile) throws(FileError) {
    func wrong(_ problem: String, _ expected: String? = nil) -> FileError {
      FileError(path: file.path, problem: problem, expected: expected, remedy: "convert the model again")
    }
    let prefix = "tokenizer.ggml."
    guard let model = file.metadata[prefix + "model"]?.stringValue, let tokens = file.metadata[prefix + "tokens"]?.stringValues else {
      throw wrong("holds no vocabulary", "'\(prefix)model' and '\(prefix)tokens'")
    }
    self.model = model
    self.tokens = tokens
    split = file.metadata[prefix + "pre"]?.stringValue
    scores = (file.metadata[prefix + "scores"]?.doubleValues ?? []).map(Float.init)
    types = file.metadata[prefix + "token_type"]?.intValues ?? []
    merges = file.metadata[prefix + "merges"]?.stringValues ?? []
    for (name, count) in [("scores", scores.count), ("token_type", types.count)] where count != 0 && count != tokens.count {
      throw wrong("'\(prefix)\(name)' has \(count) entries for \(tokens.count) tokens")
    }
    func id(_ name: String) throws(FileError) -> Int? {
      guard let value = file.metadata[prefix + name] else { return nil }
      // Files write the largest number for a token that the model lacks.
      guard let id = value.intValue, id != Int(UInt32.max), id != -1 else { return nil }
      guard tokens.indices.contains(id) else { throw wrong("'\(prefix)\(name)' is \(id)", "0 to \(tokens.count - 1)") }
      return id
    }
    beginID = try id("bos_token_id")
    endID = try id("eos_token_id")
    unknownID = try id("unknown_token_id")
    paddingID = try id("padding_token_id")
    addsBegin = file.metadata[prefix + "add_bos_token"]?.boolValue
    addsEnd = file.metadata[prefix + "add_eos_token"]?.boolValue
    addsSpacePrefix = file.metadata[prefix + "add_space_prefix"]?.boolValue
    removesExtraSpaces = file.metadata[prefix + "remove_extra_whitespaces"]?.boolValue
    // Some files write the bytes as signed ones.
    characterMap = (file.metadata[prefix + "precompiled_charsmap"]?.intValues ?? []).map { UInt8(truncatingIfNeeded: $0) }
    chatTemplate = file.metadata["tokenizer.chat_template"]?.stringValue
  }
}
