public import Torch

/// Attention: the average of `value` weighted by softmax(query · keyᵀ · scale) (Vaswani et al. 2017, arXiv:1706.03762), by libtorch's
/// fused kernel, which never holds the weights of a whole sequence.
///
/// - Parameters:
///   - query: `[..., heads, length, dimension]`.
///   - key: `[..., heads, source, dimension]`. It may have fewer heads if their number divides the query's: each then serves several
///     heads of the query (grouped queries, Ainslie et al. 2023, arXiv:2305.13245).
///   - value: `[..., heads, source, size]`, as many heads as `key`.
///   - mask: broadcast to `[..., heads, length, source]`. A boolean mask is **true where a key takes part**, as in PyTorch's function of
///     the same name (and unlike ``MultiheadAttention``); a floating-point mask is added to the products.
///   - isCausal: whether position i of the query sees keys 0…i only. Goes with a mask.
///   - dropout: the probability that a weight is set to zero. Give 0 in evaluation.
///   - scale: the factor of the products; 1 / √dimension if `nil`.
/// - Returns: `[..., heads, length, size]`.
/// - Throws: `TorchError` where shapes do not fit.
public func scaledDotProductAttention(
  _ query: Tensor, _ key: Tensor, _ value: Tensor, mask: Tensor? = nil, isCausal: Bool = false, dropout: Double = 0,
  scale: Double? = nil
) throws(TorchError) -> Tensor {
  let isGrouped = try AttentionShape.check(query.shape, key.shape, value.shape)
  guard (0...1).contains(dropout) else {
    throw TorchError.layer("the dropout \(dropout) cannot be", in: AttentionShape.function, expected: "a probability in 0…1")
  }
  let length = query.shape[query.ndim - 2], source = key.shape[key.ndim - 2]
  if let mask { try AttentionShape.check(mask: mask, query: query.shape, source: source) }
  guard isCausal, let mask else {
    return try query.scaledDotProductAttention(
      key, value, attnMask: mask, dropoutP: dropout, isCausal: isCausal, scale: scale, enableGqa: isGrouped)
  }
  let blocked = try AttentionMask.future(length, source, device: query.device)
  let both =
    mask.dtype == .bool
    ? try mask.logicalAnd(blocked.logicalNot()) : try mask.maskedFill(blocked, .double(-Double.infinity))
  return try query.scaledDotProductAttention(
    key, value, attnMask: both, dropoutP: dropout, isCausal: false, scale: scale, enableGqa: isGrouped)
}

/// Masks that hide keys.
enum AttentionMask {
  /// True where a key lies behind its query: `[length, source]`.
  static func future(_ length: Int, _ source: Int, device: Device) throws(TorchError) -> Tensor {
    try Tensor.ones([length, source], dtype: .bool, device: device).triu(diagonal: 1)
  }

  /// What is added to the products: minus infinity where a boolean mask is true; a floating-point mask as it is.
  static func added(_ mask: Tensor, like x: Tensor) throws(TorchError) -> Tensor {
    guard mask.dtype == .bool else { return try mask.to(x.dtype) }
    return try Tensor.zeros(mask.shape, dtype: x.dtype, device: mask.device).maskedFill(mask, .double(-Double.infinity))
  }
}

private enum AttentionShape {
  static let function = "scaledDotProductAttention"

  /// Whether several heads of the query share one of the key.
  static func check(_ query: [Int], _ key: [Int], _ value: [Int]) throws(TorchError) -> Bool {
    let got = "query \(query), key \(key), value \(value)"
    func refuse(_ expected: String) -> TorchError { .layer("got " + got, in: function, expected: expected) }
    guard query.count >= 2, key.count == query.count, value.count == query.count else {
      throw refuse("three tensors [..., heads, length, dimension] of equally many dimensions")
    }
    let rank = query.count
    guard key[rank - 1] == query[rank - 1] else { throw refuse("key with the query's dimension \(query[rank - 1])") }
    guard value[rank - 2] == key[rank - 2] else { throw refuse("value with the key's length \(key[rank - 2])") }
    guard rank >= 3 else { return false }
    let heads = query[rank - 3], shared = key[rank - 3]
    guard value[rank - 3] == shared else { throw refuse("value with as many heads as the key, \(shared)") }
    if heads == shared || rank == 3 && (heads == 1 || shared == 1) { return false }
    guard rank >= 4, shared > 0, heads % shared == 0 else { throw refuse("a number of key heads that divides \(heads)") }
    return true
  }

  static func check(mask: Tensor, query: [Int], source: Int) throws(TorchError) {
    let full = query.dropLast() + [source]
    let fits = mask.ndim <= full.count && zip(mask.shape.reversed(), full.reversed()).allSatisfy { $0 == $1 || $0 == 1 }
    guard fits else {
      throw TorchError.layer("the mask has shape \(mask.shape)", in: function, expected: "a shape that broadcasts to \(Array(full))")
    }
    guard mask.dtype == .bool || mask.dtype.isFloatingPoint else {
      throw TorchError.layer("the mask holds \(mask.dtype)", in: function, expected: "booleans or floating-point numbers")
    }
  }
}
