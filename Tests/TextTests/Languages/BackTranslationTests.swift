import Foundation
import MartletCore
import Synchronization
import Testing

@testable import Text

@Suite struct BackTranslationTests {
  /// Words by a dictionary, and every text that was asked for.
  private final class Dictionary: TextTranslating {
    private static let words = ["good": "gut", "food": "Essen", "bad": "schlecht", "tea": "Tee"]
    private static let back = ["gut": "fine", "Essen": "meal", "schlecht": "bad", "Tee": "tea"]
    private let texts = Mutex<[String]>([])

    var asked: [String] { texts.withLock { $0 } }

    func translate(_ text: String, from: String, to: String) async throws -> String {
      guard [from, to].sorted() == ["de", "en"] else { throw ArgumentError("from \(from) to \(to)") }
      if text == "no" { throw ArgumentError("no translation of 'no'") }
      texts.withLock { $0.append(text) }
      let table = to == "de" ? Self.words : Self.back
      return text.split(separator: " ").map { table[String($0)] ?? String($0) }.joined(separator: " ")
    }
  }

  private static func folder() -> String {
    FileManager.default.temporaryDirectory.appendingPathComponent("martlet-back-\(UUID().uuidString)").path
  }

  @Test func `texts come back in other words, once for all`() async throws {
    let folder = Self.folder(), dictionary = Dictionary()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let translation = BackTranslation(dictionary, from: "en", through: "de", identity: "d1", cache: folder, width: 2)
    let texts = ["good food", "bad tea", "good food", "", "good tea"]
    var done: [Int] = []
    let found = try await translation(texts) { done.append($0) }
    // What came back as it was has no other words.
    #expect(found == ["fine meal", nil, "fine meal", nil, "fine tea"])
    #expect(done == [5] && dictionary.asked.count == 6)
    #expect(Set(dictionary.asked) == ["good food", "bad tea", "good tea", "gut Essen", "schlecht Tee", "gut Tee"])
    // A second run translates what is new.
    let again = BackTranslation(dictionary, from: "en", through: "de", identity: "d1", cache: folder)
    #expect(try await again(texts + ["food"]) == found + ["meal"])
    #expect(dictionary.asked.count == 8)
    // Other translators have a file of their own.
    let other = BackTranslation(dictionary, from: "en", through: "de", identity: "d2", cache: folder)
    #expect(other.file != again.file && other.file?.hasPrefix(folder) == true)
    _ = try await other(["tea"])
    #expect(dictionary.asked.count == 10)
  }

  @Test func `what fails is said, and what is damaged is not believed`() async throws {
    let folder = Self.folder(), dictionary = Dictionary()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let translation = BackTranslation(dictionary, from: "en", through: "de", identity: "d", cache: folder)
    await #expect(throws: ArgumentError.self) { try await translation(["tea", "no"]) }
    let short = BackTranslation(identity: "s", cache: nil, there: { _ in [] }, back: { $0 })
    await #expect(throws: ArgumentError.self) { try await short(["tea"]) }
    let file = try #require(translation.file)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data("not json".utf8).write(to: URL(fileURLWithPath: file))
    await #expect(throws: (any Error).self) { try await translation(["tea"]) }
  }

  @Test func `an augmenter says some texts in other words`() throws {
    var augmenter = try TextAugmenter(deletion: 0, swap: 0, replacement: 0, seed: 5)
    augmenter.paraphrases = ["fine meal", nil]
    augmenter.paraphrasing = 0.5
    let said = (0..<200).map { augmenter.augment("good food", index: 0, epoch: $0) }
    #expect(Set(said) == ["good food", "fine meal"])
    #expect((70...130).contains(said.count { $0 == "fine meal" }))
    #expect(said == (0..<200).map { augmenter.augment("good food", index: 0, epoch: $0) })
    #expect((0..<50).allSatisfy { augmenter.augment("good tea", index: 1, epoch: $0) == "good tea" })
    #expect((0..<50).allSatisfy { augmenter.augment("good tea", index: 7, epoch: $0) == "good tea" })
  }
}
