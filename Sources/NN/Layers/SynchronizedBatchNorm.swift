public import Torch

extension Module {
  /// Lets every batch norm below normalise over the batches of all processes together, or of this one alone again (`nil`).
  ///
  /// In training all processes then run the same layers in the same order. The result is that of one process on the joint batch.
  public final func synchronizeBatchNorm(over group: ProcessGroup?) {
    for (_, module) in namedModules() { (module as? BatchNorm)?.group = group.flatMap { $0.size > 1 ? $0 : nil } }
  }
}

extension BatchNorm {
  /// The training pass with the statistics of all processes: each one's counts, means and squared distances are gathered and combined
  /// (Chan, Golub, LeVeque 1979), in double precision.
  func synchronized(_ x: Tensor, over group: ProcessGroup, share: Double) throws(TorchError) -> Tensor {
    let shape = [1, channels] + [Int](repeating: 1, count: x.ndim - 2)
    let statistics = try withoutGrad { () throws(TorchError) in try self.statistics(of: x.detach(), over: group) }
    if let runningMean = try runningMean?.value, let runningVar = try runningVar?.value {
      try withoutGrad { () throws(TorchError) in
        let unbiased = try statistics.variance * (statistics.count / max(1, statistics.count - 1))
        try runningMean.copy_(runningMean * (1 - share) + statistics.mean.to(runningMean.dtype) * share)
        try runningVar.copy_(runningVar * (1 - share) + unbiased.to(runningVar.dtype) * share)
      }
    }
    let mean = try statistics.mean.to(x.dtype).view(shape)
    let scale = try (statistics.variance + eps).rsqrt().to(x.dtype).view(shape)
    let normal = try SynchronizedNormalization(mean: mean, scale: scale, count: statistics.count, isCounted: !group.standsIn, group: group)
      .apply([x])[0]
    guard let weight = try weight?.value, let bias = try bias?.value else { return normal }
    return try normal * weight.view(shape) + bias.view(shape)
  }

  private func statistics(
    of x: Tensor, over group: ProcessGroup
  ) throws(TorchError) -> (mean: Tensor, variance: Tensor, count: Double) {
    let dims = [0] + Array(2..<x.ndim)
    let wide = try x.to(.float64)
    let own = try wide.mean(dims: dims)
    let weight = group.standsIn ? 0.0 : 1
    let distances = try wide.sub(own.view([1, channels] + [Int](repeating: 1, count: x.ndim - 2)))
    let squares = try distances.square().sum(dims: dims) * weight
    let count = try Tensor([weight * Double(x.count / channels)])
    let all = try group.gathered(Tensor.cat([own, squares, count], dim: 0))
    let counts = try all.narrow(dim: 1, start: 2 * channels, length: 1)
    let total = try counts.sum().double()
    let means = try all.narrow(dim: 1, start: 0, length: channels)
    let mean = try (means * counts).sum(dims: [0]) / total
    let between = try ((means - mean).square() * counts).sum(dims: [0])
    let within = try all.narrow(dim: 1, start: channels, length: channels).sum(dims: [0])
    return (mean, try (within + between) / total, total)
  }
}

extension ProcessGroup {
  /// All-gather for layers, whose errors are libtorch's.
  fileprivate func gathered(_ tensor: Tensor) throws(TorchError) -> Tensor {
    do throws(DistributedError) { return try allGather(tensor).result() } catch {
      throw TorchError(.engine, "BatchNorm over \(size) processes", error.description)
    }
  }
}

/// `(x - mean) * scale`, whose backward pass knows that mean and scale come from the batches of all processes.
///
/// `@unchecked Sendable`: nothing in it changes.
private struct SynchronizedNormalization: DifferentiableFunction, @unchecked Sendable {
  let mean: Tensor
  let scale: Tensor
  let count: Double
  /// This process's items are among those of the joint batch.
  let isCounted: Bool
  let group: ProcessGroup

  func forward(_ inputs: [Tensor]) throws -> (outputs: [Tensor], saved: [Tensor]) {
    let normal = try (inputs[0] - mean) * scale
    return ([normal], [normal])
  }

  func backward(_ gradients: [Tensor?], saved: [Tensor]) throws -> [Tensor?] {
    guard let gradient = gradients[0] else { return [nil] }
    let normal = saved[0]
    let channels = gradient.shape[1]
    let dims = [0] + Array(2..<gradient.ndim)
    let sum = try gradient.to(.float64).sum(dims: dims)
    let product = try (gradient * normal).to(.float64).sum(dims: dims)
    let total = try group.allReduce(Tensor.stack([sum, product])).result().to(gradient.dtype)
    guard isCounted else { return [try gradient.zerosLike()] }
    let shape = [1, channels] + [Int](repeating: 1, count: gradient.ndim - 2)
    let meanGradient = try total.select(dim: 0, index: 0).view(shape) / count
    let meanProduct = try total.select(dim: 0, index: 1).view(shape) / count
    return [try (gradient - meanGradient - normal * meanProduct) * scale]
  }
}
