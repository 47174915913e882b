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
  /// The training pass with the statistics of all processes: each one's counts, means and variances are gathered and combined (Chan, Golub,
  /// LeVeque 1979) in double precision. Everything over single values is libtorch's own kernels.
  func synchronized(_ x: Tensor, over group: ProcessGroup, share: Double) throws(TorchError) -> Tensor {
    let statistics = try withoutGrad { () throws(TorchError) in try self.statistics(of: x.detach(), over: group) }
    if let runningMean = try runningMean?.value, let runningVar = try runningVar?.value {
      try withoutGrad { () throws(TorchError) in
        let unbiased = try statistics.variance * (statistics.count / max(1, statistics.count - 1))
        try runningMean.copy_(runningMean * (1 - share) + statistics.mean.to(runningMean.dtype) * share)
        try runningVar.copy_(runningVar * (1 - share) + unbiased.to(runningVar.dtype) * share)
      }
    }
    let type = try weight?.value.dtype ?? x.dtype
    let function = SynchronizedNormalization(
      mean: try statistics.mean.to(type), variance: try statistics.variance.to(type), count: statistics.count, eps: eps,
      isCounted: !group.standsIn, group: group)
    guard let weight = try weight?.value, let bias = try bias?.value else { return try function.apply([x])[0] }
    return try function.apply([x, weight, bias])[0]
  }

  private func statistics(
    of x: Tensor, over group: ProcessGroup
  ) throws(TorchError) -> (mean: Tensor, variance: Tensor, count: Double) {
    let own = try BatchNormKernels.statistics(x)
    let count = group.standsIn ? 0.0 : Double(x.count / channels)
    let all = try group.gathered(
      Tensor.cat([own.mean.to(.float64), own.variance.to(.float64) * count, Tensor([count])], dim: 0))
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

/// libtorch's kernels for the parts of batch norm.
private enum BatchNormKernels {
  /// Mean and biased variance of each channel.
  static func statistics(_ x: Tensor) throws(TorchError) -> (mean: Tensor, variance: Tensor) {
    let results = try TorchOperator("aten::batch_norm_update_stats")(.tensor(x), .none, .none, .scalar(.double(0)))
    return (try results[0].asTensor(), try results[1].asTensor())
  }

  /// The gradients of `(x - mean) / sqrt(variance + eps) * weight + bias` where mean and variance are constants.
  static func gradients(
    _ gradient: Tensor, _ x: Tensor, weight: Tensor?, mean: Tensor, variance: Tensor, eps: Double
  ) throws(TorchError) -> (input: Tensor, weight: Tensor, bias: Tensor) {
    let results = try TorchOperator("aten::native_batch_norm_backward")(
      .tensor(gradient), .tensor(x), weight.map { .tensor($0) } ?? .none, .tensor(mean), .tensor(variance), .none, .none,
      .scalar(.bool(false)), .scalar(.double(eps)), .bools([true, true, true]))
    return (try results[0].asTensor(), try results[1].asTensor(), try results[2].asTensor())
  }
}

/// `(x - mean) / sqrt(variance + eps) * weight + bias`, whose backward pass knows that mean and variance come from the batches of all
/// processes.
///
/// `@unchecked Sendable`: nothing in it changes.
private struct SynchronizedNormalization: DifferentiableFunction, @unchecked Sendable {
  let mean: Tensor
  let variance: Tensor
  let count: Double
  let eps: Double
  /// This process's items are among those of the joint batch.
  let isCounted: Bool
  let group: ProcessGroup

  func forward(_ inputs: [Tensor]) throws -> (outputs: [Tensor], saved: [Tensor]) {
    let weight = inputs.count > 1 ? inputs[1] : nil
    let bias = inputs.count > 1 ? inputs[2] : nil
    let y = try inputs[0].batchNorm(weight, bias, mean, variance, training: false, momentum: 0, eps: eps, cudnnEnabled: true)
    return ([y], inputs.count > 1 ? [inputs[0], inputs[1]] : [inputs[0]])
  }

  func backward(_ gradients: [Tensor?], saved: [Tensor]) throws -> [Tensor?] {
    let x = saved[0]
    let weight = saved.count > 1 ? saved[1] : nil
    let rest: [Tensor?] = weight == nil ? [] : [nil, nil]
    guard let gradient = gradients[0] else { return [nil] + rest }
    let own = try BatchNormKernels.gradients(gradient, x, weight: weight, mean: mean, variance: variance, eps: eps)
    // Sums over the joint batch of the gradient and of its product with the normalised input.
    let sums = try group.allReduce(Tensor.stack([own.bias, own.weight]).to(.float64)).result() / count
    let parameters: [Tensor?] = weight == nil ? [] : [own.weight, own.bias]
    guard isCounted else { return [try x.zerosLike()] + parameters }
    let shape = [1, x.shape[1]] + [Int](repeating: 1, count: x.ndim - 2)
    let scale = try (variance.to(.float64) + eps).rsqrt()
    let factor = try weight.map { try $0.detach().to(.float64) * scale } ?? scale
    let slope = try factor * scale * sums.select(dim: 0, index: 1)
    let offset = try factor * sums.select(dim: 0, index: 0) - slope * mean.to(.float64)
    // In place: nobody else has this gradient yet, and new memory of this size costs more than the arithmetic.
    try withoutGrad { () throws(TorchError) in
      try own.input.addcmul_(x, slope.to(x.dtype).view(shape), value: .double(-1))
      try own.input.sub_(offset.to(x.dtype).view(shape))
    }
    return [own.input] + parameters
  }
}
