import MartletCore
public import Torch

/// The focal loss of logits against classes, with the softmax inside: cross-entropy times (1 - p)^gamma, so that items that are right
/// already count less (Lin et al. 2017, arXiv:1708.02002). With gamma 0 it is the cross-entropy.
///
/// - Parameters:
///   - logits: `[batch, classes]` or `[batch, classes, …]`.
///   - target: the classes `[batch, …]` as integers.
///   - gamma: how much less, 0 or more.
///   - weight: a weight for each class, `[classes]` (the paper's alpha).
///   - ignoreIndex: the class that does not count.
///   - reduction: the mean (weighted by `weight`), the sum, or one value for each item.
/// - Throws: `TorchError` where shapes do not fit or a class is not in the logits.
public func focal(
  _ logits: Tensor, _ target: Tensor, gamma: Double = 2, weight: Tensor? = nil, ignoreIndex: Int = -100, reduction: Reduction = .mean
) throws(TorchError) -> Tensor {
  let modulation = try Modulation("focal", gamma)
  guard logits.ndim >= 2, target.shape == [logits.shape[0]] + logits.shape.dropFirst(2) else {
    let expected = logits.ndim < 2 ? "logits [batch, classes, …]" : "targets [\(logits.shape[0])] + \(Array(logits.shape.dropFirst(2)))"
    throw TorchError(.value, "focal", "the target has shape \(target.shape) and the logits \(logits.shape)", expected: expected)
  }
  let classes = try target.asClasses("focal")
  try requireClasses("focal", classes, below: logits.shape[1], ignoring: ignoreIndex)
  let logProbabilities = try logits.logSoftmax(dim: 1)
  let plain = try logProbabilities.nllLossNd(classes, reduction: .none, ignoreIndex: ignoreIndex)
  var loss = try plain * modulation.factor(logProbability: -plain)
  guard let weight else {
    guard reduction == .mean else { return try loss.reduced(reduction) }
    return try loss.sum() / (classes .!= ignoreIndex).sum()
  }
  guard weight.shape == [logits.shape[1]] else {
    throw TorchError(.value, "focal", "weights of shape \(weight.shape)", expected: "[\(logits.shape[1])], one for each class")
  }
  let counted = try classes .!= ignoreIndex
  let weights = try weight.take(classes.maskedFill(counted.logicalNot(), 0)) * counted.to(weight.dtype)
  loss = try loss * weights
  return reduction == .mean ? try loss.sum() / weights.sum() : try loss.reduced(reduction)
}

/// The focal loss of logits against targets of the same shape in 0…1, each with its own sigmoid, as `torchvision.ops.sigmoid_focal_loss`.
///
/// - Parameters:
///   - gamma: how much less items count that are right already.
///   - alpha: the weight of positive targets in 0…1 (negative ones get 1 - alpha), or `nil` for equal weights.
public func sigmoidFocal(
  _ logits: Tensor, _ target: Tensor, gamma: Double = 2, alpha: Double? = 0.25, reduction: Reduction = .mean
) throws(TorchError) -> Tensor {
  let modulation = try Modulation("sigmoidFocal", gamma)
  try requireEqualShapes("sigmoidFocal", logits, target)
  try requireShares("sigmoidFocal", target)
  if let alpha, !(0...1).contains(alpha) { throw TorchError(.value, "sigmoidFocal", "alpha is \(alpha)", expected: "0…1") }
  let plain = try logits.binaryCrossEntropyWithLogits(target, reduction: .none)
  let p = try logits.sigmoid()
  var loss = try plain * modulation.factor(probability: p * target + (1 - p) * (1 - target))
  if let alpha { loss = try loss * (target * alpha + (1 - target) * (1 - alpha)) }
  return try loss.reduced(reduction)
}

/// (1 - p)^gamma.
private struct Modulation {
  let gamma: Double

  init(_ name: String, _ gamma: Double) throws(TorchError) {
    guard gamma >= 0, gamma.isFinite else { throw TorchError(.value, name, "gamma is \(gamma)", expected: "0 or more") }
    self.gamma = gamma
  }

  func factor(logProbability: Tensor) throws(TorchError) -> Tensor { try power(-logProbability.expm1()) }
  func factor(probability: Tensor) throws(TorchError) -> Tensor { try power(1 - probability) }

  /// Below 1 the slope at 0 is infinite, and infinity times a loss of 0 is no number.
  private func power(_ rest: Tensor) throws(TorchError) -> Tensor {
    gamma < 1 && gamma > 0 ? try rest.clampMin(1e-12).pow(Scalar(gamma)) : try rest.pow(Scalar(gamma))
  }
}
