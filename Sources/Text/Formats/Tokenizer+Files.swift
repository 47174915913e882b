public import Foundation

extension Tokenizer {
  /// Reads a `tokenizer.json` of Hugging Face's tokenizers, a SentencePiece `.model`, or a `vocab.txt` of BERT, whichever the name says.
  /// - Throws: `TokenizerError` that names the place in the file and what was expected there.
  public init(file path: String) throws(TokenizerError) {
    let data = try Self.contents(path)
    if path.hasSuffix(".model") {
      try self.init(sentencePiece: data, source: path)
    } else if path.hasSuffix(".txt") {
      try self.init(wordPieces: data, source: path)
    } else {
      try self.init(json: data, source: path)
    }
  }

  /// Reads the contents of a `tokenizer.json`.
  /// - Parameter source: what to call it in error messages.
  public init(json data: Data, source: String = "tokenizer.json") throws(TokenizerError) {
    self = try HuggingFaceReader(data, source: source).read()
  }

  static func contents(_ path: String) throws(TokenizerError) -> Data {
    do {
      return try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw TokenizerError(
        source: path, problem: "cannot be read (\((error as NSError).localizedDescription))", remedy: "check the path and who may read it")
    }
  }
}
