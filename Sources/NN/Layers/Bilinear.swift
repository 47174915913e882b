public import Torch

/// A map of two inputs: `yₖ = x₁ᵀ Wₖ x₂ + bₖ`.
///
/// Inputs `[..., first]` and `[..., second]`, output `[..., out]`. State: `weight` `[out, first, second]`, `bias` `[out]`, both starting
/// uniform in ±1/√first, as in PyTorch.
public final class Bilinear: Module {
  /// `[out, first, second]`.
  public let weight: Parameter
  /// `[out]`, or `nil`.
  public let bias: Parameter?
  /// The last dimension of the first input.
  public let first: Int
  /// The last dimension of the second input.
  public let second: Int
  /// The last dimension of the output.
  public let outputs: Int

  /// - Parameters:
  ///   - first: the last dimension of the first input.
  ///   - second: the last dimension of the second input.
  ///   - outputs: the last dimension of the output.
  ///   - bias: whether a trained vector is added.
  public init(_ first: Int, _ second: Int, _ outputs: Int, bias: Bool = true) {
    self.first = first
    self.second = second
    self.outputs = outputs
    let start = Initializer.pyTorchBias(fanIn: first)
    weight = Parameter(shape: [outputs, first, second], start)
    self.bias = bias ? Parameter(shape: [outputs], start) : nil
  }

  /// - Throws: `TorchError` where the inputs do not fit each other or the layer.
  public func callAsFunction(_ x: Tensor, _ y: Tensor) throws(TorchError) -> Tensor {
    try observed([x, y]) { (inputs) throws(TorchError) in [try Tensor.bilinear(x, y, weight.value, bias?.value)] }[0]
  }

  public override var details: String { "\(first), \(second)→\(outputs)" }

  public override func expectation(inputs shapes: [[Int]]) -> String? {
    guard shapes.count == 2, shapes[0].last == first, shapes[1].last == second, shapes[0].dropLast() == shapes[1].dropLast() else {
      return "[..., \(first)] and [..., \(second)] of equal leading dimensions"
    }
    return nil
  }

  public override func multiplyAdds(inputs shapes: [[Int]], outputs: [[Int]]) -> Int {
    (outputs.first?.reduce(1, *) ?? 0) * first * (second + 1)
  }
}
