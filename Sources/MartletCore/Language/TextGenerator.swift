/// A language model that continues texts and answers conversations.
///
/// Implementations are safe to call from many tasks at once.
public protocol TextGenerator: Sendable {
  /// The most tokens of prompt and output together; `nil` where nobody knows.
  var contextLength: Int? { get }

  /// Starts to generate. The events are described by ``GenerationEvent``.
  ///
  /// Work ends at once when nobody waits for it any more: when the task that iterates is cancelled, or the stream is dropped.
  /// - Throws: `LanguageRequestError` where the request cannot be served; it may come from the stream, too, before `started`. Errors that
  ///   come while generating end the stream.
  func generate(_ request: GenerationRequest) async throws -> AsyncThrowingStream<GenerationEvent, any Error>
}

/// A model that turns texts into vectors whose directions say what the texts are about.
///
/// Implementations are safe to call from many tasks at once.
public protocol TextEmbedder: Sendable {
  /// Elements of a vector; `nil` where nobody knows.
  var dimensions: Int? { get }

  /// Computes one vector for each input.
  /// - Parameters:
  ///   - inputs: in any number.
  ///   - dimensions: shorter vectors than the model's own, for models that were trained so that their first elements suffice; `nil` is the
  ///     model's own number.
  /// - Returns: the vectors in the order of the inputs, and the number of tokens that were read.
  /// - Throws: `LanguageRequestError` where an input is too long or the dimensions are not possible.
  func embed(_ inputs: [EmbeddingInput], dimensions: Int?) async throws -> TextEmbeddings
}

/// One text to embed.
public enum EmbeddingInput: Sendable, Hashable {
  case text(String)
  /// Tokens of the model, without its special ones.
  case tokens([Int])
}

/// Vectors of texts.
public struct TextEmbeddings: Sendable, Hashable {
  /// One for each input, all of one length.
  public var vectors: [[Float]]
  /// Tokens that were read.
  public var tokens: Int

  /// The answer of a `TextEmbedder`.
  public init(vectors: [[Float]], tokens: Int) {
    self.vectors = vectors
    self.tokens = tokens
  }
}
