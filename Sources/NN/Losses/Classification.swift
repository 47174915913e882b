import MartletCore
public import Torch

/// The cross-entropy of logits against classes, with the softmax inside.
///
/// - Parameters:
///   - logits: `[batch, classes]` or `[batch, classes, …]`.
///   - target: the classes `[batch, …]` as integers, or probabilities of the logits' shape.
///   - weight: a weight for each class, `[classes]`.
///   - ignoreIndex: the class that does not count; only with integers.
///   - labelSmoothing: the share of the target that is spread over all classes, in 0…1 (Szegedy et al. 2015, arXiv:1512.00567).
///   - reduction: the mean (weighted by `weight`), the sum, or one value for each item.
/// - Throws: `TorchError` where shapes do not fit or a class is not in the logits.
public func crossEntropy(
  _ logits: Tensor, _ target: Tensor, weight: Tensor? = nil, ignoreIndex: Int = -100, labelSmoothing: Double = 0,
  reduction: Reduction = .mean
) throws(TorchError) -> Tensor {
  do throws(TorchError) {
    return try logits.crossEntropyLoss(
      classes(target), weight, reduction: reduction, ignoreIndex: ignoreIndex, labelSmoothing: labelSmoothing)
  } catch {
    throw explained(error, "crossEntropy", logits, target)
  }
}

/// The negative log likelihood of log probabilities (the output of ``logSoftmax(_:dim:)``) against classes.
///
/// - Parameters:
///   - logProbabilities: `[batch, classes]` or `[batch, classes, …]`.
///   - target: the classes `[batch, …]` as integers.
///   - weight: a weight for each class, `[classes]`.
///   - ignoreIndex: the class that does not count.
public func nll(
  _ logProbabilities: Tensor, _ target: Tensor, weight: Tensor? = nil, ignoreIndex: Int = -100, reduction: Reduction = .mean
) throws(TorchError) -> Tensor {
  do throws(TorchError) {
    return try logProbabilities.nllLossNd(classes(target), weight, reduction: reduction, ignoreIndex: ignoreIndex)
  } catch {
    throw explained(error, "nll", logProbabilities, target)
  }
}

/// The binary cross-entropy of probabilities in 0…1 against targets of the same shape in 0…1.
/// - Parameter weight: a weight for each value, of a shape that broadcasts.
public func bce(
  _ probabilities: Tensor, _ target: Tensor, weight: Tensor? = nil, reduction: Reduction = .mean
) throws(TorchError) -> Tensor {
  try requireEqualShapes("bce", probabilities, target)
  return try probabilities.binaryCrossEntropy(target, weight, reduction: reduction)
}

/// The binary cross-entropy of logits against targets of the same shape in 0…1, with the sigmoid inside.
/// - Parameters:
///   - weight: a weight for each value, of a shape that broadcasts.
///   - posWeight: a weight for positive targets, of a shape that broadcasts.
public func bceWithLogits(
  _ logits: Tensor, _ target: Tensor, weight: Tensor? = nil, posWeight: Tensor? = nil, reduction: Reduction = .mean
) throws(TorchError) -> Tensor {
  try requireEqualShapes("bceWithLogits", logits, target)
  return try logits.binaryCrossEntropyWithLogits(target, weight, posWeight, reduction: reduction)
}

/// How `klDivergence` makes one number.
public enum DivergenceReduction: Sendable, Hashable, CaseIterable {
  /// The sum divided by the batch's size: what the mathematical definition means.
  case batchMean
  /// The mean over all values.
  case mean
  /// The sum over all values.
  case sum
  /// One value for each.
  case none
}

/// The Kullback-Leibler divergence of a target distribution from log probabilities of the same shape.
/// - Parameter logTarget: whether the target is given as log probabilities, too.
public func klDivergence(
  _ logProbabilities: Tensor, _ target: Tensor, reduction: DivergenceReduction = .batchMean, logTarget: Bool = false
) throws(TorchError) -> Tensor {
  try requireEqualShapes("klDivergence", logProbabilities, target)
  switch reduction {
  case .none: return try logProbabilities.klDiv(target, reduction: .none, logTarget: logTarget)
  case .mean: return try logProbabilities.klDiv(target, reduction: .mean, logTarget: logTarget)
  case .sum: return try logProbabilities.klDiv(target, reduction: .sum, logTarget: logTarget)
  case .batchMean:
    return try logProbabilities.klDiv(target, reduction: .sum, logTarget: logTarget) / Double(max(logProbabilities.shape.first ?? 1, 1))
  }
}

/// libtorch takes classes as int64 only; smaller integers are as good.
private func classes(_ target: Tensor) throws(TorchError) -> Tensor {
  target.dtype.isInteger && target.dtype != .int64 ? try target.to(.int64) : target
}

private func explained(_ error: TorchError, _ name: String, _ output: Tensor, _ target: Tensor) -> TorchError {
  let shape = output.shape
  let perItem = shape.isEmpty ? [] : [shape[0]] + shape.dropFirst(2)
  let fits = target.shape == (shape.count == 1 ? [] : perItem) || target.shape == shape
  return TorchError(
    error.kind, name, error.message, operands: error.operands,
    expected: fits ? error.expected : "targets of shape \(perItem) (classes) for an output of shape \(shape), got \(target.shape)")
}
