import Foundation
import MartletCore
import Testing

@testable import Text

@Suite("Tokenizers")
struct TokenizerTests {
  @Test func aBatchIsTheSameAtAnyNumberOfThreads() throws {
    var tokenizer = try TokenizerFixtures.tokenizer("wordpiece")
    let texts = try TokenizerFixtures.file("wordpiece").cases.map(\.text)
    let one = try tokenizer.encode(batch: texts, threads: 1)
    #expect(try tokenizer.encode(batch: texts, threads: 4) == one)
    #expect(try texts.map { try tokenizer.encode($0) } == one)
    tokenizer.padding = Padding(multiple: 8)
    let padded = try tokenizer.encode(batch: texts, threads: 2)
    #expect(Set(padded.map(\.count)).count == 1)
    #expect(padded[0].count % 8 == 0)
  }

  @Test func specialTokensInTextCanBeRefused() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("wordpiece")
    let id = try #require(tokenizer.id(of: "[SEP]"))
    #expect(try tokenizer.encode("a [SEP] b", addSpecialTokens: false).ids.contains(id))
    #expect(try !tokenizer.encode("a [SEP] b", addSpecialTokens: false, allowSpecialTokens: false).ids.contains(id))
  }

  @Test func wordsKeepTheirNumbers() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("wordpiece")
    let encoding = try tokenizer.encode(words: ["In", "beginning", "God"])
    #expect(Set(encoding.words.compactMap { $0 }) == [0, 1, 2])
    #expect(encoding.words.first == .some(nil))
  }

  @Test func aVocabularyFileIsTheSameTokenizer() throws {
    let json = try TokenizerFixtures.tokenizer("wordpiece")
    let lines = json.vocabulary.tokens.map(\.token).joined(separator: "\n") + "\n"
    let plain = try Tokenizer(wordPieces: Data(lines.utf8))
    for item in try TokenizerFixtures.file("wordpiece").cases where !item.text.contains("MASK") {
      #expect(try plain.encode(item.text).ids == item.ids, "\(item.text.debugDescription)")
    }
  }

  @Test func twoFilesAreTheSameTokenizer() throws {
    let root = try JSONDecoder().decode(JSONValue.self, from: TokenizerFixtures.data("bytelevel.json"))
    let model = try #require(root["model"])
    let merges = try #require(model["merges"]?.arrayValue).map { merge in
      (merge.arrayValue ?? []).compactMap(\.stringValue).joined(separator: " ")
    }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try JSONEncoder().encode(#require(model["vocab"])).write(to: folder.appendingPathComponent("vocab.json"))
    try Data(("#version: 0.2\n" + merges.joined(separator: "\n")).utf8).write(to: folder.appendingPathComponent("merges.txt"))
    try Data(#"{"add_prefix_space": true, "eos_token": {"content": "</s>"}}"#.utf8).write(
      to: folder.appendingPathComponent("tokenizer_config.json"))
    let tokenizer = try Tokenizer(folder: folder.path)
    #expect(tokenizer.specialTokens.end == "</s>")
    for item in try TokenizerFixtures.file("bytelevel").cases where !item.text.contains("<s>") {
      #expect(try tokenizer.encode(item.text).ids == Array(item.ids.dropFirst().dropLast()), "\(item.text.debugDescription)")
    }
  }

  @Test func ggufListsAreTheSameTokenizer() throws {
    let json = try TokenizerFixtures.tokenizer("bytelevel")
    let root = try JSONDecoder().decode(JSONValue.self, from: TokenizerFixtures.data("bytelevel.json"))
    let merges = try #require(root["model"]?["merges"]?.arrayValue).map { merge in
      Array((merge.arrayValue ?? []).compactMap(\.stringValue).joined(separator: " ").utf8)
    }
    let tokens = json.vocabulary.tokens.map { Array($0.token.utf8) }
    let types = tokens.indices.map { $0 < 2 ? 3 : 1 }
    let tokenizer = try Tokenizer(
      gguf: GGUFTokenizer(model: "gpt2", tokens: tokens, types: types, merges: merges, beginningID: 0, endID: 1, addsBeginning: true))
    for item in try TokenizerFixtures.file("bytelevel").cases where !item.text.isEmpty && !item.text.contains("<s>") {
      let text = item.text.utf8.first == 0x20 ? item.text : " " + item.text
      #expect(try tokenizer.encode(text).ids == Array(item.ids.dropLast()), "\(item.text.debugDescription)")
    }
    #expect(tokenizer.specialTokens.end == "</s>")
    #expect(throws: TokenizerError.self) { try Tokenizer(gguf: GGUFTokenizer(model: "rwkv", tokens: tokens)) }
    #expect(throws: TokenizerError.self) { try Tokenizer(gguf: GGUFTokenizer(model: "gpt2", pre: "unheard-of", tokens: tokens)) }
  }

  @Test func errorsNameThePlace() throws {
    func message(_ json: String) -> String {
      do {
        _ = try Tokenizer(json: Data(json.utf8), source: "t.json")
        return ""
      } catch { return "\(error)" }
    }
    #expect(message("[1").contains("t.json, byte 2"))
    #expect(message("{}").contains("'model' is missing"))
    #expect(message(#"{"model": {"type": "Magic"}}"#).contains("expected one of BPE"))
    #expect(message(#"{"model": {"type": "BPE", "vocab": {"a": "x"}, "merges": []}}"#).contains("model.vocab"))
    #expect(message(#"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]}}"#).contains("'b'"))
    #expect(message(#"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [], "dropout": 0.1}}"#).contains("dropout"))
    #expect(message(#"{"model": {"type": "BPE", "vocab": {"\ud800": 0}, "merges": []}}"#).contains("surrogate"))
    #expect(message(#"{"normalizer": {"type": "Replace", "pattern": {"Regex": "(a"}, "content": ""}, "model": {}}"#).contains("pattern"))
    #expect(throws: TokenizerError.self) { try Tokenizer(file: "nowhere.json") }
    #expect(throws: TokenizerError.self) { try Tokenizer(folder: "nowhere") }
  }

  @Test func longWordsTakeLinearTime() throws {
    // A word of 200,000 letters: quadratic ways would not come to an end here.
    let word = String(repeating: "abcdefghij", count: 20_000)
    for name in ["bytelevel", "unigram", "llama", "wordpiece"] {
      let tokenizer = try TokenizerFixtures.tokenizer(name)
      let ids = try tokenizer.ids(of: word)
      #expect(name == "wordpiece" ? ids.count == 1 : ids.count > 1000)
    }
  }

  @Test func tokensThatSwiftHoldsToBeEqualStayApart() throws {
    let json = #"{"model": {"type": "WordLevel", "vocab": {"é": 0, "e\u0301": 1}, "unk_token": "x"}}"#
    let tokenizer = try Tokenizer(json: Data(json.utf8))
    #expect(try tokenizer.ids(of: "é") == [0])
    #expect(try tokenizer.ids(of: "e\u{301}") == [1])
    #expect(tokenizer.vocabulary.count == 2)
  }
}
