public import Torch

/// The mean squared error of an output and a target of the same shape.
public func mse(_ output: Tensor, _ target: Tensor, reduction: Reduction = .mean) throws(TorchError) -> Tensor {
  try requireEqualShapes("mse", output, target)
  return try output.mseLoss(target, reduction: reduction)
}

/// The mean absolute error of an output and a target of the same shape.
public func l1(_ output: Tensor, _ target: Tensor, reduction: Reduction = .mean) throws(TorchError) -> Tensor {
  try requireEqualShapes("l1", output, target)
  return try output.l1Loss(target, reduction: reduction)
}

/// Squared below `beta` and absolute above: d² / (2 beta), |d| - beta / 2.
public func smoothL1(_ output: Tensor, _ target: Tensor, beta: Double = 1, reduction: Reduction = .mean) throws(TorchError) -> Tensor {
  try requireEqualShapes("smoothL1", output, target)
  return try output.smoothL1Loss(target, reduction: reduction, beta: beta)
}

/// Squared below `delta` and absolute above: d² / 2, delta · (|d| - delta / 2) (Huber 1964).
public func huber(_ output: Tensor, _ target: Tensor, delta: Double = 1, reduction: Reduction = .mean) throws(TorchError) -> Tensor {
  try requireEqualShapes("huber", output, target)
  return try output.huberLoss(target, reduction: reduction, delta: delta)
}

/// Broadcasting `[batch, 1]` against `[batch]` gives a loss that trains the wrong thing in silence, so it is refused.
func requireEqualShapes(_ name: String, _ output: Tensor, _ target: Tensor) throws(TorchError) {
  guard output.ndim == target.ndim, output.count == target.count, output.shape == target.shape else {
    let hint = output.count == target.count ? "target.reshape(\(output.shape))" : nil
    throw TorchError(
      .value, name, "the target has shape \(target.shape) and the output \(output.shape)", expected: "equal shapes", remedy: hint)
  }
}
