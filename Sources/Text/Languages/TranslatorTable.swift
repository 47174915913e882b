import MartletCore

/// Several translators, each for one pair of languages.
public struct TranslatorTable: TextTranslating {
  private let translators: [[String]: any TextTranslating]

  /// - Parameter translators: by `[from, to]`; regions do not matter.
  public init(_ translators: [[String]: any TextTranslating]) {
    self.translators = Dictionary(translators.map { ($0.key.map(LanguageCode.base), $0.value) }, uniquingKeysWith: { $1 })
  }

  /// Whether texts can be translated both ways.
  public func joins(_ first: String, _ second: String) -> Bool {
    let pair = [LanguageCode.base(first), LanguageCode.base(second)]
    return translators[pair] != nil && translators[pair.reversed()] != nil
  }

  public func translate(_ text: String, from: String, to: String) async throws -> String {
    guard let translator = translators[[LanguageCode.base(from), LanguageCode.base(to)]] else {
      let known = translators.keys.map { $0.joined(separator: " to ") }.sorted().joined(separator: ", ")
      throw ArgumentError("nothing translates from '\(from)' to '\(to)'", expected: known)
    }
    return try await translator.translate(text, from: from, to: to)
  }
}
