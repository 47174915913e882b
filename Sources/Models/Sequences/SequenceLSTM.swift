import NN
public import Torch

/// A long short-term memory network over steps in time, and a linear head on what it holds after the last step.
///
/// Input `[batch, steps, features]`, output `[batch, outputs]`: logits of a class, or the values of a forecast (steps ahead times values
/// per step). State: `lstm.weight_ih_l0` …, `head`.
public final class SequenceLSTM: StagedNetwork {
  private let lstm: LSTM
  private let dropout: Dropout
  private var output: Linear
  private let directions: Int

  /// - Parameters:
  ///   - features: values per step.
  ///   - outputs: values that come out per sequence.
  ///   - hidden: the size of the cells.
  ///   - layers: layers, one on top of the other.
  ///   - dropout: the probability of a zero between layers and before the head.
  ///   - bidirectional: whether a second set of layers reads the sequence backwards; not for forecasts that must not see the future of
  ///     their own window.
  /// - Throws: `ModelError` for sizes below 1.
  public init(
    features: Int, outputs: Int, hidden: Int = 128, layers: Int = 1, dropout: Double = 0, bidirectional: Bool = false
  ) throws(ModelError) {
    guard features >= 1, hidden >= 1, layers >= 1 else {
      throw ModelError("an LSTM of \(layers) layers, \(features)→\(hidden)", expected: "sizes of 1 or more")
    }
    directions = bidirectional ? 2 : 1
    lstm = LSTM(features, hidden, layers: layers, dropout: layers > 1 ? dropout : 0, bidirectional: bidirectional)
    self.dropout = Dropout(dropout)
    output = Linear(hidden * directions, outputs)
  }

  public override class var stateNames: [String: String] { ["output": "head"] }

  public override func forward(_ x: Tensor) throws(TorchError) -> Tensor {
    guard x.ndim == 3 else {
      throw TorchError(.value, "SequenceLSTM", "got an input of shape \(x.shape)", expected: "[batch, steps, features]")
    }
    let hidden = try lstm(x, state: nil).state.hidden
    let last = hidden.shape[0]
    let top = try (0..<directions).map { (index) throws(TorchError) in
      try hidden.select(dim: 0, index: last - directions + index)
    }
    return try output(dropout(directions == 1 ? top[0] : Tensor.cat(top, dim: 1)))
  }

  public override var stages: [Stage] { [Stage("lstm"), Stage("head")] }

  public override func replaceHead(classes: Int) throws { output = Linear(output.inputs, try Self.checked(classes: classes)) }
}
