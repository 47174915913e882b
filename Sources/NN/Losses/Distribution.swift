import Foundation
import MartletCore
public import Torch

/// The negative log likelihood of counts under a Poisson distribution.
///
/// - Parameters:
///   - output: the expected count or, as `logInput` says, its logarithm.
///   - target: counts, of the output's shape.
///   - full: whether to add Stirling's approximation of the term that the output does not change.
///   - eps: keeps the logarithm of 0 away where `logInput` is false.
public func poissonNLL(
  _ output: Tensor, _ target: Tensor, logInput: Bool = true, full: Bool = false, eps: Double = 1e-8, reduction: Reduction = .mean
) throws(TorchError) -> Tensor {
  try requireEqualShapes("poissonNLL", output, target)
  try withoutGrad { () throws(TorchError) in
    guard try (target .< 0).any().int() != 0 else { return }
    throw TorchError(.value, "poissonNLL", "the targets hold counts below 0", expected: "counts")
  }
  return try output.poissonNllLoss(target, logInput: logInput, full: full, eps: eps, reduction: reduction)
}

/// The negative log likelihood of targets under normal distributions (Nix, Weigend 1994).
///
/// - Parameters:
///   - mean: the expected values.
///   - target: the true values, of the mean's shape.
///   - variance: of the mean's shape, or with one value for a whole dimension (size 1, or the last one missing).
///   - full: whether to add the constant term.
///   - eps: the least variance.
public func gaussianNLL(
  _ mean: Tensor, _ target: Tensor, variance: Tensor, full: Bool = false, eps: Double = 1e-6, reduction: Reduction = .mean
) throws(TorchError) -> Tensor {
  try requireEqualShapes("gaussianNLL", mean, target)
  var variance = variance
  if variance.shape != mean.shape {
    let missing = mean.ndim > 0 && variance.shape == Array(mean.shape.dropLast())
    let narrow = mean.ndim == variance.ndim && zip(mean.shape, variance.shape).allSatisfy { $0 == $1 || $1 == 1 }
    guard missing || narrow else {
      throw TorchError(
        .value, "gaussianNLL", "the variance has shape \(variance.shape) and the mean \(mean.shape)",
        expected: "equal shapes, or one variance for a dimension")
    }
    if missing { variance = try variance.unsqueeze(-1) }
  }
  let clamped = try variance.clone()
  try withoutGrad { () throws(TorchError) in
    guard try (variance .< 0).any().int() == 0 else {
      throw TorchError(.value, "gaussianNLL", "the variance holds values below 0", expected: "variances", remedy: "softplus or exp")
    }
    // The gradient goes through, so that a variance below the least one can grow.
    try clamped.clamp_(min: Scalar(eps), max: nil)
  }
  var loss = try (clamped.log() + (mean - target).square() / clamped) * 0.5
  if full { loss = try loss + 0.5 * log(2 * Double.pi) }
  return try loss.reduced(reduction)
}

/// The quantile (pinball) loss: q · d where the target is d above the output, (1 - q) · -d where it is below (Koenker, Bassett 1978).
///
/// - Parameters:
///   - output: the quantiles of each target, `[…, quantiles]`; for one quantile also the target's own shape.
///   - target: `[…]`.
///   - quantiles: in 0…1, without the ends; 0.5 is the median.
/// - Returns: the mean or the sum over targets and quantiles, or one value for each.
public func quantile(
  _ output: Tensor, _ target: Tensor, quantiles: [Double] = [0.5], reduction: Reduction = .mean
) throws(TorchError) -> Tensor {
  guard !quantiles.isEmpty, quantiles.allSatisfy({ $0 > 0 && $0 < 1 }) else {
    throw TorchError(.value, "quantile", "the quantiles are \(quantiles)", expected: "numbers above 0 and below 1")
  }
  var difference: Tensor
  if quantiles.count == 1, output.shape == target.shape {
    difference = try target - output
  } else {
    guard output.shape == target.shape + [quantiles.count] else {
      throw TorchError(
        .value, "quantile", "the output has shape \(output.shape) and the target \(target.shape)",
        expected: "an output of shape \(target.shape + [quantiles.count])")
    }
    difference = try target.unsqueeze(-1) - output
  }
  let q = try Tensor(quantiles).to(output.dtype, device: output.device)
  return try (difference * q).maximum(difference * (q - 1)).reduced(reduction)
}

/// log cosh(output - target): squared near 0, absolute far away, smooth everywhere.
public func logCosh(_ output: Tensor, _ target: Tensor, reduction: Reduction = .mean) throws(TorchError) -> Tensor {
  try requireEqualShapes("logCosh", output, target)
  let difference = try (output - target).abs()
  // cosh itself overflows at 89.
  return try (difference + (difference * -2).softplus() - log(2.0)).reduced(reduction)
}
