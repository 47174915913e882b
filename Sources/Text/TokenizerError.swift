public import MartletCore

/// A tokenizer that cannot be read, or a text that it cannot encode or decode.
public struct TokenizerError: MartletError {
  /// The file, or what else the tokenizer was read from.
  public let source: String
  /// Where in it: a path of keys (`model.vocab`), a line, a byte; empty where there is none.
  public let place: String
  public let problem: String
  public let expected: String?
  public let remedy: String?

  public init(source: String, place: String = "", problem: String, expected: String? = nil, remedy: String? = nil) {
    self.source = source
    self.place = place
    self.problem = (place.isEmpty ? "\(source): " : "\(source), \(place): ") + problem
    self.expected = expected
    self.remedy = remedy
  }
}
