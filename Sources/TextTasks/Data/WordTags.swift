import MartletCore
public import Text

/// Words with tags, as tokens with classes: a word's first token has its tag, the others are not learnt from (-100).
public struct WordTags: Sendable {
  /// Each sentence's ids, special tokens included.
  public private(set) var rows: [[Int]] = []
  /// A class for each token; -100 where nothing is to be learnt.
  public private(set) var targets: [[Int]] = []
  /// For each token the word that it begins; `nil` for further tokens of a word and for special ones.
  public private(set) var words: [[Int?]] = []

  /// - Parameters:
  ///   - sentences: the words.
  ///   - tags: the words' classes; `nil` where they are not known.
  ///   - tokenizer: with its truncation.
  /// - Throws: `ArgumentError` naming the sentence in which the numbers of words and tags differ; `TokenizerError`.
  public init(_ sentences: [[String]], tags: [[Int]]? = nil, tokenizer: Tokenizer) throws {
    for (number, sentence) in sentences.enumerated() {
      if let own = tags?[number], own.count != sentence.count {
        throw ArgumentError("sentence \(number) has \(sentence.count) words and \(own.count) tags", expected: "a tag for each word")
      }
      let encoding = try tokenizer.encode(words: sentence, allowSpecialTokens: false)
      var seen = Set<Int>(), begins: [Int?] = []
      for word in encoding.words {
        guard let word, seen.insert(word).inserted else {
          begins.append(nil)
          continue
        }
        begins.append(word)
      }
      rows.append(encoding.ids)
      words.append(begins)
      targets.append(begins.map { word in word.map { tags?[number][$0] ?? -100 } ?? -100 })
    }
  }
}
