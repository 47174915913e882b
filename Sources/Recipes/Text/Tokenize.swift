import Foundation
import MartletCore
import Tables
import Text

/// Text columns as the tokens of a pre-trained model: for each place in the text the token's id plus one, 0 where the text has ended. What
/// `text_encoder` learns from. Nothing is learnt from the rows: the tokenizer is the model's own, and travels in the recipe.
public struct Tokenize: RecipeStep {
  public static let name = "tokenize"
  public static let accepted: Set<RecipeKind> = [.text, .categorical]
  public var columns: ColumnSelection
  /// A folder with `tokenizer.json` or another tokenizer's files, or the name of a fetched model (`minilm`).
  public var tokenizer: String
  /// Longer texts are cut to so many tokens, the model's special ones included.
  public var length: Int

  public init() { self.init(columns: .text) }
  public init(columns: ColumnSelection, tokenizer: String = "minilm", length: Int = 128) {
    self.columns = columns
    self.tokenizer = tokenizer
    self.length = length
  }

  public func fit(_ input: StepInput) throws -> StepFit {
    guard (1...1 << 16).contains(length) else { throw input.settingError("length", length, expected: "1 to \(1 << 16)") }
    guard let folder = SharedFiles.path("data/\(tokenizer)") ?? (FileManager.default.fileExists(atPath: tokenizer) ? tokenizer : nil) else {
      throw RecipeError(
        "there is no tokenizer '\(tokenizer)'", expected: "a folder with tokenizer.json, or a fetched model",
        remedy: "scripts/fetch-data minilm",
        step: Self.name)
    }
    guard let file = FileManager.default.contents(atPath: folder + "/tokenizer.json") else {
      throw RecipeError(
        "the folder '\(tokenizer)' has no tokenizer.json", expected: "a tokenizer of Hugging Face",
        remedy: "save the tokenizer with save_pretrained", step: Self.name)
    }
    let fitted = FittedTokens(try TokenizerFile(String(decoding: file, as: UTF8.self)), length: length)
    return StepFit(
      fitted,
      outputs: input.columns.map { column in
        [
          RecipeColumn(
            name: column.name, kind: .sparse, origins: column.origins, features: (0..<length).map { "\(column.name)_token\($0)" })
        ]
      })
  }
}

/// A `tokenizer.json` and what was read from it.
struct TokenizerFile: Hashable, Sendable, Codable {
  let text: String
  let tokenizer: Tokenizer

  /// - Throws: `TokenizerError` naming what is wrong in the file.
  init(_ text: String) throws {
    self.text = text
    tokenizer = try Tokenizer(json: Data(text.utf8), source: "the recipe's tokenizer")
  }

  init(from decoder: any Decoder) throws { try self.init(decoder.singleValueContainer().decode(String.self)) }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }

  static func == (a: TokenizerFile, b: TokenizerFile) -> Bool { a.text == b.text }
  func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

struct FittedTokens: FittedStep {
  static let name = "tokens"
  let file: TokenizerFile
  let length: Int

  init(_ file: TokenizerFile, length: Int) {
    self.file = file
    self.length = length
  }

  func transform(_ inputs: [RecipeValues], rows: Int, threads: Int) throws -> [RecipeValues] {
    var tokenizer = file.tokenizer
    tokenizer.padding = nil
    tokenizer.truncation = Truncation(maxLength: length)
    return try inputs.map { input in
      let texts = try input.texts().map { $0 ?? "" }
      let encodings = try tokenizer.encode(batch: texts, allowSpecialTokens: false, threads: threads)
      let made = encodings.map { encoding in encoding.ids.prefix(length).enumerated().map { (Int32($0.offset), Double($0.element + 1)) } }
      return .sparse(try SparseRows.joining(made, columns: length))
    }
  }
}

extension FittedTokens {
  func check(_ place: SavedPlace) throws {
    try place.expect((1...1 << 16).contains(length), "texts of \(length) tokens")
    try place.widths([Int?](repeating: length, count: place.count))
  }
}
