import MartletCore

extension LanguageTextGenerator: TextTokenizing {
  func tokens(of text: String) throws -> [Int] { try prompts.tokens(of: GenerationRequest(.text(text))) }
}
