public import Torch

/// The function of an ``RNN``.
public enum RNNActivation: String, Sendable, CaseIterable {
  case tanh
  case relu
}

/// A recurrent network of Elman's kind: `hₜ = tanh(W x + b + W' hₜ₋₁ + b')`, or with ReLU.
///
/// Input `[batch, length, inputs]` (without batch, too; length before batch with `batchFirst: false`), output
/// `[batch, length, hidden]`, twice as wide where bidirectional. For the parameters' names see ``Recurrent``.
public final class RNN: Recurrent, Layer {
  /// The function.
  public let activation: RNNActivation

  /// - Parameters:
  ///   - inputs: the size of each element of the input.
  ///   - hidden: the size of the hidden state.
  ///   - layers: the number of layers, one on top of the other.
  ///   - activation: tanh or ReLU.
  ///   - bias: whether the layers have biases.
  ///   - dropout: the probability that a value between two layers is set to zero in training.
  ///   - bidirectional: whether a second set of layers reads the sequence backwards.
  ///   - batchFirst: whether the batch comes before the length. Unlike PyTorch's, this is the default, as everywhere in the package.
  public init(
    _ inputs: Int, _ hidden: Int, layers: Int = 1, activation: RNNActivation = .tanh, bias: Bool = true, dropout: Double = 0,
    bidirectional: Bool = false, batchFirst: Bool = true
  ) {
    self.activation = activation
    super.init(
      inputs, hidden, gates: 1, layers: layers, bias: bias, batchFirst: batchFirst, dropout: dropout, bidirectional: bidirectional)
  }

  /// The output at each position; the state starts as zeros.
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try callAsFunction(x, state: nil).output }

  /// - Parameter state: `[layers · directions, batch, hidden]`; zeros if `nil`.
  /// - Returns: the output at each position and the last state, shaped like the first.
  /// - Throws: `TorchError` where input or state do not fit.
  public func callAsFunction(_ x: Tensor, state: Tensor?) throws(TorchError) -> (output: Tensor, state: Tensor) {
    let results = try run(x, state.map { [$0] }, sizes: [hidden]) { (x, states, weights) throws(TorchError) in
      let (output, last) =
        activation == .tanh
        ? try x.rnnTanh(
          states[0], weights, hasBiases: hasBias, numLayers: layers, dropout: activeDropout, train: isTraining,
          bidirectional: isBidirectional, batchFirst: batchFirst)
        : try x.rnnRelu(
          states[0], weights, hasBiases: hasBias, numLayers: layers, dropout: activeDropout, train: isTraining,
          bidirectional: isBidirectional, batchFirst: batchFirst)
      return [output, last]
    }
    return (results[0], results[1])
  }

  /// The same for sequences of several lengths.
  /// - Returns: the outputs packed as the input is, and the last state of each sequence in the caller's order.
  public func callAsFunction(_ x: PackedSequence, state: Tensor? = nil) throws(TorchError) -> (output: PackedSequence, state: Tensor) {
    let (output, states) = try run(x, state.map { [$0] }, sizes: [hidden]) { (states, weights) throws(TorchError) in
      let sizes = try x.batchSizesTensor()
      let (output, last) =
        activation == .tanh
        ? try x.data.rnnTanh(
          sizes, states[0], weights, hasBiases: hasBias, numLayers: layers, dropout: activeDropout, train: isTraining,
          bidirectional: isBidirectional)
        : try x.data.rnnRelu(
          sizes, states[0], weights, hasBiases: hasBias, numLayers: layers, dropout: activeDropout, train: isTraining,
          bidirectional: isBidirectional)
      return [output, last]
    }
    return (output, states[0])
  }
}
