import MartletCore
public import Torch

/// How logits become the probabilities that an overlap is measured with.
public enum OverlapActivation: String, Sendable, Hashable, CaseIterable {
  /// One class for each place.
  case softmax
  /// Each channel for itself; several may hold at one place.
  case sigmoid
  /// They are probabilities already.
  case none
}

/// The soft Dice loss, 1 - 2 |P ∩ T| / (|P| + |T|), for segmentation (Milletari et al. 2016, arXiv:1606.04797).
///
/// - Parameters:
///   - logits: `[batch, classes, …]`.
///   - target: the classes `[batch, …]` as integers, or shares of the logits' shape in 0…1.
///   - smoothing: added above and below the fraction, so that classes that are nowhere give a loss of 0.
///   - squared: whether the sums below are of squares, as in the paper.
///   - includesBackground: whether class 0 counts.
///   - ignoreIndex: the class of places that do not count; only with integers.
/// - Returns: the mean or the sum over images and classes, or one value for each, `[batch, classes]`.
public func dice(
  _ logits: Tensor, _ target: Tensor, activation: OverlapActivation = .softmax, smoothing: Double = 1, squared: Bool = false,
  includesBackground: Bool = true, ignoreIndex: Int? = nil, reduction: Reduction = .mean
) throws(TorchError) -> Tensor {
  let sets = try OverlapSets("dice", logits, target, activation, includesBackground, ignoreIndex)
  let both = try sets.sum(sets.predicted * sets.target)
  let predicted = try sets.sum(squared ? sets.predicted.square() : sets.predicted)
  let target = try sets.sum(squared ? sets.target.square() : sets.target)
  return try (1 - (both * 2 + smoothing) / (predicted + target + smoothing)).reduced(reduction)
}

/// The generalised Dice loss: classes weighted by one over their squared size, so that small ones count as much as large ones (Sudre et
/// al. 2017, arXiv:1707.03237). A class that an image lacks gets the largest weight of those that it has.
///
/// Parameters are those of ``dice(_:_:activation:smoothing:squared:includesBackground:ignoreIndex:reduction:)``.
/// - Returns: the mean or the sum over images, or one value for each, `[batch]`.
public func generalizedDice(
  _ logits: Tensor, _ target: Tensor, activation: OverlapActivation = .softmax, smoothing: Double = 1e-5,
  includesBackground: Bool = true, ignoreIndex: Int? = nil, reduction: Reduction = .mean
) throws(TorchError) -> Tensor {
  let sets = try OverlapSets("generalizedDice", logits, target, activation, includesBackground, ignoreIndex)
  let size = try sets.sum(sets.target)
  let present = try size .> 0
  let weight = try Tensor.where(present, size.square().clampMin(1e-12).reciprocal(), 0)
  let largest = try weight.amax(dims: [1], keepDim: true)
  // Without any class there is nothing to weigh.
  let weights = try Tensor.where(present, weight, Tensor.where(largest .> 0, largest, 1))
  let both = try (weights * sets.sum(sets.predicted * sets.target)).sum(dims: [1])
  let all = try (weights * (sets.sum(sets.predicted) + size)).sum(dims: [1])
  return try (1 - (both * 2 + smoothing) / (all + smoothing)).reduced(reduction)
}

/// The Tversky loss: Dice with a weight for false positives and one for false negatives (Salehi et al. 2017, arXiv:1706.05721).
///
/// - Parameters:
///   - alpha: the weight of false positives. With alpha and beta 0.5 the loss is Dice's.
///   - beta: the weight of false negatives.
///   - gamma: the exponent of the focal Tversky loss (Abraham, Khan 2018, arXiv:1810.07842); 1 for the plain one.
/// - Returns: the mean or the sum over images and classes, or one value for each, `[batch, classes]`.
public func tversky(
  _ logits: Tensor, _ target: Tensor, alpha: Double = 0.3, beta: Double = 0.7, gamma: Double = 1,
  activation: OverlapActivation = .softmax, smoothing: Double = 1, includesBackground: Bool = true, ignoreIndex: Int? = nil,
  reduction: Reduction = .mean
) throws(TorchError) -> Tensor {
  try requirePositive("tversky", "gamma", gamma)
  guard alpha >= 0, beta >= 0 else {
    throw TorchError(.value, "tversky", "the weights are \(alpha) and \(beta)", expected: "0 or more")
  }
  let sets = try OverlapSets("tversky", logits, target, activation, includesBackground, ignoreIndex)
  let both = try sets.sum(sets.predicted * sets.target)
  let onlyPredicted = try sets.sum(sets.predicted * (1 - sets.target)), onlyTarget = try sets.sum((1 - sets.predicted) * sets.target)
  let loss = try 1 - (both + smoothing) / (both + onlyPredicted * alpha + onlyTarget * beta + smoothing)
  // At a loss of 0 the slope of a root is infinite.
  return try (gamma == 1 ? loss : loss.clampMin(1e-12).pow(Scalar(gamma))).reduced(reduction)
}

/// Predictions and targets as `[batch, classes, places]`, places that do not count set to 0 in both.
private struct OverlapSets {
  let predicted: Tensor
  let target: Tensor

  init(
    _ name: String, _ logits: Tensor, _ target: Tensor, _ activation: OverlapActivation, _ includesBackground: Bool, _ ignoreIndex: Int?
  ) throws(TorchError) {
    guard logits.ndim >= 2 else { throw TorchError(.value, name, "logits of shape \(logits.shape)", expected: "[batch, classes, …]") }
    let classes = logits.shape[1]
    guard classes > (includesBackground ? 0 : 1) else {
      throw TorchError(.value, name, "logits of \(classes) classes", expected: includesBackground ? "one or more" : "two or more")
    }
    var predicted: Tensor
    switch activation {
    case .softmax: predicted = try logits.softmax(dim: 1)
    case .sigmoid: predicted = try logits.sigmoid()
    case .none: predicted = logits
    }
    let perPlace = [logits.shape[0]] + logits.shape.dropFirst(2)
    var shares: Tensor
    if target.shape == perPlace, target.dtype.isInteger {
      let places = try target.asClasses(name)
      try requireClasses(name, places, below: classes, ignoring: ignoreIndex)
      var counted: Tensor?
      var known = places
      if let ignoreIndex {
        let mask = try places .!= ignoreIndex
        known = try places.maskedFill(mask.logicalNot(), 0)
        counted = try mask.to(logits.dtype).unsqueeze(1)
      }
      shares = try Tensor.zeros(logits.shape, dtype: logits.dtype, device: logits.device).scatter(dim: 1, known.unsqueeze(1), 1)
      if let counted {
        predicted = try predicted * counted
        shares = try shares * counted
      }
    } else {
      guard target.shape == logits.shape else {
        throw TorchError(
          .value, name, "the target is \(target.dtype) of shape \(target.shape) and the logits \(logits.shape)",
          expected: "classes as whole numbers \(perPlace), or shares \(logits.shape)")
      }
      if ignoreIndex != nil {
        throw TorchError(.value, name, "ignoreIndex with shares as the target", expected: "classes as whole numbers")
      }
      shares = try target.to(logits.dtype)
      try requireShares(name, shares)
    }
    let first = includesBackground ? 0 : 1
    func places(_ tensor: Tensor) throws(TorchError) -> Tensor {
      try tensor.narrow(dim: 1, start: first, length: classes - first).reshape([tensor.shape[0], classes - first, -1])
    }
    guard logits.count > 0 else {
      throw TorchError(.value, name, "logits of shape \(logits.shape) hold nothing", expected: "one place or more")
    }
    self.predicted = try places(predicted)
    self.target = try places(shares)
  }

  func sum(_ tensor: Tensor) throws(TorchError) -> Tensor { try tensor.sum(dims: [2]) }
}
