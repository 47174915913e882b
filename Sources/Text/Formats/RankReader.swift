public import Foundation

/// The encodings that OpenAI's models use: how they cut text, and their special tokens.
public struct RankEncoding: Sendable, Hashable {
  /// tiktoken's `pat_str`.
  public let pattern: String
  public let specialTokens: [String: Int]

  /// GPT-2's `gpt2` (50,257 tokens).
  public static let gpt2 = RankEncoding(pattern: KnownPattern.gpt2, specialTokens: ["<|endoftext|>": 50_256])

  /// GPT-3.5's and GPT-4's `cl100k_base` (100,277 tokens).
  public static let cl100k = RankEncoding(
    pattern: #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"#,
    specialTokens: [
      "<|endoftext|>": 100_257, "<|fim_prefix|>": 100_258, "<|fim_middle|>": 100_259, "<|fim_suffix|>": 100_260, "<|endofprompt|>": 100_276,
    ])

  /// GPT-4o's and its successors' `o200k_base` (200,019 tokens).
  public static let o200k = RankEncoding(
    pattern: #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"#
      + #"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"#
      + #"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
    specialTokens: ["<|endoftext|>": 199_999, "<|endofprompt|>": 200_018])
}

extension Tokenizer {
  /// A tokenizer from the ranks of one of OpenAI's encodings (`o200k_base.tiktoken`).
  /// - Throws: as ``init(ranks:pattern:specialTokens:source:)``.
  public init(ranks data: Data, encoding: RankEncoding, source: String = "a file of ranks") throws(TokenizerError) {
    try self.init(ranks: data, pattern: encoding.pattern, specialTokens: encoding.specialTokens, source: source)
  }

  /// A tokenizer from a file of ranks as tiktoken has them: a line for each token, its bytes in Base64 and its rank, which is its id.
  /// - Parameters:
  ///   - pattern: the regular expression that cuts text into words (tiktoken's `pat_str`); what it does not match is left out.
  ///   - specialTokens: tokens with ids of their own (`["<|endoftext|>": 100257]`).
  public init(
    ranks data: Data, pattern: String, specialTokens: [String: Int] = [:], source: String = "a file of ranks"
  ) throws(TokenizerError) {
    var tokens: [(bytes: ArraySlice<UInt8>, id: Int)] = []
    for (number, line) in Array(data).split(separator: 10).enumerated() {
      let line = line.last == 13 ? line.dropLast() : line
      if line.isEmpty { continue }
      let parts = line.split(separator: 0x20)
      guard parts.count == 2, let bytes = Base64.decode(parts[0]), !bytes.isEmpty, let rank = Int(String(decoding: parts[1], as: UTF8.self))
      else {
        throw TokenizerError(
          source: source, place: "line \(number + 1)", problem: "is not a token and its rank", expected: "Base64, a blank and a number")
      }
      tokens.append((bytes[...], rank))
    }
    let vocabulary = try Vocabulary(tokens, source: source, place: "")
    guard (0..<256).allSatisfy({ vocabulary.find([UInt8($0)]) >= 0 }) else {
      throw TokenizerError(source: source, problem: "has no rank for some byte", expected: "a token for each of 256 bytes")
    }
    // Two neighbours merge where their joining is a token, the lowest rank first.
    var merges = MergeTable(capacity: vocabulary.count * 4)
    for (bytes, id) in tokens {
      for place in bytes.indices.dropFirst() {
        let (left, right) = (vocabulary.find(bytes[..<place]), vocabulary.find(bytes[place...]))
        if left >= 0, right >= 0 { merges.insert(left, right, rank: UInt32(id), id: Int32(id)) }
      }
    }
    var settings = BytePairModel.Settings()
    settings.takesBytes = true
    settings.isBare = true
    settings.ignoresMerges = true
    for (token, id) in specialTokens where id < 0 || id >= Vocabulary.largestID {
      throw TokenizerError(source: source, problem: "the special token '\(token)' has the id \(id)")
    }
    let added = AddedTokens(byID: specialTokens.map { (id: $0.value, token: AddedToken($0.key, isSpecial: true)) })
    self.init(
      core: TokenizerCore(
        normalizer: nil, preTokenizer: .split(try Pattern(pattern, dialect: .tiktoken), .removed, inverted: true),
        model: .bytePair(BytePairModel(vocabulary: vocabulary, merges: merges, settings: settings)), postProcessor: nil, decoder: .bytes,
        added: added))
  }
}
