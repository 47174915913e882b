import MartletCore
public import NN
import Torch

/// Measures batch norm's running statistics anew: each becomes the mean over the loader's batches, as PyTorch's
/// `torch.optim.swa_utils.update_bn` does. Needed after weights were averaged, since the old statistics belong to other weights.
/// - Parameters:
///   - model: called on every batch's inputs in training mode; its mode is put back.
///   - loader: the training data; its next epoch from the beginning.
public func updateBatchNorm(_ model: any Layer, _ loader: DataLoader) async throws {
  let place = loader.position
  try await updateBatchNorm(model, loader, epoch: place.batch == 0 ? place.epoch : place.epoch + 1) { batch in _ = try model(batch.inputs) }
}

func updateBatchNorm(_ model: Module, _ loader: DataLoader, epoch: Int, _ forward: (Batch) throws -> Void) async throws {
  let norms = model.namedModules().compactMap { $0.module as? BatchNorm }.filter { $0.runningMean != nil }
  guard !norms.isEmpty else { return }
  let modes = model.namedModules().map { ($0.module, $0.module.isTraining) }
  // Parents come before their children, whose own mode then stands.
  defer { for (module, isTraining) in modes where module.isTraining != isTraining { module.setTraining(isTraining) } }
  model.train()
  let statistics = try norms.map { try NormStatistics($0) }
  try loader.resume(at: LoaderPosition(epoch: epoch))
  for try await batch in loader {
    try withoutGrad {
      for statistic in statistics { try statistic.prepare() }
      try forward(batch)
      for statistic in statistics { try statistic.collect() }
    }
  }
  for statistic in statistics { try statistic.finish() }
}

/// One layer's means over batches.
///
/// A layer with momentum `m` that starts from zeros holds `m` times the batch's statistics after one call.
private final class NormStatistics {
  private let norm: BatchNorm
  private let running: [Tensor]
  private let sums: [Tensor]
  private var batches = 0

  init(_ norm: BatchNorm) throws {
    self.norm = norm
    running = try [norm.runningMean, norm.runningVar].compactMap { try $0?.value }
    if norm.momentum == 0 {
      throw ArgumentError("the batch norm layer \(norm.path) has momentum 0", expected: "one whose statistics follow the batches")
    }
    sums = try running.map { try $0.zerosLike() }
    try norm.numBatchesTracked?.value.zero_()
  }

  func prepare() throws {
    for tensor in running { try tensor.zero_() }
    // The layer's own mean over batches: with one batch it is the batch's.
    if norm.momentum == nil { try norm.numBatchesTracked?.value.zero_() }
  }

  func collect() throws {
    batches += 1
    for (sum, tensor) in zip(sums, running) { try sum.add_(tensor, alpha: Scalar(1 / (norm.momentum ?? 1))) }
  }

  func finish() throws {
    guard batches > 0 else { return }
    try withoutGrad {
      for (sum, tensor) in zip(sums, running) {
        try sum.div_(Scalar(Double(batches)))
        try tensor.copy_(sum)
      }
      try norm.numBatchesTracked?.value.copy_(Tensor.full([], value: .int(batches), dtype: .int64))
    }
  }
}
