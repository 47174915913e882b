import Synchronization
package import Torch

// Activations that write their result over their input. Visible inside the package only: right where the input is the fresh output of a
// convolution, a normalisation, a linear layer or a sum, whose gradients do not need it. Saves an allocation of the activation's size, which
// for large images costs more than the arithmetic.

/// max(x, 0), over `x` itself.
package func reluOver(_ x: Tensor) throws(TorchError) -> Tensor {
  try over(x, OverwritingOperators.relu) { (x) throws(TorchError) in try relu(x) }
}

/// body + shortcut, over `body`.
package func addOver(_ body: Tensor, _ shortcut: Tensor) throws(TorchError) -> Tensor {
  if isAnythingObserved { return try body + shortcut }
  try body.add_(shortcut)
  return body
}

/// min(max(x, 0), 6), over `x` itself.
package func relu6Over(_ x: Tensor) throws(TorchError) -> Tensor {
  try over(x, OverwritingOperators.relu6) { (x) throws(TorchError) in try relu6(x) }
}

/// x · relu6(x + 3) / 6, over `x` where no gradient needs it.
func hardswishOver(_ x: Tensor) throws(TorchError) -> Tensor {
  try over(x, x.requiresGrad ? nil : OverwritingOperators.hardswish) { (x) throws(TorchError) in try hardswish(x) }
}

/// x · sigmoid(x), over `x` where no gradient needs it.
func siluOver(_ x: Tensor) throws(TorchError) -> Tensor {
  try over(x, x.requiresGrad ? nil : OverwritingOperators.silu) { (x) throws(TorchError) in try silu(x) }
}

/// Whoever observes a layer's output may keep it, so that it must stay as it is.
private var isAnythingObserved: Bool { ForwardObservation.active.load(ordering: .relaxed) > 0 }

private func over(
  _ x: Tensor, _ found: TorchOperator?, _ otherwise: (Tensor) throws(TorchError) -> Tensor
) throws(TorchError) -> Tensor {
  guard let found, !isAnythingObserved else { return try otherwise(x) }
  _ = try found(.tensor(x))
  return x
}

/// Looked up once; a libtorch without one of them computes into new memory instead.
private enum OverwritingOperators {
  static let relu = try? TorchOperator("aten::relu_")
  static let relu6 = try? TorchOperator("aten::relu6_")
  static let hardswish = try? TorchOperator("aten::hardswish_")
  static let silu = try? TorchOperator("aten::silu_")
}
