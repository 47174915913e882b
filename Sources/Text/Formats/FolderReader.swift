import Foundation

extension Tokenizer {
  /// Reads the tokenizer of a model's folder from the files that are there: `tokenizer.json`, else `tokenizer.model`, `vocab.json` with
  /// `merges.txt`, or `vocab.txt`; with what `tokenizer_config.json` and `special_tokens_map.json` say about special tokens.
  /// - Throws: `TokenizerError` that names the file and the place in it, or the files that were looked for.
  public init(folder path: String) throws(TokenizerError) {
    func file(_ name: String) -> String? {
      let file = path + "/" + name
      return FileManager.default.fileExists(atPath: file) ? file : nil
    }
    var items: [JSONItem] = []
    for name in ["special_tokens_map.json", "tokenizer_config.json"] {
      if let file = file(name) { items.append(try JSONDocument(try Self.contents(file), source: file).root) }
    }
    func bool(_ key: String) throws(TokenizerError) -> Bool? {
      for item in items { if let member = item[key] { return try member.bool() } }
      return nil
    }
    if let file = file("tokenizer.json") {
      try self.init(file: file)
    } else if let file = file("source.spm"), FileManager.default.fileExists(atPath: path + "/vocab.json") {
      // Marian cuts texts by one file and numbers the pieces by another: the first one's own numbers would be wrong.
      throw TokenizerError(
        source: file, problem: "cuts texts into pieces that vocab.json numbers, which is not read here",
        expected: "a tokenizer.json in the folder")
    } else if let file = ["tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "source.spm"].compactMap(file).first {
      try self.init(sentencePiece: try Self.contents(file), source: file)
    } else if let vocabulary = ["vocab.json", "encoder.json"].compactMap(file).first,
      let merges = ["merges.txt", "vocab.bpe"].compactMap(file).first
    {
      try self.init(
        vocabulary: try Self.contents(vocabulary), merges: try Self.contents(merges),
        addsPrefixSpace: try bool("add_prefix_space") ?? false,
        source: vocabulary)
    } else if let file = file("vocab.txt") {
      try self.init(
        wordPieces: try Self.contents(file), lowercases: try bool("do_lower_case") ?? true, stripsAccents: try bool("strip_accents"),
        spacesChinese: try bool("tokenize_chinese_chars") ?? true, source: file)
    } else {
      throw TokenizerError(
        source: path, problem: "has no tokenizer", expected: "tokenizer.json, tokenizer.model, vocab.json with merges.txt, or vocab.txt")
    }
    /// A special token is written as its text, or as an object with `content`.
    func token(_ key: String) throws(TokenizerError) -> String? {
      for item in items {
        guard let member = item[key] else { continue }
        return member.kind == .object ? try member.string("content") : try member.string()
      }
      return nil
    }
    let own = specialTokens
    specialTokens = SpecialTokens(
      beginning: try token("bos_token") ?? own.beginning, end: try token("eos_token") ?? own.end,
      unknown: try token("unk_token") ?? own.unknown,
      padding: try token("pad_token") ?? own.padding, mask: try token("mask_token") ?? own.mask,
      classifier: try token("cls_token") ?? own.classifier,
      separator: try token("sep_token") ?? own.separator)
  }
}
