public import Torch

/// The cosine of the angle between vectors along a dimension. Two inputs that broadcast to one shape; the output lacks the dimension.
public final class CosineSimilarity: Module {
  private let dim: Int
  private let eps: Double

  /// - Parameters:
  ///   - dim: the dimension along which the vectors lie.
  ///   - eps: the least that the product of the lengths may be.
  public init(dim: Int = 1, eps: Double = 1e-8) {
    self.dim = dim
    self.eps = eps
  }

  /// - Throws: `TorchError` where the inputs do not broadcast to one shape.
  public func callAsFunction(_ x: Tensor, _ y: Tensor) throws(TorchError) -> Tensor {
    try observed([x, y]) { (inputs) throws(TorchError) in [try x.cosineSimilarity(y, dim: dim, eps: eps)] }[0]
  }

  public override var details: String { "dim \(dim)" }
  public override func expectation(inputs shapes: [[Int]]) -> String? { PairShape.expectation(shapes) }
}

/// The p-norm of the difference of vectors in the last dimension. Two inputs `[batch, dimension]` (or one vector each), output `[batch]`.
public final class PairwiseDistance: Module {
  private let p: Double
  private let eps: Double
  private let keepsDimension: Bool

  /// - Parameters:
  ///   - p: the norm's power.
  ///   - eps: added to each difference.
  ///   - keepDim: whether the output keeps a last dimension of size 1.
  public init(p: Double = 2, eps: Double = 1e-6, keepDim: Bool = false) {
    self.p = p
    self.eps = eps
    keepsDimension = keepDim
  }

  /// - Throws: `TorchError` where the inputs do not broadcast to one shape.
  public func callAsFunction(_ x: Tensor, _ y: Tensor) throws(TorchError) -> Tensor {
    try observed([x, y]) { (inputs) throws(TorchError) in [try x.pairwiseDistance(y, p: p, eps: eps, keepDim: keepsDimension)] }[0]
  }

  public override var details: String { "power \(p)" }
  public override func expectation(inputs shapes: [[Int]]) -> String? { PairShape.expectation(shapes) }
}

private enum PairShape {
  static func expectation(_ shapes: [[Int]]) -> String? {
    guard shapes.count == 2 else { return nil }
    let fits = zip(shapes[0].reversed(), shapes[1].reversed()).allSatisfy { $0 == $1 || $0 == 1 || $1 == 1 }
    return fits ? nil : "two shapes that broadcast to one"
  }
}
