import Foundation
public import MartletCore

/// Something that translates texts.
public protocol TextTranslating: Sendable {
  /// - Parameters:
  ///   - from, to: codes of languages without region.
  /// - Throws: `ArgumentError` where it does not know the languages, and whatever its model throws.
  func translate(_ text: String, from: String, to: String) async throws -> String
}

/// A language model as a translator: a model made for it (Marian, T5), or any that can be asked to.
public struct GeneratorTranslator: TextTranslating {
  private let generator: any TextGenerator
  private let prompt: String
  private let asksInChat: Bool
  private let pairs: Set<[String]>?

  /// - Parameters:
  ///   - prompt: what the model is given, `{text}`, `{from}` and `{to}` filled in with the text and the languages' English names: `{text}`
  ///     alone for Marian, `translate {from} to {to}: {text}` for T5.
  ///   - asksInChat: the prompt is a message of a conversation.
  ///   - pairs: the languages that it translates between, each as `[from, to]`; `nil` is all.
  public init(_ generator: any TextGenerator, prompt: String = "{text}", asksInChat: Bool = false, pairs: Set<[String]>? = nil) {
    self.generator = generator
    self.prompt = prompt
    self.asksInChat = asksInChat
    self.pairs = pairs
  }

  public func translate(_ text: String, from: String, to: String) async throws -> String {
    if let pairs, !pairs.contains([from, to]) {
      let known = pairs.map { $0.joined(separator: " to ") }.sorted().joined(separator: ", ")
      throw ArgumentError("the translator does not translate from '\(from)' to '\(to)'", expected: known)
    }
    // The text comes last, so that nothing in it is taken for a place to fill in.
    var filled = prompt.replacingOccurrences(of: "{from}", with: Self.name(from)).replacingOccurrences(of: "{to}", with: Self.name(to))
    if let place = filled.range(of: "{text}") { filled.replaceSubrange(place, with: text) } else { filled += text }
    var request = GenerationRequest(asksInChat ? .chat([ChatMessage(.user, filled)]) : .text(filled))
    request.sampling.temperature = 0
    // No translation is several times as long as its text; a model that repeats itself must end.
    request.maxTokens = 32 + 3 * text.unicodeScalars.count
    if let limit = generator.contextLength { request.maxTokens = min(request.maxTokens ?? limit, max(1, limit / 2)) }
    let result = try await generator.result(request)
    return result.choices[0].text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private static func name(_ code: String) -> String {
    Locale(identifier: "en_US").localizedString(forLanguageCode: LanguageCode.base(code)) ?? code
  }
}
