public import Torch

/// Self-attention in which several heads of the query share one head of key and value (Ainslie et al. 2023, arXiv:2305.13245), by
/// libtorch's fused kernel. One head for all is multi-query attention (Shazeer 2019, arXiv:1911.02150).
///
/// Input and output `[batch, length, dimension]`. State: `q_proj`, `k_proj`, `v_proj` and `o_proj`, each a ``Linear``.
public final class GroupedQueryAttention: Module, Layer {
  /// The map to the queries, `[heads · headDimension, dimension]`.
  public let qProj: Linear
  /// The map to the keys, `[keyValueHeads · headDimension, dimension]`.
  public let kProj: Linear
  /// The map to the values, `[keyValueHeads · headDimension, dimension]`.
  public let vProj: Linear
  /// The map of the heads' results.
  public let oProj: Linear
  /// The last dimension of input and output.
  public let dimension: Int
  /// The number of heads of the query.
  public let heads: Int
  /// The number of heads of key and value.
  public let keyValueHeads: Int
  /// The size of each head.
  public let headDimension: Int
  /// The probability that a weight is set to zero in training.
  public let dropout: Double
  /// Whether positions see only themselves and what came before when a call does not say.
  public let isCausal: Bool
  private let isDivided: Bool

  /// - Parameters:
  ///   - dimension: the last dimension of input and output.
  ///   - heads: the number of heads of the query.
  ///   - keyValueHeads: the number of heads of key and value; it divides `heads`.
  ///   - headDimension: the size of each head; `dimension / heads` if `nil`.
  ///   - dropout: the probability that a weight is set to zero in training.
  ///   - bias: whether the maps add a trained vector.
  ///   - isCausal: whether positions see only themselves and what came before.
  public init(
    _ dimension: Int, heads: Int, keyValueHeads: Int, headDimension: Int? = nil, dropout: Double = 0, bias: Bool = false,
    isCausal: Bool = false
  ) {
    self.dimension = dimension
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    let size = headDimension ?? (heads > 0 ? dimension / heads : 0)
    self.headDimension = size
    self.dropout = dropout
    self.isCausal = isCausal
    isDivided = headDimension != nil || heads > 0 && dimension % heads == 0
    qProj = Linear(dimension, heads * size, bias: bias)
    kProj = Linear(dimension, keyValueHeads * size, bias: bias)
    vProj = Linear(dimension, keyValueHeads * size, bias: bias)
    oProj = Linear(heads * size, dimension, bias: bias)
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try callAsFunction(x, mask: nil) }

  /// Self-attention with a mask.
  /// - Parameter mask: broadcast to `[batch, heads, length, length]`; boolean masks are true where a key takes part, others are added.
  /// - Returns: `[batch, length, dimension]`.
  /// - Throws: `TorchError` where the input or the mask does not fit.
  public func callAsFunction(_ x: Tensor, mask: Tensor?) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      guard heads > 0, keyValueHeads > 0, heads % keyValueHeads == 0, headDimension > 0 else {
        throw TorchError.layer(
          "\(keyValueHeads) heads of key and value do not divide \(heads) heads of size \(headDimension)",
          expected: "a number of key and value heads that divides the query's")
      }
      guard isDivided else {
        throw TorchError.layer("\(heads) heads do not divide the dimension \(dimension)", expected: "a multiple, or headDimension")
      }
      guard x.ndim == 3, x.shape[2] == dimension else {
        throw TorchError.layer("got \(x.shape)", expected: "[batch, length, \(dimension)]")
      }
      func split(_ y: Tensor, _ count: Int) throws(TorchError) -> Tensor {
        try y.unflatten(dim: -1, sizes: [count, headDimension]).transpose(1, 2)
      }
      let result = try scaledDotProductAttention(
        split(qProj(x), heads), split(kProj(x), keyValueHeads), split(vProj(x), keyValueHeads), mask: mask, isCausal: isCausal,
        dropout: isTraining ? dropout : 0)
      return try oProj(result.transpose(1, 2).flatten(from: 2))
    }
  }

  public override var details: String { "\(dimension), \(heads) heads, \(keyValueHeads) for key and value" }

  public override func multiplyAdds(inputs shapes: [[Int]], outputs: [[Int]]) -> Int {
    guard let shape = shapes.first, shape.count == 3 else { return 0 }
    return 2 * shape[0] * shape[1] * shape[1] * heads * headDimension
  }
}
