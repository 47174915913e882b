import Foundation
import MartletCore
import Testing

@testable import Text

@Suite struct LanguageIdentifierTests {
  static let texts: [String: [String]] = [
    "en": [
      "The weather is nice today and we will go to the park.", "Please open the window before you leave the room.",
      "She has been working on this project for three years.", "What would you like to have for dinner tonight?",
    ],
    "de": [
      "Das Wetter ist heute schön und wir gehen in den Park.", "Bitte öffne das Fenster, bevor du das Zimmer verlässt.",
      "Sie arbeitet seit drei Jahren an diesem Projekt.", "Was möchtest du heute Abend gerne essen?",
    ],
    "es": [
      "Hoy hace buen tiempo y vamos a ir al parque.", "Por favor, abre la ventana antes de salir de la habitación.",
      "Ella lleva tres años trabajando en este proyecto.", "¿Qué te gustaría cenar esta noche?",
    ],
    "zh": ["今天天气很好，我们去公园吧。", "离开房间之前请打开窗户。", "她在这个项目上工作了三年。", "你今晚想吃什么？"],
    "ru": [
      "Сегодня хорошая погода, и мы пойдём в парк.", "Пожалуйста, откройте окно перед уходом.", "Она работает над этим проектом три года.",
      "Что бы вы хотели съесть сегодня вечером?",
    ],
  ]

  static func examples() -> [LanguageIdentifier.Example] {
    texts.sorted { $0.key < $1.key }.flatMap { language, texts in texts.map { LanguageIdentifier.Example(language: language, text: $0) } }
  }

  func settings() -> LanguageIdentifier.Settings {
    var settings = LanguageIdentifier.Settings()
    settings.buckets = 1 << 12
    settings.epochs = 6
    return settings
  }

  @Test func sentencesNobodyHasSeen() throws {
    let identifier = try LanguageIdentifier.train(Self.examples(), settings: settings())
    #expect(identifier.languages == ["de", "en", "es", "ru", "zh"])
    for (language, text) in [
      ("en", "the children were playing with their friends"), ("de", "die Kinder spielten mit ihren Freunden"),
      ("es", "los niños estaban jugando con sus amigos"), ("ru", "дети играли с друзьями"), ("zh", "我们在公园吃饭"),
    ] {
      #expect(identifier.language(of: text) == language)
      let guesses = identifier.guesses(text)
      #expect(abs(guesses.reduce(0) { $0 + $1.probability } - 1) < 1e-9)
      #expect(guesses.first?.language == language)
    }
    #expect(identifier.language(of: " 12 !?") == nil)
    #expect(identifier.guesses("").allSatisfy { abs($0.probability - 0.2) < 1e-9 })
  }

  @Test func trainingRepeatsAndTheFileReadsBack() throws {
    let first = try LanguageIdentifier.train(Self.examples(), settings: settings())
    #expect(try LanguageIdentifier.train(Self.examples(), settings: settings()) == first)
    let data = try JSON.encode(first)
    #expect(try JSON.decode(LanguageIdentifier.self, from: data, source: "languages.json") == first)
    var broken = String(decoding: data, as: UTF8.self)
    broken = broken.replacingOccurrences(of: "\"longest\" : 5", with: "\"longest\" : 99")
    #expect(throws: FileError.self) { try JSON.decode(LanguageIdentifier.self, from: Data(broken.utf8), source: "languages.json") }
  }

  @Test func `Counts alone tell languages apart, and files without words are read as before`() throws {
    var settings = settings()
    settings.epochs = 0
    let counted = try LanguageIdentifier.train(Self.examples(), settings: settings)
    for (language, text) in [("en", "the children and their friends"), ("de", "die Kinder und ihre Freunde"), ("ru", "дети и друзья")] {
      #expect(counted.language(of: text) == language)
    }
    settings.countsWords = false
    settings.countsMarks = false
    let plain = try LanguageIdentifier.train(Self.examples(), settings: settings)
    var document = try JSON.decode(JSONValue.self, from: JSON.encode(plain), source: "languages.json").objectValue ?? [:]
    document["countsWords"] = nil
    document["countsMarks"] = nil
    #expect(try JSON.decode(LanguageIdentifier.self, from: JSON.encode(JSONValue.object(document)), source: "languages.json") == plain)
    settings.smoothing = 0
    #expect(throws: ArgumentError.self) { try LanguageIdentifier.train(Self.examples(), settings: settings) }
  }

  @Test func `Marks tell languages apart that share their words, and nothing by themselves`() throws {
    let examples = ["no", "total", "capital", "animal"].flatMap { word in
      [LanguageIdentifier.Example(language: "es", text: "¿\(word)?"), .init(language: "pt", text: "\(word)?")]
    }
    let identifier = try LanguageIdentifier.train(examples, settings: settings())
    #expect(identifier.language(of: "¿normal?") == "es" && identifier.language(of: "normal?") == "pt")
    #expect(identifier.language(of: "¿? «12» …") == nil)
    let guesses = identifier.guesses("¿?").map(\.probability)
    #expect(guesses == [0.5, 0.5])
  }

  @Test func whatCannotBeTrained() {
    #expect(throws: ArgumentError.self) { try LanguageIdentifier.train([.init(language: "en", text: "a")]) }
    var settings = settings()
    settings.buckets = 1000
    #expect(throws: ArgumentError.self) { try LanguageIdentifier.train(Self.examples(), settings: settings) }
  }
}

@Suite struct TextAugmenterTests {
  @Test func changesAreKeyedAndBounded() throws {
    let augmenter = try TextAugmenter(deletion: 0.2, swap: 0.2, replacement: 0.5, synonyms: ["good": ["fine", "nice"]], seed: 3)
    let text = "Good food and a good place to eat it slowly"
    let results = (0..<50).map { augmenter.augment(text, index: $0) }
    #expect(results == (0..<50).map { augmenter.augment(text, index: $0) })
    #expect(results != (0..<50).map { augmenter.augment(text, index: $0, epoch: 1) })
    #expect(Set(results).count > 20)
    #expect(results.contains { $0.contains("Fine") || $0.contains("Nice") })
    let words = Set(text.split(separator: " ").map(String.init)).union(["fine", "nice", "Fine", "Nice"])
    for result in results { #expect(Set(result.split(separator: " ").map(String.init)).isSubset(of: words)) }
  }

  @Test func plainCases() throws {
    let none = try TextAugmenter(deletion: 0, swap: 0, replacement: 0)
    #expect(none.augment("a b c", index: 1) == "a b c")
    #expect(none.augment("中文字", index: 1) == "中文字")
    let all = try TextAugmenter(deletion: 1, swap: 0, replacement: 0)
    #expect(all.augment("a b c", index: 1) == "a")
    #expect(all.augment("", index: 1) == "")
    #expect(throws: ArgumentError.self) { try TextAugmenter(deletion: 2) }
  }
}
