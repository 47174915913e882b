import MartletCore
public import Torch

/// max(0, 1 - target · output) for targets of -1 and 1 and an output of the same shape: a support vector machine's loss.
public func hinge(_ output: Tensor, _ target: Tensor, reduction: Reduction = .mean) throws(TorchError) -> Tensor {
  try requireEqualShapes("hinge", output, target)
  try requireSigns("hinge", target)
  return try (1 - output * target).clampMin(0).reduced(reduction)
}

/// max(0, 1 - target · output)² for targets of -1 and 1 and an output of the same shape.
public func squaredHinge(_ output: Tensor, _ target: Tensor, reduction: Reduction = .mean) throws(TorchError) -> Tensor {
  try requireEqualShapes("squaredHinge", output, target)
  try requireSigns("squaredHinge", target)
  return try (1 - output * target).clampMin(0).square().reduced(reduction)
}

/// The hinge loss of many classes: the mean over the others of max(0, margin - output[target] + output[other])^p.
///
/// - Parameters:
///   - output: `[batch, classes]` or `[classes]`.
///   - target: the classes `[batch]` as integers.
///   - p: 1 or 2.
///   - weight: a weight for each class, `[classes]`.
/// - Throws: `TorchError` where shapes do not fit or a class is not in the output.
public func multiMargin(
  _ output: Tensor, _ target: Tensor, p: Int = 1, margin: Double = 1, weight: Tensor? = nil, reduction: Reduction = .mean
) throws(TorchError) -> Tensor {
  guard p == 1 || p == 2 else { throw TorchError(.value, "multiMargin", "p is \(p)", expected: "1 or 2") }
  guard output.ndim == 1 || output.ndim == 2, target.shape == Array(output.shape.dropLast()) else {
    throw TorchError(
      .value, "multiMargin", "the target has shape \(target.shape) and the output \(output.shape)",
      expected: "an output [batch, classes] and targets [batch]")
  }
  let classes = try target.asClasses("multiMargin")
  try requireClasses("multiMargin", classes, below: output.shape.last ?? 0)
  return try output.multiMarginLoss(classes, p: Scalar(p), margin: Scalar(margin), weight, reduction: reduction)
}

/// The hinge loss between an item's classes and all others (`torch.nn.functional.multilabel_margin_loss`).
///
/// - Parameters:
///   - output: `[batch, classes]` or `[classes]`.
///   - target: the classes of each item from the left, then -1; of the output's shape.
public func multilabelMargin(_ output: Tensor, _ target: Tensor, reduction: Reduction = .mean) throws(TorchError) -> Tensor {
  try requireEqualShapes("multilabelMargin", output, target)
  guard output.ndim == 1 || output.ndim == 2 else {
    throw TorchError(.value, "multilabelMargin", "the output has shape \(output.shape)", expected: "[batch, classes] or [classes]")
  }
  let classes = try target.asClasses("multilabelMargin")
  try requireClasses("multilabelMargin", classes, below: output.shape.last ?? 0, ignoring: -1)
  return try output.multilabelMarginLoss(classes, reduction: reduction)
}

/// The mean over the classes of each class's own logistic loss.
///
/// - Parameters:
///   - logits: `[batch, classes]` or `[…, classes]`.
///   - target: 0 or 1 for each class, of the logits' shape.
///   - weight: a weight for each class, `[classes]`.
/// - Returns: the mean or the sum over the items, or one value for each.
public func multilabelSoftMargin(
  _ logits: Tensor, _ target: Tensor, weight: Tensor? = nil, reduction: Reduction = .mean
) throws(TorchError) -> Tensor {
  try requireEqualShapes("multilabelSoftMargin", logits, target)
  guard logits.ndim >= 1 else { throw TorchError(.value, "multilabelSoftMargin", "the logits are one number", expected: "[…, classes]") }
  try requireShares("multilabelSoftMargin", target)
  var loss = try -(target * logits.logSigmoid() + (1 - target) * (-logits).logSigmoid())
  if let weight { loss = try loss * weight }
  return try (loss.sum(dims: [-1]) / Double(logits.size(-1))).reduced(reduction)
}

/// log(1 + exp(-target · output)) for targets of -1 and 1 and an output of the same shape.
public func softMargin(_ output: Tensor, _ target: Tensor, reduction: Reduction = .mean) throws(TorchError) -> Tensor {
  try requireEqualShapes("softMargin", output, target)
  try requireSigns("softMargin", target)
  return try output.softMarginLoss(target, reduction: reduction)
}

/// A distance where the target is 1, max(0, margin - distance) where it is -1.
public func hingeEmbedding(
  _ distance: Tensor, _ target: Tensor, margin: Double = 1, reduction: Reduction = .mean
) throws(TorchError) -> Tensor {
  try requireEqualShapes("hingeEmbedding", distance, target)
  try requireSigns("hingeEmbedding", target)
  return try distance.hingeEmbeddingLoss(target, margin: margin, reduction: reduction)
}

/// max(0, -target · (first - second) + margin): a target of 1 wants the first ranked higher, -1 the second.
public func marginRanking(
  _ first: Tensor, _ second: Tensor, _ target: Tensor, margin: Double = 0, reduction: Reduction = .mean
) throws(TorchError) -> Tensor {
  try requireEqualShapes("marginRanking", first, second)
  try requireEqualShapes("marginRanking", first, target)
  try requireSigns("marginRanking", target)
  return try Tensor.marginRankingLoss(first, second, target, margin: margin, reduction: reduction)
}

/// 1 - cosine where the target is 1, max(0, cosine - margin) where it is -1.
/// - Parameters:
///   - first: `[batch, dimension]` or `[dimension]`, as is the second.
///   - target: `[batch]`, or one number.
public func cosineEmbedding(
  _ first: Tensor, _ second: Tensor, _ target: Tensor, margin: Double = 0, reduction: Reduction = .mean
) throws(TorchError) -> Tensor {
  try requireEqualShapes("cosineEmbedding", first, second)
  guard first.ndim == 1 || first.ndim == 2, target.shape == Array(first.shape.dropLast()) else {
    throw TorchError(
      .value, "cosineEmbedding", "the target has shape \(target.shape) and the vectors \(first.shape)",
      expected: "vectors [batch, dimension] and targets [batch]")
  }
  try requireSigns("cosineEmbedding", target)
  return try Tensor.cosineEmbeddingLoss(first, second, target, margin: margin, reduction: reduction)
}
