/// A language model that says how it cuts texts into tokens.
public protocol TextTokenizing: TextGenerator {
  /// The tokens of a text as the model reads it, with the beginning that it wants.
  /// - Throws: where the text has something that the vocabulary cannot say.
  func tokens(of text: String) throws -> [Int]
}
