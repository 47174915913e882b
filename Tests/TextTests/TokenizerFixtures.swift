import Foundation
import Testing
import Text

/// What the reference libraries make of texts, as Tools/fixtures_tokenizers.py wrote it.
enum TokenizerFixtures {
  struct Case: Decodable {
    var text: String
    var ids: [Int]
    var offsets: [Int]?
    var words: [Int]?
    var decoded: String?
    var decodedAll: String?
  }

  struct Answer: Decodable {
    var ids: [Int], types: [Int], offsets: [Int], words: [Int], special: [Int], attention: [Int]
    var tokens: [String]
    var overflowing: [Answer]
  }

  struct Pair: Decodable {
    var first: String, second: String, strategy: String, direction: String, padding: String
    var stride: Int
    var answer: Answer?
  }

  struct File: Decodable {
    var cases: [Case]
    var pairs: [Pair]?
    var pattern: String?
  }

  static let names = ["wordpiece", "bytelevel", "cl100k", "unigram", "llama", "words", "wordlevel"]

  static func url(_ name: String) throws -> URL {
    try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil)).appendingPathComponent(name)
  }

  static func data(_ name: String) throws -> Data { try Data(contentsOf: url(name)) }
  static func file(_ name: String) throws -> File { try JSONDecoder().decode(File.self, from: data(name + ".cases.json")) }
  static func tokenizer(_ name: String) throws -> Tokenizer { try Tokenizer(file: url(name + ".json").path) }

  /// `[0, 2, 2, 5]` for `[0..<2, 2..<5]`.
  static func flat(_ offsets: [Range<Int>]) -> [Int] { offsets.flatMap { [$0.lowerBound, $0.upperBound] } }
}
