public import NN
public import Torch

/// How a body's layers are computed when their results shall not be kept for the backward pass: what `checkpointed(_:using:_:)` of
/// `Training` does. It gets the inputs, the modules whose parameters take part, and the computation.
public typealias Recomputation = (
  _ inputs: [Tensor], _ modules: [Module], _ body: @escaping ([Tensor]) throws(TorchError) -> [Tensor]
) throws(TorchError) -> [Tensor]

/// The part of a language model that turns tokens into vectors; a ``LanguageHead`` makes something of them.
open class LanguageBody: Module {
  /// The length of the vectors.
  public let width: Int
  /// The number of token ids.
  public let vocabulary: Int
  /// Whether tokens see only what came before them.
  public let isCausal: Bool
  /// The id that fills up short rows, or `nil` where the model has none.
  public let padding: Int?
  /// Gradient checkpointing: layers keep only their inputs and are computed again in the backward pass.
  ///
  /// ```swift
  /// model.body.recomputation = checkpointed
  /// ```
  public final var recomputation: Recomputation?
  /// Places that learned prefixes take before a text's own tokens.
  final var prefixLength = 0

  init(width: Int, vocabulary: Int, isCausal: Bool, padding: Int?) {
    self.width = width
    self.vocabulary = vocabulary
    self.isCausal = isCausal
    self.padding = padding
  }

  /// The table of the tokens' vectors.
  open var tokenTable: Embedding { Embedding(vocabulary, width) }

  /// One vector for each token: `[batch, length, width]`; for an encoder-decoder those of the decoder's tokens.
  /// - Throws: `TorchError` where the input does not fit.
  open func callAsFunction(_ input: TokenInput) throws(TorchError) -> Tensor {
    throw TorchError(.notImplemented, "\(Self.self)", "a body without a forward pass", expected: "a subclass that has one")
  }

  /// The vector of a whole text, `[batch, width]`, from those of its tokens: the first one, by default.
  open func pooled(_ hidden: Tensor) throws(TorchError) -> Tensor { try hidden.select(dim: 1, index: 0) }

  /// Runs a layer, or leaves it to ``recomputation``.
  final func run(
    _ layer: Module, _ inputs: [Tensor], _ body: @escaping ([Tensor]) throws(TorchError) -> Tensor
  ) throws(TorchError) -> Tensor {
    guard let recomputation, isTraining else { return try body(inputs) }
    return try recomputation(inputs, [layer]) { (inputs) throws(TorchError) in [try body(inputs)] }[0]
  }

  /// Refuses ids and positions that the tables do not hold, in words; libtorch would only say that an index is out of range.
  final func check(_ input: TokenInput, positions: Int?) throws(TorchError) {
    let place = "\(Self.self)"
    try input.check(place)
    let length = input.ids.shape[1], most = positions.map { $0 - prefixLength }
    if let most, input.positions == nil, length > most {
      throw TorchError(
        .value, place, "a text of \(length) tokens", expected: "at most \(most)", remedy: "truncate the text, or cut it into pieces")
    }
  }

  /// Each token's place, `[batch or 1, length]`, behind those of a prefix.
  final func places(_ input: TokenInput) throws(TorchError) -> Tensor {
    let positions = try input.countedPositions()
    return prefixLength == 0 ? positions : try positions + prefixLength
  }
}
