import Foundation
import MartletCore
import Testing

@testable import Text

@Suite struct GGUFVocabularyTests {
  private func lists(_ name: String) throws -> GGUFTokenizer {
    let root = try JSONDecoder().decode(JSONValue.self, from: TokenizerFixtures.data("gguf.json"))
    let document = try #require(root[name])
    func strings(_ key: String) -> [[UInt8]] { (document[key]?.arrayValue ?? []).compactMap { $0.stringValue.map { Array($0.utf8) } } }
    var lists = GGUFTokenizer(
      model: document["model"]?.stringValue ?? "", tokens: strings("tokens"),
      scores: (document["scores"]?.arrayValue ?? []).compactMap { $0.doubleValue.map { Float($0) } },
      types: (document["token_type"]?.arrayValue ?? []).compactMap(\.intValue), beginningID: document["bos_token_id"]?.intValue,
      endID: document["eos_token_id"]?.intValue, unknownID: document["unknown_token_id"]?.intValue,
      paddingID: document["padding_token_id"]?.intValue, separatorID: document["seperator_token_id"]?.intValue,
      classifierID: document["cls_token_id"]?.intValue, addsBeginning: document["add_bos_token"]?.boolValue,
      addsEnd: document["add_eos_token"]?.boolValue, addsSpacePrefix: document["add_space_prefix"]?.boolValue)
    lists.removesExtraSpaces = document["remove_extra_whitespaces"]?.boolValue
    return lists
  }

  @Test(arguments: ["sp-bpe", "sp-unigram", "wordpiece"])
  func `Vocabularies in GGUF cut texts as the files that they were made of`(name: String) throws {
    let tokenizer = try Tokenizer(gguf: lists(name))
    var count = 0
    // Special tokens in a text are the text's own business in the original files.
    for item in try TokenizerFixtures.file(name).cases where !item.text.contains("<") && !item.text.contains("[") {
      #expect(try tokenizer.encode(item.text).ids == item.ids, "\(item.text.debugDescription)")
      if let decoded = item.decoded { #expect(try tokenizer.decode(item.ids) == decoded, "\(item.text.debugDescription)") }
      count += 1
    }
    #expect(count > 20)
  }

  @Test func `Ends and beginnings are put around where the file says so`() throws {
    var lists = try lists("sp-unigram")
    let plain = try Tokenizer(gguf: lists).encode("hello").ids
    (lists.addsBeginning, lists.addsEnd) = (nil, nil)
    // T5 ends its texts unless it is told otherwise.
    #expect(try Tokenizer(gguf: lists).encode("hello").ids == plain + [lists.endID ?? -1])
    lists.addsBeginning = true
    #expect(try Tokenizer(gguf: lists).encode("hello").ids == [lists.beginningID ?? -1] + plain + [lists.endID ?? -1])
    #expect(try Tokenizer(gguf: lists).specialTokens.end == "</s>")
  }

  @Test func `Lists that hold no unigram model are refused`() throws {
    var lists = try lists("sp-unigram")
    lists.characterMap = [1, 2, 3]
    #expect(throws: TokenizerError.self) { try Tokenizer(gguf: lists) }
    lists.characterMap = []
    lists.scores[3] = .nan
    #expect(throws: TokenizerError.self) { try Tokenizer(gguf: lists) }
    lists.scores = []
    #expect(throws: TokenizerError.self) { try Tokenizer(gguf: lists) }
  }

  @Test func `The pattern of o200k cuts as tiktoken does`() throws {
    let file = try TokenizerFixtures.file("ranks-o200k")
    #expect(file.pattern == RankEncoding.o200k.pattern)
    let tokenizer = try Tokenizer(ranks: TokenizerFixtures.data("ranks.tiktoken"), encoding: .o200k)
    for item in file.cases { #expect(try tokenizer.encode(item.text).ids == item.ids, "\(item.text.debugDescription)") }
    #expect(try TokenizerFixtures.file("ranks").pattern == RankEncoding.cl100k.pattern)
  }
}
