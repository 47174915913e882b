public import Torch

/// What `RNNCell`, `LSTMCell` and `GRUCell` share. State: `weight_ih` `[gates · hidden, inputs]`, `weight_hh` `[gates · hidden, hidden]`,
/// `bias_ih` and `bias_hh` `[gates · hidden]`, all starting uniform in ±1/√hidden.
public class RecurrentCell: Module {
  /// `[gates · hidden, inputs]`.
  public let weightIh: Parameter
  /// `[gates · hidden, hidden]`.
  public let weightHh: Parameter
  /// `[gates · hidden]`, or `nil`.
  public let biasIh: Parameter?
  /// `[gates · hidden]`, or `nil`.
  public let biasHh: Parameter?
  /// The size of the input.
  public let inputs: Int
  /// The size of the state.
  public let hidden: Int

  init(_ inputs: Int, _ hidden: Int, gates: Int, bias: Bool) {
    self.inputs = inputs
    self.hidden = hidden
    let start = Initializer.pyTorchBias(fanIn: hidden)
    weightIh = Parameter(shape: [gates * hidden, inputs], start)
    weightHh = Parameter(shape: [gates * hidden, hidden], start)
    biasIh = bias ? Parameter(shape: [gates * hidden], start) : nil
    biasHh = bias ? Parameter(shape: [gates * hidden], start) : nil
  }

  /// Runs one step: checks, adds and takes away the batch dimension of single items.
  final func step(
    _ x: Tensor, _ given: [Tensor]?, count: Int, _ body: (Tensor, [Tensor]) throws(TorchError) -> [Tensor]
  ) throws(TorchError) -> [Tensor] {
    try observed([x] + (given ?? [])) { (tensors) throws(TorchError) in
      let shape = x.shape
      guard (1...2).contains(shape.count), shape[shape.count - 1] == inputs else {
        throw TorchError.layer("got \(shape)", expected: "[batch, \(inputs)]")
      }
      let isBatched = shape.count == 2, expected = Array(shape.dropLast()) + [hidden]
      var states: [Tensor] = []
      for state in given ?? [] {
        guard state.shape == expected else { throw TorchError.layer("the state has shape \(state.shape)", expected: "\(expected)") }
        states.append(isBatched ? state : try state.unsqueeze(0))
      }
      if given == nil {
        let zeros = try Tensor.zeros([isBatched ? shape[0] : 1, hidden], dtype: x.dtype, device: x.device)
        states = [Tensor](repeating: zeros, count: count)
      }
      var results = try body(isBatched ? x : x.unsqueeze(0), states)
      if !isBatched { for index in results.indices { results[index] = try results[index].squeeze(dim: 0) } }
      return results
    }
  }

  public override var details: String { "\(inputs)→\(hidden)" }

  public override func multiplyAdds(inputs shapes: [[Int]], outputs: [[Int]]) -> Int {
    (shapes.first?.dropLast().reduce(1, *) ?? 0) * (weightIh.count + weightHh.count)
  }
}

/// One step of an ``RNN``. Input `[batch, inputs]` or `[inputs]`, state `[batch, hidden]` or `[hidden]`.
public final class RNNCell: RecurrentCell {
  /// The function.
  public let activation: RNNActivation

  /// - Parameters:
  ///   - inputs: the size of the input.
  ///   - hidden: the size of the state.
  ///   - activation: tanh or ReLU.
  ///   - bias: whether there are biases.
  public init(_ inputs: Int, _ hidden: Int, activation: RNNActivation = .tanh, bias: Bool = true) {
    self.activation = activation
    super.init(inputs, hidden, gates: 1, bias: bias)
  }

  /// The next state.
  /// - Parameter state: the last state; zeros if `nil`.
  /// - Throws: `TorchError` where input or state do not fit.
  public func callAsFunction(_ x: Tensor, state: Tensor? = nil) throws(TorchError) -> Tensor {
    try step(x, state.map { [$0] }, count: 1) { (x, states) throws(TorchError) in
      let tensors = (try weightIh.value, try weightHh.value, try biasIh?.value, try biasHh?.value)
      return activation == .tanh
        ? [try x.rnnTanhCell(states[0], tensors.0, tensors.1, tensors.2, tensors.3)]
        : [try x.rnnReluCell(states[0], tensors.0, tensors.1, tensors.2, tensors.3)]
    }[0]
  }
}

/// One step of a ``GRU``. Input `[batch, inputs]` or `[inputs]`, state `[batch, hidden]` or `[hidden]`.
public final class GRUCell: RecurrentCell {
  /// - Parameters:
  ///   - inputs: the size of the input.
  ///   - hidden: the size of the state.
  ///   - bias: whether there are biases.
  public init(_ inputs: Int, _ hidden: Int, bias: Bool = true) { super.init(inputs, hidden, gates: 3, bias: bias) }

  /// The next state.
  /// - Parameter state: the last state; zeros if `nil`.
  /// - Throws: `TorchError` where input or state do not fit.
  public func callAsFunction(_ x: Tensor, state: Tensor? = nil) throws(TorchError) -> Tensor {
    try step(x, state.map { [$0] }, count: 1) { (x, states) throws(TorchError) in
      [try x.gruCell(states[0], weightIh.value, weightHh.value, biasIh?.value, biasHh?.value)]
    }[0]
  }
}

/// One step of an ``LSTM``. Input `[batch, inputs]` or `[inputs]`, states `[batch, hidden]` or `[hidden]`.
public final class LSTMCell: RecurrentCell {
  /// - Parameters:
  ///   - inputs: the size of the input.
  ///   - hidden: the size of the states.
  ///   - bias: whether there are biases.
  public init(_ inputs: Int, _ hidden: Int, bias: Bool = true) { super.init(inputs, hidden, gates: 4, bias: bias) }

  /// The next states.
  /// - Parameter state: the last states; zeros if `nil`.
  /// - Throws: `TorchError` where input or states do not fit.
  public func callAsFunction(_ x: Tensor, state: LSTMState? = nil) throws(TorchError) -> LSTMState {
    let results = try step(x, state.map { [$0.hidden, $0.cell] }, count: 2) { (x, states) throws(TorchError) in
      let (hidden, cell) = try x.lstmCell(states, weightIh.value, weightHh.value, biasIh?.value, biasHh?.value)
      return [hidden, cell]
    }
    return LSTMState(hidden: results[0], cell: results[1])
  }
}
