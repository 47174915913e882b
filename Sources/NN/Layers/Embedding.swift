public import Torch

/// A table of vectors looked up by integers.
///
/// Input `[...]` of int64 (or int32) in `0..<count`, output `[..., dimension]`. State: `weight` `[count, dimension]`, starting normal
/// (0, 1) with zeros at `paddingIndex`.
public final class Embedding: Module, Layer {
  /// `[count, dimension]`. Settable, so that an output layer can share it.
  public var weight: Parameter { didSet { structureChanged() } }
  /// The number of vectors.
  public let count: Int
  /// The length of each vector.
  public let dimension: Int
  /// The vector that gets no gradient, or `nil`.
  public let paddingIndex: Int?
  /// Vectors that are looked up and are longer are shortened to this, in place; `nil` leaves them.
  public let maxNorm: Double?
  /// The p of the norm that `maxNorm` limits.
  public let normType: Double

  /// - Parameters:
  ///   - count: the number of vectors.
  ///   - dimension: the length of each vector.
  ///   - paddingIndex: the vector that starts as zeros and gets no gradient; negative numbers count from the end.
  ///   - maxNorm: the longest that a vector may be when it is looked up.
  ///   - normType: the p of that norm.
  public init(_ count: Int, _ dimension: Int, paddingIndex: Int? = nil, maxNorm: Double? = nil, normType: Double = 2) {
    self.count = count
    self.dimension = dimension
    let padding = paddingIndex.map { $0 < 0 ? $0 + count : $0 }
    self.paddingIndex = padding
    self.maxNorm = maxNorm
    self.normType = normType
    weight = Self.table(count, dimension, padding: padding, in: "Embedding")
  }

  /// A table of normal numbers with zeros at `padding`.
  static func table(_ count: Int, _ dimension: Int, padding: Int?, in place: String) -> Parameter {
    Parameter { () throws(TorchError) in
      if let padding, !(0..<count).contains(padding) {
        throw TorchError.layer("paddingIndex \(padding) is not in the table", in: place, expected: "0..<\(count)")
      }
      let table = try Tensor.empty([count, dimension])
      try Initializer.normal().fill(table)
      if let padding {
        try withoutGrad { () throws(TorchError) in try table.select(dim: 0, index: padding).fill_(0) }
      }
      return table
    }
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in
      let table = try weight.value
      if let maxNorm {
        try withoutGrad { () throws(TorchError) in
          try table.detach().embeddingRenorm_(x.contiguous(), maxNorm: maxNorm, normType: normType)
        }
      }
      return try table.embedding(x, paddingIdx: paddingIndex ?? -1)
    }
  }

  public override var details: String { "\(count)×\(dimension)" }
}
