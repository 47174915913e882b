public import Torch

/// The two states of an ``LSTM``.
public struct LSTMState: Sendable {
  /// The hidden state, `[layers · directions, batch, hidden]` (the projection's size where there is one).
  public let hidden: Tensor
  /// The cells, `[layers · directions, batch, hidden]`.
  public let cell: Tensor

  /// A state to start from.
  public init(hidden: Tensor, cell: Tensor) {
    self.hidden = hidden
    self.cell = cell
  }
}

/// Long short-term memory (Hochreiter, Schmidhuber 1997), with PyTorch's four gates (input, forget, cell, output), optionally projected
/// (Sak et al. 2014, arXiv:1402.1128).
///
/// Input `[batch, length, inputs]` (without batch, too; length before batch with `batchFirst: false`), output
/// `[batch, length, hidden]`, twice as wide where bidirectional. For the parameters' names see ``Recurrent``.
///
/// ```swift
/// let lstm = LSTM(10, 20, layers: 2)
/// let y = try lstm(x)                                   // what Sequential uses
/// let (output, state) = try lstm(x, state: nil)
/// let (next, _) = try lstm(more, state: state)
/// ```
public final class LSTM: Recurrent, Layer {
  /// - Parameters:
  ///   - inputs: the size of each element of the input.
  ///   - hidden: the size of the cells.
  ///   - layers: the number of layers, one on top of the other.
  ///   - bias: whether the layers have biases.
  ///   - dropout: the probability that a value between two layers is set to zero in training.
  ///   - bidirectional: whether a second set of layers reads the sequence backwards.
  ///   - projection: the size that the hidden state is projected to, below `hidden`; 0 for none.
  ///   - batchFirst: whether the batch comes before the length. Unlike PyTorch's, this is the default, as everywhere in the package.
  public init(
    _ inputs: Int, _ hidden: Int, layers: Int = 1, bias: Bool = true, dropout: Double = 0, bidirectional: Bool = false,
    projection: Int = 0, batchFirst: Bool = true
  ) {
    super.init(
      inputs, hidden, gates: 4, layers: layers, bias: bias, batchFirst: batchFirst, dropout: dropout, bidirectional: bidirectional,
      projection: projection)
  }

  private var sizes: [Int] { [projection > 0 ? projection : hidden, hidden] }

  /// The output at each position; both states start as zeros.
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try callAsFunction(x, state: nil).output }

  /// - Parameter state: the states to start from; zeros if `nil`.
  /// - Returns: the output at each position and the last states, shaped like the first.
  /// - Throws: `TorchError` where input or state do not fit.
  public func callAsFunction(_ x: Tensor, state: LSTMState?) throws(TorchError) -> (output: Tensor, state: LSTMState) {
    let results = try run(x, state.map { [$0.hidden, $0.cell] }, sizes: sizes) { (x, states, weights) throws(TorchError) in
      let (output, hidden, cell) = try x.lstm(
        states, weights, hasBiases: hasBias, numLayers: layers, dropout: activeDropout, train: isTraining,
        bidirectional: isBidirectional, batchFirst: batchFirst)
      return [output, hidden, cell]
    }
    return (results[0], LSTMState(hidden: results[1], cell: results[2]))
  }

  /// The same for sequences of several lengths.
  /// - Returns: the outputs packed as the input is, and the last states of each sequence in the caller's order.
  public func callAsFunction(
    _ x: PackedSequence, state: LSTMState? = nil
  ) throws(TorchError) -> (output: PackedSequence, state: LSTMState) {
    let (output, states) = try run(x, state.map { [$0.hidden, $0.cell] }, sizes: sizes) { (states, weights) throws(TorchError) in
      let (output, hidden, cell) = try x.data.lstm(
        x.batchSizesTensor(), states, weights, hasBiases: hasBias, numLayers: layers, dropout: activeDropout, train: isTraining,
        bidirectional: isBidirectional)
      return [output, hidden, cell]
    }
    return (output, LSTMState(hidden: states[0], cell: states[1]))
  }
}
