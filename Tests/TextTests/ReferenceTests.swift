import Foundation
import Testing
import Text

@Suite("Tokenizers against the reference libraries")
struct ReferenceTests {
  @Test(arguments: TokenizerFixtures.names)
  func idsOffsetsAndWords(_ name: String) throws {
    let tokenizer = try TokenizerFixtures.tokenizer(name)
    for item in try TokenizerFixtures.file(name).cases {
      let encoding = try tokenizer.encode(item.text)
      #expect(encoding.ids == item.ids, "\(item.text.debugDescription)")
      #expect(TokenizerFixtures.flat(encoding.offsets) == item.offsets, "\(item.text.debugDescription)")
      #expect(encoding.words.map { $0 ?? -1 } == item.words, "\(item.text.debugDescription)")
      let bare = try tokenizer.encode(item.text, addSpecialTokens: false)
      #expect(try tokenizer.ids(of: item.text) == bare.ids)
    }
  }

  @Test(arguments: TokenizerFixtures.names)
  func decoding(_ name: String) throws {
    let tokenizer = try TokenizerFixtures.tokenizer(name)
    for item in try TokenizerFixtures.file(name).cases {
      // Compared scalar by scalar: Swift takes two ways of writing é to be equal.
      #expect(try tokenizer.decode(item.ids).utf8.elementsEqual(try #require(item.decoded).utf8), "\(item.text.debugDescription)")
      let all = try tokenizer.decode(item.ids, skipSpecialTokens: false)
      #expect(all.utf8.elementsEqual(try #require(item.decodedAll).utf8), "\(item.text.debugDescription)")
    }
  }

  @Test(arguments: TokenizerFixtures.names)
  func streamsJoinToTheWhole(_ name: String) throws {
    let tokenizer = try TokenizerFixtures.tokenizer(name)
    for item in try TokenizerFixtures.file(name).cases {
      var stream = tokenizer.stream()
      var parts: [String] = []
      for id in item.ids { parts.append(try stream.append(id)) }
      parts.append(try stream.finish())
      #expect(parts.joined().utf8.elementsEqual(try tokenizer.decode(item.ids).utf8), "\(item.text.debugDescription)")
    }
  }

  @Test(arguments: TokenizerFixtures.names)
  func pairsWindowsAndPadding(_ name: String) throws {
    var tokenizer = try TokenizerFixtures.tokenizer(name)
    for pair in try #require(TokenizerFixtures.file(name).pairs) {
      let strategies: [String: Truncation.Strategy] = [
        "longest_first": .longestFirst, "only_first": .onlyFirst, "only_second": .onlySecond,
      ]
      tokenizer.truncation = Truncation(
        maxLength: 15, strategy: try #require(strategies[pair.strategy]), stride: pair.stride,
        direction: pair.direction == "left" ? .left : .right)
      tokenizer.padding = Padding(
        strategy: .fixed(18), direction: pair.padding == "left" ? .left : .right, id: 5, typeID: 1, token: "<p>")
      guard let answer = pair.answer else {
        #expect(throws: TokenizerError.self) { try tokenizer.encode(pair.first, pair: pair.second) }
        continue
      }
      try expect(try tokenizer.encode(pair.first, pair: pair.second), answer)
    }
  }

  private func expect(_ encoding: Encoding, _ answer: TokenizerFixtures.Answer) throws {
    #expect(encoding.ids == answer.ids)
    #expect(encoding.typeIDs == answer.types)
    #expect(TokenizerFixtures.flat(encoding.offsets) == answer.offsets)
    #expect(encoding.words.map { $0 ?? -1 } == answer.words)
    #expect(encoding.specialTokensMask == answer.special)
    #expect(encoding.attentionMask == answer.attention)
    #expect(encoding.tokens == answer.tokens)
    #expect(encoding.overflowing.count == answer.overflowing.count)
    for (window, expected) in zip(encoding.overflowing, answer.overflowing) { try expect(window, expected) }
  }

  @Test(arguments: ["sp-unigram", "sp-bpe"])
  func sentencePiece(_ name: String) throws {
    let tokenizer = try Tokenizer(file: TokenizerFixtures.url(name + ".model").path)
    for item in try TokenizerFixtures.file(name).cases {
      let encoding = try tokenizer.encode(item.text)
      #expect(encoding.ids == item.ids, "\(item.text.debugDescription)")
      #expect(TokenizerFixtures.flat(encoding.offsets) == item.offsets, "\(item.text.debugDescription)")
      #expect(try tokenizer.decode(item.ids).utf8.elementsEqual(try #require(item.decoded).utf8), "\(item.text.debugDescription)")
    }
  }

  @Test func ranks() throws {
    let file = try TokenizerFixtures.file("ranks")
    let tokenizer = try Tokenizer(
      ranks: TokenizerFixtures.data("ranks.tiktoken"), pattern: try #require(file.pattern), specialTokens: ["<|end|>": 1000])
    for item in file.cases {
      #expect(try tokenizer.encode(item.text).ids == item.ids, "\(item.text.debugDescription)")
      #expect(try tokenizer.decode(item.ids, skipSpecialTokens: false).utf8.elementsEqual(item.text.utf8), "\(item.text.debugDescription)")
    }
  }
}
