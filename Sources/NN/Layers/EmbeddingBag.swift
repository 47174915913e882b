public import Torch

/// How an ``EmbeddingBag`` brings its vectors together. Raw values are libtorch's numbers.
public enum EmbeddingBagMode: Int, Sendable, CaseIterable {
  case sum = 0
  case mean = 1
  case max = 2
}

/// Sums, averages or largest values of bags of vectors looked up by integers, without holding the single vectors.
///
/// Input `[batch, bag]` of int64 in `0..<count`, or one list of all bags with the offsets where they start; output `[batch, dimension]`.
/// State: `weight` `[count, dimension]`, starting normal (0, 1) with zeros at `paddingIndex`.
public final class EmbeddingBag: Module, Layer {
  /// `[count, dimension]`.
  public let weight: Parameter
  /// The number of vectors.
  public let count: Int
  /// The length of each vector.
  public let dimension: Int
  /// How vectors are brought together.
  public let mode: EmbeddingBagMode
  /// The vector that takes no part, or `nil`.
  public let paddingIndex: Int?
  /// Vectors that are looked up and are longer are shortened to this, in place; `nil` leaves them.
  public let maxNorm: Double?
  /// The p of the norm that `maxNorm` limits.
  public let normType: Double
  /// Whether the last offset is the end of the last bag.
  public let includesLastOffset: Bool

  /// - Parameters:
  ///   - count: the number of vectors.
  ///   - dimension: the length of each vector.
  ///   - mode: how vectors are brought together.
  ///   - paddingIndex: the vector that takes no part; negative numbers count from the end.
  ///   - maxNorm: the longest that a vector may be when it is looked up.
  ///   - normType: the p of that norm.
  ///   - includeLastOffset: whether the last offset is the end of the last bag.
  public init(
    _ count: Int, _ dimension: Int, mode: EmbeddingBagMode = .mean, paddingIndex: Int? = nil, maxNorm: Double? = nil,
    normType: Double = 2, includeLastOffset: Bool = false
  ) {
    self.count = count
    self.dimension = dimension
    self.mode = mode
    let padding = paddingIndex.map { $0 < 0 ? $0 + count : $0 }
    self.paddingIndex = padding
    self.maxNorm = maxNorm
    self.normType = normType
    includesLastOffset = includeLastOffset
    weight = Embedding.table(count, dimension, padding: padding, in: "EmbeddingBag")
  }

  /// One bag in each row of `[batch, bag]`.
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try callAsFunction(x, offsets: nil) }

  /// - Parameters:
  ///   - x: `[batch, bag]`, or all bags one after the other in one dimension.
  ///   - offsets: where each bag starts, with one dimension of `x` only.
  ///   - weights: a factor for each vector, shaped like `x`; with sums only.
  /// - Throws: `TorchError` where these do not go together, or a number is not in the table.
  public func callAsFunction(_ x: Tensor, offsets: Tensor?, weights: Tensor? = nil) throws(TorchError) -> Tensor {
    try observed([x]) { (inputs) throws(TorchError) in
      guard (1...2).contains(x.ndim), (x.ndim == 1) == (offsets != nil) else {
        throw TorchError.layer(
          "got \(x.shape) \(offsets == nil ? "without" : "with") offsets", expected: "[batch, bag], or one dimension with offsets")
      }
      guard weights == nil || mode == .sum, weights.map({ $0.shape == x.shape }) ?? true else {
        throw TorchError.layer(
          "weights of shape \(weights?.shape ?? []) with mode \(mode)", expected: "mode .sum and the input's shape \(x.shape)")
      }
      let table = try weight.value
      let indices = x.ndim == 1 ? x : try x.reshape([-1])
      if let maxNorm {
        try withoutGrad { () throws(TorchError) in
          try table.detach().embeddingRenorm_(indices.contiguous(), maxNorm: maxNorm, normType: normType)
        }
      }
      let starts: Tensor
      if let offsets {
        starts = offsets
      } else {
        starts = try Tensor((0..<x.shape[0]).map { Int64($0 * x.shape[1]) }, device: x.device).to(x.dtype)
      }
      let lasts = offsets != nil && includesLastOffset
      let factors = try weights?.reshape([-1])
      guard let paddingIndex else {
        return [
          try table.embeddingBag(indices, starts, mode: mode.rawValue, factors, includeLastOffset: lasts).0
        ]
      }
      let operation = try TorchOperator("aten::embedding_bag.padding_idx")
      let results = try operation(
        .tensor(table), .tensor(indices), .tensor(starts), .scalar(.bool(false)), .scalar(.int(mode.rawValue)), .scalar(.bool(false)),
        factors.map { .tensor($0) } ?? .none, .scalar(.bool(lasts)), .scalar(.int(paddingIndex)))
      return [try results[0].asTensor()]
    }[0]
  }

  public override var details: String { "\(count)×\(dimension), \(mode)" }
}
