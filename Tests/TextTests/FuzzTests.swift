import Foundation
import FuzzTesting
import MartletCore
import Testing

@testable import Text

/// Files and texts with mistakes in them: an error of our own or an answer, never a trap.
@Suite("Broken tokenizers and texts")
struct FuzzTests {
  private static let rounds = 12 * FuzzRun.times
  private static let words: [[UInt8]] = [
    "null", "-1", "1e999", "99999999999", "\"\"", "[]", "{}", "\\ud800", "true", ",", "}", "\u{0}",
  ].map { Array($0.utf8) }

  private func mutated(_ bytes: [UInt8], _ random: inout KeyedRandom) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
      let at = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...40, using: &random)))
      case 3: bytes.insert(contentsOf: Self.words.randomElement(using: &random) ?? [], at: at)
      case 4: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 60)], at: Int.random(in: 0...bytes.count, using: &random))
      default: bytes.removeSubrange(Bool.random(using: &random) ? at..<bytes.count : at..<min(bytes.count, at + 1))
      }
    }
    return bytes
  }

  private func use(_ tokenizer: Tokenizer, _ random: inout KeyedRandom) throws {
    let scalars = (0..<40).compactMap { _ in Unicode.Scalar(UInt32.random(in: 0..<0x3000, using: &random)) }
    for text in ["Hello, wörld! 我们 123", String(String.UnicodeScalarView(scalars)), "", " <s> [MASK] "] {
      let encoding = try tokenizer.encode(text, pair: Bool.random(using: &random) ? "two" : nil)
      _ = encoding.tokens
      _ = try tokenizer.decode(encoding.ids, skipSpecialTokens: false)
    }
    _ = try tokenizer.decode((0..<20).map { _ in Int.random(in: -5..<600, using: &random) })
  }

  @Test(arguments: TokenizerFixtures.names + ["sp-unigram.model", "sp-bpe.model", "ranks.tiktoken"])
  func mutatedFiles(_ name: String) throws {
    let original = Array(try TokenizerFixtures.data(name.contains(".") ? name : name + ".json"))
    // The front of a tokenizer.json is its steps: most mistakes there mean something.
    let front = name.contains(".") ? original.count : min(2500, original.count)
    var fuzz = FuzzRun("tokenizers of \(name)")
    for round in 0..<Self.rounds {
      var random = KeyedRandom(seed: 5, purpose: name, index: UInt64(round))
      let isFront = round % 3 > 0
      let bytes = isFront ? mutated(Array(original[..<front]), &random) + original[front...] : mutated(original, &random)
      fuzz.attempt {
        do {
          let tokenizer =
            if name.hasSuffix(".model") {
              try Tokenizer(sentencePiece: Data(bytes))
            } else if name.hasSuffix(".tiktoken") {
              try Tokenizer(ranks: Data(bytes), pattern: #"\s+|\S+"#)
            } else {
              try Tokenizer(json: Data(bytes))
            }
          try use(tokenizer, &random)
          return true
        } catch {
          #expect(error is TokenizerError, "\(name) \(round): \(error)")
          return false
        }
      }
    }
    fuzz.tell()
  }

  @Test func mutatedPatterns() throws {
    let pattern = Array(#"(?i:'s|'t)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}| ?[^\s\p{L}&&[a-z]]+[\r\n]*|\s+(?!\S)|(?<=a)b|(?>x*)|^$"#.utf8)
    let text = Array("It's a  TEST: 12345, naïve\n\n我们 ab".utf8)
    for round in 0..<Self.rounds * 10 {
      var random = KeyedRandom(seed: 6, purpose: "patterns", index: UInt64(round))
      let changed = String(decoding: mutated(pattern, &random), as: UTF8.self)
      do {
        let pattern = try Pattern(changed, dialect: round % 2 == 0 ? .oniguruma : .tiktoken)
        _ = try text.withUnsafeBufferPointer { try pattern.matches(in: $0) }
      } catch {
        #expect(error is TokenizerError, "\(changed): \(error)")
      }
    }
  }

  @Test func bytesThatAreNotUTF8AreAnErrorOrReplaced() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("bytelevel")
    var random = KeyedRandom(seed: 7, purpose: "bytes")
    for _ in 0..<Self.rounds * 5 {
      let bytes = (0..<60).map { _ in UInt8.random(in: 0...255, using: &random) }
      let text = String(decoding: bytes, as: UTF8.self)
      let encoding = try tokenizer.encode(text, addSpecialTokens: false)
      let back = try tokenizer.decode(encoding.ids)
      #expect(back == (text.hasPrefix(" ") ? text : " " + text))
    }
    #expect(throws: TokenizerError.self) { try Tokenizer(wordPieces: Data([0xFF, 0xFE, 10])) }
  }
}
