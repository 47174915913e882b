import MartletCore
import Synchronization
import Testing

@testable import Text

/// Says one thing, in pieces of three characters, and remembers what it was asked.
private final class Parrot: TextGenerator {
  let contextLength: Int?
  private let answer: String
  private let asked = Mutex<[GenerationRequest]>([])
  var requests: [GenerationRequest] { asked.withLock { $0 } }

  init(_ answer: String, contextLength: Int? = nil) {
    self.answer = answer
    self.contextLength = contextLength
  }

  func generate(_ request: GenerationRequest) async throws -> AsyncThrowingStream<GenerationEvent, any Error> {
    asked.withLock { $0.append(request) }
    let (stream, continuation) = AsyncThrowingStream<GenerationEvent, any Error>.makeStream()
    continuation.yield(.started(promptTokens: 5))
    let characters = Array(answer)
    for start in stride(from: 0, to: characters.count, by: 3) {
      let piece = String(characters[start..<min(start + 3, characters.count)])
      continuation.yield(.text(TextDelta(text: piece, tokens: [GeneratedToken(id: start)])))
    }
    continuation.yield(.finished(choice: 0, reason: .stop))
    continuation.finish()
    return stream
  }
}

/// Knows a few words.
private struct Dictionary: TextTranslating {
  static let words = ["hello": "hola", "friend": "amigo", "good": "bueno", "morning": "mañana", "ok": "vale"]

  func translate(_ text: String, from: String, to: String) async throws -> String {
    let table = from == "en" ? Self.words : Swift.Dictionary(uniqueKeysWithValues: Self.words.map { ($1, $0) })
    guard [from, to].sorted() == ["en", "es"] else { throw ArgumentError("no dictionary from \(from) to \(to)") }
    return text.split(separator: " ").map { word in
      let letters = word.prefix { $0.isLetter }
      return (table[letters.lowercased()] ?? String(letters)) + word.dropFirst(letters.count)
    }.joined(separator: " ")
  }
}

@Suite struct LanguageRoutingTests {
  /// Tells languages by words, so that a test can be read.
  private let caller = CallerLanguage { text in
    let words = Set(text.lowercased().split { !$0.isLetter }.map(String.init))
    if words.contains(where: { Dictionary.words.values.contains($0) }) { return [.init(language: "es", probability: 0.9)] }
    if words.contains(where: { Dictionary.words.keys.contains($0) }) { return [.init(language: "en_GB", probability: 0.9)] }
    if text.contains(where: { $0 >= "\u{4E00}" }) { return [.init(language: "zh_CN", probability: 0.99)] }
    return words.isEmpty ? [] : [.init(language: "en_GB", probability: 0.3)]
  }

  private func chat(_ messages: String...) -> GenerationRequest { GenerationRequest(.chat(messages.map { ChatMessage(.user, $0) })) }

  @Test func `Each request goes to the model of its language`() async throws {
    let (spanish, chinese, english) = (Parrot("es", contextLength: 100), Parrot("zh"), Parrot("en", contextLength: 50))
    let router = try LanguageRouter(caller, routes: ["es-MX": spanish, "zh_CN": chinese, "en": english], fallback: "en")
    #expect(router.contextLength == 50)
    for (request, answer) in [
      (chat("hola amigo"), "es"), (chat("你好"), "zh"), (chat("good morning"), "en"), (chat("12 + 5"), "en"),
      (GenerationRequest(.text("bueno")), "es"), (GenerationRequest(.tokens([1])), "en"),
      // A last word that says little is taken with what was said before.
      (chat("hola amigo", "pizza"), "es"), (chat("hola", "good morning"), "en"),
    ] { #expect(try await router.result(request).choices[0].text == answer) }
    #expect(throws: ArgumentError.self) { try LanguageRouter(caller, routes: ["en": english], fallback: "fr") }
    #expect(throws: ArgumentError.self) { try LanguageRouter(caller, routes: ["en": english, "en_GB": english], fallback: "en") }
  }

  @Test func `A model of one language is asked in its own and answers in the caller's`() async throws {
    let model = Parrot("Hello friend! Good morning. 3.5 ok\n\nok")
    let generator = TranslatingGenerator(model, language: "en", translator: Dictionary(), caller: caller)
    var request = GenerationRequest(.chat([ChatMessage(.system, "good morning"), ChatMessage(.user, "hola amigo")]))
    let result = try await generator.result(request)
    #expect(result.choices[0].text == "hola amigo! bueno mañana. 3.5 vale\n\nvale")
    #expect(result.choices[0].tokens.count == 13 && result.choices[0].reason == .stop)
    guard case .chat(let messages)? = model.requests.first?.prompt else {
      Issue.record("no conversation")
      return
    }
    #expect(messages.map(\.content) == ["good morning", "hello friend"])
    // Who speaks the model's language hears the model itself.
    #expect(try await generator.result(chat("hello")).choices[0].text.hasPrefix("Hello friend! Good"))
    request.format = .jsonObject
    #expect(try await generator.result(request).choices[0].text.hasPrefix("Hello"))
    request.format = .text
    request.echoesPrompt = true
    await #expect(throws: LanguageRequestError.self) { try await generator.result(request) }
    await #expect(throws: ArgumentError.self) { try await generator.result(chat("你好")) }
  }

  @Test func `A model translates what its prompt asks for`() async throws {
    let model = Parrot(" Bonjour \n", contextLength: 40)
    let translator = GeneratorTranslator(model, prompt: "translate {from} to {to}: {text}", pairs: [["en", "fr"]])
    #expect(try await translator.translate("Hello {to}", from: "en", to: "fr") == "Bonjour")
    #expect(model.requests.first?.prompt == .text("translate English to French: Hello {to}"))
    #expect(model.requests.first?.maxTokens == 20 && model.requests.first?.sampling.temperature == 0)
    await #expect(throws: ArgumentError.self) { try await translator.translate("Hola", from: "es", to: "fr") }
  }

  @Test func `Sentences come as soon as they are whole, and together are the text`() {
    let text = "One. Two?! \"Three.\" 3.5 is e.g. four…\n\n五。六！Seven"
    let whole = ["One. ", "Two?! ", "\"Three.\" ", "3.5 is e.g. ", "four…\n\n", "五。", "六！", "Seven"]
    for size in [1, 2, 3, 100] {
      var stream = SentenceStream(), found: [String] = []
      let characters = Array(text)
      for start in stride(from: 0, to: characters.count, by: size) {
        found += stream.append(String(characters[start..<min(start + size, characters.count)]))
      }
      if let rest = stream.finish() { found.append(rest) }
      #expect(found == whole, "\(size)")
    }
  }
}
