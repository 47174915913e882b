import Torch

/// What `RNN`, `LSTM` and `GRU` share: their parameters, named as PyTorch names them, and how inputs and states are checked.
///
/// State for each layer k (and once more with the ending `_reverse` where bidirectional): `weight_ih_lk`
/// `[gates · hidden, inputs]`, `weight_hh_lk` `[gates · hidden, hidden]`, `bias_ih_lk` and `bias_hh_lk` `[gates · hidden]`, with a
/// projection `weight_hr_lk`; all start uniform in ±1/√hidden.
public class Recurrent: Module {
  /// The size of each element of the input.
  public let inputs: Int
  /// The size of the hidden state.
  public let hidden: Int
  /// The number of layers, one on top of the other.
  public let layers: Int
  /// Whether a second set of layers reads the sequence backwards.
  public let isBidirectional: Bool
  /// Whether the batch comes before the length.
  public let batchFirst: Bool
  /// The probability that a value between two layers is set to zero in training.
  public let dropout: Double
  /// The size that the hidden state of an ``LSTM`` is projected to, 0 for none.
  public let projection: Int
  /// Whether the layers have biases.
  public let hasBias: Bool

  private let gates: Int
  private let named: [(name: String, parameter: Parameter)]
  private let problem: String?

  init(
    _ inputs: Int, _ hidden: Int, gates: Int, layers: Int, bias: Bool, batchFirst: Bool, dropout: Double, bidirectional: Bool,
    projection: Int = 0
  ) {
    self.inputs = inputs
    self.hidden = hidden
    self.gates = gates
    self.layers = layers
    self.batchFirst = batchFirst
    self.dropout = dropout
    self.projection = projection
    isBidirectional = bidirectional
    hasBias = bias
    problem = Self.problem(inputs: inputs, hidden: hidden, layers: layers, dropout: dropout, projection: projection)
    var named: [(name: String, parameter: Parameter)] = []
    if problem == nil {
      let output = projection > 0 ? projection : hidden, start = Initializer.pyTorchBias(fanIn: hidden)
      for layer in 0..<layers {
        for suffix in bidirectional ? ["", "_reverse"] : [""] {
          let size = layer == 0 ? inputs : output * (bidirectional ? 2 : 1)
          var shapes = [("weight_ih", [gates * hidden, size]), ("weight_hh", [gates * hidden, output])]
          if bias { shapes += [("bias_ih", [gates * hidden]), ("bias_hh", [gates * hidden])] }
          if projection > 0 { shapes.append(("weight_hr", [projection, hidden])) }
          named += shapes.map { ("\($0)_l\(layer)\(suffix)", Parameter(shape: $1, start)) }
        }
      }
    }
    self.named = named
  }

  private static func problem(inputs: Int, hidden: Int, layers: Int, dropout: Double, projection: Int) -> String? {
    if inputs < 1 || hidden < 1 || layers < 1 { return "\(layers) layers of \(inputs)→\(hidden) cannot be" }
    if !(0...1).contains(dropout) { return "the dropout \(dropout) is no probability in 0…1" }
    if projection < 0 || projection >= hidden { return "the projection \(projection) is not below the hidden size \(hidden)" }
    return nil
  }

  public override func stateMembers() -> [(name: String, member: Any)] { named.map { ($0.name, $0.parameter) } }

  /// The parameters in libtorch's order.
  final func weights() throws(TorchError) -> [Tensor] {
    if let problem { throw TorchError.layer(problem, expected: "sizes above zero, dropout in 0…1, a projection below the hidden size") }
    var weights: [Tensor] = []
    for (_, parameter) in named { weights.append(try parameter.value) }
    return weights
  }

  /// Between two layers in training; PyTorch's operator drops nothing in evaluation.
  final var activeDropout: Double { layers > 1 ? dropout : 0 }

  /// The first states: the given ones with a batch dimension, or zeros.
  /// - Parameters:
  ///   - data: what the first states go with: `[batch, length, inputs]`, or packed `[steps, inputs]`.
  ///   - sizes: the last dimension of each state.
  final func states(_ given: [Tensor]?, sizes: [Int], batch: Int, isBatched: Bool, like data: Tensor) throws(TorchError) -> [Tensor] {
    let count = layers * (isBidirectional ? 2 : 1)
    var states: [Tensor] = []
    for (index, size) in sizes.enumerated() {
      let full = [count, batch, size]
      guard let given else {
        states.append(try Tensor.zeros(full, dtype: data.dtype, device: data.device))
        continue
      }
      let expected = isBatched ? full : [count, size]
      guard given[index].shape == expected else {
        throw TorchError.layer("the first state has shape \(given[index].shape)", expected: "\(expected)")
      }
      states.append(isBatched ? given[index] : try given[index].unsqueeze(1))
    }
    return states
  }

  /// Calls libtorch with a padded batch or a single sequence.
  /// - Parameter run: gets `[batch, length, inputs]` (in this layer's order) and the first states; gives the output and the last states.
  final func run(
    _ x: Tensor, _ given: [Tensor]?, sizes: [Int], _ body: (Tensor, [Tensor], [Tensor]) throws(TorchError) -> [Tensor]
  ) throws(TorchError) -> [Tensor] {
    try observed([x]) { (tensors) throws(TorchError) in
      let weights = try weights(), shape = x.shape
      guard (2...3).contains(shape.count), shape[shape.count - 1] == inputs else {
        throw TorchError.layer("got \(shape)", expected: batchFirst ? "[batch, length, \(inputs)]" : "[length, batch, \(inputs)]")
      }
      let isBatched = shape.count == 3, batchAxis = batchFirst ? 0 : 1
      let batched = isBatched ? x : try x.unsqueeze(batchAxis)
      let states = try states(given, sizes: sizes, batch: batched.shape[batchAxis], isBatched: isBatched, like: x)
      var results = try body(batched, states, weights)
      guard isBatched else {
        for index in results.indices { results[index] = try results[index].squeeze(dim: index == 0 ? batchAxis : 1) }
        return results
      }
      return results
    }
  }

  /// Calls libtorch with packed sequences.
  /// - Parameter body: gets the packed data, the first states in the packed order and the weights.
  final func run(
    _ x: PackedSequence, _ given: [Tensor]?, sizes: [Int], _ body: ([Tensor], [Tensor]) throws(TorchError) -> [Tensor]
  ) throws(TorchError) -> (PackedSequence, [Tensor]) {
    let results = try observed([x.data]) { (tensors) throws(TorchError) in
      let weights = try weights()
      guard x.data.ndim == 2, x.data.shape[1] == inputs else {
        throw TorchError.layer("got packed data of shape \(x.data.shape)", expected: "[steps, \(inputs)]")
      }
      var states = try states(given, sizes: sizes, batch: x.count, isBatched: true, like: x.data)
      if given != nil { for index in states.indices { states[index] = try x.sorting(states[index], dim: 1) } }
      var results = try body(states, weights)
      for index in results.indices.dropFirst() { results[index] = try x.unsorting(results[index], dim: 1) }
      return results
    }
    return (x.replacing(results[0]), Array(results.dropFirst()))
  }

  public override var details: String {
    var text = "\(inputs)→\(hidden)"
    if layers != 1 { text += ", \(layers) layers" }
    if isBidirectional { text += ", both ways" }
    if projection > 0 { text += ", projected to \(projection)" }
    return text
  }

  public override func multiplyAdds(inputs shapes: [[Int]], outputs: [[Int]]) -> Int {
    let steps = shapes.first?.dropLast().reduce(1, *) ?? 0
    let weights = named.reduce(0) { $0 + ($1.parameter.shape.count == 2 ? $1.parameter.count : 0) }
    return steps * weights
  }
}
