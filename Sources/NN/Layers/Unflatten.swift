public import Torch

/// Makes several dimensions of one: the opposite of ``Flatten``.
public final class Unflatten: Module, Layer {
  private let dim: Int
  private let sizes: [Int]

  /// - Parameters:
  ///   - dim: the dimension to divide; negative numbers count from the end.
  ///   - sizes: what becomes of it; one of them may be -1 for what is left.
  public init(_ dim: Int, _ sizes: [Int]) {
    self.dim = dim
    self.sizes = sizes
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try x.unflatten(dim: dim, sizes: sizes) }
  }

  public override var details: String { "\(dim) to \(sizes)" }

  public override func expectation(inputs shapes: [[Int]]) -> String? {
    "\(sizes.map(String.init).joined(separator: " · ")) in dimension \(dim)"
  }
}
