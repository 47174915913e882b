public import Torch

/// Attention with several heads (Vaswani et al. 2017, arXiv:1706.03762), PyTorch's `nn.MultiheadAttention` with its names.
///
/// Query `[batch, length, dimension]`, key `[batch, source, keyDimension]`, value `[batch, source, valueDimension]` (all three without
/// the batch, too; length before batch with `batchFirst: false`), output like the query. Where the weights are not asked for, libtorch's
/// fused kernel runs.
///
/// State: `in_proj_weight` `[3 · dimension, dimension]` (or `q_proj_weight`, `k_proj_weight`, `v_proj_weight` where the dimensions
/// differ), `in_proj_bias`, `out_proj.weight`, `out_proj.bias`; `bias_k` and `bias_v` if asked for.
///
/// ```swift
/// let attention = MultiheadAttention(64, heads: 4)
/// let y = try attention(x)                                               // self-attention
/// let z = try attention(x, memory, memory, keyPaddingMask: isPadding)    // true hides a key
/// let (w, weights) = try attention.withWeights(x, x, x, isCausal: true)
/// ```
public final class MultiheadAttention: Module, Layer {
  /// The maps of query, key and value in one, or `nil` where their dimensions differ.
  public let inProjWeight: Parameter?
  /// The query's map where the dimensions differ.
  public let qProjWeight: Parameter?
  /// The key's map where the dimensions differ.
  public let kProjWeight: Parameter?
  /// The value's map where the dimensions differ.
  public let vProjWeight: Parameter?
  /// What is added to the three, or `nil`.
  public let inProjBias: Parameter?
  /// A key that every sequence gets in addition, or `nil`.
  public let biasK: Parameter?
  /// The value of that key, or `nil`.
  public let biasV: Parameter?
  /// The map of the heads' results.
  public let outProj: Linear
  /// The last dimension of query and output.
  public let dimension: Int
  /// The number of heads.
  public let heads: Int
  /// The last dimension of the key.
  public let keyDimension: Int
  /// The last dimension of the value.
  public let valueDimension: Int
  /// The probability that a weight is set to zero in training.
  public let dropout: Double
  /// Whether the batch comes before the length.
  public let batchFirst: Bool
  /// Whether every sequence gets a key and a value of zeros in addition.
  public let addsZeroAttention: Bool

  /// - Parameters:
  ///   - dimension: the last dimension of query and output, a multiple of `heads`.
  ///   - heads: the number of heads.
  ///   - dropout: the probability that a weight is set to zero in training.
  ///   - bias: whether the maps add a trained vector.
  ///   - addBiasKV: whether every sequence gets a trained key and value in addition.
  ///   - addZeroAttention: whether every sequence gets a key and a value of zeros in addition.
  ///   - keyDimension: the last dimension of the key; `dimension` if `nil`.
  ///   - valueDimension: the last dimension of the value; `dimension` if `nil`.
  ///   - batchFirst: whether the batch comes before the length. Unlike PyTorch's, this is the default, as everywhere in the package.
  public init(
    _ dimension: Int, heads: Int, dropout: Double = 0, bias: Bool = true, addBiasKV: Bool = false, addZeroAttention: Bool = false,
    keyDimension: Int? = nil, valueDimension: Int? = nil, batchFirst: Bool = true
  ) {
    self.dimension = dimension
    self.heads = heads
    self.keyDimension = keyDimension ?? dimension
    self.valueDimension = valueDimension ?? dimension
    self.dropout = dropout
    self.batchFirst = batchFirst
    addsZeroAttention = addZeroAttention
    outProj = Linear(dimension, dimension, bias: bias)
    // PyTorch draws the bias before it sets it to zero. One that could not be made keeps its own error.
    try? outProj.bias?.initialize(.zeros)
    let map = Initializer.xavierUniform()
    if self.keyDimension == dimension, self.valueDimension == dimension {
      inProjWeight = Parameter(shape: [3 * dimension, dimension], map)
      (qProjWeight, kProjWeight, vProjWeight) = (nil, nil, nil)
    } else {
      inProjWeight = nil
      qProjWeight = Parameter(shape: [dimension, dimension], map)
      kProjWeight = Parameter(shape: [dimension, self.keyDimension], map)
      vProjWeight = Parameter(shape: [dimension, self.valueDimension], map)
    }
    inProjBias = bias ? Parameter(shape: [3 * dimension], .zeros) : nil
    biasK = addBiasKV ? Parameter(shape: [1, 1, dimension], .xavierNormal()) : nil
    biasV = addBiasKV ? Parameter(shape: [1, 1, dimension], .xavierNormal()) : nil
  }

  /// Self-attention without masks.
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try callAsFunction(x, x, x) }

  /// Attention of `query` to `key`, with the averages of `value`.
  ///
  /// - Parameters:
  ///   - mask: `[length, source]`, or `[batch · heads, length, source]`. A boolean mask is **true where a key is hidden**, as in PyTorch's
  ///     layer (and unlike ``scaledDotProductAttention(_:_:_:mask:isCausal:dropout:scale:)``); a floating-point mask is added to the
  ///     products.
  ///   - keyPaddingMask: `[batch, source]`: true (or minus infinity) where a key is padding.
  ///   - isCausal: whether position i of the query sees keys 0…i only.
  /// - Returns: `[batch, length, dimension]`.
  /// - Throws: `TorchError` that says which input does not fit.
  public func callAsFunction(
    _ query: Tensor, _ key: Tensor, _ value: Tensor, mask: Tensor? = nil, keyPaddingMask: Tensor? = nil, isCausal: Bool = false
  ) throws(TorchError) -> Tensor {
    try observed([query, key, value]) { (inputs) throws(TorchError) in
      let call = try AttentionCall(self, inputs, mask: mask, keyPaddingMask: keyPaddingMask, isCausal: isCausal)
      let result = try call.query.scaledDotProductAttention(
        call.key, call.value, attnMask: call.mask, dropoutP: isTraining ? dropout : 0, isCausal: call.isCausal)
      return [try call.finished(result)]
    }[0]
  }

  /// The same with the weights that each position gave to each key.
  /// - Parameter averageWeights: whether the heads' weights are averaged.
  /// - Returns: the output, and the weights: `[batch, length, source]`, or `[batch, heads, length, source]` where they are not averaged.
  /// - Throws: `TorchError` that says which input does not fit.
  public func withWeights(
    _ query: Tensor, _ key: Tensor, _ value: Tensor, mask: Tensor? = nil, keyPaddingMask: Tensor? = nil, isCausal: Bool = false,
    averageWeights: Bool = true
  ) throws(TorchError) -> (output: Tensor, weights: Tensor) {
    let results = try observed([query, key, value]) { (inputs) throws(TorchError) in
      var call = try AttentionCall(self, inputs, mask: mask, keyPaddingMask: keyPaddingMask, isCausal: isCausal)
      try call.spellOutCausality()
      let scaled = try call.query * (1 / Double(dimension / heads)).squareRoot()
      var products = try scaled.matmul(call.key.transpose(-2, -1))
      if let mask = call.mask { products = try products + mask }
      var weights = try products.softmax(dim: -1)
      if isTraining, dropout > 0 { weights = try weights.dropout(p: dropout, train: true) }
      let result = try weights.matmul(call.value)
      if averageWeights { weights = try weights.mean(dims: [1]) }
      return [try call.finished(result), call.isBatched ? weights : try weights.squeeze(dim: 0)]
    }
    return (results[0], results[1])
  }

  public override var details: String { "\(dimension), \(heads) heads" }

  public override func multiplyAdds(inputs shapes: [[Int]], outputs: [[Int]]) -> Int {
    guard shapes.count == 3, shapes.allSatisfy({ $0.count >= 2 }) else { return 0 }
    let query = shapes[0], rank = query.count
    let source = rank == 2 || !batchFirst ? shapes[1][0] : shapes[1][1]
    let queries = query.dropLast().reduce(1, *), keys = shapes[1].dropLast().reduce(1, *)
    let maps = queries * dimension * dimension + keys * dimension * (keyDimension + valueDimension)
    return maps + 2 * queries * source * dimension
  }
}
