public import Torch

/// What ``StochasticDepth`` drops at once.
public enum StochasticDepthMode: String, Sendable, CaseIterable {
  /// Each item of the batch for itself.
  case row
  /// The whole batch.
  case batch
}

/// Drops the whole output of a residual branch with probability `p` in training and scales what is kept by 1 / (1 - p); passes everything
/// in evaluation (Huang et al. 2016, arXiv:1603.09382). Draws the same numbers as `torchvision.ops.StochasticDepth`.
///
/// Input and output `[batch, …]`.
public final class StochasticDepth: Module, Layer {
  /// The probability that the branch is dropped.
  public let p: Double
  /// What is dropped at once.
  public let mode: StochasticDepthMode

  /// - Parameters:
  ///   - p: the probability that the branch is dropped, in 0…1.
  ///   - mode: whether items are dropped one by one or the batch as a whole.
  public init(_ p: Double, mode: StochasticDepthMode = .row) {
    self.p = p
    self.mode = mode
  }

  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try observed(x) { (x) throws(TorchError) in try stochasticDepth(x, p: p, mode: mode, training: isTraining) }
  }

  public override var details: String { "\(p), \(mode.rawValue)" }
}

/// Sets items of `[batch, …]` (or all of it) to zero with probability `p` and scales the rest, if `training`; gives `x` back otherwise.
/// - Throws: `TorchError` if `p` is not in 0…1, or where `x` has no batch dimension to drop items from.
public func stochasticDepth(_ x: Tensor, p: Double, mode: StochasticDepthMode = .row, training: Bool) throws(TorchError) -> Tensor {
  guard (0...1).contains(p) else {
    throw TorchError.layer("the probability \(p) cannot be", in: "stochasticDepth", expected: "a number in 0…1")
  }
  guard training, p > 0 else { return x }
  var size = [Int](repeating: 1, count: x.ndim)
  if mode == .row {
    guard x.ndim > 0 else { throw TorchError.layer("a single number has no items", in: "stochasticDepth", expected: "[batch, …]") }
    size[0] = x.shape[0]
  }
  let kept = 1 - p
  let noise = try Tensor.empty(size, dtype: x.dtype, device: x.device)
  try noise.bernoulli_(p: kept)
  if kept > 0 { try noise.div_(Scalar(kept)) }
  return try x * noise
}
