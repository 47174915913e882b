public import MartletCore

/// Says in which language a request is asked, so that it can be answered in it.
public struct CallerLanguage: Sendable {
  /// The languages of a text with their probabilities, the likeliest first.
  public let guesses: @Sendable (String) -> [LanguageIdentifier.Guess]
  /// What a guess must have for the last message alone to be believed; else the whole of what was asked is looked at.
  public var confidence = 0.7

  /// By a trained identifier.
  public init(_ identifier: LanguageIdentifier) {
    guesses = { text in identifier.language(of: text) == nil ? [] : identifier.guesses(text) }
  }

  /// By any other function.
  public init(guesses: @escaping @Sendable (String) -> [LanguageIdentifier.Guess]) { self.guesses = guesses }

  /// The language of a text without its region; `nil` for one without letters.
  public func language(of text: String) -> String? { guesses(text).first.map { LanguageCode.base($0.language) } }

  /// The language of what a person asks: of the last message, or of all of theirs where that says too little. `nil` for tokens, and where
  /// there are no letters.
  public func language(of request: GenerationRequest) -> String? {
    let said: [String]
    switch request.prompt {
    case .text(let text): said = [text]
    case .tokens: return nil
    case .chat(let messages): said = messages.filter { $0.role == .user }.compactMap(\.content)
    }
    guard let last = said.last else { return nil }
    if let guess = guesses(last).first, guess.probability >= confidence || said.count == 1 { return LanguageCode.base(guess.language) }
    return language(of: said.joined(separator: "\n"))
  }
}
