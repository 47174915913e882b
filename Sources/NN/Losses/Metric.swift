import MartletCore
public import Torch

/// max(0, margin + d(anchor, positive) - d(anchor, negative)) with the distances of a p-norm.
///
/// - Parameters:
///   - anchor: `[batch, dimension]`, as are the positive and the negative items.
///   - swap: whether the smaller of the negative's distances to the anchor and to the positive counts (Balntas et al. 2016).
public func tripletMargin(
  _ anchor: Tensor, _ positive: Tensor, _ negative: Tensor, margin: Double = 1, p: Double = 2, eps: Double = 1e-6, swap: Bool = false,
  reduction: Reduction = .mean
) throws(TorchError) -> Tensor {
  try requirePositive("tripletMargin", "the margin", margin)
  try requireEqualShapes("tripletMargin", anchor, positive)
  try requireEqualShapes("tripletMargin", anchor, negative)
  guard anchor.ndim >= 1 else { throw TorchError(.value, "tripletMargin", "the anchor is one number", expected: "[batch, dimension]") }
  return try Tensor.tripletMarginLoss(anchor, positive, negative, margin: margin, p: p, eps: eps, swap: swap, reduction: reduction)
}

/// The triplet loss with a distance of one's own.
/// - Parameter distance: one number for each item of two batches.
public func tripletMargin(
  _ anchor: Tensor, _ positive: Tensor, _ negative: Tensor, margin: Double = 1, swap: Bool = false, reduction: Reduction = .mean,
  distance: (Tensor, Tensor) throws(TorchError) -> Tensor
) throws(TorchError) -> Tensor {
  try requirePositive("tripletMargin", "the margin", margin)
  try requireEqualShapes("tripletMargin", anchor, positive)
  try requireEqualShapes("tripletMargin", anchor, negative)
  let near = try distance(anchor, positive)
  var far = try distance(anchor, negative)
  if swap { far = try far.minimum(distance(positive, negative)) }
  try requireEqualShapes("tripletMargin's distance", near, far)
  return try (near - far + margin).clampMin(0).reduced(reduction)
}

/// The triplet loss with, for each item of a batch, the farthest item of its class and the nearest of another (Hermans et al. 2017,
/// arXiv:1703.07737, "batch hard").
///
/// - Parameters:
///   - embeddings: `[batch, dimension]`.
///   - labels: `[batch]`, whole numbers.
///   - margin: how much farther the others have to be; `nil` for the paper's soft margin, log(1 + exp(…)).
/// - Returns: the mean or sum over the items that have both, or one value for each item (0 where it has not both).
public func batchHardTriplet(
  _ embeddings: Tensor, _ labels: Tensor, margin: Double? = 0.2, reduction: Reduction = .mean
) throws(TorchError) -> Tensor {
  try requireVectors("batchHardTriplet", embeddings)
  let same = try sameLabel("batchHardTriplet", labels, count: embeddings.shape[0])
  let distances = try embeddings.cdist(embeddings, p: 2)
  let itself = try Tensor.eye(embeddings.shape[0], dtype: .bool, device: embeddings.device)
  let others = try same.logicalNot(), friends = try same.logicalAnd(itself.logicalNot())
  guard embeddings.shape[0] > 0 else { return try distances.sum(dims: [1]).reduced(reduction == .none ? .none : .sum) }
  let farthest = try distances.maskedFill(friends.logicalNot(), .double(-.infinity)).amax(dims: [1])
  let nearest = try distances.maskedFill(others.logicalNot(), .double(.infinity)).amin(dims: [1])
  let valid = try friends.any(dim: 1).logicalAnd(others.any(dim: 1))
  // Infinities of items that do not count would make their gradients no numbers.
  let difference = try Tensor.where(valid, farthest, 0) - Tensor.where(valid, nearest, 0)
  let loss = if let margin { try (difference + margin).clampMin(0) } else { try difference.softplus() }
  let counted = try Tensor.where(valid, loss, 0)
  return reduction == .mean ? try counted.sum() / valid.sum().clampMin(1) : try counted.reduced(reduction)
}

/// Half the squared distance of similar pairs, half of max(0, margin - distance)² of the others (Hadsell, Chopra, LeCun 2006).
///
/// - Parameters:
///   - first: `[batch, dimension]`, as is the second.
///   - similar: `[batch]`: 1 for pairs that belong together, 0 for others. (The paper has it the other way round.)
public func contrastive(
  _ first: Tensor, _ second: Tensor, _ similar: Tensor, margin: Double = 1, reduction: Reduction = .mean
) throws(TorchError) -> Tensor {
  try requirePositive("contrastive", "the margin", margin)
  try requireVectors("contrastive", first, second)
  guard similar.shape == [first.shape[0]] else {
    throw TorchError(.value, "contrastive", "the targets have shape \(similar.shape)", expected: "[\(first.shape[0])], one for each pair")
  }
  let similar = try similar.to(first.dtype)
  try requireShares("contrastive", similar)
  let distance = try first.pairwiseDistance(second)
  let near = try distance.square(), far = try (margin - distance).clampMin(0).square()
  return try (similar * near / 2 + (1 - similar) * far / 2).reduced(reduction)
}

/// InfoNCE: each query's key has to be found among others (van den Oord et al. 2018, arXiv:1807.03748). Vectors are compared by their
/// cosine.
///
/// - Parameters:
///   - queries: `[batch, dimension]`.
///   - keys: `[batch, dimension]`: the key of each query.
///   - negatives: `[count, dimension]`: keys of nobody, as MoCo's queue; `nil` for the keys of the other queries.
///   - temperature: above 0; the smaller, the more the hardest negatives count.
public func infoNCE(
  _ queries: Tensor, _ keys: Tensor, negatives: Tensor? = nil, temperature: Double = 0.1, reduction: Reduction = .mean
) throws(TorchError) -> Tensor {
  try requirePositive("infoNCE", "the temperature", temperature)
  try requireVectors("infoNCE", queries, keys)
  let queries = try unit(queries), keys = try unit(keys)
  guard let negatives else {
    let logits = try queries.matmul(keys.t()) / temperature
    return try logits.crossEntropyLoss(Tensor.arange(.int(queries.shape[0]), dtype: .int64, device: queries.device), reduction: reduction)
  }
  guard negatives.ndim == 2, negatives.shape[1] == queries.shape[1] else {
    throw TorchError(.value, "infoNCE", "negatives of shape \(negatives.shape)", expected: "[count, \(queries.shape[1])]")
  }
  let right = try (queries * keys).sum(dims: [1], keepDim: true), wrong = try queries.matmul(unit(negatives).t())
  let logits = try Tensor.cat([right, wrong], dim: 1) / temperature
  return try logits.crossEntropyLoss(Tensor.zeros([queries.shape[0]], dtype: .int64, device: queries.device), reduction: reduction)
}

/// NT-Xent, the loss of SimCLR: of 2 · batch views each has to find the other view of its item (Chen et al. 2020, arXiv:2002.05709).
///
/// - Parameters:
///   - first: one view of each item, `[batch, dimension]`.
///   - second: the other, `[batch, dimension]`.
/// - Returns: the mean or sum over all views, or one value for each: those of `first`, then those of `second`.
public func ntXent(
  _ first: Tensor, _ second: Tensor, temperature: Double = 0.5, reduction: Reduction = .mean
) throws(TorchError) -> Tensor {
  try requirePositive("ntXent", "the temperature", temperature)
  try requireVectors("ntXent", first, second)
  let count = first.shape[0]
  let views = try unit(Tensor.cat([first, second]))
  let itself = try Tensor.eye(2 * count, dtype: .bool, device: first.device)
  let logits = try (views.matmul(views.t()) / temperature).maskedFill(itself, .double(-.infinity))
  let partners = try (Tensor.arange(.int(2 * count), dtype: .int64, device: first.device) + count).remainder(Scalar(max(2 * count, 1)))
  return try logits.crossEntropyLoss(partners, reduction: reduction)
}

/// The supervised contrastive loss: all views of all items of a class attract each other (Khosla et al. 2020, arXiv:2004.11362, L_out).
///
/// - Parameters:
///   - embeddings: `[batch, dimension]`, or `[batch, views, dimension]`.
///   - labels: `[batch]`, whole numbers.
///   - temperature: above 0. As in the authors' code a view without a partner gives 0 and counts in the mean.
/// - Returns: the mean or sum over all views, or one value for each, `[views · batch]`: first views first.
public func supervisedContrastive(
  _ embeddings: Tensor, _ labels: Tensor, temperature: Double = 0.07, reduction: Reduction = .mean
) throws(TorchError) -> Tensor {
  try requirePositive("supervisedContrastive", "the temperature", temperature)
  guard embeddings.ndim == 2 || embeddings.ndim == 3 else {
    throw TorchError(
      .value, "supervisedContrastive", "vectors of shape \(embeddings.shape)", expected: "[batch, dimension] or [batch, views, dimension]")
  }
  let views = embeddings.ndim == 3 ? embeddings.shape[1] : 1
  let rows = embeddings.ndim == 3 ? try embeddings.transpose(0, 1).reshape([-1, embeddings.shape[2]]) : embeddings
  let same = try sameLabel("supervisedContrastive", labels, count: embeddings.shape[0]).repeat([views, views])
  let all = try unit(rows)
  let itself = try Tensor.eye(all.shape[0], dtype: .bool, device: all.device)
  let logProbabilities = try (all.matmul(all.t()) / temperature).maskedFill(itself, .double(-.infinity)).logSoftmax(dim: 1)
  let positives = try same.logicalAnd(itself.logicalNot())
  let count = try positives.sum(dims: [1]).clampMin(1)
  return try -(Tensor.where(positives, logProbabilities, 0).sum(dims: [1]) / count).reduced(reduction)
}

/// Vectors of length 1, as `torch.nn.functional.normalize`.
private func unit(_ vectors: Tensor) throws(TorchError) -> Tensor {
  try vectors / vectors.norm(p: 2, dims: [1], keepDim: true).clampMin(1e-12)
}

/// `[batch, batch]`: which items have the same label.
private func sameLabel(_ name: String, _ labels: Tensor, count: Int) throws(TorchError) -> Tensor {
  guard labels.shape == [count] else {
    throw TorchError(.value, name, "labels of shape \(labels.shape)", expected: "[\(count)], one for each item")
  }
  let labels = try labels.asClasses(name)
  return try labels.unsqueeze(0) .== labels.unsqueeze(1)
}
