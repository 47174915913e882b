import MartletCore
public import Torch

/// How the vectors of a text's tokens become one (names as in sentence-transformers).
public enum Pooling: String, Sendable, Hashable, Codable, CaseIterable {
  /// The first token's.
  case first = "cls"
  /// The largest value of each dimension.
  case largest = "max"
  /// The average.
  case mean
  /// The sum divided by the square root of the number of tokens.
  case rootMean = "mean_sqrt_len_tokens"
  /// The average in which later tokens count more: by their places 1, 2, 3 …
  case weightedMean = "weightedmean"
  /// The last token's.
  case last = "lasttoken"

  /// `[batch, width]` from `[batch, length, width]`; padding takes no part.
  public func callAsFunction(_ hidden: Tensor, mask: Tensor?) throws(TorchError) -> Tensor {
    switch self {
    case .first: return try hidden.select(dim: 1, index: 0)
    case .last: return try Self.rows(hidden, at: Self.lastTokens(mask, hidden))
    case .largest:
      guard let mask else { return try hidden.amax(dims: [1]) }
      return try hidden.maskedFill(mask.eq(0).unsqueeze(-1), .double(-1e9)).amax(dims: [1])
    case .mean:
      guard let mask else { return try hidden.mean(dims: [1]) }
      let (sum, count) = try Self.sums(hidden, weights: mask)
      return try sum / count
    case .rootMean:
      let (sum, count) = try Self.sums(hidden, weights: Self.weights(mask, hidden))
      return try sum / count.sqrt()
    case .weightedMean:
      let places = try Tensor.arange(.int(hidden.shape[1]), dtype: hidden.dtype, device: hidden.device) + 1
      let (sum, count) = try Self.sums(hidden, weights: Self.weights(mask, hidden) * places)
      return try sum / count
    }
  }

  /// 1 for tokens, 0 for padding.
  private static func weights(_ mask: Tensor?, _ hidden: Tensor) throws(TorchError) -> Tensor {
    if let mask { return try mask.to(hidden.dtype) }
    return try Tensor.ones([hidden.shape[0], hidden.shape[1]], dtype: hidden.dtype, device: hidden.device)
  }

  private static func sums(_ hidden: Tensor, weights: Tensor) throws(TorchError) -> (sum: Tensor, count: Tensor) {
    let weights = try weights.to(hidden.dtype).unsqueeze(1)
    return (try weights.matmul(hidden).squeeze(dim: 1), try weights.sum(dims: [2]).clampMin(1e-9))
  }

  /// The last place of each row that is no padding, `[batch]`.
  static func lastTokens(_ mask: Tensor?, _ hidden: Tensor) throws(TorchError) -> Tensor {
    let places = try Tensor.arange(.int(hidden.shape[1]), dtype: .int64, device: hidden.device)
    guard let mask else { return try places.max().expand([hidden.shape[0]]) }
    return try (places * mask.ne(0).to(.int64)).argmax(dim: 1)
  }

  /// One vector of each row.
  static func rows(_ hidden: Tensor, at places: Tensor) throws(TorchError) -> Tensor {
    let index = try places.reshape([-1, 1, 1]).expand([hidden.shape[0], 1, hidden.shape[2]])
    return try hidden.gather(dim: 1, index).squeeze(dim: 1)
  }
}

/// How a text becomes one vector.
public struct EmbeddingSettings: Sendable, Hashable {
  /// What is taken; several are put one behind the other.
  public var pooling: [Pooling]
  /// Whether vectors are brought to length 1, so that their product is the cosine.
  public var normalizes: Bool

  /// The average of the tokens' vectors, brought to length 1, unless told otherwise.
  public init(pooling: [Pooling] = [.mean], normalizes: Bool = true) {
    self.pooling = pooling
    self.normalizes = normalizes
  }
}
